"""The types of the data floor: what a table means, its numbers, and which rows serve which purpose."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from functools import cached_property
from typing import Any, Literal, NamedTuple, Self

import numpy as np
from jaxtyping import Float, Int, Num, UInt8

from goodfit.data.notes import Note
from goodfit.data.paging import read_ahead

Kind = Literal["number", "category", "boolean", "date"]
TaskKind = Literal["binary", "classes", "regression"]

_CHUNK = 4_096  # images at a time


@dataclass(frozen=True)
class Column:
    """A column that is learned from: its kind, a category's levels, and whether values were missing."""

    name: str
    kind: Kind
    categories: tuple[str, ...] = ()
    missing: bool = False


@dataclass(frozen=True)
class Schema:
    """What a table means: the columns learned from, the target, and the columns left out.

    Images have no columns but a shape: height, width and channels (1 gray, 3 red, green and blue).
    """

    columns: tuple[Column, ...]
    target: str
    task: TaskKind
    classes: tuple[str, ...]
    left_out: tuple[str, ...]
    image: tuple[int, int, int] | None = None

    @property
    def numbers(self) -> tuple[Column, ...]:
        """The columns that `Features.numbers` holds."""
        return tuple(column for column in self.columns if column.kind != "category")

    @property
    def categories(self) -> tuple[Column, ...]:
        """The columns that `Features.codes` holds."""
        return tuple(column for column in self.columns if column.kind == "category")

    def to_dict(self) -> dict[str, Any]:
        """Plain values, as they stand in JSON."""
        return json.loads(json.dumps(asdict(self)))

    @classmethod
    def from_dict(cls, facts: Mapping[str, Any]) -> Self:
        """The schema that `to_dict` wrote."""
        columns = tuple(Column(**{**each, "categories": tuple(each["categories"])}) for each in facts["columns"])
        tuples = {name: tuple(facts[name]) for name in ("classes", "left_out")}
        image = tuple(facts["image"]) if facts.get("image") else None
        return cls(columns=columns, target=facts["target"], task=facts["task"], image=image, **tuples)


class Features(NamedTuple):
    """The features as arrays; what the columns are, the schema says.

    Attributes:
        numbers: columns of kind number, boolean (0, 1) and date (days since 1970) in schema order; NaN is missing.
        codes: columns of kind category in schema order, as an index into `Column.categories`; -1 is missing or unknown.
        pixels: of images, which have no columns; may lie in a file that is mapped into memory.
    """

    numbers: Float[np.ndarray, "rows numbers"]
    codes: Int[np.ndarray, "rows categories"]
    pixels: UInt8[np.ndarray, "rows height width channels"] | None = None

    def take(self, rows: Int[np.ndarray, "taken"] | slice) -> "Features":
        """The features of these rows."""
        if self.pixels is not None:
            read_ahead(self.pixels, rows)
        return Features(self.numbers[rows], self.codes[rows], None if self.pixels is None else self.pixels[rows])


@dataclass(frozen=True, eq=False)
class Dataset:
    """A table, opened: features and target as arrays, and what people are told about it.

    Attributes:
        name: of the file, without ending, or of the built-in data.
        features: of every row.
        target: numbers for regression, else the class as an index into `schema.classes`.
        schema: what the columns mean.
        notes: remarks on the data for people.
        origin: where the data came from and the options it was opened with; JSON-able.
        groups: the group of every row, from 0; None without a group column.
        times: the time of every row (days since 1970 for dates); None without a time column.
        files: of image files the paths, as people know them; empty for other data.
    """

    name: str
    features: Features
    target: Num[np.ndarray, "rows"]
    schema: Schema
    notes: tuple[Note, ...]
    origin: dict[str, Any]
    groups: Int[np.ndarray, "rows"] | None = None
    times: Float[np.ndarray, "rows"] | None = None
    files: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self.target)

    @cached_property
    def fingerprint(self) -> str:
        """SHA-256 of features, target and schema: the same in every process and on every machine."""
        numbers, codes, pixels = self.features
        facts = {name: fact for name, fact in self.schema.to_dict().items() if fact is not None}
        digest = hashlib.sha256(json.dumps(facts, sort_keys=True).encode())
        for array, kind in ((canonical(numbers), "<f8"), (codes, "<i4"), (self.target, "<f8")):
            digest.update(np.ascontiguousarray(array, kind).tobytes())
        if pixels is not None:
            for start in range(0, len(pixels), _CHUNK):
                part = slice(start, start + _CHUNK)
                read_ahead(pixels, part)
                digest.update(np.ascontiguousarray(pixels[part]).data)
        return digest.hexdigest()


def canonical(numbers: Float[np.ndarray, "..."]) -> Float[np.ndarray, "..."]:
    """The same numbers with one NaN and one zero, so that equal numbers are equal bytes."""
    return np.where(np.isnan(numbers), np.nan, numbers + 0.0)


@dataclass(frozen=True, eq=False)
class Splits:
    """The rows of the three sets; sorted, and no row in two of them.

    Attributes:
        dataset: the rows' features and target.
        train: the rows that parameters are fitted on.
        dev: the rows that choices are made on.
        test: the rows that are opened once, at the end; may be empty.
        notes: remarks for people, those of the dataset first.
        seed: that drew the rows.
    """

    dataset: Dataset
    train: Int[np.ndarray, "train"]
    dev: Int[np.ndarray, "dev"]
    test: Int[np.ndarray, "test"]
    notes: tuple[Note, ...]
    seed: int

    @cached_property
    def pool(self) -> Int[np.ndarray, "pool"]:
        """The training and dev rows together, sorted."""
        return np.sort(np.concatenate([self.train, self.dev]))

    @property
    def regression(self) -> bool:
        """True if the target is a number."""
        return self.dataset.schema.task == "regression"

    @cached_property
    def target_scale(self) -> float:
        """The standard deviation of the training target; 1 for classes, and where all its values are equal."""
        if self.dataset.schema.task != "regression":
            return 1.0
        return float(np.std(self.dataset.target[self.train])) or 1.0


class Cut(NamedTuple):
    """One fold: the rows to train on and the rows to measure on."""

    train: Int[np.ndarray, "train"]
    dev: Int[np.ndarray, "dev"]


def groups_of(splits: Splits, rows: Int[np.ndarray, "rows"]) -> Int[np.ndarray, "rows"] | None:
    """The groups of these rows, where the user named them."""
    groups = splits.dataset.groups
    return None if groups is None else groups[rows]
