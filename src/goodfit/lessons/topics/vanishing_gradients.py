"""Signals and gradients that vanish or explode with depth, and the first weights that keep them."""

from functools import cache

import numpy as np
from jaxtyping import Float

from goodfit.lessons.drawing import Color, axis, buttons, figure, line, panel, slider
from goodfit.lessons.lesson import Content, Lesson, Section
from goodfit.lessons.powers import power
from goodfit.textbook.depth import activation_deviations, deep_linear, growth_per_layer
from goodfit.textbook.initialization import initialize_parameters
from goodfit.textbook.propagation import backward_prop, forward_prop
from goodfit.wording.numbers import number

WEIGHTS = (0.5, 0.8, 0.9, 1.0, 1.1, 1.2, 1.5)
DEPTH = 50
RESNET = 152  # the layers that the course notes name
SCALES = {0.25: "¼", 0.5: "½", 1.0: "1, Xavier", 2.0: "2, He", 4.0: "4"}
ACTIVATIONS = {"tanh": "tanh", "relu": "ReLU", "sigmoid": "sigmoid"}
SIZES = (0.5, 1.0, 1.5, 2.0)  # of the weights, as a multiple of what the initialization gives
HIDDEN = 30


@cache
def linear_sizes(weight: float, depth: int) -> Float[np.ndarray, "layers"]:
    """Return the length of the signal (1, 1) after each linear layer with this weight, as a multiple of the input's."""
    X = np.ones((2, 1))
    return np.linalg.norm(deep_linear(weight, depth, X)[:, :, 0], axis=1) / np.linalg.norm(X)


@cache
def gradient_sizes(activation: str, size: float) -> Float[np.ndarray, "layers"]:
    """Return the length of each hidden layer's dW in a fresh deep network, over 200 examples."""
    rng = np.random.default_rng(0)
    X, Y = rng.standard_normal((50, 200)), rng.integers(0, 2, (1, 200)).astype(float)
    parameters = initialize_parameters([50] * (HIDDEN + 1) + [1], activation)
    parameters = {name: size * value if name[0] == "W" else value for name, value in parameters.items()}
    AL, caches = forward_prop(X, parameters, activation, "sigmoid")
    grads = backward_prop(AL, Y, caches)
    return np.array([np.linalg.norm(grads[f"W{layer}"]) for layer in range(1, HIDDEN + 1)])


def _linear() -> Section:
    marks, says = [], []
    for i, weight in enumerate(WEIGHTS):
        sizes = linear_sizes(weight, DEPTH)
        color = "muted" if weight == 1 else "orange" if weight > 1 else "blue"
        marks.append(
            line("layer", sizes, f"weight {number(weight)}", color, strong={"weight": i}, label=number(weight))
        )
        far = linear_sizes(weight, RESNET)[-1]
        says.append(f"""Weight {number(weight)}: each layer multiplies the signal by
            {number(round(growth_per_layer(sizes), 9))}. After 10 layers it is {power(sizes[9])} times what it was,
            after {DEPTH} layers {power(sizes[-1])} times, and after {RESNET} layers {power(far)} times.""")
    x, y = axis("layer", 1, DEPTH), axis("signal, as a multiple of the input", 1e-16, 1e10, log=True)
    plot, columns = panel("The signal by layer", x, y, marks, height=380), {"layer": np.arange(1, DEPTH + 1)}
    control = slider("weight", "weight", [number(weight) for weight in WEIGHTS], WEIGHTS.index(1.5))
    return Section(
        "Every layer multiplies",
        """The network of the notes: two units a layer, linear activations, b = 0, and W with the same number on its
        diagonal in every layer. The input is (1, 1). On a logarithmic axis a fixed factor per layer is a straight
        line; the number at its end is the weight.""",
        figure([plot], [control], says, columns),
        f"""1.5 is not much above 1, and 0.5 not much below. But {DEPTH} layers make
        {power(linear_sizes(1.5, DEPTH)[-1])} and {power(linear_sizes(0.5, DEPTH)[-1])} of them. On the way back the
        gradient is multiplied by the same weights, so it explodes or vanishes in the same measure: with 0.5, the
        first layers are moved by almost nothing. Even 0.9 leaves only {linear_sizes(0.9, DEPTH)[-1]:.3f} of the
        signal. Only a factor very near 1 survives many layers.""",
    )


def _signals() -> Section:
    marks, says, rates = [], [], {}
    for j, (activation, name) in enumerate(list(ACTIVATIONS.items())[:2]):
        for i, (scale, words) in enumerate(SCALES.items()):
            deviations = activation_deviations([100] * (HIDDEN + 1), activation, scale)
            # In the first layers the factor is still settling.
            rates[activation, scale] = growth_per_layer(deviations[5:])
            color, when, strong = _tone(activation, scale), {"activation": j}, {"scale": i}
            marks.append(line("layer", deviations, f"{words} / n", color, label=words, when=when, strong=strong))
            says.append(f"""{name}, weights of variance {number(scale)}/n: from the sixth layer on, the deviation of
                the activations is multiplied by {rates[activation, scale]:.3f} a layer. In layer {HIDDEN} it is
                {power(deviations[-1])}.""")
    controls = [
        buttons("activation", "Activation", list(ACTIVATIONS.values())[:2], 1),
        slider("scale", "variance of the weights, times n", list(SCALES.values()), 3),
    ]
    x, y = axis("layer", 1, HIDDEN), axis("deviation of the activations", 1e-9, 1e5, log=True)
    plot = panel("The spread of the activations by layer", x, y, marks, height=400)
    return Section(
        "First weights that keep the signal",
        f"""Now the weights are drawn at random, with mean 0 and a variance that is chosen as a multiple of 1/n, n
        being the number of units in the layer before. {HIDDEN} layers of 100 units see 500 random examples, before
        any training. Look for the line that stays level, first for ReLU, then for tanh.""",
        figure([plot], controls, says, {"layer": np.arange(1, HIDDEN + 1)}),
        f"""z is a sum over n units, so its variance is n times that of one term, and weights of variance 1/n keep it
        as it was. ReLU sets half of the signal to zero, so it needs twice that. With ReLU the factor a layer is
        {rates["relu", 2.0]:.3f} for 2/n ("He") and {rates["relu", 1.0]:.3f} for 1/n, close to √½ =
        {np.sqrt(0.5):.3f}. tanh passes small signals on as they are: with 1/n ("Xavier") its factor is
        {rates["tanh", 1.0]:.3f}; with ½/n {rates["tanh", 0.5]:.3f}, close to √½ again. With large weights tanh does
        not explode, it saturates: all activations are near −1 or 1, where its slope, and with it the gradient, is
        nearly zero.

        The notes write `np.random.rand`, which draws from 0 to 1, so that all weights would push the same way; a
        normal draw with mean 0 is meant.""",
    )


def _tone(activation: str, scale: float) -> Color:
    right = 2.0 if activation == "relu" else 1.0
    return "green" if scale == right else "orange" if scale > right else "blue"


def _gradients() -> Section:
    marks, says = [], []
    for j, (activation, name) in enumerate(ACTIVATIONS.items()):
        for i, size in enumerate(SIZES):
            sizes, words = gradient_sizes(activation, size), f"{number(size)} ×"
            color: Color = "green" if size == 1 else "orange" if size > 1 else "blue"
            when, strong = {"activation": j}, {"size": i}
            marks.append(line("layer", sizes, words, color, label=words, when=when, strong=strong))
            says.append(f"""{name}, weights {words} those of the initialization: dW of layer 1 is {power(sizes[0])}
                long, of layer {HIDDEN} {power(sizes[-1])}. From each layer to the one before it dW is multiplied by
                {1 / growth_per_layer(sizes):.3f}.""")
    controls = [
        buttons("activation", "Activation", list(ACTIVATIONS.values()), 1),
        slider("size", "size of the weights", [f"{number(size)} ×" for size in SIZES], 0),
    ]
    x, y = axis("layer", 1, HIDDEN), axis("length of dW", 1e-23, 1e11, log=True)
    plot, columns = panel("The gradient by layer", x, y, marks, height=400), {"layer": np.arange(1, HIDDEN + 1)}
    sigmoid, he, half = gradient_sizes("sigmoid", 1.0), gradient_sizes("relu", 1.0), gradient_sizes("relu", 0.5)
    return Section(
        "And the gradients",
        f"""A network with {HIDDEN} hidden layers of 50 units goes forward once and back once. The picture shows how
        long each layer's gradient dW is; the backward pass runs from right to left. “1 ×” is the initialization that
        suits the activation: Xavier for tanh and sigmoid, He for ReLU.""",
        figure([plot], controls, says, columns),
        f"""dW is the signal that came forward to a layer times the gradient that came back to it. With ReLU, what the
        one has lost by then the other has not, so dW is about equally long in all layers, and all vanish or explode
        together. Half of He's weights make it {power(half[0] / he[0])} times as long; 0.5^{{{HIDDEN}}} is
        {power(0.5**HIDDEN)}. Gradient descent would stand still.

        The sigmoid vanishes toward the front even with suitable weights: its activations stay near ½, but its slope
        is nowhere above ¼, so layer 1 has {power(sigmoid[0] / sigmoid[-1])} times the gradient of layer {HIDDEN}.
        Good first weights are a partial solution: they choose the factor at the start, and training may move it.
        Residual layers and batch norm help to keep it.""",
    )


def _make() -> Content:
    up, down = linear_sizes(1.5, DEPTH)[-1], linear_sizes(0.5, DEPTH)[-1]
    good, bad = (gradient_sizes("relu", size)[0] for size in (1.0, 0.5))
    answer = f"""Because every layer multiplies the signal, and on the way back the gradient, by about the same
        factor. {DEPTH} layers with a factor of 1.5 make {power(up)} of 1; with 0.5 they make {power(down)}. Weights
        drawn with variance 1/n (tanh) or 2/n (ReLU) put the factor near 1. In {HIDDEN} layers of ReLU, weights half
        as large make the gradients {power(bad / good)} times as long, and training stands still."""
    return Content(answer, (_linear(), _signals(), _gradients()))


VANISHING_GRADIENTS = Lesson(
    name="vanishing-gradients",
    title="Vanishing and exploding gradients",
    question="Why are deep networks hard to train, and what do the first weights have to do with it?",
    make=_make,
    code=(deep_linear, growth_per_layer, activation_deviations, initialize_parameters),
    sources=(
        "course notes, “Vanishing / Exploding gradients” and “Weight Initialization for Deep Networks”",
        "Hochreiter 1991",
        "Glorot & Bengio 2010",
        "He et al. 2015",
    ),
    use="""The initialization follows the activation by itself; `--set initialization=xavier` or `he` asks for one.
        Deep networks are helped by `--set architecture=residual` and `--set batch_norm=before`. Next: `goodfit lesson
        residual`.""",
)
