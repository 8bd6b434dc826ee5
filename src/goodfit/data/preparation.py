"""Features to network inputs: scaling fitted on training rows alone, one-hot categories, missing-value indicators."""

import math
import os
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, NamedTuple, Self

import numpy as np
from jaxtyping import Bool, Float, Int, Num, UInt8
from scipy.special import ndtri

from goodfit.data.dataset import Dataset, Features, Schema
from goodfit.data.paging import read_ahead
from goodfit.plan import PreparationKind

MOST_KNOTS = 1000
PIECES = 16  # 16 and 32 did about as well on phoneme and segment
SMOOTH_CLIP = 3.0  # Holzmüller et al. 2024
_CHUNK = 16_384  # rows at a time, so that the work stays in the cache


class PixelScale(NamedTuple):
    """How images are standardized.

    Attributes:
        shape: height, width and channels.
        mean: of each channel over the fitted images, in pixels from 0 to 255.
        scale: one over its standard deviation; 0 where it is constant.
    """

    shape: tuple[int, int, int]
    mean: Float[np.ndarray, "channels"]
    scale: Float[np.ndarray, "channels"]


@dataclass(frozen=True, eq=False)
class Preparation:
    """From features to float32 inputs, and from targets to what the network fits; fitted on some rows, then fixed.

    The inputs are: the scaled numbers, the one-hot categories, an indicator for each column with missing values. Their
    number depends on the kind and the schema alone, so that every fold has the same shape.

    Attributes:
        kind: standard, robust, quantile or piecewise.
        center: subtracted from each number; empty for quantile.
        scale: multiplied with each number then; 0 where the fitted rows are constant.
        knots: for quantile, the values of each number at its knots, and the normal scores there; for piecewise, the
            left end of each piece, and one over its length.
        seen: for each category its levels, true where the fitted rows have them.
        missing: the columns with missing values, first of the numbers, then of the categories.
        pixels: of images, which are standardized by channel, whatever the kind.
        target_center: mean of the fitted target; 0 for classes.
        target_scale: standard deviation of the fitted target; 1 for classes.
    """

    kind: PreparationKind
    center: Float[np.ndarray, "numbers"]
    scale: Float[np.ndarray, "numbers"]
    knots: tuple[tuple[Float[np.ndarray, "_"], Float[np.ndarray, "_"]], ...]
    seen: tuple[Bool[np.ndarray, "_"], ...]
    missing: tuple[Bool[np.ndarray, "numbers"], Bool[np.ndarray, "categories"]]
    target_center: float
    target_scale: float
    pixels: "PixelScale | None" = None

    @classmethod
    def fit(cls, kind: PreparationKind, dataset: Dataset, rows: Int[np.ndarray, "rows"]) -> Self:
        """Fit on these rows.

        `standard` subtracts the mean and divides by the standard deviation. (The seed's notes say "x /= variance",
        which is a slip: only the deviation gives variance 1.)

        `robust` subtracts the median, divides by the distance of the quartiles (by half of the range where they are
        equal) and clips smoothly, x/sqrt(1 + (x/3)²), as RealMLP does (Holzmüller et al. 2024, "Better by default").

        `quantile` maps the empirical quantiles to those of a normal distribution, interpolated between at most 1,000.

        `piecewise` is `robust`, and beside it each number on PIECES pieces between its quantiles: −1 left of a piece, 1
        right of it, rising within (Gorishniy et al. 2022, "On embeddings for numerical features").

        Args:
            kind: how numbers are scaled.
            dataset: features, target and schema.
            rows: the training rows; no other row is looked at.
        """
        numbers, codes, _ = dataset.features._replace(pixels=None).take(rows)
        columns = [column[~np.isnan(column)] for column in numbers.T]
        moments = np.array([_MOMENTS[kind](column) for column in columns]).reshape(-1, 2)
        schema = dataset.schema
        target = dataset.target[rows] if schema.task == "regression" else np.zeros(0)
        deviation = float(np.std(target)) if len(target) else 0.0
        return cls(
            kind=kind,
            center=moments[:, 0],
            scale=moments[:, 1],
            knots=tuple(_KNOTS[kind](column) for column in columns) if kind in _KNOTS else (),
            seen=tuple(
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
        )

    @property
    def width(self) -> int:
        """The number of inputs."""
        if self.pixels:
            return math.prod(self.pixels.shape)
        numbers = len(self.center) * (1 + PIECES if self.kind == "piecewise" else 1)
        return numbers + sum(map(len, self.seen)) + sum(int(flags.sum()) for flags in self.missing)

    def transform(self, features: Features) -> Float[np.ndarray, "rows width"]:
        """The network's inputs, float32; missing numbers are 0, as are the levels the fitted rows did not have.

        Of an image all pixels in a row, the channels of each together.
        """
        rows = len(features.numbers)
        inputs = np.zeros((rows, self.width), np.float32)
        parts = [slice(start, start + _CHUNK) for start in range(0, rows, _CHUNK)]
        with ThreadPoolExecutor(os.cpu_count()) as pool:  # NumPy lets other threads work while it does
            list(pool.map(lambda part: self._fill(inputs[part], *features.take(part)), parts))
        return inputs

    def _fill(self, inputs: np.ndarray, numbers: np.ndarray, codes: np.ndarray, pixels: np.ndarray | None) -> None:
        if self.pixels and pixels is not None:
            scaled = inputs.reshape(pixels.shape)
            np.subtract(pixels, self.pixels.mean.astype(np.float32), out=scaled)
            scaled *= self.pixels.scale.astype(np.float32)
            return
        place = numbers.shape[1]
        absent = np.isnan(numbers)
        inputs[:, :place] = np.where(absent, 0.0, self._scaled(numbers))
        if self.kind == "piecewise":
            for column, (left, steepness) in zip(numbers.T, self.knots, strict=True):
                pieces = 2 * np.clip((column[:, None] - left) * steepness, 0, 1) - (steepness > 0)
                inputs[:, place : place + PIECES] = np.nan_to_num(pieces)
                place += PIECES
        every = np.arange(len(codes))
        for column, seen in enumerate(self.seen):
            known = np.append(seen, False)[codes[:, column]]  # code -1 reads the appended False
            inputs[every[known], place + codes[known, column]] = 1.0
            place += len(seen)
        flags = np.concatenate([absent[:, self.missing[0]], codes[:, self.missing[1]] < 0], axis=1)
        inputs[:, place:] = flags

    def _scaled(self, numbers: np.ndarray) -> np.ndarray:
        if self.kind == "quantile":
            scores = [np.interp(column, *knots) for column, knots in zip(numbers.T, self.knots, strict=True)]
            return np.stack(scores, axis=1) if scores else numbers
        scaled = (numbers - self.center) * self.scale
        if self.kind in ("robust", "piecewise"):
            scaled /= np.sqrt(1 + np.square(scaled / SMOOTH_CLIP))
        return scaled

    def target_in(self, target: Num[np.ndarray, "*shape"]) -> Num[np.ndarray, "*shape"]:
        """What the network fits: the standardized target of regression, class codes as they are."""
        return (target - self.target_center) / self.target_scale if target.dtype.kind == "f" else target

    def target_out(self, outputs: Num[np.ndarray, "*shape"]) -> Num[np.ndarray, "*shape"]:
        """The network's outputs in the target's own unit."""
        return outputs * self.target_scale + self.target_center

    def to_dict(self) -> dict[str, Any]:
        """Plain values, as they stand in JSON."""
        return {
            "kind": self.kind,
            "center": self.center.tolist(),
            "scale": self.scale.tolist(),
            "knots": [[values.tolist(), scores.tolist()] for values, scores in self.knots],
            "seen": [levels.tolist() for levels in self.seen],
            "missing": [flags.tolist() for flags in self.missing],
            "target_center": self.target_center,
            "target_scale": self.target_scale,
            "pixels": self.pixels and [self.pixels.shape, self.pixels.mean.tolist(), self.pixels.scale.tolist()],
        }

    @classmethod
    def from_dict(cls, facts: Mapping[str, Any]) -> Self:
        """The preparation that `to_dict` wrote."""
        numbers, categories = facts["missing"]
        pixels = facts.get("pixels")
        return cls(
            kind=facts["kind"],
            center=np.array(facts["center"], np.float64),
            scale=np.array(facts["scale"], np.float64),
            knots=tuple((np.array(values), np.array(scores)) for values, scores in facts["knots"]),
            seen=tuple(np.array(levels, bool) for levels in facts["seen"]),
            missing=(np.array(numbers, bool), np.array(categories, bool)),
            target_center=facts["target_center"],
            target_scale=facts["target_scale"],
            pixels=pixels and PixelScale(tuple(pixels[0]), *map(np.array, pixels[1:])),
        )


def _pixel_scale(pixels: UInt8[np.ndarray, "all height width channels"], rows: Int[np.ndarray, "rows"]) -> PixelScale:
    """Of these images; in parts, as all of them may not fit the memory."""
    sums = np.zeros((2, pixels.shape[-1]))
    for start in range(0, len(rows), _CHUNK // 16):
        places = rows[start : start + _CHUNK // 16]
        read_ahead(pixels, places)
        part = pixels[places].reshape(-1, pixels.shape[-1]).astype(np.float64)
        sums += part.sum(axis=0), np.square(part).sum(axis=0)
    mean, square = sums / (len(rows) * pixels.shape[1] * pixels.shape[2])
    deviation = np.sqrt(np.maximum(square - mean**2, 0))
    known = np.maximum(deviation, np.finfo(np.float64).tiny)
    return PixelScale(pixels.shape[1:], mean, np.where(deviation > 0, 1 / known, 0.0))


def _standard(values: Float[np.ndarray, "present"]) -> tuple[float, float]:
    """Mean, and one over the standard deviation."""
    if len(values) == 0 or values.min() == values.max():
        return 0.0, 0.0
    return float(np.mean(values)), float(1 / np.std(values))


def _robust(values: Float[np.ndarray, "present"]) -> tuple[float, float]:
    """Median, and one over the distance of the quartiles; over half of the range where they are equal."""
    if len(values) == 0 or values.min() == values.max():
        return 0.0, 0.0
    lowest, low, median, high, highest = np.quantile(values, [0, 0.25, 0.5, 0.75, 1])
    spread = high - low if high > low else (highest - lowest) / 2
    return float(median), float(1 / spread)


_MOMENTS = {
    "standard": _standard,
    "robust": _robust,
    "quantile": lambda values: (0.0, 1.0),
    "piecewise": _robust,
}


def _knots(
    values: Float[np.ndarray, "present"],
) -> tuple[Float[np.ndarray, "knots"], Float[np.ndarray, "knots"]]:
    """Values, rising, and the normal scores of their mid-ranks; one knot at 0 where the values are constant."""
    if len(values) == 0 or values.min() == values.max():
        return np.zeros(1), np.zeros(1)
    count = min(MOST_KNOTS, len(values))
    places = ((np.arange(count) + 0.5) * len(values) / count).astype(np.int64)
    knots, first, times = np.unique(np.sort(values)[places], return_index=True, return_counts=True)
    return knots, ndtri((first + times / 2) / count)


def _pieces(
    values: Float[np.ndarray, "present"],
) -> tuple[Float[np.ndarray, "pieces"], Float[np.ndarray, "pieces"]]:
    """The left end of each piece between two quantiles, and one over its length; 0 where there are fewer pieces."""
    left, steepness = np.zeros(PIECES), np.zeros(PIECES)
    if len(values) and values.min() < values.max():
        ends = np.unique(np.quantile(values, np.linspace(0, 1, PIECES + 1), method="inverted_cdf"))
        left[: len(ends) - 1] = ends[:-1]
        steepness[: len(ends) - 1] = 1 / np.diff(ends)
    return left, steepness


_KNOTS = {"quantile": _knots, "piecewise": _pieces}


def width(kind: PreparationKind, schema: Schema) -> int:
    """The number of inputs that a preparation of this kind gives, whatever rows it is fitted on."""
    if schema.image:
        return math.prod(schema.image)
    numbers = len(schema.numbers) * (1 + PIECES if kind == "piecewise" else 1)
    levels = sum(len(column.categories) for column in schema.categories)
    return numbers + levels + sum(column.missing for column in schema.columns)
