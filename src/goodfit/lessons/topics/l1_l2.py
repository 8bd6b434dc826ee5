"""The effect of L1 and L2 penalties on weights: zeros, or smaller weights throughout."""

from functools import cache

import numpy as np
from jaxtyping import Float

from goodfit.lessons.drawing import axis, bars, buttons, figure, line, panel, points, slider
from goodfit.lessons.lesson import Content, Lesson, Section
from goodfit.textbook.costs import l1_penalty, l2_penalty
from goodfit.textbook.gradient_descent import update_parameters
from goodfit.textbook.initialization import Parameters
from goodfit.textbook.optimizers import soft_threshold
from goodfit.textbook.propagation import add_l1, add_l2, backward_prop, forward_prop
from goodfit.wording.numbers import number
from goodfit.wording.text import count

M = 64
INPUTS = 20
TRUE = (2.0, -1.5, 1.0, 0.7, -0.4)  # the weights that the targets were made with; the other inputs do nothing
LAMBDAS = (0.0, 2.0, 5.0, 10.0, 20.0, 40.0, 80.0, 160.0)
PENALTIES = ("none", "L2", "L1")
RATE = 0.1
STEPS = 120
Weights = Float[np.ndarray, "inputs"]


@cache
def examples() -> tuple[Float[np.ndarray, "inputs m"], Float[np.ndarray, "1 m"]]:
    """Draw inputs that are uncorrelated, of mean 0 and variance 1 exactly: the best weights have a closed form."""
    rng = np.random.default_rng(0)
    columns = np.column_stack([np.ones(M), rng.standard_normal((M, INPUTS))])
    X = np.sqrt(M) * np.linalg.qr(columns)[0][:, 1:].T  # at right angles to each other and to the ones, so of mean 0
    Y = np.array([TRUE]) @ X[: len(TRUE)] + rng.normal(0, 1.2, (1, M))
    return X, Y


def train_linear(penalty: str, lambd: float, steps: int = STEPS) -> Float[np.ndarray, "steps inputs"]:
    """Return a linear unit's weights after each step of gradient descent; "L1" takes the proximal step."""
    X, Y = examples()
    parameters: Parameters = {"W1": np.full((1, INPUTS), 0.55), "b1": np.zeros((1, 1))}
    after = []
    for _ in range(steps):
        AL, caches = forward_prop(X, parameters, output="linear")
        grads = backward_prop(AL, Y, caches)
        if penalty == "L2":
            grads = add_l2(grads, parameters, lambd, M)
        if penalty == "subgradient":
            grads = add_l1(grads, parameters, lambd, M)
        parameters = update_parameters(parameters, grads, RATE)
        if penalty == "L1":
            parameters["W1"] = soft_threshold(parameters["W1"], RATE * lambd / (2 * M))
        after.append(parameters["W1"][0])
    return np.array(after)


def _weights() -> Section:
    place, marks, says = np.arange(1, INPUTS + 1), [], []
    for i, penalty in enumerate(PENALTIES):
        for j, lambd in enumerate(LAMBDAS):
            w, state = train_linear(penalty, lambd)[-1], {"penalty": i, "lambda": j}
            marks.append(bars(place, w, 0.8, "weight", _COLORS[i], when=state))
            zeros = int((w == 0).sum())
            title = f"Penalty {penalty}, λ = {number(lambd)}" if penalty != "none" else "No penalty"
            says.append(f"""{title}: {zeros} of {INPUTS} weights are exactly 0, Σ|w| = {np.abs(w).sum():.2f}, Σw² =
                {(w**2).sum():.2f}. The largest weight is {np.abs(w).max():.2f}.""")
    true = np.zeros(INPUTS)
    true[: len(TRUE)] = TRUE
    marks.append(points(place, true, "true weight", "ink", shape="ring", size=5))
    plot = panel("The weights after training", axis("input", 0.3, INPUTS + 0.7), axis("weight", -2.2, 2.6), marks)
    controls = [
        buttons("penalty", "Penalty", PENALTIES, 2),
        slider("lambda", "λ", [number(lambd) for lambd in LAMBDAS], LAMBDAS.index(40.0)),
    ]
    many, few = (train_linear(penalty, 40.0)[-1] for penalty in ("L2", "L1"))
    return Section(
        "Twenty weights, five of which matter",
        f"""A linear unit with {INPUTS} inputs learns {M} noisy examples. The rings are the weights with which the
        targets were made: the first five inputs matter, the others do nothing. Choose a penalty and raise λ: which
        weights shrink, and which become zero?""",
        figure([plot], controls, says),
        f"""Without a penalty, every useless input gets some weight: the unit learns noise. L2 makes all weights
        smaller by the same share, and none of them zero: with λ = 40 still {count(int((many != 0).sum()), "weight")}
        of {INPUTS}. L1 takes the same amount off all of them, and what has less than that becomes exactly zero: with
        λ = 40, {int((few == 0).sum())} of {INPUTS}. Zeros need not be stored, so the model gets smaller. The price is
        that the large weights lose as much as the small ones; with a λ that is too large the inputs that matter go
        too.""",
    )


_COLORS = ("muted", "blue", "orange")


def _rules() -> Section:
    before = np.linspace(-2.5, 2.5, 101)
    shrink, cut, says = [], [], []
    for j, lambd in enumerate(LAMBDAS):
        # Of each weight alone J is (w − ŵ)²/2 plus its penalty, which is lowest at ŵ/(1 + λ/m) for L2, and at ŵ moved
        # toward 0 by λ/2m for L1.
        state, threshold = {"lambda": j}, lambd / (2 * M)
        shrink.append(line(before, before / (1 + lambd / M), "L2", "blue", dash=True, when=state))
        shrink.append(line(before, soft_threshold(before, threshold), "L1", "orange", when=state))
        cut.append(line(before, lambd / (2 * M) * before**2, "L2", "blue", dash=True, when=state))
        cut.append(line(before, lambd / (2 * M) * np.abs(before), "L1", "orange", when=state))
        says.append(f"""λ = {number(lambd)}, m = {M}: L2 divides each weight by 1 + λ/m = {1 + lambd / M:.3f}. L1
            takes λ/2m = {threshold:.3f} off, and everything up to that becomes 0.""")
    shrink.append(line(before, before, "no penalty", "muted", width=1.2, label="", quiet=True))
    x = axis("weight without penalty", -2.5, 2.5)
    panels = [
        panel("What becomes of a weight", x, axis("weight with penalty", -2.5, 2.5), shrink),
        panel("What the penalty costs", axis("weight", -2.5, 2.5), axis("penalty in J", 0, 2.5), cut),
    ]
    control = slider("lambda", "λ", [number(lambd) for lambd in LAMBDAS], LAMBDAS.index(80.0))
    return Section(
        "Why L1 makes zeros and L2 does not",
        """Where inputs are uncorrelated and of variance 1, as here, each weight stands alone, and the best value of
        each can be written down. The thin line is no penalty. Look at the middle of the first picture: L1 has a flat
        piece, L2 has not.""",
        figure(panels, [control], says),
        """The second picture says why. The slope of w² goes to 0 at 0: the smaller a weight, the less L2 pushes it,
        so it never arrives. The slope of |w| is the same right up to 0: if the cost gains less by the weight than
        that slope, the weight is pushed all the way.""",
    )


def _hovering() -> Section:
    step, lambd = np.arange(1, STEPS + 1), 40.0
    ways = [train_linear(how, lambd) for how in ("L1", "subgradient")]
    zeros = np.flatnonzero(ways[0][-1] == 0)
    j = zeros[np.abs(train_linear("none", 0.0)[-1, zeros]).argmax()]  # the one that L1 has to move the furthest
    proximal, hovering = (weights[:, j] for weights in ways)
    zoomed = [
        line(step, hovering, "subgradient", "purple", dash=True),
        line(step, proximal, "proximal step", "orange"),
    ]
    reach = RATE * lambd / (2 * M)
    late = np.abs(hovering[-20:])
    enlarged = axis("weight", -2.1 * reach, 1.1 * reach)
    panels = [
        panel(f"Weight {j + 1}, which should be zero", axis("step", 1, STEPS), axis("weight", -0.1, 0.6), zoomed),
        panel("The last steps, enlarged", axis("step", STEPS - 30, STEPS), enlarged, zoomed),
    ]
    exact = [int((weights[-1] == 0).sum()) for weights in ways]
    return Section(
        "Two ways to take L1's step",
        """The notes' L1 adds the slope of the penalty to the gradient: (λ/2m)·sign(w), a subgradient, for at 0 there
        is no slope. The other way takes the step without the penalty, and then moves the weight toward 0 by α·λ/2m,
        but not past it: the proximal step. Both start alike.""",
        figure(panels),
        f"""The subgradient never gets there: just above 0 it pushes down by α·λ/2m = {reach:.4f}, just below it
        pushes up by as much, so the weight hovers, in the last twenty steps between {late.min():.4f} and
        {late.max():.4f} from 0. After {STEPS} steps {exact[1]} of {INPUTS} weights are exactly 0, with the proximal
        step {exact[0]}. goodfit's engine takes the proximal step, with every optimizer.""",
    )


def _make() -> Content:
    few, many = (train_linear(penalty, 40.0)[-1] for penalty in ("L1", "L2"))
    answer = f"""L1 takes the same amount off every weight and stops at zero, L2 the same share. With λ = 40, L1 sets
        {int((few == 0).sum())} of {INPUTS} weights to exactly 0, and L2 {int((many == 0).sum())}. But L1's zeros come
        only from the proximal step; the subgradient of the course notes hovers near zero."""
    return Content(answer, (_weights(), _rules(), _hovering()))


L1_L2 = Lesson(
    name="l1-l2",
    title="L1 and L2 penalties",
    question="Why does one penalty make weights zero, and the other only small?",
    make=_make,
    code=(l2_penalty, l1_penalty, add_l2, add_l1, soft_threshold),
    sources=(
        "course notes, “Regularization”",
        "Tibshirani 1996, “Regression shrinkage and selection via the lasso”",
        "Parikh & Boyd 2014, section 6.5.2",
    ),
    use="""`--set l2=1.0` and `--set l1=1.0`: λ as on this page. `--set weight_decay=0.01` shrinks weights beside the
        gradient (AdamW). Next: `goodfit lesson lambda`.""",
)
