"""The predictor: one or more networks, each with its preparation and weight, averaged and calibrated."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Float, Int
from scipy.special import expit, softmax

from goodfit.data.dataset import Features, Schema
from goodfit.engine.stack import logits
from goodfit.engine.task import Model
from goodfit.nets.layers import Moments
from goodfit.record.calibration import UNCALIBRATED, Calibration
from goodfit.record.member import MemberData
from goodfit.record.run import Run, Weights, unflatten

_ROWS_AT_ONCE = 4_096


@dataclass(frozen=True)
class Member(MemberData):
    """One network of a predictor, which can predict; its fields are those of `MemberData`."""

    def outputs(
        self, features: Features, schema: Schema, rows: Int[np.ndarray, "rows"] | None = None
    ) -> Float[np.ndarray, "rows outputs"]:
        """Return class probabilities, or one column of predictions in the target's unit, for all or these rows."""
        chunks = _chunks(features, rows)
        return np.concatenate([self.outputs_of(self.preparation.transform(chunk), schema) for chunk in chunks])

    def outputs_of(self, inputs: Float[np.ndarray, "rows width"], schema: Schema) -> Float[np.ndarray, "rows outputs"]:
        """Return the same for prepared features."""
        params, averages = unflatten(self.weights)
        model = Model(params, tuple(Moments(*average) for average in averages))  # pyright: ignore[reportArgumentType]
        # The shape of images is a fact of the data, so a plan's structure does not have it.
        structure = replace(self.structure, image=self.preparation.pixels and self.preparation.pixels.shape)
        z = logits(structure, model, inputs).astype(np.float64)
        if schema.task == "regression":
            return self.preparation.target_out(z[:, 0], inputs, self.residuals)[:, None]
        if schema.task == "binary":
            positive = expit(z[:, 0])
            probabilities = np.stack([1 - positive, positive], axis=1)
        else:
            probabilities = softmax(z, axis=1)
        return self.calibration.apply(probabilities)


def member_of(
    run: Run,
    name: str,
    weights: Weights | None = None,
    weight: float = 1.0,
    calibration: Calibration = UNCALIBRATED,
) -> Member:
    """Return the run's best network, or one of its snapshots, as a member."""
    parameters = run.best if weights is None else weights
    return Member(name, run.plan.structure, parameters, run.preparation, weight, calibration, run.residuals)


@dataclass(frozen=True)
class Predictor:
    """The weighted mean of its members' outputs; probabilities are then calibrated.

    Attributes:
        schema: needed to read a row.
        members: networks; their weights need not sum to 1.
        calibration: of the mean probabilities.
    """

    schema: Schema
    members: tuple[Member, ...]
    calibration: Calibration = UNCALIBRATED

    def outputs(
        self, features: Features, rows: Int[np.ndarray, "rows"] | None = None
    ) -> Float[np.ndarray, "rows outputs"]:
        """Return calibrated class probabilities, or one column of predictions, for all or these rows."""
        mean = np.concatenate([self._mean(chunk) for chunk in _chunks(features, rows)])
        return mean if self.schema.task == "regression" else self.calibration.apply(mean)

    def _mean(self, features: Features) -> Float[np.ndarray, "rows outputs"]:
        """Return the weighted mean of the members' outputs."""
        total = sum(member.weight for member in self.members)
        mean = np.zeros(1)
        prepared: dict[int, np.ndarray] = {}
        for member in self.members:
            key = id(member.preparation)  # members of one call share the object, so features are prepared once
            if key not in prepared:
                prepared[key] = member.preparation.transform(features)
            mean = mean + member.outputs_of(prepared[key], self.schema) * (member.weight / total)
        return mean


def _chunks(features: Features, rows: Int[np.ndarray, "rows"] | None) -> Iterator[Features]:
    """Yield the features of all or these rows in chunks: together, images may not fit in memory."""
    indices = np.arange(len(features.numbers)) if rows is None else rows
    starts = range(0, max(1, len(indices)), _ROWS_AT_ONCE)  # without rows too there is a chunk, an empty one
    return (features.take(indices[start : start + _ROWS_AT_ONCE]) for start in starts)
