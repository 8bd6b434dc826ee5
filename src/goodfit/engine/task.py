"""What one model's training is made of: its program, data, task and state. No model axis anywhere."""

from dataclasses import dataclass
from typing import Any, NamedTuple

from jaxtyping import Array, Float, Int, Num, UInt32

from goodfit.nets.architectures import Averages, Params
from goodfit.nets.losses import Output
from goodfit.plan import Hyperparameters, Structure


@dataclass(frozen=True)
class Program:
    """All that a compiled training depends on, besides the shapes of its arguments.

    Attributes:
        structure: the plan's, with its batch size resolved (never 0).
        output: the output's activation and loss.
        whole_batch: one batch is the whole training set, so that shuffling is idle.
        evaluation_chunk: examples evaluated at once at an epoch's end.
    """

    structure: Structure
    output: Output
    whole_batch: bool
    evaluation_chunk: int


class Data(NamedTuple):
    """Prepared examples: one copy for each distinct preparation in the stack.

    Images stay as they are, bytes that may lie in a file mapped into memory, and are standardized as they are taken.

    Attributes:
        inputs: of every row; of images one copy, which all preparations share.
        targets: of every row.
        mean: of each channel of images, in pixels from 0 to 255; None for a table.
        scale: one over its standard deviation; None for a table.
    """

    inputs: Num[Array, "copies rows features"]
    targets: Num[Array, "sets rows"]
    mean: Float[Array, "sets channels"] | None = None
    scale: Float[Array, "sets channels"] | None = None

    @property
    def dtype(self) -> Any:
        """Of the numbers that a network takes."""
        return (self.inputs if self.mean is None else self.mean).dtype

    def take(
        self, place: Int[Array, ""], rows: Int[Array, "taken"]
    ) -> tuple[Float[Array, "taken features"], Num[Array, "taken"]]:
        """Inputs and targets of these rows, by one of the preparations."""
        targets = self.targets[place, rows]
        if self.mean is None or self.scale is None:
            return self.inputs[place, rows], targets
        pixels = self.inputs[0, rows].astype(self.dtype).reshape(len(rows), -1, self.mean.shape[1])
        scaled = (pixels - self.mean[place][None, None]) * self.scale[place][None, None]
        return scaled.reshape(len(rows), -1), targets


class Task(NamedTuple):
    """What one model trains on, and how.

    Attributes:
        hyperparameters: the plan's numbers.
        key: the model's own source of randomness.
        set: which copy of the data.
        rows: its training rows, then padding.
        m: how many rows are real.
        watched: rows evaluated after each epoch: of the training set, then of the dev set, each padded to whole chunks.
        watched_train: how many of them are training rows.
        watched_dev: how many are dev rows.
        class_weights: weight of each class in the cost, where classes are wholly balanced.
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


class Model(NamedTuple):
    """A network at one moment: what prediction needs."""

    params: Params
    averages: Averages


class State(NamedTuple):
    """What the next step needs, and the best model so far; `averaged` is batch norm's running average of 1."""

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
    """Whole mini-batches in the training set; an incomplete last one is dropped, the order being new each epoch."""
    return task.m // program.structure.batch_size
