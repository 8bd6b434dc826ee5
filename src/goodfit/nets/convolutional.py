"""The functions fitted to images: plain convolutional networks, and residual ones of any depth."""

from collections.abc import Iterator
from typing import NamedTuple

from goodfit.plan import Structure

FEWEST_PIXELS = 4  # on the shorter side, of a picture that is halved


class Convolution(NamedTuple):
    """One convolution of a network.

    Attributes:
        size: of its square kernel.
        maps_in: feature maps before it.
        maps_out: feature maps after it.
    """

    size: int
    maps_in: int
    maps_out: int


class Block(NamedTuple):
    """What is computed between two outputs that are looked at: one convolution, or a bottleneck of three.

    Attributes:
        halves: whether the picture is halved before it.
        stage: its place in `hidden_units`.
        convolutions: one after another.
        skip: the 1×1 convolution of the way around them, where their input has other feature maps than their output;
            None where there is no way around, or it takes none.
        around: whether there is a way around them.
    """

    halves: bool
    stage: int
    convolutions: tuple[Convolution, ...]
    skip: Convolution | None = None
    around: bool = False

    @property
    def kernels(self) -> tuple[Convolution, ...]:
        """All convolutions, in the order of their parameters."""
        return (*self.convolutions, *([self.skip] if self.skip else []))


def blocks(structure: Structure) -> list[Block]:
    """The network's parts from the image to the pooling.

    Without a depth each of `hidden_units` is a 3×3 convolution. With one, after the first convolution come bottlenecks
    of 1×1, 3×3 and 1×1 convolutions, the inner two with a quarter of the feature maps (He et al. 2016); `residual` adds
    a way around each.
    """
    if structure.image is None:
        raise ValueError("convolutional layers need the image's shape")
    height, width, maps = structure.image
    units, residual = structure.hidden_units, structure.architecture == "residual"
    made = []
    for stage, kernels in _parts(structure):
        out = units[stage]
        halves = bool(made) and out > maps and min(height, width) >= FEWEST_PIXELS
        if halves:
            height, width = height // 2, width // 2
        sizes = [maps, *(max(1, out // 4) for _ in kernels[1:]), out]
        chain = tuple(Convolution(size, *sizes[place : place + 2]) for place, size in enumerate(kernels))
        around = residual and bool(made) and (len(kernels) > 1 or maps == out)
        made.append(Block(halves, stage, chain, Convolution(1, maps, out) if around and maps != out else None, around))
        maps = out
    return made


def _parts(structure: Structure) -> Iterator[tuple[int, tuple[int, ...]]]:
    """The stage and the kernels' sizes of each part."""
    if not structure.depth:
        yield from ((stage, (3,)) for stage in range(len(structure.hidden_units)))
        return
    yield 0, (3,)
    yield from ((stage, (1, 3, 1)) for stage in structure.blocks)


def looked_into(structure: Structure) -> list[int]:
    """Places among the parameters of what stands for each part: its only convolution or its 3×3 one; then the last."""
    places, start = [], 0
    for block in blocks(structure):
        places.append(start + [each.size for each in block.convolutions].index(3))
        start += len(block.kernels)
    return [*places, start]


def pictures(structure: Structure) -> list[tuple[int, int, int]]:
    """Height, width and feature maps after each part."""
    shapes = []
    height, width, _ = structure.image or (0, 0, 0)
    for block in blocks(structure):
        if block.halves:
            height, width = height // 2, width // 2
        shapes.append((height, width, structure.hidden_units[block.stage]))
    return shapes


def flops(structure: Structure) -> float:
    """Multiplications and additions of one example on its way forward."""
    return sum(
        2.0 * height * width * each.size**2 * each.maps_in * each.maps_out
        for (height, width, _), block in zip(pictures(structure), blocks(structure), strict=True)
        for each in block.kernels
    )
