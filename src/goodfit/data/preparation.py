"""Features to network inputs: numbers scaled, categories one-hot, missing values marked; fitted on training rows."""

import math
import os
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, replace
from typing import Any, NamedTuple, Self

import numpy as np
from jaxtyping import Bool, Float, Int, Num, UInt8

from goodfit.data.dataset import Dataset, Features, Schema, spread
from goodfit.data.paging import read_ahead
from goodfit.data.scaling import KNOTS, MOMENTS, PIECES
from goodfit.data.target_transform import TargetTransform
from goodfit.data.trend import Trend, slope_of
from goodfit.plan import Plan, PreparationKind

SMOOTH_CLIP = 3.0  # Holzmüller et al. 2024
_LARGEST = 1e30  # of a scaled number: its square is far from overflow, and fill values go up to 1.8e308
_ROWS_AT_ONCE = 16_384  # so that the work stays in the processor's cache
_IMAGES_AT_ONCE = _ROWS_AT_ONCE // 16


class PixelScale(NamedTuple):
    """Standardization of images by channel.

    Attributes:
        shape: height, width and channels.
        mean: of each channel over the fitted images, in pixels from 0 to 255.
        scale: one over its standard deviation; 0 for a constant channel.
    """

    shape: tuple[int, int, int]
    mean: Float[np.ndarray, "channels"]
    scale: Float[np.ndarray, "channels"]


@dataclass(frozen=True, eq=False)
class Preparation:
    """Features to float32 inputs, and targets to the values that the network fits; fitted on some rows, then fixed.

    The inputs are the scaled numbers, the one-hot categories, and an indicator for each column with missing values.
    Their number depends on the kind and the schema alone, so that every fold has the same shape.

    Attributes:
        kind: standard, robust, quantile or piecewise.
        center: subtracted from each number; empty for quantile.
        scale: multiplied with each number then; 0 if the fitted rows are constant.
        knots: for quantile, the values of each number at its knots, and the normal scores there; for piecewise, the
            left end of each piece, and one over its length.
        levels: for each category True for the levels that occur in the fitted rows.
        missing: True for the columns with missing values, first of the numbers, then of the categories.
        pixels: standardization of images, whatever the kind; None for a table.
        trend: the time of the rows, which is neither clipped nor ranked; None without a time.
        target_center: mean of the fitted target, after its transform; for Huber's loss the median; 0 for classes.
        target_scale: its standard deviation; for Huber's loss its spread; 1 for classes.
        target_transform: before the target is standardized; None for none.
    """

    kind: PreparationKind
    center: Float[np.ndarray, "numbers"]
    scale: Float[np.ndarray, "numbers"]
    knots: tuple[tuple[Float[np.ndarray, "_"], Float[np.ndarray, "_"]], ...]
    levels: tuple[Bool[np.ndarray, "_"], ...]
    missing: tuple[Bool[np.ndarray, "numbers"], Bool[np.ndarray, "categories"]]
    target_center: float
    target_scale: float
    pixels: "PixelScale | None" = None
    target_transform: TargetTransform | None = None
    trend: Trend | None = None

    @classmethod
    def fit_plan(cls, plan: Plan, dataset: Dataset, rows: Int[np.ndarray, "rows"]) -> Self:
        """Fit the plan's preparation of the features and of the target on these rows."""
        prepared = cls.fit(plan.preparation, dataset, rows)
        if dataset.schema.task != "regression":
            return prepared
        prepared, target = prepared._with_scale(plan, dataset.target[rows]), dataset.target[rows]
        if prepared.trend is None:
            return prepared
        time = prepared.trend.scaled(dataset.features.take(rows).numbers)
        standardized = prepared.target_in(target)
        slope = slope_of(time, standardized)
        if slope == 0:
            return prepared
        # What the line leaves is what the network fits: it sets the scale.
        rest = standardized - slope * time
        scale = (spread(rest) if plan.loss == "huber" else float(np.std(rest))) or 1.0
        trend = prepared.trend._replace(slope=slope / scale)
        transform = prepared.target_transform and prepared.target_transform.with_room_for_trend()
        return replace(prepared, target_scale=prepared.target_scale * scale, target_transform=transform, trend=trend)

    def _with_scale(self, plan: Plan, target: Float[np.ndarray, "rows"]) -> Self:
        """Return this preparation with the plan's transform and scale of the target."""
        if (plan.target_transform, plan.loss) == ("none", "squared"):
            return self
        transform = None if plan.target_transform == "none" else TargetTransform.fit(plan.target_transform, target)
        target = target if transform is None else transform.forward(target)
        center, scale = float(np.mean(target)), float(np.std(target))
        if plan.loss == "huber":  # outliers would move mean and deviation
            center, scale = float(np.median(target)), spread(target)
        scale = scale if scale > 0 else 1.0
        return replace(self, target_center=center, target_scale=scale, target_transform=transform)

    @classmethod
    def fit(cls, kind: PreparationKind, dataset: Dataset, rows: Int[np.ndarray, "rows"]) -> Self:
        """Fit on these rows.

        `standard` subtracts the mean and divides by the standard deviation. (The course notes say "x /= variance",
        which is a slip: only the deviation gives variance 1.)

        `robust` subtracts the median, divides by the distance of the quartiles (by half of the range if they are
        equal) and clips smoothly, x/sqrt(1 + (x/3)²), as RealMLP does (Holzmüller et al. 2024, "Better by default").

        `quantile` maps the empirical quantiles to those of a normal distribution, interpolated between at most 1,000.

        `piecewise` is `robust`, and in addition PIECES inputs for each number, one for each piece between two of its
        quantiles: −1 left of the piece, 1 right of it, rising within (Gorishniy et al. 2022, "On embeddings for
        numerical features").

        Args:
            kind: of the scaling of numbers.
            dataset: features, target and schema.
            rows: the training rows; no other row is used.
        """
        numbers, codes, _ = dataset.features._replace(pixels=None).take(rows)
        columns = [column[~np.isnan(column)] for column in numbers.T]
        moments = np.array([MOMENTS[kind](column) for column in columns]).reshape(-1, 2)
        schema = dataset.schema
        target = dataset.target[rows] if schema.task == "regression" else np.zeros(0)
        # A standardized target starts every network near a constant guess, and makes learning rates comparable.
        deviation = float(np.std(target)) if len(target) else 0.0
        return cls(
            kind=kind,
            center=moments[:, 0],
            scale=moments[:, 1],
            knots=tuple(KNOTS[kind](column) for column in columns) if kind in KNOTS else (),
            levels=tuple(
                # counted from code -1, missing or unknown, which is then cut off
                np.bincount(codes[:, place] + 1, minlength=len(column.categories) + 1)[1:] > 0
                for place, column in enumerate(schema.categories)
            ),
            missing=(
                np.array([column.missing for column in schema.numbers], bool),
                np.array([column.missing for column in schema.categories], bool),
            ),
            target_center=float(np.mean(target)) if len(target) else 0.0,
            target_scale=deviation if deviation > 0 else 1.0,
            pixels=None if dataset.features.pixels is None else _pixel_scale(dataset.features.pixels, rows),
            trend=next(
                (
                    Trend(place, *MOMENTS["standard"](columns[place]))
                    for place, column in enumerate(schema.numbers)
                    if column.trend
                ),
                None,
            ),
        )

    @property
    def width(self) -> int:
        """Number of inputs."""
        if self.pixels:
            return math.prod(self.pixels.shape)
        numbers = len(self.center) * (1 + PIECES if self.kind == "piecewise" else 1)
        return numbers + sum(map(len, self.levels)) + sum(int(flags.sum()) for flags in self.missing)

    def transform(self, features: Features) -> Float[np.ndarray, "rows width"]:
        """Return the network's inputs, float32.

        Missing numbers are 0, which is the center of the fitted rows; so are levels that the fitted rows lack. An image
        is flattened row by row, with the channels of a pixel together.
        """
        rows = len(features.numbers)
        inputs = np.zeros((rows, self.width), np.float32)
        parts = [slice(start, start + _ROWS_AT_ONCE) for start in range(0, rows, _ROWS_AT_ONCE)]
        with ThreadPoolExecutor(os.cpu_count()) as pool:  # NumPy releases the interpreter lock while it works
            list(pool.map(lambda part: self._fill(inputs[part], *features.take(part)), parts))
        return inputs

    def _fill(self, inputs: np.ndarray, numbers: np.ndarray, codes: np.ndarray, pixels: np.ndarray | None) -> None:
        """Write the inputs of some rows, in the order: numbers, pieces, one-hot categories, indicators."""
        if self.pixels and pixels is not None:
            scaled = inputs.reshape(pixels.shape)
            np.subtract(pixels, self.pixels.mean.astype(np.float32), out=scaled)
            scaled *= self.pixels.scale.astype(np.float32)
            return
        place = numbers.shape[1]  # of the next column to write
        absent = np.isnan(numbers)
        inputs[:, :place] = np.where(absent, 0.0, self._scaled(numbers))
        if self.kind == "piecewise":
            for column, (starts, steepness) in zip(numbers.T, self.knots, strict=True):
                # From 0 to 1 within a piece, then to −1 and 1; a piece of no length has steepness 0 and stays 0.
                with np.errstate(over="ignore"):  # of a fill value, which lies beyond the last piece
                    places = (column[:, None] - starts) * steepness
                pieces = 2 * np.clip(places, 0, 1) - (steepness > 0)
                inputs[:, place : place + PIECES] = np.nan_to_num(pieces)
                place += PIECES
        rows = np.arange(len(codes))
        for column, levels in enumerate(self.levels):
            present = np.append(levels, False)[codes[:, column]]  # code -1 reads the appended False
            inputs[rows[present], place + codes[present, column]] = 1.0
            place += len(levels)
        flags = np.concatenate([absent[:, self.missing[0]], codes[:, self.missing[1]] < 0], axis=1)
        inputs[:, place:] = flags

    def _scaled(self, numbers: np.ndarray) -> np.ndarray:
        scaled = self._clipped(numbers)
        if self.trend:
            scaled[:, self.trend.place] = self.trend.scaled(numbers)
        return scaled

    def _clipped(self, numbers: np.ndarray) -> np.ndarray:
        if self.kind == "quantile":
            # Beyond the outermost knots the score stays at theirs, so that outliers cannot dominate.
            scores = [np.interp(column, *knots) for column, knots in zip(numbers.T, self.knots, strict=True)]
            return np.stack(scores, axis=1) if scores else numbers
        with np.errstate(over="ignore"):
            scaled = (numbers - self.center) * self.scale
        np.clip(scaled, -_LARGEST, _LARGEST, out=scaled)
        if self.kind in ("robust", "piecewise"):
            scaled /= np.sqrt(1 + np.square(scaled / SMOOTH_CLIP))  # near 0 unchanged, never beyond ±SMOOTH_CLIP
        return scaled

    def target_in(
        self, target: Num[np.ndarray, "rows"], inputs: Num[np.ndarray, "rows width"] | None = None
    ) -> Num[np.ndarray, "rows"]:
        """Return the standardized target of regression, class codes unchanged.

        Args:
            target: in its unit.
            inputs: of the same rows; with them the line of a trend is taken off: the rest is what the network fits.
        """
        if target.dtype.kind != "f":
            return target
        if self.target_transform:
            target = self.target_transform.forward(target)
        standardized = (target - self.target_center) / self.target_scale
        return standardized - self.trend.line(inputs) if self.trend and inputs is not None else standardized

    def target_out(
        self,
        outputs: Num[np.ndarray, "rows"],
        inputs: Num[np.ndarray, "rows width"] | None = None,
        residuals: Sequence[float] = (),
    ) -> Num[np.ndarray, "rows"]:
        """Return the network's outputs in the unit of the target.

        Args:
            outputs: of the network.
            inputs: of the network, for the line of a trend.
            residuals: of its training, which correct the bias of a transform's inverse.
        """
        outputs = outputs + self.trend.line(inputs) if self.trend and inputs is not None else outputs
        values = outputs * self.target_scale + self.target_center
        return self.target_transform.backward(values, residuals) if self.target_transform else values

    def to_dict(self) -> dict[str, Any]:
        """Return plain values, as JSON has them."""
        return {
            "kind": self.kind,
            "center": self.center.tolist(),
            "scale": self.scale.tolist(),
            "knots": [[values.tolist(), scores.tolist()] for values, scores in self.knots],
            "levels": [levels.tolist() for levels in self.levels],
            "missing": [flags.tolist() for flags in self.missing],
            "target_center": self.target_center,
            "target_scale": self.target_scale,
            "target_transform": self.target_transform and asdict(self.target_transform),
            "trend": self.trend,
            "pixels": self.pixels and [self.pixels.shape, self.pixels.mean.tolist(), self.pixels.scale.tolist()],
        }

    @classmethod
    def from_dict(cls, facts: Mapping[str, Any]) -> Self:
        """Return the preparation that `to_dict` wrote."""
        numbers, categories = facts["missing"]
        pixels, transform = facts.get("pixels"), facts.get("target_transform")
        return cls(
            kind=facts["kind"],
            center=np.array(facts["center"], np.float64),
            scale=np.array(facts["scale"], np.float64),
            knots=tuple((np.array(values), np.array(scores)) for values, scores in facts["knots"]),
            levels=tuple(np.array(levels, bool) for levels in facts["levels"]),
            missing=(np.array(numbers, bool), np.array(categories, bool)),
            target_center=facts["target_center"],
            target_scale=facts["target_scale"],
            pixels=pixels and PixelScale(tuple(pixels[0]), *map(np.array, pixels[1:])),
            target_transform=transform and TargetTransform(**transform),
            trend=Trend(*trend) if (trend := facts.get("trend")) else None,
        )


def _pixel_scale(pixels: UInt8[np.ndarray, "all height width channels"], rows: Int[np.ndarray, "rows"]) -> PixelScale:
    """Fit the standardization on these images, a part at a time, since all of them may not fit into memory."""
    sums = np.zeros((2, pixels.shape[-1]))
    for start in range(0, len(rows), _IMAGES_AT_ONCE):
        indices = rows[start : start + _IMAGES_AT_ONCE]
        read_ahead(pixels, indices)
        part = pixels[indices].reshape(-1, pixels.shape[-1]).astype(np.float64)
        sums += part.sum(axis=0), np.square(part).sum(axis=0)
    mean, square = sums / (len(rows) * pixels.shape[1] * pixels.shape[2])
    # Sums of whole numbers up to 255² are exact in float64, so this difference is precise; rounding may still make the
    # variance of a constant channel negative.
    deviation = np.sqrt(np.maximum(square - mean**2, 0))
    # np.where computes both branches, so the one for a constant channel must not divide by 0.
    divisor = np.maximum(deviation, np.finfo(np.float64).tiny)
    return PixelScale(pixels.shape[1:], mean, np.where(deviation > 0, 1 / divisor, 0.0))


def width(kind: PreparationKind, schema: Schema) -> int:
    """Return the number of inputs of a preparation of this kind, whatever rows it is fitted on."""
    if schema.image:
        return math.prod(schema.image)
    numbers = len(schema.numbers) * (1 + PIECES if kind == "piecewise" else 1)
    levels = sum(len(column.categories) for column in schema.categories)
    return numbers + levels + sum(column.missing for column in schema.columns)
