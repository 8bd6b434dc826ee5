"""Many models in one compiled program: the only module with jit, loops over models, and sharding.

Plain `vmap` over the models would change a model's rounding with the size of the stack. A loop over each device's
models inside the program gives the same bits alone and in any stack, at about the same speed. So CPUs loop; GPUs,
where only width pays, use vmap.
"""

import functools
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any, Literal

import jax
import jax.numpy as jnp
import numpy as np
from jax.sharding import Mesh, NamedSharding, PartitionSpec
from jaxtyping import Array, Float, Int

from goodfit.engine.machine import devices, on_gpu
from goodfit.engine.step import advance, predictive, recorded
from goodfit.engine.task import Data, Model, Program, State, Task
from goodfit.nets.architectures import forward
from goodfit.plan import Hyperparameters, Structure

CAPACITY = 16  # places in a stack; fixed, so that stacks of every size run the same program
MOST_EPOCHS = 256  # of records between two visits to the host
PREDICTION_CHUNK = 512  # rows, padded where there are fewer: of one shape, prediction compiles once
# Convolutions on CPUs: YNNPACK uses one core where Eigen uses all, and XLA's default schedule starts independent work
# early, which overflows the cache. Without both, a step takes about 0.7 of the time.
_CONVOLUTION_OPTIONS = {
    "xla_cpu_experimental_ynn_fusion_type": "",
    "xla_cpu_scheduler_type": "CPU_SCHEDULER_TYPE_MEMORY_OPTIMIZED",
}
_MOST_PROGRAMS = 64  # in memory; each takes about 460 memory maps, and Linux kills a process with more than 65,530

Lift = Literal["loop", "vmap"]


def capacity() -> int:
    """Return the places in a stack on this machine: a multiple of its devices."""
    count = len(devices())
    return -(-CAPACITY // count) * count


class Stack:
    """A fixed number of places for models of one program, spread over the devices.

    Models are numbered in the order of the tasks. A model may move to another place, which does not change its results.
    """

    def __init__(
        self, program: Program, data: Data, tasks: Sequence[Task], states: Sequence[State], places: int
    ) -> None:
        self.program = program
        self.devices = devices()
        self.places = places
        mesh = Mesh(np.array(self.devices), ("models",))
        self._split = NamedSharding(mesh, PartitionSpec("models"))
        self._data = jax.device_put(data, NamedSharding(mesh, PartitionSpec()))
        self._tasks = list(tasks)
        self._ended: dict[int, State] = {}
        self._spread(list(range(len(tasks))), _stacked(states))

    def _spread(self, live: list[int], states: State) -> None:
        """Deal the live models out to the devices in turn; row i of `states` belongs to the model `live[i]`."""
        per_device = self.places // len(self.devices)
        count = len(self.devices)
        self._place = {model: (i % count) * per_device + i // count for i, model in enumerate(live)}
        self._states = self._put(states)
        self._put_tasks()

    def _put(self, rows: Any) -> Any:
        """Put one row per live model in its place; places without a model hold the first model's row."""
        source = np.zeros(self.places, np.int64)
        for row, place in enumerate(self._place.values()):
            source[place] = row
        return jax.device_put(jax.tree.map(lambda leaf: leaf[source], rows), self._split)

    def _put_tasks(self) -> None:
        self._device_tasks = self._put(_stacked([self._tasks[model] for model in self._place]))

    def state(self, model: int) -> State:
        """Return a model's state as NumPy arrays."""
        if model not in self._place:
            return self._ended[model]
        # Copied: on a CPU np.asarray shares JAX's buffer, which the next call of the program takes over.
        return jax.tree.map(lambda leaf: np.array(np.asarray(leaf)[self._place[model]]), self._states)

    def predictive(self, model: int) -> Model:
        """Return a model as it predicts now."""
        return predictive(self.program, self._tasks[model], self.state(model))

    def status(self, model: int) -> int:
        """Return a live model's status without moving the rest of its state to the host."""
        return int(np.asarray(self._states.status)[self._place[model]])

    def change(self, model: int, hyperparameters: Hyperparameters) -> None:
        """Change a model's hyperparameters from its next step on."""
        self._tasks[model] = self._tasks[model]._replace(hyperparameters=hyperparameters)
        self._put_tasks()

    def restore(self, model: int, state: State) -> None:
        """Continue a model from another state."""
        live = list(self._place | {model: 0})
        states = [state if member == model else self.state(member) for member in live]
        self._ended.pop(model, None)
        self._spread(live, _stacked(states))

    def advance(self, until: dict[int, int]) -> dict[int, Float[np.ndarray, "epochs recorded"]]:
        """Train each of these models up to its step.

        Args:
            until: the step to reach, by model.

        Returns:
            Each model's records, one row per epoch; rows of epochs that were not reached are NaN.
        """
        live = list(until)
        if self._lopsided(live):
            self._compact(live)
        per_device = self.places // len(self.devices)
        ends = np.zeros(self.places, np.int32)
        # For each device, the places of its live models on that device, and their count; what follows them is unused.
        lists = np.zeros((len(self.devices), per_device), np.int32)
        counts = np.zeros(len(self.devices), np.int32)
        for model in live:
            place = self._place[model]
            device = place // per_device
            lists[device, counts[device]] = place % per_device
            counts[device] += 1
            ends[place] = until[model]
        lift = "vmap" if on_gpu() else "loop"
        run = _compiled(self.program, self.devices, lift)
        self._states, records = run(self._data, self._device_tasks, self._states, lists.reshape(-1), counts, ends)
        records = np.asarray(records)
        return {model: records[self._place[model]] for model in live}

    def _compact(self, live: list[int]) -> None:
        """Deal the live models out again; the states of the others stay on the host."""
        states = [self.state(model) for model in range(len(self._tasks))]
        self._ended = {model: state for model, state in enumerate(states) if model not in live}
        self._spread(live, _stacked([states[model] for model in live]))

    def _lopsided(self, live: list[int]) -> bool:
        """True if one device has two more live models than another, or an ended model comes back."""
        if any(model not in self._place for model in live):
            return True
        per_device = self.places // len(self.devices)
        loads = np.bincount([self._place[model] // per_device for model in live], minlength=len(self.devices))
        return bool(loads.max() - loads.min() > 1)


def _stacked(trees: Sequence[Any]) -> Any:
    return jax.tree.map(lambda *leaves: np.stack([np.asarray(leaf) for leaf in leaves]), *trees)


def _empty_records(program: Program, data: Data, *leading: int) -> Float[Array, "*leading epochs recorded"]:
    return jnp.full((*leading, MOST_EPOCHS, recorded(program.structure)), jnp.nan, data.dtype)


@functools.lru_cache(_MOST_PROGRAMS)
def _compiled(program: Program, mesh_devices: Sequence[Any], lift: Lift) -> Callable[..., Any]:
    """Compile the training of a whole stack into one program, sharded over the devices."""
    spread, replicated = PartitionSpec("models"), PartitionSpec()
    sharded = jax.shard_map(
        functools.partial(_loop if lift == "loop" else _vmap, program),
        mesh=Mesh(np.array(mesh_devices), ("models",)),
        in_specs=(replicated, spread, spread, spread, spread, spread),
        out_specs=(spread, spread),
        check_vma=False,  # models exchange nothing between devices, so there is nothing to check
    )
    # The states' memory is handed over, so that a stack holds them once and not twice.
    return jax.jit(sharded, donate_argnums=(2,), compiler_options=_options(program.structure))


def _options(structure: Structure) -> dict[str, Any] | None:
    """Return the compiler options for this architecture on this machine."""
    return None if structure.layer == "dense" or on_gpu() else _CONVOLUTION_OPTIONS


def _loop(
    program: Program,
    data: Data,
    tasks: Task,
    states: State,
    live: Int[Array, "places"],
    count: Int[Array, "1"],
    until: Int[Array, "places"],
) -> tuple[State, Float[Array, "places epochs recorded"]]:
    """Train one device's live models one after another."""

    def train_model(index: Int[Array, ""], carry: tuple[State, Array]) -> tuple[State, Array]:
        states, records = carry
        place = live[index]
        task, state = jax.tree.map(lambda leaf: leaf[place], (tasks, states))
        state, rows = advance(program, data, task, state, until[place], _empty_records(program, data))
        states = jax.tree.map(lambda leaf, new: leaf.at[place].set(new), states, state)
        return states, records.at[place].set(rows)

    return jax.lax.fori_loop(0, count[0], train_model, (states, _empty_records(program, data, live.shape[0])))


def _vmap(
    program: Program,
    data: Data,
    tasks: Task,
    states: State,
    live: Int[Array, "places"],
    count: Int[Array, "1"],
    until: Int[Array, "places"],
) -> tuple[State, Float[Array, "places epochs recorded"]]:
    """Train one device's models side by side; models that are not live have no steps left."""
    del live, count  # `until` is 0 for them
    records = _empty_records(program, data, until.shape[0])
    return jax.vmap(functools.partial(advance, program), in_axes=(None, 0, 0, 0, 0))(
        data, tasks, states, until, records
    )


@functools.lru_cache(_MOST_PROGRAMS)
def _compiled_forward(structure: Structure) -> Callable[..., Any]:
    def logits(model: Model, inputs: Float[Array, "chunk features"]) -> Float[Array, "chunk outputs"]:
        return forward(structure, model.params, inputs, model.averages, None)[0]

    return jax.jit(logits, compiler_options=_options(structure))


def logits(
    structure: Structure, model: Model, inputs: Float[np.ndarray, "rows features"]
) -> Float[np.ndarray, "rows outputs"]:
    """Return the outputs before their activation.

    The rows go through in chunks of one size, so that each structure compiles once.
    """
    # Settings that only matter in training are set alike, so that structures which predict alike share a program.
    architecture = replace(
        structure,
        optimizer="adam",
        decay="constant",
        batch_size=0,
        dropout=False,
        input_dropout=False,
        l1=False,
        clipping=False,
        augmentation=False,
    )
    run = _compiled_forward(architecture)
    model = jax.device_put(model, devices()[0])
    outputs = []
    for start in range(0, max(1, len(inputs)), PREDICTION_CHUNK):
        chunk = inputs[start : start + PREDICTION_CHUNK]
        padding = np.zeros((PREDICTION_CHUNK - len(chunk), inputs.shape[1]), inputs.dtype)
        outputs.append(np.asarray(run(model, np.concatenate([chunk, padding])))[: len(chunk)])
    return np.concatenate(outputs)
