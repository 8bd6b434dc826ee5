"""The doctor for trainings in other frameworks: it observes each epoch and finds the problems."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, NamedTuple, get_args

import numpy as np
from jaxtyping import Float

from goodfit.diagnosis.finding import DataFacts, Findings, Observation, Signals
from goodfit.diagnosis.findings import examine
from goodfit.diagnosis.layer_statistics import layer_statistics
from goodfit.diagnosis.observed_facts import completed
from goodfit.diagnosis.program_facts import NonFinite, ProgramFacts
from goodfit.diagnosis.raw_values import (
    LayerArrays,
    column_moments,
    fits_earlier,
    merged_layers,
    non_finite,
    read_array,
    read_number,
)
from goodfit.errors import InputError, nearest
from goodfit.plan import Activation, Plan
from goodfit.record.run import LAYER_STATISTICS, Health, Outcome

_COSTS = ("train_cost", "dev_cost", "train_error", "dev_error", "objective", "learning_rate", "step")
_TASKS = ("binary", "classes", "regression")
_KINDS = ("weights", "gradients", "activations")  # order in which new layers are put in their places
Arrays = Mapping[str, Any]  # by layer, array-likes
Number = Any  # anything float() takes, of NumPy, JAX or PyTorch; the rest is refused with an error


class _WeightsAtStep(NamedTuple):
    """The weights of a layer when they were last observed, and the number of steps made until then."""

    weights: Float[np.ndarray, "..."]
    step: float


_Shapes = dict[tuple[str, str], tuple[int, ...]]  # by kind and layer


class Doctor:
    """Observes a training in any framework, and finds its problems and their remedies.

    Example:
        >>> doctor = Doctor(activation="relu", task="classes")
        >>> for epoch, cost in enumerate([2.3, 4.1, float("nan")], start=1):
        ...     doctor.observe(epoch, train_cost=cost)
        >>> finding = doctor.findings()[0]
        >>> finding.id, finding.epoch
        ('divergence', 3)
        >>> print(finding.sentence)
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
        """Start with a training that has not been observed yet.

        Args:
            activation: of the hidden layers, such as "relu"; dead and saturated units are only found if it is known.
            task: "binary", "classes" or "regression".
            plan: the training's settings as goodfit would write them. With a plan, remedies are changes of its
                settings, and problems of dropout, batch norm and batch size are found, too.
            data: facts about the data.
            guess_cost: cost of the best constant guess. If it is not given, it is taken from `data`, from the number
                of outputs (equally frequent classes), or from the train cost observed at epoch 0.

        Raises:
            InputError: the activation or the task is unknown.
        """
        activations = get_args(Activation)
        if activation is not None and activation not in activations:
            raise InputError(f"activation is {activation!r}: {nearest(activation, activations)}")
        if task not in _TASKS:
            raise InputError(f"task is {task!r}: {nearest(task, _TASKS)}")
        self._activation = activation or (plan.activation if plan else None)
        self._plan = plan
        self._data = data or DataFacts(m=0, task=task)
        self._guess_cost = guess_cost
        self._epochs: list[int] = []
        self._numbers: list[dict[str, float]] = []
        self._looks: list[dict[str, Float[np.ndarray, "statistics"]]] = []  # by epoch, then by layer
        self._layers: list[str] = []  # in the order of the network
        self._weights: dict[str, _WeightsAtStep] = {}
        self._shapes: _Shapes = {}
        self._columns: tuple[np.ndarray, np.ndarray] | None = None
        self._program: ProgramFacts | None = None
        self._non_finite: NonFinite | None = None

    def describe(self, program: ProgramFacts) -> None:
        """Take note of the program that is trained; later facts replace earlier ones.

        Args:
            program: facts about its loss, outputs, data, layers and optimizer, as the hooks for Keras and PyTorch hand
                them over.
        """
        self._program = program

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
        """Record the end of an epoch; leave out what you do not have.

        Args:
            epoch: its number, higher at each call; 0 is before training.
            train_cost: on the training set, best without dropout and penalties.
            dev_cost: on the dev set.
            train_error: share of wrong answers, or 1 − R².
            dev_error: the same on the dev set.
            objective: J, the mean cost of the epoch's batches, with dropout and penalties.
            activations: outputs of each layer over a batch, `[batch, units…]`, best of the same examples each time;
                the lengths of sequences and the sizes of images may vary.
                "inputs" are the network's inputs; the other layers come in order, and the last is the output layer.
            gradients: dJ/dW of each layer, `[inputs, units]`.
            weights: W of each layer, `[inputs, units]`.
            learning_rate: of the last step.
            step: number of steps so far. With it and the weights, the size of the steps is known.

        Raises:
            InputError: the epoch is out of order, a value is not a number, or a layer's shape has changed.
        """
        self._check_epoch(epoch)
        values = (train_cost, dev_cost, train_error, dev_error, objective, learning_rate, step)
        numbers = {name: read_number(name, value) for name, value in zip(_COSTS, values, strict=True)}
        arrays = {
            kind: {
                str(layer): read_array(array, f"{kind} of layer '{layer}'") for layer, array in (by_layer or {}).items()
            }
            for kind, by_layer in zip(_KINDS, (weights, gradients, activations), strict=True)
        }
        shapes = self._check_shapes(arrays)
        layers = merged_layers(self._layers, arrays)
        look = {layer: self._look(layer, arrays, numbers["step"]) for layer in ("inputs", *layers)}
        # Everything was read without error: only now does the doctor change.
        self._epochs.append(int(epoch))
        self._numbers.append(numbers)
        self._looks.append(look)
        self._layers, self._shapes = layers, self._shapes | shapes
        self._weights |= {layer: _WeightsAtStep(array, numbers["step"]) for layer, array in arrays["weights"].items()}
        inputs = arrays["activations"].get("inputs")
        if inputs is not None:
            self._columns = self._columns or column_moments(inputs)
            self._non_finite = self._non_finite or non_finite(inputs)

    def findings(self, *, finished: bool = True) -> Findings:
        """Return the problems so far, the most important first; printed, they are a short list.

        Args:
            finished: True if the training is over; before that, stopping too early is not looked for.

        Returns:
            The findings, each with its evidence and its remedies, causes before what they explain; empty if there is no
            problem.
        """
        return examine(self.observation(finished=finished))

    def observation(self, *, finished: bool = True) -> Observation:
        """Return everything observed so far, as findings look at it.

        Args:
            finished: True if the training is over.
        """
        values = {name: np.array([numbers[name] for numbers in self._numbers]) for name in _COSTS}
        history = {name: series for name, series in values.items() if not np.isnan(series).all()}
        history["epoch"] = np.array(self._epochs, np.int64)
        signals = Signals(
            history=history,
            health=self._health(),
            outcome=Outcome.FINISHED if finished else None,
            weights={f"layers.{self._layers.index(layer)}.W": last.weights for layer, last in self._weights.items()},
            activation=self._activation,
        )
        return Observation(signals, self._plan, self._facts(), self._program)

    def _check_epoch(self, epoch: Number) -> None:
        if isinstance(epoch, bool) or not isinstance(epoch, int | np.integer) or epoch < 0:
            raise InputError(f"epoch is {epoch!r}; it must be a whole number from 0")
        if self._epochs and epoch <= self._epochs[-1]:
            raise InputError(
                f"epoch {epoch} was observed after epoch {self._epochs[-1]}; observe epochs in order, and make a new "
                "Doctor for a new training"
            )

    def _check_shapes(self, arrays: LayerArrays) -> _Shapes:
        """Return the shapes of these arrays, without the batch; weights and gradients of a layer have the same.

        Raises:
            InputError: a layer had another shape before.
        """
        shapes: _Shapes = {}
        for kind, by_layer in arrays.items():
            if kind != "activations" and "inputs" in by_layer:
                raise InputError(f"the {kind} have a layer 'inputs'; that name is reserved for the network's inputs")
            for layer, array in by_layer.items():
                shared_kind = "activations" if kind == "activations" else "weights and gradients"
                shape = array.shape[1:] if kind == "activations" else array.shape
                earlier = shapes.get((shared_kind, layer), self._shapes.get((shared_kind, layer), shape))
                if not fits_earlier(kind, shape, earlier):
                    raise InputError(
                        f"the {kind} of layer '{layer}' have the shape {shape} and had {earlier}"
                        f"{' (without the batch)' if kind == 'activations' else ''}; give weights and gradients as "
                        "[inputs, units], and make a new Doctor for another network"
                    )
                shapes[shared_kind, layer] = shape
        return shapes

    def _look(self, layer: str, arrays: LayerArrays, step: float) -> Float[np.ndarray, "statistics"]:
        weights, last = arrays["weights"].get(layer), self._weights.get(layer)
        update = None
        if weights is not None and last is not None and step > last.step:
            update = float(np.linalg.norm(weights - last.weights)) / (step - last.step)  # mean step since then
        activation = None if layer == "inputs" else self._activation
        return layer_statistics(
            arrays["activations"].get(layer), arrays["gradients"].get(layer), weights, update, activation
        )

    def _health(self) -> Health | None:
        """Return the looks as the engine would have them; epochs without arrays are left out."""
        layers = ("inputs", *self._layers)
        missing = np.full(len(LAYER_STATISTICS), np.nan)
        looks = np.array([[look.get(layer, missing) for layer in layers] for look in self._looks])
        measured = [index for index, look in enumerate(looks) if not np.isnan(look).all()]
        if not measured or not self._layers:
            return None
        looks = looks[measured]
        looks[:, -1, LAYER_STATISTICS.index("saturated")] = 0  # the output layer has no activation
        return Health(np.array(self._epochs)[measured], layers, looks)

    def _facts(self) -> DataFacts:
        """Return the facts about the data, completed by observed ones and by those of the program."""
        data = self._data
        if data.column_deviations is None and self._columns is not None:
            data = replace(data, column_means=self._columns[0], column_deviations=self._columns[1])
        if self._guess_cost is not None:
            data = replace(data, guess_cost=self._guess_cost)
        last = self._layers[-1] if self._layers else ""
        outputs = self._shapes.get(("activations", last)) or self._shapes.get(("weights and gradients", last))
        first_cost = self._numbers[0]["train_cost"] if self._epochs and self._epochs[0] == 0 else np.nan
        data = replace(data, non_finite=self._non_finite)
        return completed(data, self._program, outputs[-1] if outputs else None, first_cost)
