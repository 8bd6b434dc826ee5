"""The parts of one model's training: its program, data, task and state. No model axis anywhere."""

from dataclasses import dataclass
from typing import Any, NamedTuple

from jaxtyping import Array, Float, Int, Num, UInt32

from goodfit.nets.architectures import Averages, Params
from goodfit.nets.losses import Output
from goodfit.plan import Hyperparameters, Structure, TransformKind


@dataclass(frozen=True)
class Program:
    """Everything that a compiled training depends on, besides the shapes of its arguments.

    Attributes:
        structure: the plan's, with its batch size resolved (never 0).
        output: activation and loss of the output layer.
        whole_batch: True if one batch is the whole training set, so that shuffling is not needed.
        evaluation_chunk: examples evaluated at once at the end of an epoch.
        target_transform: of a regression's target.
    """

    structure: Structure
    output: Output
    whole_batch: bool
    evaluation_chunk: int
    target_transform: TransformKind = "none"


class Data(NamedTuple):
    """Prepared examples: one copy for each distinct preparation in the stack.

    Images stay bytes, possibly in a memory-mapped file, and are standardized when a batch is taken.

    Attributes:
        inputs: features of every row; images have one copy, which all preparations share.
        targets: target of every row.
        mean: mean of each image channel, in pixels from 0 to 255; None for a table.
        scale: 1 / standard deviation of each image channel; None for a table.
    """

    inputs: Num[Array, "copies rows features"]
    targets: Num[Array, "sets rows"]
    mean: Float[Array, "sets channels"] | None = None
    scale: Float[Array, "sets channels"] | None = None

    @property
    def dtype(self) -> Any:
        """Type of the numbers that a network takes."""
        return (self.inputs if self.mean is None else self.mean).dtype

    def take(
        self, place: Int[Array, ""], rows: Int[Array, "taken"]
    ) -> tuple[Float[Array, "taken features"], Num[Array, "taken"]]:
        """Return the inputs and targets of these rows, from one of the copies."""
        targets = self.targets[place, rows]
        if self.mean is None or self.scale is None:
            return self.inputs[place, rows], targets
        pixels = self.inputs[0, rows].astype(self.dtype).reshape(len(rows), -1, self.mean.shape[1])
        scaled = (pixels - self.mean[place][None, None]) * self.scale[place][None, None]
        return scaled.reshape(len(rows), -1), targets


class Task(NamedTuple):
    """One model's data and settings.

    Attributes:
        hyperparameters: the plan's numbers.
        key: the model's own source of randomness.
        set: index of the copy of the data.
        rows: training rows, then padding.
        m: number of training rows without padding.
        watched: rows evaluated after each epoch: training rows, then dev rows, each padded to whole chunks.
        watched_train: number of training rows among them.
        watched_dev: number of dev rows among them.
        class_weights: weight of each class in a fully balanced cost.
        variances: of the fitted target in the watched training and dev rows, of a transformed target as it was before;
            unused for classes.
        target: numbers of a transformed target, as `TargetNumbers` has them; None without a transform.
    """

    hyperparameters: Hyperparameters
    key: UInt32[Array, ""]
    set: Int[Array, ""]
    rows: Int[Array, "places"]
    m: Int[Array, ""]
    watched: Int[Array, "watched"]
    watched_train: Int[Array, ""]
    watched_dev: Int[Array, ""]
    class_weights: Float[Array, "classes"]
    variances: Float[Array, "2"]
    target: "TargetNumbers | None" = None


class TargetNumbers(NamedTuple):
    """From a network's output z to the reduced target: the inverse transform of (z + slope·time)·scale + center.

    Attributes:
        place: of the time among the inputs.
        slope: of the trend; 0 without one.
        center: mean of the transformed training targets.
        scale: their standard deviation.
        low: the least transformed value that is inverted.
        high: the greatest one.
        power: λ of Yeo and Johnson; offset of the logarithm.
        complement: 2 − λ.
    """

    place: Int[Array, ""]
    slope: Float[Array, ""]
    center: Float[Array, ""]
    scale: Float[Array, ""]
    low: Float[Array, ""]
    high: Float[Array, ""]
    power: Float[Array, ""]
    complement: Float[Array, ""]


class Model(NamedTuple):
    """A network as prediction needs it."""

    params: Params
    averages: Averages


class State(NamedTuple):
    """Everything that the next step needs, and the best model so far.

    Attributes:
        model: parameters and running averages.
        optimizer: state of the optimizer.
        step: steps completed.
        averaged: batch norm's running average of 1, the denominator of its bias correction.
        objective_sum: sum of the objective over the steps of this epoch.
        best: model of the lowest dev cost so far.
        best_cost: that dev cost.
        best_step: step at which it was measured.
        waited: epochs since then.
        status: GOING, STOPPED_EARLY or DIVERGED.
    """

    model: Model
    optimizer: Any
    step: Int[Array, ""]
    averaged: Float[Array, ""]
    objective_sum: Float[Array, ""]
    best: Model
    best_cost: Float[Array, ""]
    best_step: Int[Array, ""]
    waited: Int[Array, ""]
    status: Int[Array, ""]


def steps_per_epoch(program: Program, task: Task) -> Int[Array, ""]:
    """Return the whole mini-batches in the training set.

    An incomplete last one is dropped; the order is new in each epoch, so no example is left out for long.
    """
    return task.m // program.structure.batch_size
