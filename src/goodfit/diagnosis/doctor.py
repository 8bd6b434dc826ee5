"""The doctor for people who train elsewhere: it is told what happens, and finds what is wrong."""

import math
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, get_args

import numpy as np
from jaxtyping import Float

from goodfit.diagnosis.finding import DataFacts, Finding, Observation, Signals
from goodfit.diagnosis.findings import examine
from goodfit.diagnosis.measuring import read_array, seen
from goodfit.errors import InputError, nearest
from goodfit.plan import Activation, Plan
from goodfit.record.run import SEEN, Health, Outcome

_COSTS = ("train_cost", "dev_cost", "train_error", "dev_error", "objective", "learning_rate", "step")
_TASKS = ("binary", "classes", "regression")
_FEWEST = 16  # examples from which a column's mean and deviation are judged
Arrays = Mapping[str, Any]
Number = Any  # what float() takes, of NumPy, JAX or PyTorch; anything else is refused in a sentence


class Doctor:
    """Watches a training in any framework; `findings` says what is wrong with it, with what to change.

    Example:
        >>> doctor = Doctor(activation="relu", task="classes")
        >>> for epoch, cost in enumerate([2.3, 4.1, float("nan")], start=1):
        ...     doctor.observe(epoch, train_cost=cost)
        >>> print(doctor.findings()[0].sentence)
        The training diverged: the train cost became infinite or undefined in epoch 3.
    """

    def __init__(
        self,
        activation: str | None = None,
        task: str = "classes",
        *,
        plan: Plan | None = None,
        data: DataFacts | None = None,
        guess_cost: float | None = None,
    ) -> None:
        """A doctor for one training.

        Args:
            activation: of the hidden layers; what is said of dead and saturated units needs it.
            task: "binary", "classes" or "regression".
            plan: the training's settings as goodfit would write them; then remedies are changes of them, and more is
                found (dropout, batch norm, the batch size).
            data: what is known of the data.
            guess_cost: cost of the best constant guess. Without it, it is taken from `data`, from the number of
                outputs, or from the cost observed at epoch 0, before training.

        Raises:
            InputError: an unknown activation or task.
        """
        known = get_args(Activation)
        if activation is not None and activation not in known:
            raise InputError(f"activation is {activation!r}: {nearest(activation, known)}")
        if task not in _TASKS:
            raise InputError(f"task is {task!r}: {nearest(task, _TASKS)}")
        self._activation = activation or (plan.activation if plan else None)
        self._plan = plan
        self._data = data or DataFacts(m=0, task=task)
        self._guess_cost = guess_cost
        self._epochs: list[int] = []
        self._numbers: list[dict[str, float]] = []
        self._looks: list[dict[str, np.ndarray]] = []
        self._layers: list[str] = []
        self._weights: dict[str, tuple[np.ndarray, float]] = {}
        self._units: dict[tuple[str, str], tuple[int, ...]] = {}
        self._columns: tuple[np.ndarray, np.ndarray] | None = None

    def observe(
        self,
        epoch: Number,
        *,
        train_cost: Number = None,
        dev_cost: Number = None,
        train_error: Number = None,
        dev_error: Number = None,
        objective: Number = None,
        activations: Arrays | None = None,
        gradients: Arrays | None = None,
        weights: Arrays | None = None,
        learning_rate: Number = None,
        step: Number = None,
    ) -> None:
        """Tell what an epoch ended with; whatever is not at hand is left out.

        Args:
            epoch: its number, growing from call to call; 0 is before training.
            train_cost: on the training set, without dropout and penalties where that can be had.
            dev_cost: on the dev set.
            train_error: share of wrong answers, or 1 − R².
            dev_error: the same on the dev set.
            objective: J, the mean cost of the epoch's batches, with dropout and penalties.
            activations: each layer's outputs over a batch, `[batch, units…]`, best of the same examples each time;
                "inputs" are the network's inputs, and of the other layers, first to last, the last is the output.
            gradients: dJ/dW of each layer.
            weights: W of each layer, `[inputs, units]`.
            learning_rate: of the last step.
            step: steps made so far; with it and the weights the steps' size is known.

        Raises:
            InputError: an epoch out of order, something that is no number, or another shape than before.
        """
        self._check_epoch(epoch)
        given = (train_cost, dev_cost, train_error, dev_error, objective, learning_rate, step)
        numbers = {name: _number(name, value) for name, value in zip(_COSTS, given, strict=True)}
        arrays = {
            kind: {str(layer): read_array(array, f"{kind} of layer '{layer}'") for layer, array in (each or {}).items()}
            for kind, each in (("weights", weights), ("gradients", gradients), ("activations", activations))
        }
        units = self._check_shapes(arrays)
        layers = _merged(self._layers, arrays)
        look = {layer: self._look(layer, arrays, numbers["step"]) for layer in ("inputs", *layers)}
        self._epochs.append(int(epoch))
        self._numbers.append(numbers)
        self._looks.append(look)
        self._layers, self._units = layers, self._units | units
        self._weights |= {layer: (array, numbers["step"]) for layer, array in arrays["weights"].items()}
        if self._columns is None and "inputs" in arrays["activations"]:
            self._columns = _columns(arrays["activations"]["inputs"])

    def findings(self, *, finished: bool = True) -> list[Finding]:
        """What is wrong so far, the most important first.

        Args:
            finished: whether the training is over; before, nothing is said of stopping too early.
        """
        return examine(self.case(finished=finished))

    def case(self, *, finished: bool = True) -> Observation:
        """What was observed, as findings look at it."""
        values = {name: np.array([numbers[name] for numbers in self._numbers]) for name in _COSTS}
        history = {name: each for name, each in values.items() if not np.isnan(each).all()}
        history["epoch"] = np.array(self._epochs, np.int64)
        signals = Signals(
            history=history,
            health=self._health(),
            outcome=Outcome.FINISHED if finished else None,
            weights={f"layers.{self._layers.index(layer)}.W": array for layer, (array, _) in self._weights.items()},
            activation=self._activation,
        )
        return Observation(signals, self._plan, self._facts())

    def _check_epoch(self, epoch: Number) -> None:
        if isinstance(epoch, bool) or not isinstance(epoch, int | np.integer) or epoch < 0:
            raise InputError(f"epoch is {epoch!r}; it must be a whole number from 0")
        if self._epochs and epoch <= self._epochs[-1]:
            raise InputError(
                f"epoch {epoch} was observed after epoch {self._epochs[-1]}; observe epochs in order, and make a new "
                "Doctor for a new training"
            )

    def _check_shapes(self, arrays: dict[str, dict[str, np.ndarray]]) -> dict[tuple[str, str], tuple[int, ...]]:
        """The shapes of these arrays, without the batch; refused where another one was seen before."""
        units: dict[tuple[str, str], tuple[int, ...]] = {}
        for kind, each in arrays.items():
            if kind != "activations" and "inputs" in each:
                raise InputError(f"the {kind} have a layer 'inputs'; that name is for the network's inputs alone")
            for layer, array in each.items():
                name = "activations" if kind == "activations" else "weights and gradients"
                shape = array.shape[1:] if kind == "activations" else array.shape
                before = units.get((name, layer), self._units.get((name, layer), shape))
                if before != shape:
                    raise InputError(
                        f"the {kind} of layer '{layer}' have the shape {shape} and had {before}"
                        f"{' (without the batch)' if kind == 'activations' else ''}; give weights and gradients as "
                        "[inputs, units], and make a new Doctor for another network"
                    )
                units[name, layer] = shape
        return units

    def _look(self, layer: str, arrays: dict[str, dict[str, np.ndarray]], step: float) -> Float[np.ndarray, "seen"]:
        weights, before = arrays["weights"].get(layer), self._weights.get(layer)
        update = None
        if weights is not None and before is not None and step > before[1]:
            update = float(np.linalg.norm(weights - before[0])) / (step - before[1])
        activation = None if layer == "inputs" else self._activation
        return seen(arrays["activations"].get(layer), arrays["gradients"].get(layer), weights, update, activation)

    def _health(self) -> Health | None:
        """The looks as the engine's; epochs without arrays are left out."""
        layers = ("inputs", *self._layers)
        missing = np.full(len(SEEN), np.nan)
        rows = np.array([[look.get(layer, missing) for layer in layers] for look in self._looks])
        known = [index for index, row in enumerate(rows) if not np.isnan(row).all()]
        if not known or not self._layers:
            return None
        rows = rows[known]
        rows[:, -1, SEEN.index("saturated")] = 0  # outputs have no activation
        return Health(np.array(self._epochs)[known], layers, rows)

    def _facts(self) -> DataFacts:
        """What is known of the data, filled in from what was observed."""
        data = self._data
        if data.column_deviations is None and self._columns is not None:
            data = replace(data, column_means=self._columns[0], column_deviations=self._columns[1])
        known = data.guess_cost is not None or data.class_counts is not None
        guess = self._guess_cost if self._guess_cost is not None or known else self._guess()
        return data if guess is None else replace(data, guess_cost=guess)

    def _guess(self) -> float | None:
        """Of equally frequent classes, as many as the network has outputs; or the cost before training."""
        last = self._units.get(("activations", self._layers[-1])) if self._layers else None
        outputs = last or (self._units.get(("weights and gradients", self._layers[-1])) if self._layers else None)
        if self._data.task == "binary":
            return math.log(2)
        if self._data.task == "classes" and outputs:
            return math.log(max(2, outputs[-1]))
        first = self._numbers[0]["train_cost"] if self._epochs and self._epochs[0] == 0 else np.nan
        return first if np.isfinite(first) and first > 0 else None


def _number(name: str, value: Any) -> float:
    """NaN where it was not given, infinite where it is undefined."""
    if value is None:
        return np.nan
    try:
        number = float(value)
    except (TypeError, ValueError):
        raise InputError(f"{name} is {value!r}; it must be a number") from None
    return number if np.isfinite(number) else np.inf


def _merged(order: list[str], arrays: dict[str, dict[str, np.ndarray]]) -> list[str]:
    """The layers in their order; one that is new comes behind the one that stood before it."""
    order = list(order)
    for each in arrays.values():
        place = 0
        for layer in each:
            if layer == "inputs":
                continue
            if layer not in order:
                order.insert(place, layer)
            place = order.index(layer) + 1
    return order


def _columns(inputs: np.ndarray) -> tuple[np.ndarray, np.ndarray] | None:
    """Mean and deviation of each column, where there are enough finite examples."""
    if inputs.ndim != 2 or len(inputs) < _FEWEST or not np.isfinite(inputs).all():
        return None
    return inputs.mean(axis=0), inputs.std(axis=0)
