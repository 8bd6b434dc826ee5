"""The blocks of convolutional networks: plain ones, and residual ones of any depth."""

from collections.abc import Iterator
from typing import NamedTuple

from goodfit.plan import Structure

FEWEST_PIXELS = 4  # on the shorter side of an image that is halved


class Convolution(NamedTuple):
    """One convolution of a network.

    Attributes:
        size: height and width of its kernel.
        maps_in: number of feature maps before it.
        maps_out: number of feature maps after it.
    """

    size: int
    maps_in: int
    maps_out: int


class Block(NamedTuple):
    """One convolution, or a bottleneck of three, whose output's health is recorded.

    Attributes:
        halves: True where the image is halved before it.
        stage: index into `hidden_units`.
        convolutions: in their order.
        shortcut: True where the block's input is added to its output.
        projection: the 1×1 convolution of the shortcut, where input and output differ in their number of feature maps.
    """

    halves: bool
    stage: int
    convolutions: tuple[Convolution, ...]
    shortcut: bool = False
    projection: Convolution | None = None

    @property
    def kernels(self) -> tuple[Convolution, ...]:
        """All convolutions, in the order of their parameters."""
        return (*self.convolutions, *([self.projection] if self.projection else []))


def blocks(structure: Structure) -> list[Block]:
    """Return the network's blocks from the image to the global pooling.

    Without a depth, each of `hidden_units` is a 3×3 convolution. With one, the first convolution is followed by
    bottlenecks of 1×1, 3×3 and 1×1 convolutions, the first two with a quarter of the feature maps; `residual` adds a
    shortcut around each (He et al. 2016).

    Raises:
        ValueError: the structure has no image.
    """
    if structure.image is None:
        raise ValueError("convolutional layers need the image's shape")
    height, width, maps = structure.image
    units, residual = structure.hidden_units, structure.architecture == "residual"
    network: list[Block] = []
    for stage, kernels in _stages_and_kernels(structure):
        out = units[stage]
        # halved where the feature maps grow in number, so that stages cost about the same (He et al. 2016)
        halves = bool(network) and out > maps and min(height, width) >= FEWEST_PIXELS
        if halves:
            height, width = height // 2, width // 2
        widths = [maps, *(max(1, out // 4) for _ in kernels[1:]), out]
        convolutions = tuple(Convolution(size, *widths[index : index + 2]) for index, size in enumerate(kernels))
        # without a depth, the input is added only where the widths agree, as between dense layers
        shortcut = residual and bool(network) and (len(kernels) > 1 or maps == out)
        projection = Convolution(1, maps, out) if shortcut and maps != out else None
        network.append(Block(halves, stage, convolutions, shortcut, projection))
        maps = out
    return network


def _stages_and_kernels(structure: Structure) -> Iterator[tuple[int, tuple[int, ...]]]:
    """Yield the stage and the kernels' sizes of each block."""
    if not structure.depth:
        yield from ((stage, (3,)) for stage in range(len(structure.hidden_units)))
        return
    yield 0, (3,)
    yield from ((stage, (1, 3, 1)) for stage in structure.blocks)


def probed_convolutions(structure: Structure) -> list[int]:
    """Return the index among the parameters of each block's 3×3 convolution, then that of the output layer."""
    indices, start = [], 0
    for block in blocks(structure):
        indices.append(start + [convolution.size for convolution in block.convolutions].index(3))
        start += len(block.kernels)
    return [*indices, start]


def image_shapes(structure: Structure) -> list[tuple[int, int, int]]:
    """Return the height, width and number of feature maps after each block."""
    shapes = []
    height, width, _ = structure.image or (0, 0, 0)
    for block in blocks(structure):
        if block.halves:
            height, width = height // 2, width // 2
        shapes.append((height, width, structure.hidden_units[block.stage]))
    return shapes


def flops(structure: Structure) -> float:
    """Return the number of multiplications and additions of one example's forward pass."""
    return sum(
        2.0 * height * width * kernel.size**2 * kernel.maps_in * kernel.maps_out
        for (height, width, _), block in zip(image_shapes(structure), blocks(structure), strict=True)
        for kernel in block.kernels
    )
