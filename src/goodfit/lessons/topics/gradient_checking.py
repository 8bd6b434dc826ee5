"""The error of a gradient check by ε, for a right gradient and for planted mistakes."""

from functools import cache

import numpy as np
from jaxtyping import Float

from goodfit.lessons.drawing import Color, axis, bars, buttons, figure, level, line, panel, slider, upright
from goodfit.lessons.lesson import Content, Lesson, Section
from goodfit.lessons.powers import power
from goodfit.lessons.topics.lambda_ import moons
from goodfit.textbook.costs import compute_cost, l2_penalty
from goodfit.textbook.gradient_checking import (
    GREAT,
    WRONG,
    numerical_gradient,
    relative_error,
    to_parameters,
    to_vector,
    verdict,
)
from goodfit.textbook.initialization import Parameters, initialize_parameters
from goodfit.textbook.propagation import add_l2, backward_prop, forward_prop

LAMBDA = 0.5
EPSILONS = tuple((10.0 ** np.arange(-12, -0.9, 0.5)).tolist())
FAULTS = {
    "right": "no mistake",
    "derivative": "tanh′ as sigmoid′",
    "penalty": "L2 forgotten",
    "mean": "1/m forgotten in db1",
    "one": "one sign of W2",
}
COLORS: dict[str, Color] = {
    "right": "green",
    "derivative": "orange",
    "penalty": "purple",
    "mean": "blue",
    "one": "muted",
}


@cache
def network() -> tuple[Parameters, Float[np.ndarray, "2 m"], Float[np.ndarray, "1 m"]]:
    """Return a small network with tanh units, and sixty examples."""
    return initialize_parameters([2, 6, 4, 1], "tanh", seed=2), *moons(60, 1)


def J(theta: Float[np.ndarray, "n"]) -> float:
    """Return the network's cost with its penalty, as a function of one long vector."""
    start, X, Y = network()
    parameters = to_parameters(theta, to_vector(start)[1])
    AL, _ = forward_prop(X, parameters, "tanh", "sigmoid")
    return compute_cost(AL, Y, "sigmoid") + l2_penalty(parameters, LAMBDA, 60)


@cache
def backward(fault: str) -> Parameters:
    """Return the gradient by backpropagation, with a planted mistake."""
    parameters, X, Y = network()
    AL, caches = forward_prop(X, parameters, "tanh", "sigmoid")
    if fault == "derivative":
        # The caches say which slope to multiply by: this is the line of code with the wrong one.
        caches = [cache_._replace(activation="sigmoid") if cache_.activation else cache_ for cache_ in caches]
    grads = backward_prop(AL, Y, caches)
    if fault != "penalty":
        grads = add_l2(grads, parameters, LAMBDA, 60)
    if fault == "mean":
        grads = grads | {"b1": grads["b1"] * 60}
    if fault == "one":
        flipped = np.where(np.arange(grads["W2"].size).reshape(grads["W2"].shape) == 3, -1, 1)
        grads = grads | {"W2": grads["W2"] * flipped}
    return {name: grads[name] for name in parameters}


@cache
def slopes(epsilon: float) -> Float[np.ndarray, "n"]:
    """Return the numerical gradient at the network's parameters."""
    return numerical_gradient(J, to_vector(network()[0])[0], epsilon)


def error(fault: str, epsilon: float) -> float:
    """Return the relative error of a gradient with this fault, checked with this ε."""
    return relative_error(slopes(epsilon), to_vector(backward(fault))[0])


def _by_epsilon() -> Section:
    marks, says, epsilons = [], [], EPSILONS[::2]
    for fault, name in FAULTS.items():
        errors = [error(fault, epsilon) for epsilon in EPSILONS]
        label = {"right": "no mistake", "derivative": "mistakes"}.get(fault, "")
        marks.append(line(EPSILONS, errors, name, COLORS[fault], dots=True, label=label))
    marks += [level(GREAT, "great", "muted"), level(WRONG, "wrong", "muted")]
    for i, epsilon in enumerate(epsilons):
        marks.append(upright(epsilon, f"ε = {power(epsilon)}", "ink", when={"epsilon": i}))
        errors = [error(fault, epsilon) for fault in FAULTS]
        says.append(f"""ε = {power(epsilon)}: the right gradient has a relative error of {power(errors[0])}, which
            the bands call “{verdict(errors[0])}”. The mistakes have {power(min(errors[1:]))}
            to {power(max(errors[1:]))}.""")
    x, y = axis("ε", 1e-12, 0.15, log=True), axis("relative error", 1e-12, 2, log=True)
    control = slider("epsilon", "ε", [power(epsilon) for epsilon in epsilons], 5)
    right = {epsilon: error("right", epsilon) for epsilon in EPSILONS}
    best = min(right, key=lambda epsilon: right[epsilon])
    return Section(
        "How large should ε be?",
        f"""A network of {slopes(1e-7).size} parameters, its cost with an L2 penalty, and five versions of its
        backpropagation: one is right, four have a mistake of one line. The check compares each with
        (J(θ + ε) − J(θ − ε))/2ε, parameter by parameter. Follow the green line from both ends to its lowest point.""",
        figure([panel("Relative error by ε", x, y, marks, height=420)], [control], says),
        f"""A large ε measures the slope of a chord and not of the curve: that error shrinks with ε². A small ε takes
        the difference of two almost equal costs, of which the computer keeps sixteen digits: that error grows with
        1/ε. Between them lies the best, here ε = {power(best)} with an error of {power(right[best])}. The notes' ε =
        10⁻⁷ gives {power(error("right", 1e-7))}, still great here, but with less room, and a large trained network
        may come out as “look closer” though nothing is wrong. The mistakes do not care about ε over a wide range, and
        that is what tells them from rounding: a wrong gradient stays wrong.

        The notes print (J − J)/2 · ε; without brackets that multiplies by ε in place of dividing, and no gradient
        would ever pass.""",
    )


def _by_block() -> Section:
    names, start = list(network()[0]), to_vector(network()[0])[1]
    measured = to_parameters(slopes(1e-5), start)
    marks, says = [], []
    for i, (fault, name) in enumerate(FAULTS.items()):
        grads = backward(fault)
        errors = [relative_error(measured[block].ravel(), grads[block].ravel()) for block in names]
        # Bars begin at 0, so their heights are powers of ten above 1e-12.
        marks.append(bars(np.arange(len(names)), 12 + np.log10(errors), 0.7, "digits", "blue", when={"fault": i}))
        wrong = [block for block, value in zip(names, errors, strict=True) if value >= WRONG]
        verdict = f"wrong in {', '.join(wrong)}" if wrong else "no block is wrong"
        overall = f"error {power(error(fault, 1e-5))} over all"
        says.append(f"{name[0].upper()}{name[1:]}: {overall}; {verdict}.")
    ticks = {12.0 - digits: power(10.0**-digits) for digits in (12, 9, 7, 5, 3, 0)}
    y = axis("relative error", 0, 12, ticks=ticks)
    x = axis("parameters", -0.6, len(names) - 0.4, ticks={float(i): block for i, block in enumerate(names)})
    marks.append(level(12 + np.log10(WRONG), "wrong", "muted"))
    control = buttons("fault", "Mistake", list(FAULTS.values()), 1)
    return Section(
        "Where is the mistake?",
        """The same check for each block of parameters alone, with ε = 10⁻⁵. Each button is one version of
        backpropagation. The network's layers go from left to right; backpropagation goes from right to left.""",
        figure([panel("Relative error by block", x, y, marks, read="none")], [control], says),
        """A mistake in a block's own formula shows in that block alone. A wrong derivative spoils everything before
        it, since all earlier gradients pass through it: the last wrong block is where to look. With the derivative
        of the sigmoid in place of tanh's, W3 and b3 are right, as no activation comes after them, and all others are
        wrong.""",
    )


def _make() -> Content:
    errors = {fault: error(fault, 1e-5) for fault in FAULTS}
    least = min(value for fault, value in errors.items() if fault != "right")
    answer = f"""Measure the slope of the cost itself, by moving each parameter a little to both sides. Here the right
        gradient differs from the measured one by {power(errors["right"])}, and gradients with a mistake of one line by
        {power(least)} to {power(max(errors.values()))}. It is slow, two costs for each parameter, so it is for
        checking and not for training; and dropout must be off."""
    return Content(answer, (_by_epsilon(), _by_block()))


GRADIENT_CHECKING = Lesson(
    name="gradient-checking",
    title="Gradient checking",
    question="How can you tell that backpropagation is right?",
    make=_make,
    code=(to_vector, to_parameters, numerical_gradient, relative_error, verdict),
    sources=("course notes, “Numerical approximation of gradients”",),
    use="""`goodfit.check_gradients(cost, params, grads)` checks any cost of yours, with an ε scaled to the values.
        Next: `goodfit lesson vanishing-gradients`.""",
)
