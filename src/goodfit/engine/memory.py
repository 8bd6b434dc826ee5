"""How much memory a stack needs, and how many models fit."""

from typing import NamedTuple

from goodfit.data.dataset import Splits
from goodfit.engine import machine
from goodfit.engine.stack import capacity
from goodfit.engine.task import Program
from goodfit.errors import PlanError
from goodfit.nets.architectures import sizes

MOST_SETS = 8  # differently prepared copies of the data in one stack


class _Memory(NamedTuple):
    """Bytes: of the prepared data on the host and each device, of a batch on its way, and of one model.

    Images are not copied on the host; a GPU holds their bytes.
    """

    data: int
    working: int
    model: int


def _memory(program: Program, splits: Splits, inputs: int) -> _Memory:
    rows = len(splits.pool)
    outputs = max(1, len(splits.dataset.schema.classes))
    numbers, activations = sizes(program.structure, inputs, outputs)
    weights, batch = 4 * numbers, max(program.structure.batch_size, program.evaluation_chunk)
    working = 4 * 4 * activations * batch
    model = 6 * weights + 4 * 4 * rows  # parameters, gradients, two averages, best, a copy; row lists
    data = 4 * rows * inputs * (len(machine.devices()) + 1)
    if splits.dataset.features.pixels is not None:
        data = splits.dataset.features.pixels.nbytes * len(machine.devices()) if machine.on_gpu() else 0
    return _Memory(data, working, model)


def check_memory(program: Program, splits: Splits, inputs: int) -> None:
    """Raise PlanError where one model a device with one copy of the data does not fit."""
    memory, free = _memory(program, splits, inputs), machine.free_memory()
    needed = memory.data + len(machine.devices()) * (memory.working + memory.model)
    if needed > free:
        raise PlanError(
            f"a batch of {program.structure.batch_size} on this network and data needs about {needed / 2**30:.1f} GiB "
            f"and {free / 2**30:.1f} GiB are free; take a smaller batch_size or smaller hidden_units"
        )


def fitting(program: Program, splits: Splits, inputs: int, models: int, budget: int) -> tuple[int, int]:
    """Places and copies of the data that a stack of these models may have in so many bytes."""
    memory, devices = _memory(program, splits, inputs), len(machine.devices())
    sets = max(1, min(MOST_SETS, int(budget / 2 / memory.data))) if splits.dataset.schema.image is None else MOST_SETS
    places = capacity()
    if machine.on_gpu():  # where every place costs time, few sizes to compile
        places = min(places, -(-(1 << (models - 1).bit_length()) // devices) * devices)
    while places > devices and places * memory.model > budget / 2:
        places -= devices
    return places, sets
