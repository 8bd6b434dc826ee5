"""The record of a training, in plain NumPy, so that a saved run is read without JAX."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

import numpy as np
from jaxtyping import Float, Int

from goodfit.data.preparation import Preparation
from goodfit.plan import Plan

Weights = dict[str, np.ndarray]


# What a look inside a network sees of each layer: mean, deviation and size (root mean square) of its outputs over the
# probe batch; the share of dead units (the same output for every example) and of saturated outputs; the norms of dJ/dW
# (of J without its penalty, which would hide a vanished gradient), of W, and of the optimizer's next change of W.
LAYER_STATISTICS = ("mean", "deviation", "size", "dead", "saturated", "gradient", "weight", "update")


@dataclass(frozen=True)
class Health:
    """Looks inside a network, taken at the end of some epochs.

    Attributes:
        epochs: of the looks, from 1.
        layers: "inputs", "layer 1", …, "output".
        statistics: by look, layer and the names of LAYER_STATISTICS; the inputs have no weights.
    """

    epochs: Int[np.ndarray, "looks"]
    layers: tuple[str, ...]
    statistics: Float[np.ndarray, "looks layers statistics"]

    def of(self, name: str) -> Float[np.ndarray, "looks layers"]:
        """Return one of LAYER_STATISTICS, by look and layer."""
        return self.statistics[:, :, LAYER_STATISTICS.index(name)]


def health_of(records: Float[np.ndarray, "epochs _"], hidden_layers: int) -> Health:
    """Return the looks among the records of epochs; the rows of epochs without a look are NaN."""
    looks = ~np.isnan(records).all(axis=1)
    layers = ("inputs", *(f"layer {number}" for number in range(1, hidden_layers + 1)), "output")
    statistics = records[looks].reshape(-1, len(layers), len(LAYER_STATISTICS))
    return Health(np.flatnonzero(looks) + 1, layers, statistics.astype(np.float64))


class Outcome(StrEnum):
    """The ending of a training."""

    FINISHED = "finished"
    STOPPED_EARLY = "stopped early"
    DIVERGED = "diverged"
    STOPPED = "stopped"
    HOPELESS = "stopped as hopeless"
    INTERRUPTED = "interrupted"


@dataclass(frozen=True)
class Run:
    """One training: its plan, its course, and the best parameters on the dev set.

    Attributes:
        plan: the settings.
        seed: of the first weights, the shuffling and the dropout.
        train: the rows trained on.
        dev: the rows that chose the best parameters.
        outcome: the way it ended.
        reason: of the outcome, in a sentence.
        history: by epoch: `epoch`, `step`, `train_cost`, `dev_cost` (without penalty, smoothing or class weights),
            `train_error`, `dev_error`, `objective` (the regularized J of the training batches), `learning_rate`.
        best: the best parameters, as `flatten` names them.
        best_epoch: the epoch after which they were reached; 0 if no epoch ended.
        snapshots: parameters at moments during the training.
        health: looks inside the network during the training.
        preparation: fitted on the rows trained on.
        seconds: of the whole stack it trained in.
        residuals: of the transformed training targets, as quantiles; empty without a transform.
    """

    plan: Plan
    seed: int
    train: Int[np.ndarray, "train"]
    dev: Int[np.ndarray, "dev"]
    outcome: Outcome
    reason: str
    history: dict[str, Float[np.ndarray, "epochs"] | Int[np.ndarray, "epochs"]]
    best: Weights
    best_epoch: int
    preparation: Preparation
    seconds: float
    snapshots: tuple[Weights, ...] = field(default=())
    health: Health | None = None
    residuals: tuple[float, ...] = ()

    @property
    def usable(self) -> bool:
        """True if there are parameters to predict with."""
        return self.best_epoch > 0


def flatten(params: tuple[Mapping[str, Any], ...], averages: tuple[Any, ...]) -> Weights:
    """Return parameters and averages by name: `layers.0.W`, …, `averages.0.mean`, ….

    >>> sorted(flatten(({"W": np.zeros((2, 1)), "b": np.zeros(1)},), ()))
    ['layers.0.W', 'layers.0.b']
    """
    weights = {f"layers.{i}.{name}": np.asarray(leaf) for i, layer in enumerate(params) for name, leaf in layer.items()}
    for i, (mean, variance) in enumerate(averages):
        weights |= {f"averages.{i}.mean": np.asarray(mean), f"averages.{i}.variance": np.asarray(variance)}
    return weights


def unflatten(
    weights: Weights,
) -> tuple[tuple[dict[str, np.ndarray], ...], tuple[tuple[np.ndarray, np.ndarray], ...]]:
    """Return the parameters and averages that `flatten` named."""
    layers: dict[int, dict[str, np.ndarray]] = {}
    averages: dict[int, dict[str, np.ndarray]] = {}
    for key, leaf in weights.items():
        kind, index, name = key.split(".")
        (layers if kind == "layers" else averages).setdefault(int(index), {})[name] = leaf
    return (
        tuple(layers[i] for i in sorted(layers)),
        tuple((averages[i]["mean"], averages[i]["variance"]) for i in sorted(averages)),
    )


def pack(weights: Weights) -> Weights:
    """Return the same weights, arrays of mostly zeros as places and values, so that L1 makes a file smaller."""
    packed: Weights = {}
    for name, leaf in weights.items():
        places = np.flatnonzero(leaf)
        # A place takes as much room as a value, so packing pays off below one half; tiny arrays are not worth it.
        if 2 * len(places) < leaf.size and leaf.size > 64:
            packed[f"{name}:shape"] = np.array(leaf.shape, np.int64)
            packed[f"{name}:places"] = places.astype(np.uint32)
            packed[f"{name}:values"] = leaf.reshape(-1)[places]
        else:
            packed[name] = leaf
    return packed


def unpack(packed: Weights) -> Weights:
    """Return the weights that `pack` packed."""
    weights = {name: leaf for name, leaf in packed.items() if ":" not in name}
    for name in (key.removesuffix(":shape") for key in packed if key.endswith(":shape")):
        values = packed[f"{name}:values"]
        leaf = np.zeros(int(np.prod(packed[f"{name}:shape"])), values.dtype)
        leaf[packed[f"{name}:places"]] = values
        weights[name] = leaf.reshape(packed[f"{name}:shape"])
    return weights
