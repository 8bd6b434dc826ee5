"""Dropout spreads the weights over inputs that say the same, and makes J a poor guide to whether training works."""

from functools import cache

import numpy as np
from jaxtyping import Float

from goodfit.lessons.drawing import axis, bars, figure, line, panel, points, slider
from goodfit.lessons.lesson import Content, Lesson, Section
from goodfit.lessons.topics.lambda_ import moons
from goodfit.textbook.costs import compute_cost
from goodfit.textbook.dropout import draw_mask, drop, drop_back
from goodfit.textbook.gradient_descent import train, update_parameters
from goodfit.textbook.initialization import initialize_parameters
from goodfit.textbook.propagation import backward_prop, forward_prop
from goodfit.wording.numbers import number, percent

KEEP = (1.0, 0.9, 0.8, 0.5, 0.3)  # 0.8 is the course notes' example
INPUTS = 8
NOISE = np.array([0.2, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5])  # input 1 is the best copy of the signal
M = 400
STEPS = 1500
ITERATIONS = 300


@cache
def copies() -> tuple[Float[np.ndarray, "inputs m"], Float[np.ndarray, "1 m"]]:
    """Return a signal, and inputs that are noisy copies of it, the first the least noisy."""
    rng = np.random.default_rng(0)
    signal = rng.standard_normal((1, M))
    return signal + NOISE[:, None] * rng.standard_normal((INPUTS, M)), signal


@cache
def spread(keep_prob: float) -> Float[np.ndarray, "inputs"]:
    """Return the weights of a linear unit trained with dropout on its inputs, averaged over the last third."""
    X, Y = copies()
    parameters, rng = {"W1": np.zeros((1, INPUTS)), "b1": np.zeros((1, 1))}, np.random.default_rng(1)
    late = []
    for step in range(STEPS):
        mask = {0: draw_mask(X.shape, keep_prob, rng)}
        AL, caches = forward_prop(X, parameters, output="linear", masks=mask, keep_probs={0: keep_prob})
        parameters = update_parameters(parameters, backward_prop(AL, Y, caches), 0.1)
        if step >= STEPS * 2 // 3:  # masks keep the weights jittering, so their mean is compared
            late.append(parameters["W1"][0])
    return np.mean(late, axis=0)


def in_closed_form(keep_prob: float) -> Float[np.ndarray, "inputs"]:
    """Return the limit of dropout's weights: an L2 penalty that scales with the size of each input (Wager 2013)."""
    X, Y = copies()
    # With masks D of mean p, the mean cost is the cost without dropout plus (1 − p)/p·Σ w²·x²/2: dropout's variance.
    G = X @ X.T / M
    penalty = (1 - keep_prob) / keep_prob * np.diag(np.diag(G))
    return np.linalg.solve(G + penalty, X @ Y[0] / M)


@cache
def descend(keep_prob: float) -> tuple[Float[np.ndarray, "steps"], Float[np.ndarray, "steps"]]:
    """Return J with each step's own masks, and J of the same parameters with dropout off, by full-batch descent."""
    X, Y = moons(200, 3)
    start = initialize_parameters([2, 40, 40, 1], "relu")
    steps = train(X, Y, start, learning_rate=0.3, keep_prob=keep_prob, epochs=ITERATIONS, output="sigmoid", seed=1)
    parameters, on, off = start, [], []
    for after, J in steps:
        on.append(J)
        off.append(compute_cost(forward_prop(X, parameters, output="sigmoid")[0], Y, "sigmoid"))
        parameters = after
    return np.array(on), np.array(off)


def cost_without_first(w: Float[np.ndarray, "inputs"]) -> tuple[float, float]:
    """Return J with all inputs, and J when input 1 is always 0."""
    X, Y = copies()
    missing = X * (np.arange(INPUTS) > 0)[:, None]
    full, dropped = (compute_cost(w[None] @ inputs, Y, "linear") for inputs in (X, missing))
    return full, dropped


def _spreading() -> Section:
    place, marks, says, costs = np.arange(1, INPUTS + 1), [], [], []
    for i, keep_prob in enumerate(KEEP):
        w = spread(keep_prob)
        marks.append(bars(place, w, 0.7, "weight", "blue", when={"keep": i}))
        ridge = in_closed_form(keep_prob)
        marks.append(points(place, ridge, "L2 penalty", "orange", shape="ring", size=5, when={"keep": i}))
        costs.append(cost_without_first(w))
        says.append(f"""keep_prob {number(keep_prob)}: input 1 has {percent(w[0] / w.sum())} of all weight. J is
            {costs[-1][0]:.4f} with all inputs, and {costs[-1][1]:.4f} where input 1 is missing.""")
    full, dropped = np.array(costs[::-1]).T
    lost = [
        line(KEEP[::-1], dropped, "input 1 missing", "purple", dots=True, label="1 missing"),
        line(KEEP[::-1], full, "all inputs", "blue", dash=True, dots=True),
    ]
    x, y = axis("keep_prob", 0.25, 1.0), axis("J without dropout", 0, 0.14)
    panels = [
        panel("The weights", axis("input", 0.4, INPUTS + 0.6), axis("weight", 0, 0.5), marks),
        panel("What the unit loses with input 1", x, y, lost),
    ]
    before, after = (spread(keep_prob)[0] / spread(keep_prob).sum() for keep_prob in (1.0, 0.5))
    return Section(
        "It cannot rely on any one input",
        f"""A linear unit has {INPUTS} inputs, all noisy copies of one signal; the first is the least noisy. In every
        step each input of each example is dropped with probability 1 − keep_prob, and what stays is divided by
        keep_prob. Lower keep_prob, and watch input 1 lose its privilege.""",
        figure(panels, [slider("keep", "keep_prob", [number(keep) for keep in KEEP], 0)], says),
        f"""Without dropout input 1 has {percent(before)} of the weight, since it is the best copy; with keep_prob 0.5
        it has {percent(after)}, for in half of the steps it is not there. The unit gets a little worse with all its
        inputs, and much better without the first. With keep_prob 0.3 all its weights are too small to be good either
        way.

        The rings are no training: they are the best weights for an L2 penalty of (1 − p)/p times the mean square of
        each input, p being keep_prob. Dropout's weights lie on them. For a linear unit that is exact, on average over
        the masks; for deeper networks the notes' “similar effect to L2” is all that can be said.""",
    )


def _descending() -> Section:
    step, marks, says = np.arange(1, ITERATIONS + 1), [], []
    for i, keep_prob in enumerate(KEEP):
        on, off = descend(keep_prob)
        if keep_prob < 1:
            marks.append(line("step", on, "with masks", "orange", width=1.2, when={"keep": i}))
        marks.append(line("step", off, "dropout off", "ink", width=2, when={"keep": i}))
        rises, steady = (percent(float(np.mean(np.diff(J) > 0))) for J in (on, off))
        says.append(f"""keep_prob {number(keep_prob)}: the J that each step was taken from rose in {rises} of the
            steps. J of the same parameters with dropout off rose in {steady}.""")
    x, y = axis("iteration", 1, ITERATIONS), axis("cost J", 0.15, 1, log=True)
    plot = panel("J by iteration, whole batch", x, y, marks, height=380)
    control = slider("keep", "keep_prob", [number(keep) for keep in KEEP], KEEP.index(0.5))
    plain, half = descend(1.0)[0], descend(0.5)[0]
    return Section(
        "J, with dropout off and on",
        """A network with two hidden layers of forty ReLU units, gradient descent on the whole batch of 200 examples.
        Without dropout J must fall in every step. Set keep_prob to 1, then lower it.""",
        figure([plot], [control], says, {"step": step}),
        f"""With keep_prob 1, J rose in {int((np.diff(plain) > 0).sum())} of {ITERATIONS - 1} steps: a rise would mean
        a mistake in the gradient, or a learning rate that is too large. With keep_prob 0.5 it rose in
        {int((np.diff(half) > 0).sum())}, though nothing is wrong: every step has masks of its own, so it is the cost
        of another network each time. Hence the notes' advice: set keep_prob to 1, see that J falls steadily, then
        turn dropout on again. Another way is the dark line: J of the same parameters with dropout off, as at test
        time. It falls far more evenly, though not in every step, because the steps follow the masked networks.""",
    )


def _make() -> Content:
    before, after = (spread(keep_prob)[0] / spread(keep_prob).sum() for keep_prob in (1.0, 0.5))
    half = descend(0.5)[0]
    answer = f"""Because no unit can rely on an input that may be missing, so weights spread. Of {INPUTS} inputs that
        say the same, the best had {percent(before)} of the weight without dropout and {percent(after)} with keep_prob
        0.5. The price: J is measured on another network in every step, and here it rose in
        {percent(float(np.mean(np.diff(half) > 0)))} of the steps of a descent that was right."""
    return Content(answer, (_spreading(), _descending()))


DROPOUT = Lesson(
    name="dropout",
    title="Dropout",
    question="Why does it help to switch units off at random, and what becomes of J?",
    make=_make,
    code=(draw_mask, drop, drop_back, train),
    sources=(
        "course notes, “Dropout Regularization” and “Understanding Dropout”",
        "Srivastava et al. 2014",
        "Wager, Wang & Liang 2013, “Dropout training as adaptive regularization”",
    ),
    use="""`--set keep_prob=0.8` for all hidden layers, `--set 'keep_prob=[0.9, 0.5]'` for each its own, and `--set
        input_keep_prob=0.9` for the inputs. The costs that goodfit shows are measured with dropout off. Next:
        `goodfit lesson vanishing-gradients`.""",
)
