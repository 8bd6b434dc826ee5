"""The memory that a stack needs, and the number of models that fit."""

from typing import NamedTuple

from goodfit.data.dataset import Splits
from goodfit.engine import machine
from goodfit.engine.stack import capacity
from goodfit.engine.task import Program
from goodfit.errors import PlanError
from goodfit.nets.architectures import network_size
from goodfit.wording import numbers

MOST_SETS = 8  # differently prepared copies of the data in one stack


class _Memory(NamedTuple):
    """Bytes that a stack needs.

    Attributes:
        data: one prepared copy of the data on the host and on each device. Images are not copied on the host; a GPU
            holds their bytes.
        working: activations of one batch.
        model: one model with its optimizer state.
    """

    data: int
    working: int
    model: int


def _memory(program: Program, splits: Splits, inputs: int) -> _Memory:
    rows = len(splits.pool)
    outputs = max(1, len(splits.dataset.schema.classes))
    numbers, activations = network_size(program.structure, inputs, outputs)
    weights, batch = 4 * numbers, max(program.structure.batch_size, program.evaluation_chunk)
    working = 4 * 4 * activations * batch
    # Parameters, gradients, two averages, the best parameters and a copy; four lists of rows.
    model = 6 * weights + 4 * 4 * rows
    data = 4 * rows * inputs * (len(machine.devices()) + 1)
    if splits.dataset.features.pixels is not None:
        data = splits.dataset.features.pixels.nbytes * len(machine.devices()) if machine.on_gpu() else 0
    return _Memory(data, working, model)


def check_memory(program: Program, splits: Splits, inputs: int) -> None:
    """Check that one model per device and one copy of the data fit in memory.

    Raises:
        PlanError: they do not fit.
    """
    memory, free = _memory(program, splits, inputs), machine.free_memory()
    needed = memory.data + len(machine.devices()) * (memory.working + memory.model)
    if needed > free:
        raise PlanError(
            f"a batch of {program.structure.batch_size} on this network and data needs about {numbers.memory(needed)} "
            f"and {numbers.memory(free)} are free; take a smaller batch_size or smaller hidden_units"
        )


def fitting(program: Program, splits: Splits, inputs: int, models: int, budget: int) -> tuple[int, int]:
    """Return the places, and the copies of the data, of a stack that fits the budget in bytes."""
    memory, devices = _memory(program, splits, inputs), len(machine.devices())
    # Half of the budget is for copies of the data, half for models. Images have one copy, however many preparations.
    sets = max(1, min(MOST_SETS, int(budget / 2 / memory.data))) if splits.dataset.schema.image is None else MOST_SETS
    places = capacity()
    if machine.on_gpu():  # vmap computes every place, so take few; powers of two, so that few sizes compile
        places = min(places, -(-(1 << (models - 1).bit_length()) // devices) * devices)
    # Each device has the same number of places, so they go by one per device.
    while places > devices and places * memory.model > budget / 2:
        places -= devices
    return places, sets
