"""Residual networks: a way past each block for signal and gradient, and what keeps it in bounds."""

from functools import cache
from typing import NamedTuple

import numpy as np
from jaxtyping import Float

from goodfit.lessons.drawing import Color, Mark, axis, buttons, figure, line, panel, slider
from goodfit.lessons.lesson import Content, Lesson, Section
from goodfit.lessons.powers import power
from goodfit.lessons.topics.lambda_ import moons
from goodfit.textbook.depth import growth_per_layer
from goodfit.textbook.residual import (
    Sizes,
    block_backward,
    block_forward,
    deep_backward,
    deep_forward,
    deep_parameters,
    likeness,
    sizes_by_layer,
    train_deep,
)
from goodfit.wording.numbers import number

DEPTHS = (8, 20, 56, 110)  # He et al. 2016, section 4.2
WEIGHTS = (0.7, 0.85, 1.0, 1.15)  # as a multiple of He's
UNITS = 50
QUANTITIES = {"gradient": "gradient", "signal": "signal"}
STEPS, RATE, SMALL_UNITS, EXAMPLES = 100, 0.003, 10, 100


class Kind(NamedTuple):
    """A kind of network: its name, the label, color and dash of its line, and the start of its blocks."""

    name: str
    label: str
    color: Color
    residual: bool
    small: bool
    dash: bool


PLAIN = Kind("plain", "plain", "orange", residual=False, small=False, dash=True)
RESIDUAL = Kind("residual", "residual", "blue", residual=True, small=True, dash=False)
LARGE = Kind("residual, He's weights", "residual, He's", "purple", residual=True, small=False, dash=True)
KINDS = (PLAIN, RESIDUAL, LARGE)


def branch(kind: Kind, L: int) -> float:
    """Return the factor of the last weights of each block: √(1/blocks), or 1."""
    return float(np.sqrt(2 / (L - 2))) if kind.small else 1.0


@cache
def sizes(kind: Kind, L: int, weight: float) -> Sizes:
    """Return signal and gradient by layer in a fresh network of fifty units a layer."""
    return sizes_by_layer(L, UNITS, weight, branch(kind, L), kind.residual)


def relative(kind: Kind, L: int, weight: float, quantity: str) -> Float[np.ndarray, "parts"]:
    """Return the sizes as multiples of those at their origin: the first layer's signal, the last layer's gradient."""
    layer_sizes = sizes(kind, L, weight)
    return (
        layer_sizes.signal / layer_sizes.signal[0]
        if quantity == "signal"
        else layer_sizes.gradient / layer_sizes.gradient[-1]
    )


def factor(kind: Kind, L: int, weight: float, quantity: str) -> float:
    """Return the share that reaches the far end: the last layer for the signal, the first for the gradient."""
    reached = relative(kind, L, weight, quantity)
    return float(reached[-1] if quantity == "signal" else reached[0])


def rate(kind: Kind, L: int, weight: float, quantity: str) -> float:
    """Return the factor per layer, in the direction in which the quantity travels."""
    reached = relative(kind, L, weight, quantity)
    # Sizes are measured once a block, which is two layers: hence the root.
    return growth_per_layer(reached if quantity == "signal" else reached[::-1]) ** 0.5


def layers(L: int) -> list[int]:
    """Return the layers whose outputs are measured: the first, and the last of each block."""
    return list(range(1, L, 2))


def _by_layer() -> Section:
    L, marks, deep, says = DEPTHS[-1], list[Mark](), list[Mark](), []
    for i, quantity in enumerate(QUANTITIES):
        for j, weight in enumerate(WEIGHTS):
            when = {"what": i, "weight": j}
            for kind in KINDS:
                more = {"label": kind.label, "dash": kind.dash, "when": when}
                values = relative(kind, L, weight, quantity)
                marks.append(line(layers(L), values, kind.name, kind.color, **more))
                ends = [factor(kind, depth, weight, quantity) for depth in DEPTHS]
                deep.append(line(DEPTHS, ends, kind.name, kind.color, dots=True, **more))
            says.append(_caption(quantity, weight))
    controls = [
        buttons("what", "Shown", list(QUANTITIES.values())),
        slider("weight", "weights, times He's", [number(weight) for weight in WEIGHTS], 0),
    ]
    y = axis("size, as a multiple of where it begins", 1e-20, 1e20, log=True)
    ticks = {float(depth): str(depth) for depth in DEPTHS}
    panels = [
        panel(f"By layer, in a network of {L}", axis("layer", 1, L), y, marks, height=400),
        panel("At the far end, by depth", axis("layers", 0, L + 2, ticks=ticks), y, deep, height=400),
    ]
    weak, small = (factor(kind, L, 0.7, "gradient") for kind in (PLAIN, RESIDUAL))
    return Section(
        "A way past each block",
        f"""Two layers are a block, which computes F(a). A plain network passes on g(F(a)); a residual one passes on a +
        F(a). All begin with the same random weights, {UNITS} units a layer, and see 100 random examples once, before
        any training. The signal goes from left to right and the gradient dJ/da from right to left. Move the weights:
        “1” is He's initialization.""",
        figure(panels, controls, says),
        f"""On the way back the gradient of a plain network is multiplied by F′, block after block. With weights 0.7
        times He's each layer leaves {rate(PLAIN, L, 0.7, "gradient"):.2f} of it, and {L} layers
        {power(weak)}. In a residual network it is multiplied by I + F′: whatever F′ is, the 1 stays, and
        {power(small)} times the gradient arrives. So the weights may be too small, and the first layers still hear of
        the cost.

        What random blocks add makes the sum larger. With He's weights in all layers each adds about twice the power
        that came in, a factor of √3 = {np.sqrt(3):.2f} a block, and {L} layers make
        {power(factor(LARGE, L, 1.0, "signal"))} of 1: a way around alone is not enough. So the last weights of each
        block begin smaller: here they are multiplied by √(1/blocks), which makes
        {power(factor(RESIDUAL, L, 1.0, "signal"))}, and on average no more than e = {np.e:.2f} at any depth.
        Batch norm in each block keeps it in bounds as well.""",
    )


def _caption(quantity: str, weight: float) -> str:
    lines = []
    for kind in KINDS:
        shallow, deep = (power(factor(kind, depth, weight, quantity)) for depth in (DEPTHS[0], DEPTHS[-1]))
        lines.append(f"""{kind.name} {rate(kind, DEPTHS[-1], weight, quantity):.3f} a layer, which makes {shallow} in
            {DEPTHS[0]} layers and {deep} in {DEPTHS[-1]}""")
    return f"With weights {number(weight)} times He's the {quantity} is multiplied by: {'; '.join(lines)}."


def _alike() -> Section:
    L, marks, deep = DEPTHS[-1], [], []
    for kind in (PLAIN, RESIDUAL):
        unlikeness = 1 - sizes(kind, L, 1.0).alike
        marks.append(line(layers(L), unlikeness, kind.name, kind.color, dash=kind.dash))
        ends = [1 - sizes(kind, depth, 1.0).alike[-1] for depth in DEPTHS]
        deep.append(line(DEPTHS, ends, kind.name, kind.color, dash=kind.dash, dots=True))
    y = axis("1 − mean cosine of two examples", 1e-6, 1, log=True)
    ticks = {float(depth): str(depth) for depth in DEPTHS}
    panels = [
        panel(f"By layer, in a network of {L}", axis("layer", 1, L), y, marks),
        panel("In the last layer, by depth", axis("layers", 0, L + 2, ticks=ticks), y, deep),
    ]
    plain, rest_share = (1 - sizes(kind, L, 1.0).alike[-1] for kind in (PLAIN, RESIDUAL))
    return Section(
        "And a difference between examples",
        """He's weights keep the signal's size about as it is, so is all well with a plain network that has them? The
        picture shows how much two different examples differ in direction after each layer: 1 is a right angle, and 0
        is no difference.""",
        figure(panels),
        f"""ReLU brings any two signals nearer to each other. After {L} plain layers {power(plain)} of a right angle's
        1 is left: the last layer sees nearly the same signal whatever the input was, and can only learn how frequent
        the classes are. In the residual network {power(rest_share)} is left, because each block mostly
        passes on its input.""",
    )


@cache
def trained(kind: Kind, L: int) -> Float[np.ndarray, "steps"]:
    """Return J by step on a hundred examples of two classes."""
    X, Y = moons(EXAMPLES, 3)
    start = deep_parameters(L, 2, SMALL_UNITS, 1, branch(kind, L))
    return np.array([J for _, J in train_deep(X, Y, start, kind.residual, RATE, STEPS)])


def _training() -> Section:
    marks, says = [], []
    for i, L in enumerate(DEPTHS):
        for kind in (PLAIN, RESIDUAL):
            marks.append(line("step", trained(kind, L), kind.name, kind.color, dash=kind.dash, when={"depth": i}))
        plain, residual = (trained(kind, L)[-1] for kind in (PLAIN, RESIDUAL))
        says.append(f"""{L} layers: after {STEPS} steps J is {plain:.3f} in the plain network and {residual:.3f} in the
            residual one.""")
    plot = panel("Training cost by step", axis("step", 1, STEPS), axis("J", 0.005, 3, log=True), marks, height=360)
    deepest = {kind: trained(kind, DEPTHS[-1]) for kind in (PLAIN, RESIDUAL)}
    return Section(
        "Trained, at four depths",
        f"""Plain and residual networks of {SMALL_UNITS} units a layer learn the same {EXAMPLES} points of two classes,
        by Adam with α = {number(RATE)}. The plain ones have He's weights, which suit them best. Choose the depth.""",
        figure(
            [plot],
            [buttons("depth", "Layers", [str(L) for L in DEPTHS], len(DEPTHS) - 1)],
            says,
            {"step": np.arange(1, STEPS + 1)},
        ),
        f"""With {DEPTHS[0]} layers both learn. The plain network of {DEPTHS[-1]} layers stays at J =
        {deepest[PLAIN][-1]:.3f}, and ln 2 = {np.log(2):.3f} is what a network has that says ½ to everything. Note
        that this is the cost of training: it is no overfitting, but a function that the network could represent and
        that descent does not find. The residual network of {DEPTHS[-1]} layers reaches
        {deepest[RESIDUAL][-1]:.3f}. One start each: from luckier first weights a plain
        network of this depth begins to learn, too.""",
    )


def _make() -> Content:
    L = DEPTHS[-1]
    plain, small = (factor(kind, L, 0.7, "gradient") for kind in (PLAIN, RESIDUAL))
    answer = f"""Because each block adds to the signal instead of replacing it: a + F(a). On the way back the
        gradient is multiplied by I + F′ and not by F′ alone, so it arrives however small F′ is. In {L} layers with
        weights 0.7 times He's the gradient of the first layer is {power(plain)} times that of the last in a plain
        network, and {power(small)} times in a residual one. Trained alike, the plain network of {L} layers ends at a
        cost of {trained(PLAIN, L)[-1]:.3f}, the residual one at {trained(RESIDUAL, L)[-1]:.3f}."""
    return Content(answer, (_by_layer(), _alike(), _training()))


RESIDUAL_NETWORKS = Lesson(
    name="residual",
    title="Residual networks",
    question="Why can networks of a hundred layers be trained?",
    make=_make,
    code=(block_forward, block_backward, deep_parameters, deep_forward, deep_backward, likeness),
    sources=(
        "course notes, “Vanishing / Exploding gradients”",
        "He et al. 2016, “Deep Residual Learning for Image Recognition”",
        "He et al. 2016, “Identity Mappings in Deep Residual Networks”",
        "Cho & Saul 2009",
        "Zhang et al. 2019, “Fixup Initialization”",
    ),
    use="""`--set architecture=residual`; for images with `--set layer=convolutional --set depth=56`, where each block
        has three convolutions, and `--set batch_norm=before` (`goodfit lesson batch-norm`).
        Next: `goodfit lesson saddle`.""",
)
