"""Hyperparameters on their proper scale, and drawn at random instead of on a grid."""

from collections.abc import Callable
from functools import cache

import numpy as np
from jaxtyping import Float

from goodfit.lessons.drawing import Mark, axis, buttons, figure, line, panel, points, slider, upright
from goodfit.lessons.lesson import Content, Lesson, Section
from goodfit.lessons.topics.mini_batches import cost, examples, lowest
from goodfit.textbook.averages import window
from goodfit.textbook.gradient_descent import train
from goodfit.textbook.sampling import linear, log_scale, one_minus_log
from goodfit.wording.numbers import number
from goodfit.wording.text import count

DRAWS = (10, 25, 50, 100, 200)
# The course notes' ranges
ALPHAS = (1e-4, 1.0)
BETAS = (0.9, 0.999)
TRIED = (0.003, 30.0)  # learning rates of the trainings by grid and at random
SIDE = 5  # of the grid: as many trials as 5 · 5
REPEATS = 8
STEPS = ((0.9, 0.9005), (0.99, 0.9905), (0.999, 0.9995))  # of β; the first and the last are the course notes'
Row = Float[np.ndarray, "draws"]


def draw(how: Callable[[float, float, float], float], low: float, high: float) -> Row:
    """Draw values on a scale; both scales use the same r."""
    return np.array([how(low, high, r) for r in np.random.default_rng(15).random(max(DRAWS))])


def _strips(values: tuple[Row, Row]) -> list[Mark]:
    """Return the draws of two scales as dots, each scale in a strip of its own, by the number of draws."""
    marks, rng = [], np.random.default_rng(1)
    # Random heights within the strip, or dots would hide each other; they mean nothing.
    linear_height, log_height = rng.uniform(-0.28, 0.28, (2, max(DRAWS)))
    for i, n in enumerate(DRAWS):
        small = {"size": 3, "opacity": 0.6, "when": {"draws": i}}
        marks.append(points(values[0][:n], linear_height[:n], "linear scale", "blue", **small))
        marks.append(points(values[1][:n], 1 + log_height[:n], "logarithmic scale", "orange", **small))
    return marks


def _rates() -> Section:
    values = draw(linear, *ALPHAS), draw(log_scale, *ALPHAS)
    strips, rows = _strips(values), axis("drawn on this scale", -0.6, 1.6, ticks={0: "linear", 1: "log"})
    says = []
    for n in DRAWS:
        above = [int((row[:n] > 0.1).sum()) for row in values]
        below = [int((row[:n] < 0.001).sum()) for row in values]
        says.append(f"""Of {n} draws on the linear scale, {above[0]} are above 0.1 and {below[0]} below 0.001. On the
            logarithmic scale {above[1]} are above 0.1 and {below[1]} below 0.001.""")
    panels = [
        panel("On a linear axis", axis("learning rate α", 0, 1), rows, strips, height=240, read="point"),
        panel(
            "On a logarithmic axis",
            axis("learning rate α", 8e-5, 1.2, log=True),
            rows,
            strips,
            height=240,
            read="none",
        ),
    ]
    return Section(
        "The learning rate: a power of ten at a time",
        """Somewhere between 0.0001 and 1 is the best learning rate, and nobody knows where. Each dot is a value to
        try. Both pictures show the same dots. Look at the second: how many values does each way try below 0.1?""",
        figure(panels, [slider("draws", "draws", [str(n) for n in DRAWS], 3)], says),
        """Between 0.0001 and 1 lie four powers of ten. On a linear scale nine tenths of the draws fall into the last
        of them, 0.1 to 1, and hardly any into the first two. On a logarithmic scale each gets a quarter: draw r from
        0 to 1, and take α = 10^{a + r·(b − a)} with a = log₁₀ 0.0001 = −4 and b = log₁₀ 1 = 0. What matters about a
        learning rate is the factor by which it changes.""",
    )


def _betas() -> Section:
    values = draw(linear, *BETAS), draw(one_minus_log, *BETAS)
    windows = tuple(1 / (1 - row) for row in values)
    says = []
    for n in DRAWS:
        above = [int((row[:n] > 0.99).sum()) for row in values]
        says.append(f"""Of {n} draws, the linear scale puts {above[0]} above β = 0.99, where averages are over more
            than 100 values; the logarithmic scale of 1 − β puts {above[1]} there.""")
    rows = axis("drawn on this scale", -0.6, 1.6, ticks={0: "linear", 1: "log"})
    ticks = {window(beta): number(beta) for beta in (0.9, 0.95, 0.98, 0.99, 0.995, 0.998, 0.999)}
    panels = [
        panel("β on a linear axis", axis("β", 0.898, 1.0), rows, _strips(values), height=240, read="none"),
        panel(
            "The same draws by how many values they average",
            axis("β, spaced by 1/(1 − β)", 9, 1100, log=True, ticks=ticks),
            rows,
            _strips((windows[0], windows[1])),
            height=240,
            read="none",
        ),
    ]
    return Section(
        "β of momentum: it is 1 − β that needs the scale",
        """β = 0.9 averages 10 values, β = 0.999 averages 1,000. In the second picture every β stands where its number
        of values is, on a logarithmic axis.""",
        figure(panels, [slider("draws", "draws", [str(n) for n in DRAWS], 3)], says),
        """Between 0.9 and 0.999, a linear scale gives only one draw in eleven to averages over 100 to 1,000 values.
        With 1 − β on a logarithmic scale, from 0.1 to 0.001, half of the draws are above 0.99.""",
    )


def _sensitive() -> Section:
    beta = 1 - np.geomspace(0.15, 0.0004, 120)
    marks, says = [line(beta, 1 / (1 - beta), "values averaged", "blue", label="")], []
    for i, (low, high) in enumerate(STEPS):
        ends = [window(low), window(high)]
        marks.append(points([low, high], ends, "before and after", "orange", size=6, when={"step": i}))
        marks.append(upright(low, number(low), "orange", when={"step": i}))
        grown = number(round(ends[1] - ends[0], 4))
        says.append(f"""From β = {low} to {high} the average grows from {number(round(ends[0], 6))} to
            {number(round(ends[1], 4))} values, by {grown}.""")
    x, y = axis("β", 0.85, 1.0), axis("1/(1 − β), values averaged", 5, 3000, log=True)
    names = [f"{low} → {high}" for low, high in STEPS]
    return Section(
        "The same step of β, near 0.9 and near 1",
        """Every button moves β by 0.0005. See what becomes of the number of values that are averaged.""",
        figure([panel("How many values β averages", x, y, marks)], [buttons("step", "β", names, 2)], says),
        f"""Near 0.9 the step changes next to nothing: {number(round(window(0.9005), 4))} values in place of 10. Near
        1 it doubles the average. (The notes print a difference of 10 for the first case; what is meant is that both
        averages are about 10, and the difference is {number(round(window(0.9005) - window(0.9), 4))}.) So the values
        to try should lie densely near 1, and that is what the scale of 1 − β does.""",
    )


@cache
def left_over(alpha: float, lambd: float) -> float:
    """Return J minus its minimum after an epoch of mini-batches of 8; α decides, λ hardly matters."""
    X, Y = examples()
    start = {"W1": np.array([[-2.0, 2.0]]), "b1": np.zeros((1, 1))}
    *_, (parameters, _) = train(X, Y, start, learning_rate=alpha, lambd=lambd, batch_size=8, epochs=1, output="sigmoid")
    return cost(parameters) - lowest()[0]


def trials(seed: int | None) -> tuple[Row, Row, Row]:
    """Return α, λ and J of 25 trials: a grid, or random draws with a seed; both on logarithmic scales."""
    if seed is None:
        r = np.linspace(0, 1, SIDE)
        pairs = np.array([(r1, r2) for r1 in r for r2 in r])
    else:
        pairs = np.random.default_rng(seed).random((SIDE * SIDE, 2))
    alphas = np.array([log_scale(*TRIED, r) for r in pairs[:, 0]])
    lambdas = np.array([log_scale(1e-6, 1e-3, r) for r in pairs[:, 1]])
    return alphas, lambdas, np.array([left_over(a, b) for a, b in zip(alphas, lambdas, strict=True)])


def _random() -> Section:
    alphas, lambdas, costs = trials(None)
    settings = [points(alphas, lambdas, "grid", "blue", shape="square")]
    outcomes = [points(alphas, costs, "grid", "blue", shape="square")]
    says, least, better = [], costs.min(), 0
    for i in range(REPEATS):
        alphas, lambdas, costs = trials(i)
        settings.append(points(alphas, lambdas, "random", "orange", when={"seed": i}))
        outcomes.append(points(alphas, costs, "random", "orange", when={"seed": i}))
        says.append(f"""The grid tries {SIDE} learning rates, and its best J is {least:.4f} above the lowest. Draw
            {i + 1} tries {SIDE * SIDE}; its best is {costs.min():.4f} above.""")
        better += int(costs.min() < least)
    alpha = axis("learning rate α", 0.0022, 40, log=True)
    panels = [
        panel("What is tried", alpha, axis("λ", 7e-7, 1.4e-3, log=True), settings, height=360, read="point"),
        panel(
            "What it gives", alpha, axis("J above its lowest", 1e-3, 3, log=True), outcomes, height=360, read="point"
        ),
    ]
    return Section(
        "At random, not on a grid",
        f"""{SIDE * SIDE} trainings of logistic regression, each with its own α and λ. Squares are a grid of {SIDE} by
        {SIDE}, circles are drawn at random. Here λ hardly matters, but that is known only afterward.""",
        figure(panels, [slider("seed", "draw", [str(i + 1) for i in range(REPEATS)])], says),
        f"""In the second picture the grid's {SIDE * SIDE} trainings are {SIDE} points: five values of λ gave five
        times the same. The random draws tried {SIDE * SIDE} different learning rates for the same work. Of
        {count(REPEATS, "random draw")} of {SIDE * SIDE}, {better} found a lower J than the grid. A grid may happen to
        stand on the best value, but nobody knows beforehand. Then zoom in: draw again, more densely, around the best
        values found.""",
    )


def _make() -> Content:
    rates, betas = draw(linear, *ALPHAS), draw(one_minus_log, *BETAS)
    answer = f"""On the scale on which they act. A learning rate acts by its factor: of {DRAWS[-1]} draws between
        0.0001 and 1 on a linear scale, {int((rates < 0.1).sum())} are below 0.1, on a logarithmic one
        {int((draw(log_scale, *ALPHAS) < 0.1).sum())}. β acts by 1 − β: between 0.9 and 0.999,
        {int((draw(linear, *BETAS) > 0.99).sum())} linear draws are above 0.99, and {int((betas > 0.99).sum())} with 1
        − β on a logarithmic scale. And draw at random, because a grid tries few values of each."""
    return Content(answer, (_rates(), _betas(), _sensitive(), _random()))


SAMPLING = Lesson(
    name="sampling",
    title="Choosing hyperparameters to try",
    question="On which scale should values be tried, and which ones?",
    make=_make,
    code=(linear, log_scale, one_minus_log),
    sources=(
        "course notes, “Tuning process” and “Using an appropriate scale to pick hyperparameters”",
        "Bergstra & Bengio 2012, “Random search for hyper-parameter optimization”",
    ),
    use="""`goodfit improve` changes learning rates by factors, and tries one prescription at a time. Next: `goodfit
        lesson saddle`.""",
)
