"""The cost and the path of gradient descent with batches, mini-batches and single examples."""

from functools import cache
from typing import NamedTuple

import numpy as np
from jaxtyping import Float

from goodfit.lessons.contours import contour
from goodfit.lessons.drawing import Mark, axis, buttons, figure, line, panel, points, slider
from goodfit.lessons.lesson import Content, Lesson, Section
from goodfit.textbook.costs import compute_cost
from goodfit.textbook.gradient_descent import mini_batches, train
from goodfit.textbook.initialization import Parameters
from goodfit.textbook.propagation import forward_prop
from goodfit.wording.numbers import number, percent
from goodfit.wording.text import count

M = 512  # examples; a power of two, which every batch size divides
EPOCHS = 6
SIZES = (M, 64, 8, 1)
NAMES = {M: "all 512 (batch)", 64: "64", 8: "8", 1: "1 (stochastic)"}
COMPARED = (1, 2, 4, 8, 16, 32, 64, 128, 256, 512)
RATES = (0.02, 0.1, 0.5, 2.0)
MOST_SHOWN = 260  # steps drawn of one descent
COLORS = ("blue", "purple", "green", "orange")


class Descent(NamedTuple):
    """Some steps of one training: examples seen so far, cost of the mini-batch and of the whole set, weights."""

    examples: Float[np.ndarray, "steps"]
    batch_cost: Float[np.ndarray, "steps"]
    cost: Float[np.ndarray, "steps"]
    weights: Float[np.ndarray, "steps 2"]
    rises: float  # share of all steps after which the next mini-batch's cost was higher


@cache
def examples() -> tuple[Float[np.ndarray, "2 m"], Float[np.ndarray, "1 m"]]:
    """Draw two inputs, and labels that are 1 with the probability sigmoid(2·x1 − x2)."""
    rng = np.random.default_rng(0)
    X = rng.standard_normal((2, M))
    return X, (rng.random((1, M)) < 1 / (1 + np.exp(X[1:] - 2 * X[:1]))).astype(float)


def cost(parameters: Parameters) -> float:
    """Return J of logistic regression over all examples."""
    X, Y = examples()
    return compute_cost(forward_prop(X, parameters, output="sigmoid")[0], Y, "sigmoid")


def _logistic(w1: float, w2: float, b: float) -> Parameters:
    return {"W1": np.array([[w1, w2]]), "b1": np.array([[b]])}


@cache
def descend(size: int, learning_rate: float, seed: int = 0) -> Descent:
    """Descend with mini-batches of this size, always from the same start; the steps to be drawn are evenly spaced."""
    X, Y = examples()
    start = _logistic(-2.0, 2.0, 0.0)
    path = [(start, np.nan)]
    path += train(X, Y, start, learning_rate=learning_rate, batch_size=size, epochs=EPOCHS, seed=seed, output="sigmoid")
    batch_cost = np.array([J for _, J in path[1:]])
    steps_shown = np.unique(np.linspace(0, len(path) - 1, min(MOST_SHOWN, len(path))).round().astype(int))
    weights = np.array([path[i][0]["W1"][0] for i in steps_shown])
    full_costs = np.array([cost(path[i][0]) for i in steps_shown])
    plot = np.array([path[i][1] for i in steps_shown])
    return Descent(steps_shown * size, plot, full_costs, weights, float(np.mean(np.diff(batch_cost) > 0)))


@cache
def lowest() -> tuple[float, Float[np.ndarray, "2"], float]:
    """Return the lowest cost, its weights and its b, by a long descent with the whole batch."""
    X, Y = examples()
    *_, (best, J) = train(X, Y, _logistic(0.0, 0.0, 0.0), learning_rate=2.0, epochs=300, output="sigmoid")
    return J, best["W1"][0], best["b1"].item()


def left_over(descent: Descent) -> float:
    """Return the excess of the whole set's cost over its minimum, averaged over the last quarter of an epoch."""
    late = descent.examples >= (EPOCHS - 0.25) * M
    return float(descent.cost[late].mean() - lowest()[0])


def _rings() -> list[Mark]:
    J, best, b = lowest()
    x, y = np.linspace(-3, 4, 36), np.linspace(-3, 4, 36)
    z = np.array([[cost(_logistic(w1, w2, b)) for w1 in x] for w2 in y])
    rings = [contour(x, y, z, J + above) for above in (0.01, 0.05, 0.15, 0.4, 0.8, 1.3, 1.9)]
    marks = [line(w1, w2, "J", "line", label="", quiet=True, width=1.2) for w1, w2 in rings]
    return [*marks, points([best[0]], [best[1]], "lowest J", "ink", shape="cross")]


def _steps() -> Section:
    paths, costs, says = _rings(), [], []
    for i, size in enumerate(SIZES):
        for j, rate in enumerate(RATES):
            descent, state = descend(size, rate), {"size": i, "rate": j}
            x, y = descent.weights.T
            paths.append(line(x, y, "weights", COLORS[i], label="", dots=size > 8, width=1.4, when=state))
            epochs = descent.examples / M
            costs.append(points(epochs, descent.batch_cost, "mini-batch", COLORS[i], size=2.4, opacity=0.7, when=state))
            costs.append(line(epochs, descent.cost, "all examples", "ink", width=2, when=state))
            steps = EPOCHS * M // size
            says.append(f"""Mini-batches of {NAMES[size]}, α = {number(rate)}: {count(steps, "step")} in {EPOCHS}
                epochs. The mini-batch's cost rose in {percent(descent.rises)} of them. At the end J over all examples
                is {left_over(descent):.4f} above the lowest.""")
    J = lowest()[0]
    costs.append(line([0, EPOCHS], [J, J], "lowest", "muted", label="", dash=True, width=1.2, quiet=True))
    panels = [
        panel("The path of the weights", axis("w₁", -3, 4), axis("w₂", -3, 4), paths, equal=True, read="point"),
        panel("The cost along the way", axis("epochs", 0, EPOCHS), axis("cost J", 0, 3), costs, height=430),
    ]
    controls = [
        buttons("size", "Mini-batch size", [NAMES[size] for size in SIZES], 1),
        slider("rate", "learning rate α", [number(rate) for rate in RATES], 2),
    ]
    return Section(
        "One batch, some, or one example a step",
        f"""A logistic regression with two weights learns {M} examples, {EPOCHS} epochs from the same start. In the
        first picture rings join weights of equal cost; in the second a dot is the cost of the mini-batch that a step
        was taken from, and the line is the cost over all examples, which the step is meant to lower. Go through the
        sizes from left to right.""",
        figure(panels, controls, says),
        f"""The whole batch goes straight down the slope, and its cost falls in every step: where it rises, the
        learning rate is too large or the gradient is wrong. But an epoch brings it a single step. Mini-batches of 64
        take {M // 64} steps from the same {M} examples. Each step follows a gradient of other examples, so the path
        wobbles and the dots go up and down, while the line goes down. With a single example a step, the cost says
        almost nothing about whether training gets on: it rises as often as it falls. And the path never comes to
        rest; it wanders about the lowest place, the wider the larger α is.""",
    )


def _sizes() -> Section:
    marks, best = [], {}
    for j, rate in enumerate(RATES):
        final_excess = [left_over(descend(size, rate)) for size in COMPARED]
        marks.append(line(COMPARED, final_excess, f"α {number(rate)}", COLORS[j], dots=True))
        best[rate] = COMPARED[int(np.argmin(final_excess))]
    x = axis("mini-batch size", 1, M, log=True, ticks={size: str(size) for size in COMPARED})
    plot = panel(f"Cost after {EPOCHS} epochs", x, axis("J above its lowest", 1e-4, 2, log=True), marks, height=380)
    return Section(
        "Which size is best",
        f"""Every dot is one training of {EPOCHS} epochs, so all have seen the same number of examples. Follow one
        line from left to right: on the left the steps are many and noisy, on the right few and exact.""",
        figure([plot]),
        f"""Each learning rate has a size that suits it: {_named(best)}. Smaller mini-batches wander with it, larger
        ones do not get there in {EPOCHS} epochs. The notes advise the whole batch for fewer than 2,000 examples,
        otherwise a power of two from 64 on that fits in memory, and call the size a hyperparameter to be tried. This
        page shows why it is to be tried together with α. What it does not show is the machine: 64 examples at once
        take a computer far less than 64 times as long as one, so sizes near 1 are slow besides being noisy.""",
    )


def _named(best: dict[float, int]) -> str:
    *first_sizes, last = [f"{size} for α = {number(rate)}" for rate, size in best.items()]
    return f"{', '.join(first_sizes)} and {last}"


def _make() -> Content:
    batch, some, single = (descend(size, 0.5) for size in (M, 64, 1))
    answer = f"""Because it takes {M // 64} steps where the whole batch of {M} takes one. With α = 0.5, {EPOCHS}
        epochs of mini-batches of 64 end {left_over(some):.4f} above the lowest cost, the whole batch
        {left_over(batch):.4f}. The price is noise: the cost rose in {percent(some.rises)} of the steps, and single
        examples, the extreme, stay {left_over(single):.4f} above the lowest, because they never come to rest."""
    return Content(answer, (_steps(), _sizes()))


MINI_BATCHES = Lesson(
    name="mini-batches",
    title="Mini-batches",
    question="Why take a step before all examples were seen?",
    make=_make,
    code=(mini_batches, train),
    sources=("course notes, “Mini-batch gradient descent”", "Robbins & Monro 1951"),
    use="""`--set batch_size=128`; 0 is the whole training set, which is what `goodfit train` takes below 500
        examples, where `goodfit improve` tries mini-batches as an experiment. Next: `goodfit lesson sampling`.""",
)
