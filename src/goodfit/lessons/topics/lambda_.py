"""λ from too small to too large: the decision boundary from ragged to straight, tanh units from bent to linear."""

from functools import cache
from typing import NamedTuple

import numpy as np
from jaxtyping import Float

from goodfit.lessons.contours import contour
from goodfit.lessons.drawing import Axis, Mark, axis, figure, line, panel, points, regions, slider, upright
from goodfit.lessons.lesson import Content, Lesson, Section
from goodfit.textbook.costs import compute_cost, l2_penalty
from goodfit.textbook.gradient_descent import train
from goodfit.textbook.initialization import Parameters, initialize_parameters
from goodfit.textbook.propagation import add_l2, forward_prop
from goodfit.wording.numbers import number, percent

LAMBDAS = (0.0, 0.01, 0.03, 0.1, 0.3, 1.0, 3.0, 10.0, 30.0)
ZERO_PLACE = 0.003  # where λ = 0 stands on a logarithmic axis
SIDE = np.linspace(-3.0, 3.0, 61)
EPOCHS = 1200


class Fit(NamedTuple):
    """One trained network, what it costs and gets wrong on both sets, and its hidden units' z and tanh z."""

    parameters: Parameters
    cost: tuple[float, float]
    error: tuple[float, float]
    z: Float[np.ndarray, "values"]
    bend: float  # how far tanh z is from z, as a share of z: 0 is a linear unit


@cache
def moons(m: int, seed: int) -> tuple[Float[np.ndarray, "2 m"], Float[np.ndarray, "1 m"]]:
    """Draw examples of two half circles that reach into each other, with noise."""
    rng = np.random.default_rng(seed)
    y, angle = rng.integers(0, 2, m), rng.uniform(0, np.pi, m)
    x1 = np.where(y == 0, np.cos(angle), 1 - np.cos(angle)) - 0.5
    x2 = np.where(y == 0, np.sin(angle), 0.5 - np.sin(angle)) - 0.25
    return 1.2 * np.stack([x1, x2]) + rng.normal(0, 0.35, (2, m)), y[None].astype(float)


@cache
def fit(lambd: float, hidden: tuple[int, ...] = (20, 20)) -> Fit:
    """Train tanh units on sixty examples with this penalty, and measure on a thousand others."""
    (X, Y), dev = moons(60, 1), moons(1000, 2)
    parameters = initialize_parameters([2, *hidden, 1], "tanh")
    options = {"optimizer": "adam", "learning_rate": 0.02, "activation": "tanh", "output": "sigmoid"}
    *_, (parameters, _) = train(X, Y, parameters, lambd=lambd, epochs=EPOCHS, **options)
    costs, errors = [], []
    for inputs, labels in ((X, Y), dev):
        A, _ = forward_prop(inputs, parameters, "tanh", "sigmoid")
        costs.append(compute_cost(A, labels, "sigmoid"))
        errors.append(float(((A > 0.5) != labels).mean()))
    _, caches = forward_prop(X, parameters, "tanh", "sigmoid")
    # Without hidden layers there is no z: a single 1 stands in, for no picture shows it.
    z = np.concatenate([cache_.Z.ravel() for cache_ in caches[:-1]] or [np.ones(1)])
    bend = float(np.abs(np.tanh(z) - z).mean() / np.abs(z).mean())
    return Fit(parameters, (costs[0], costs[1]), (errors[0], errors[1]), z, bend)


def surface(parameters: Parameters) -> Float[np.ndarray, "rows columns"]:
    """Return the probability of class 1 over the picture."""
    x1, x2 = np.meshgrid(SIDE, SIDE)
    return forward_prop(np.stack([x1.ravel(), x2.ravel()]), parameters, "tanh", "sigmoid")[0].reshape(x1.shape)


def _names() -> list[str]:
    return [number(lambd) for lambd in LAMBDAS]


def _lambda_axis() -> Axis:
    ticks = {ZERO_PLACE: "0"} | {lambd: number(lambd) for lambd in LAMBDAS[1:]}
    return axis("λ", 0.0025, 36, log=True, ticks=ticks)


def best() -> float:
    """Return the λ with the lowest dev cost."""
    return min(LAMBDAS, key=lambda lambd: fit(lambd).cost[1])


def _boundary() -> Section:
    (X, Y), marks, says = moons(60, 1), [], []
    places = [max(lambd, ZERO_PLACE) for lambd in LAMBDAS]
    straight = fit(0.0, ()).parameters
    for i, lambd in enumerate(LAMBDAS):
        z, fitted = surface(fit(lambd).parameters), fit(lambd)
        x, y = contour(SIDE, SIDE, z, 0.5)
        marks.append(regions(z, "blue", "orange", when={"lambda": i}))
        if x.size:  # with the largest λ one class is everywhere
            marks.append(line(x, y, "boundary", "ink", label="", quiet=True, when={"lambda": i}))
        says.append(f"""λ = {number(lambd)}: {percent(fitted.error[0])} of the training examples are on the wrong side,
            and {percent(fitted.error[1])} of the dev examples. Cost: training {number(fitted.cost[0])}, dev
            {number(fitted.cost[1])}.""")
    x, y = contour(SIDE, SIDE, surface(straight), 0.5)
    marks.append(line(x, y, "logistic regression", "muted", label="", quiet=True, width=1.2, dash=True))
    first, second = (X[:, Y[0] == label] for label in (0, 1))
    marks.append(points(first[0], first[1], "class 0", "blue", shape="square", size=4.5))
    marks.append(points(second[0], second[1], "class 1", "orange", size=4.5))
    costs: list[Mark] = [upright(place, "", "ink", when={"lambda": i}) for i, place in enumerate(places)]
    costs.append(line(places, [fit(lambd).cost[0] for lambd in LAMBDAS], "training", "blue", dash=True, dots=True))
    costs.append(line(places, [fit(lambd).cost[1] for lambd in LAMBDAS], "dev", "orange", dots=True))
    sides = axis("x₁", -3, 3), axis("x₂", -3, 3)
    panels = [
        panel("The network's map of the two classes", *sides, marks, equal=True, read="point"),
        panel("Cost, without the penalty", _lambda_axis(), axis("cost", 2e-5, 4, log=True), costs, height=430),
    ]
    tuned, none, much = fit(best()), fit(0.0), fit(10.0)
    return Section(
        "The boundary, from ragged to straight",
        """Sixty examples of two classes, squares and circles, and a network with two hidden layers of twenty tanh
        units. The dark line is where it is undecided; the paler the color, the less sure it is. The thin broken line
        is logistic regression, which can only be straight. Move λ from left to right.""",
        figure(panels, [slider("lambda", "λ", _names(), LAMBDAS.index(0.0))], says),
        f"""Without a penalty the network puts every training example on its right side, with a boundary that bends
        around single points; on dev {percent(none.error[1])} are wrong. With λ = {number(best())} it gets
        {percent(tuned.error[0])} of the training examples wrong, and only {percent(tuned.error[1])} of dev: it has
        stopped following the noise. With λ = 10 the boundary is all but straight, close to that of logistic
        regression, and {percent(much.error[1])} are wrong on dev. With λ = 30 all weights are near zero, and the
        network says nearly the same everywhere. Left of the lowest dev cost is high variance, right of it high
        bias.""",
    )


def _units() -> Section:
    bent, says, marks = np.linspace(-4, 4, 81), [], []
    marks.append(line(bent, bent, "z itself", "muted", dash=True, width=1.2, label="", quiet=True))
    marks.append(line(bent, np.tanh(bent), "tanh", "line", width=2, label="", quiet=True))
    tuned = np.random.default_rng(0).choice(fit(0.0).z.size, 150, replace=False)
    places = [max(lambd, ZERO_PLACE) for lambd in LAMBDAS]
    bends: list[Mark] = [upright(place, "", "ink", when={"lambda": i}) for i, place in enumerate(places)]
    for i, lambd in enumerate(LAMBDAS):
        fitted = fit(lambd)
        z = fitted.z[tuned]
        marks.append(points(z, np.tanh(z), "unit", "purple", size=3, opacity=0.45, when={"lambda": i}))
        # (λ/2m)·Σw² with λ = m = 1 is half of Σw².
        squares = 2 * l2_penalty(fitted.parameters, 1.0, 1)
        says.append(f"""λ = {number(lambd)}: Σw² = {squares:.3g}. Half of all z are nearer to 0 than
            {np.median(np.abs(fitted.z)):.2f}. tanh z differs from z by {percent(fitted.bend)} of z.""")
    bends.append(line(places, [100 * fit(lambd).bend for lambd in LAMBDAS], "bend", "purple", dots=True))
    panels = [
        panel("What the units work with", axis("z", -4, 4), axis("tanh z", -1.15, 1.15), marks, read="point"),
        panel("How bent the units are", _lambda_axis(), axis("|tanh z − z|, share of |z|", 0, 70, unit="%"), bends),
    ]
    return Section(
        "The units, from bent to linear",
        """Each dot is one hidden unit for one training example: its z, and the activation tanh z. Near 0 tanh is a
        straight line (the broken one); far from 0 it is bent. Move λ, and see where on the curve the dots are.""",
        figure(panels, [slider("lambda", "λ", _names(), 0)], says),
        f"""A large λ makes weights small, small weights make z small, and a small z stays where tanh is straight.
        Layers that are all linear are together one linear map, so the network becomes logistic regression, however
        many units it has. Without a penalty tanh z differs from z by {percent(fit(0.0).bend)}, with λ =
        {number(best())} by {percent(fit(best()).bend)}, with λ = 10 by {percent(fit(10.0).bend)}.""",
    )


def _make() -> Content:
    none, tuned, much = fit(0.0), fit(best()), fit(10.0)
    answer = f"""It makes the network simpler. With λ = 0 this network gets {percent(none.error[0])} of its training
        examples wrong, but {percent(none.error[1])} of new ones; with λ = {number(best())} it gets
        {percent(tuned.error[1])} of new ones wrong. With λ = 10 its tanh units are almost linear, its boundary is
        almost straight, and {percent(much.error[1])} of new ones are wrong."""
    return Content(answer, (_boundary(), _units()))


LAMBDA = Lesson(
    name="lambda",
    title="λ, from too small to too large",
    question="Why does a penalty on the weights reduce overfitting?",
    make=_make,
    code=(l2_penalty, add_l2, train),
    sources=("course notes, “Why regularization reduces overfitting?”",),
    use="""`--set l2=1.0` is λ = 1; `goodfit improve` tries an L2 penalty and weight decay where the variance is high,
        and less of either where the bias is. Next: `goodfit lesson dropout`.""",
)
