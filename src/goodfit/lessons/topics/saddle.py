"""A saddle that looks like a minimum, how long it holds a descent up, and how rare true minima are."""

from functools import cache
from math import pi, sqrt
from typing import NamedTuple

import numpy as np
from jaxtyping import Float

from goodfit.lessons.contours import contour
from goodfit.lessons.drawing import Color, Mark, axis, bars, buttons, figure, line, panel, points, regions, slider
from goodfit.lessons.lesson import Content, Lesson, Section
from goodfit.lessons.powers import power
from goodfit.lessons.topics.lambda_ import moons
from goodfit.textbook.costs import compute_cost, l2_penalty
from goodfit.textbook.gradient_checking import to_parameters, to_vector
from goodfit.textbook.gradient_descent import train, update_parameters
from goodfit.textbook.initialization import initialize_parameters
from goodfit.textbook.local_optima import hessian, kind_of_point, share_of_minima
from goodfit.textbook.optimizers import adam, momentum, zeros_like
from goodfit.textbook.propagation import add_l2, backward_prop, forward_prop
from goodfit.wording.numbers import number, percent

ANGLES = (0, 15, 30, 45, 60, 75, 90)
STARTS = (1e-1, 1e-2, 1e-4, 1e-6, 1e-8)  # distances from the ridge
RATE = 0.05
STEPS = 320
ESCAPED = 0.25  # J at which the saddle, of J = 0.5, counts as left
TRIALS = 20_000  # random Hessians of each number of dimensions
DIMENSIONS = (1, 2, 3, 4, 5)
LAMBDA = 0.3
_OPTIMIZERS: dict[str, Color] = {"gradient descent": "blue", "momentum": "orange", "Adam": "green"}
_POINTS = ("All weights zero", "After training")
EXACT_SHARES = (1 / 2, (2 - sqrt(2)) / 4, (pi - 2 * sqrt(2)) / (4 * pi))  # of n = 1, 2, 3 (Dean & Majumdar 2006)
Point = Float[np.ndarray, "2"]


def J(w: Point) -> float:
    """Return a cost with a saddle at 0, and minima at w2 = −1 and 1."""
    return float(w[0] ** 2 + (w[1] ** 2 - 1) ** 2 / 2)


def gradient(w: Point) -> Point:
    """Return the gradient of J."""
    return np.array([2 * w[0], 2 * w[1] * (w[1] ** 2 - 1)])


@cache
def descend(optimizer: str, start: float) -> Float[np.ndarray, "steps"]:
    """Return J after each step of a descent that begins beside the ridge, `start` away from it."""
    parameters = {"W1": np.array([[1.0, start]])}
    v, s = zeros_like(parameters), zeros_like(parameters)
    costs = [J(parameters["W1"][0])]
    for t in range(1, STEPS + 1):
        grads = {"W1": gradient(parameters["W1"][0])[None]}
        if optimizer == "momentum":
            parameters, v = momentum(parameters, grads, v, RATE)
        elif optimizer == "Adam":
            parameters, v, s = adam(parameters, grads, v, s, t, RATE)
        else:
            parameters = update_parameters(parameters, grads, RATE)
        costs.append(J(parameters["W1"][0]))
    return np.array(costs)


def steps_to_leave(costs: Float[np.ndarray, "steps"]) -> int | None:
    """Return the first step after which J is clearly below the saddle's."""
    below = np.flatnonzero(costs < ESCAPED)
    return int(below[0]) if len(below) else None


def _cuts() -> Section:
    side, along = np.linspace(-1.6, 1.6, 65), np.linspace(-1.6, 1.6, 81)
    z = np.array([[J(np.array([w1, w2])) for w1 in side] for w2 in side])
    rings = [contour(side, side, z, height) for height in (0.05, 0.2, 0.35, 0.5, 0.8, 1.3, 2.0)]
    top: list[Mark] = [regions(np.clip(z, 0, 1), "blue", "orange")]
    top += [line(w1, w2, "J", "line", label="", quiet=True, width=1.2) for w1, w2 in rings]
    control, curves, says = slider("angle", "angle of the cut", [f"{angle}°" for angle in ANGLES]), [], []
    H = hessian(J, np.zeros(2))
    kind = kind_of_point(np.linalg.eigvalsh(H))
    for i, angle in enumerate(ANGLES):
        u = np.array([np.cos(np.radians(angle)), np.sin(np.radians(angle))])
        heights = [J(place * u) for place in along]
        top.append(line(along * u[0], along * u[1], "cut", "purple", label="", quiet=True, when={"angle": i}))
        curves.append(line("along", heights, "J along the cut", "purple", label="", when={"angle": i}))
        curvature = float(u @ H @ u)
        look = "a minimum" if curvature > 1e-6 else "a maximum" if curvature < -1e-6 else "neither; it is flat"
        says.append(f"""Cut at {angle}°: the slope at the middle is 0, the curvature {number(round(curvature, 3))}.
            Along this cut it looks like {look}. The point is a {kind}.""")
    top.append(points([0.0], [0.0], "saddle", "ink", shape="cross", size=5))
    top.append(points([0.0, 0.0], [-1.0, 1.0], "minimum", "ink", shape="ring", size=5))
    curves.append(points([0.0], [J(np.zeros(2))], "saddle", "ink", shape="cross", size=5))
    panels = [
        panel("J from above", axis("w₁", -1.6, 1.6), axis("w₂", -1.6, 1.6), top, equal=True, read="point"),
        panel("J along the cut", axis("distance from the middle", -1.6, 1.6), axis("J", 0, 2), curves, height=430),
    ]
    return Section(
        "One point, cut in all directions",
        """At the cross in the middle the slope is zero. Blue is lower than the cross, orange higher; the rings are
        the two true minima. The line is a cut through the picture, and the second picture is what J looks like along
        it. Turn the cut.""",
        figure(panels, [control], says, {"along": along}),
        f"""Who looks along w₁ alone sees a valley with its lowest point in the middle, and would call it a minimum.
        Along w₂ the same point is the top of a hill. The two curvatures,
        {number(round(float(np.linalg.eigvalsh(H)[1]), 3))} and {number(round(float(np.linalg.eigvalsh(H)[0]), 3))},
        are the eigenvalues of the Hessian, the matrix of second derivatives: all above zero at a minimum, all below
        at a maximum, some of each at a saddle.""",
    )


def _rare() -> Section:
    shares = [share_of_minima(n, TRIALS) for n in DIMENSIONS]
    half = [1.96 * np.sqrt(share * (1 - share) / TRIALS) for share in shares]
    coins = [0.5**n for n in DIMENSIONS]
    marks = [
        line(DIMENSIONS, coins, "if each tossed a coin", "muted", dash=True, width=1.5, label="coins"),
        line(DIMENSIONS, shares, "random matrices", "blue", dots=True, label="matrices"),
        points(DIMENSIONS[:3], EXACT_SHARES, "exact", "orange", shape="ring", size=7),
    ]
    x, y = axis("dimensions n", 1, 5, ticks={n: str(n) for n in DIMENSIONS}), axis("share of minima", 2e-5, 1, log=True)
    plot = panel("How often a random point without slope is a minimum", x, y, marks, height=360)
    return Section(
        "In many dimensions a minimum is rare",
        f"""Take a random symmetric matrix for the Hessian of a random point without slope, and ask whether all of its
        eigenvalues are above zero. Each dot is the share in {TRIALS:,} matrices; the rings are the exact values,
        which are known for one, two and three dimensions.""",
        figure([plot]),
        f"""In one dimension half of such points are minima. In two it is {percent(shares[1])} (exactly
        {percent(EXACT_SHARES[1])}), in three {percent(shares[2])}, in four {percent(shares[3])}, each give or take
        {percent(half[1])} or less. That is much rarer than if every direction tossed a coin of its own, because the
        eigenvalues of a matrix push each other apart. In the thousands of dimensions of a network, nearly every point
        without slope is a saddle. A network's cost is no random function, so these shares are not its own; the next
        picture is one.""",
    )


class NetworkPoint(NamedTuple):
    """Eigenvalues of the Hessian of a network's cost, and the length of its gradient."""

    curvatures: Float[np.ndarray, "parameters"]
    slope: float


@cache
def network_point(trained: bool) -> NetworkPoint:
    """Examine a small network with all weights at zero, or after training; L2 with λ = 0.3."""
    X, Y = moons(60, 1)
    parameters = initialize_parameters([2, 3, 1], "tanh")
    if trained:
        options = {"activation": "tanh", "output": "sigmoid", "learning_rate": 1.0, "epochs": 4000}
        *_, (parameters, _) = train(X, Y, parameters, lambd=LAMBDA, **options)
    else:
        # With zero weights only b2 has a slope; at the classes' log odds, the best constant answer, it has none either.
        parameters = zeros_like(parameters) | {"b2": np.log(Y.mean(keepdims=True) / (1 - Y.mean(keepdims=True)))}
    theta, shapes = to_vector(parameters)
    AL, caches = forward_prop(X, parameters, "tanh", "sigmoid")
    grads = add_l2(backward_prop(AL, Y, caches), parameters, LAMBDA, 60)

    def cost(theta: Float[np.ndarray, "parameters"]) -> float:
        named = to_parameters(theta, shapes)
        AL, _ = forward_prop(X, named, "tanh", "sigmoid")
        return compute_cost(AL, Y, "sigmoid") + l2_penalty(named, LAMBDA, 60)

    slope = float(np.linalg.norm(to_vector({name: grads[name] for name in parameters})[0]))
    return NetworkPoint(np.linalg.eigvalsh(hessian(cost, theta)), slope)


def _holds() -> Section:
    marks, says, escapes = [], [], {}
    for i, start in enumerate(STARTS):
        for j, (optimizer, color) in enumerate(_OPTIMIZERS.items()):
            costs = descend(optimizer, start)
            escapes[optimizer, start] = steps_to_leave(costs)
            marks.append(line("step", costs, optimizer, color, label=optimizer, dash=j == 0, when={"start": i}))
        steps = [f"{optimizer} after {escapes[optimizer, start]}" for optimizer in _OPTIMIZERS]
        says.append(
            f"Begun {power(start)} beside the ridge: {steps[0]} steps, {steps[1]} and {steps[2]} have left the saddle."
        )
    plot = panel("J by step", axis("step", 0, STEPS), axis("J", 0, 1.6), marks, height=340)
    control = slider("start", "distance from the ridge", [power(start) for start in STARTS], 2)
    plain = [escapes["gradient descent", start] for start in STARTS]
    return Section(
        "A plateau, not an end",
        f"""Each descent begins on the slope above the saddle, hardly beside the line that leads straight into it,
        with α = {RATE}. Seen from outside, a plateau: J stays at 0.5 as if training were done. Move the start closer
        to the line.""",
        figure([plot], [control], says, {"step": np.arange(STEPS + 1)}),
        f"""Near the saddle every step of gradient descent multiplies the distance from the ridge by 1 + 2α =
        {1 + 2 * RATE:.1f}, however small it is. So it always leaves: from 0.1 after {plain[0]} steps, from 10⁻⁸ after
        {plain[-1]}; each power of ten costs {np.log(10) / np.log(1 + 2 * RATE):.0f} more. Adam divides by the size of
        the gradient, which is tiny along w₂, and is gone after {escapes["Adam", STARTS[-1]]} steps. Momentum, as an
        average and with the same α, takes its time to gather speed. A plateau of the training cost is a reason for
        more steps or another optimizer before it is a reason to stop.""",
    )


def _network() -> Section:
    marks, says, network_points = [], [], [network_point(trained) for trained in (False, True)]
    place = np.arange(1, network_points[0].curvatures.size + 1)
    for i, (name, point) in enumerate(zip(_POINTS, network_points, strict=True)):
        marks.append(bars(place, point.curvatures, 0.8, "curvature", "blue", when={"point": i}))
        below = int((point.curvatures < 0).sum())
        says.append(f"""{name}: the gradient is {power(point.slope)} long; {below} of {place.size} curvatures are
            below zero, the lowest is {number(round(float(point.curvatures[0]), 4))}. The point is a
            {kind_of_point(point.curvatures)}.""")
    x, y = axis("direction, by its curvature", 0.3, place.size + 0.7), axis("curvature of J", -0.5, 0.7)
    return Section(
        "The curvatures of a network's own cost",
        f"""A network with three tanh units has {place.size} parameters, and its Hessian {place.size} eigenvalues.
        They are shown for the point where all weights are zero, and for where training ends.""",
        figure([panel("Eigenvalues of the Hessian", x, y, marks)], [buttons("point", "Point", _POINTS)], says),
        """With all weights at zero no weight has a slope, and gradient descent would stay there for ever; yet it is
        no minimum. Some directions lead down: those in which a unit's two weights move together. That is why weights
        begin at random values. Where training ends, all curvatures are above zero: there it is a minimum, if only the
        nearest.""",
    )


def _make() -> Content:
    share = share_of_minima(4, TRIALS)
    answer = f"""Seldom. A minimum has to curve up in every direction; a saddle curves up in some and down in others.
        Of random points without slope, in one dimension half are minima, in four {percent(share)}. What looks like
        the end of training is more often a saddle, and it can be left: gradient descent needs
        {steps_to_leave(descend("gradient descent", 1e-8))} steps from 10⁻⁸ beside the ridge, Adam
        {steps_to_leave(descend("Adam", 1e-8))}."""
    return Content(answer, (_cuts(), _holds(), _rare(), _network()))


SADDLE = Lesson(
    name="saddle",
    title="Saddles, and why local minima are rare",
    question="Does training get stuck in local minima?",
    make=_make,
    code=(hessian, kind_of_point, share_of_minima),
    sources=(
        "course notes, “The problem of local optima”",
        "Dauphin et al. 2014, “Identifying and attacking the saddle point problem”",
        "Dean & Majumdar 2006, “Large deviations of extreme eigenvalues of random matrices”",
    ),
    use="""`goodfit train` on a plateau: `--set optimizer=adam`, more `--set epochs=200`, or another `--set
        learning_rate`. Next: `goodfit lesson averages`, from the start.""",
)
