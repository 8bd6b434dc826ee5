"""The types of data: the meaning of columns, their numbers, and the rows of each set."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from functools import cached_property
from typing import Any, Literal, NamedTuple, Self

import numpy as np
from jaxtyping import Float, Int, Num, UInt8

from goodfit.data.formats import ColumnFormat, format_of_dict
from goodfit.data.images.facts import Depth
from goodfit.data.notes import Note
from goodfit.data.paging import read_ahead

Kind = Literal["number", "category", "boolean", "date"]
TaskKind = Literal["binary", "classes", "regression"]
LabelType = Literal["integer", "float", "boolean"]

_IMAGES_AT_ONCE = 4_096  # all of them may be more than memory holds
_NORMAL_IQR = 1.349  # interquartile range of a standard normal variable


@dataclass(frozen=True)
class Column:
    """A column that is learned from.

    Attributes:
        name: of the column.
        kind: of its values.
        categories: the levels of a category, in the order of their codes.
        missing: True if values were missing.
        format: spelling of its text in the training source; None for plain numbers, ISO 8601 dates and words.
        trend: True for the time of the rows, which is never clipped: a trend goes on beyond the training rows.
    """

    name: str
    kind: Kind
    categories: tuple[str, ...] = ()
    missing: bool = False
    format: ColumnFormat | None = None
    trend: bool = False

    def to_dict(self) -> dict[str, Any]:
        """Return plain values, as JSON has them; `format` and `trend` are there only if there is one."""
        return {name: value for name, value in asdict(self).items() if value or name not in ("format", "trend")}

    @classmethod
    def from_dict(cls, facts: Mapping[str, Any]) -> Self:
        """Return the column that `to_dict` wrote."""
        categories, spelling = tuple(facts["categories"]), format_of_dict(facts.get("format"))
        return cls(**{**facts, "categories": categories, "format": spelling})


@dataclass(frozen=True)
class Schema:
    """The meaning of a dataset's columns.

    Attributes:
        columns: those learned from; none for images.
        target: name of the target column.
        task: binary, classes or regression.
        classes: names of the classes, in the order of their codes; empty for regression.
        left_out: names of the columns that are not learned from.
        image: height, width and channels (1 gray, 3 red, green and blue) of images; None for a table.
        label_type: type of the labels, in which predictions come back; None for words and for regression.
        depth: the values that became black and white, of images with more than 8 bits; None for other data.
    """

    columns: tuple[Column, ...]
    target: str
    task: TaskKind
    classes: tuple[str, ...]
    left_out: tuple[str, ...]
    image: tuple[int, int, int] | None = None
    label_type: LabelType | None = None
    depth: Depth | None = None

    @property
    def numbers(self) -> tuple[Column, ...]:
        """The columns in `Features.numbers`."""
        return tuple(column for column in self.columns if column.kind != "category")

    @property
    def categories(self) -> tuple[Column, ...]:
        """The columns in `Features.codes`."""
        return tuple(column for column in self.columns if column.kind == "category")

    def to_dict(self) -> dict[str, Any]:
        """Return plain values, as JSON has them."""
        columns = [column.to_dict() for column in self.columns]
        return json.loads(json.dumps(asdict(self) | {"columns": columns}))

    @classmethod
    def from_dict(cls, facts: Mapping[str, Any]) -> Self:
        """Return the schema that `to_dict` wrote."""
        columns = tuple(map(Column.from_dict, facts["columns"]))
        tuples = {name: tuple(facts[name]) for name in ("classes", "left_out")}
        image = tuple(facts["image"]) if facts.get("image") else None
        depth = Depth.of_list(facts["depth"]) if facts.get("depth") else None
        return cls(
            columns=columns,
            target=facts["target"],
            task=facts["task"],
            image=image,
            label_type=facts.get("label_type"),
            depth=depth,
            **tuples,
        )


class Features(NamedTuple):
    """The features as arrays; the schema gives the meaning of their columns.

    Attributes:
        numbers: columns of kind number, boolean (0, 1) and date (days since 1970) in schema order; NaN is missing.
        codes: columns of kind category in schema order, as an index into `Column.categories`; -1 is missing or unknown.
        pixels: of images, which have no columns; may lie in a file that is mapped into memory; None for a table.
    """

    numbers: Float[np.ndarray, "rows numbers"]
    codes: Int[np.ndarray, "rows categories"]
    pixels: UInt8[np.ndarray, "rows height width channels"] | None = None

    @classmethod
    def of_pixels(cls, pixels: UInt8[np.ndarray, "rows height width channels"]) -> "Features":
        """Return images as features without columns."""
        return cls(np.zeros((len(pixels), 0)), np.zeros((len(pixels), 0), np.int32), pixels)

    def take(self, rows: Int[np.ndarray, "selection"] | slice) -> "Features":
        """Return the features of these rows."""
        if self.pixels is not None:
            read_ahead(self.pixels, rows)
        return Features(self.numbers[rows], self.codes[rows], None if self.pixels is None else self.pixels[rows])


@dataclass(frozen=True)
class Origin:
    """The source of a dataset and the options it was opened with, which open the same data again.

    Attributes:
        source: path or built-in name; None for data in memory.
        kind: of the source, such as `file` or `image folder`.
        target: name of the target column.
        task: as requested; None if it was inferred.
        group, time: names of the columns with these roles.
        dev, test: paths of the sources given for these sets.
        no_test: True if no test set was kept.
        as_: `images` if the built-in digits were opened so.
    """

    source: str | None = None
    kind: str = ""
    target: str | None = None
    task: TaskKind | None = None
    group: str | None = None
    time: str | None = None
    dev: str | None = None
    test: str | None = None
    no_test: bool = False
    as_: Literal["images"] | None = None

    def to_dict(self) -> dict[str, str | bool | None]:
        """Return plain values, as JSON has them; `as` is there only if it was given."""
        options = asdict(self)
        as_ = options.pop("as_")
        return options | ({"as": as_} if as_ else {})


@dataclass(frozen=True, eq=False)
class Dataset:
    """Features and target as arrays, with their meaning and origin.

    Attributes:
        name: of the file, without ending, or of the built-in data.
        features: of every row.
        target: numbers for regression, else the class as an index into `schema.classes`.
        schema: the meaning of the columns.
        notes: remarks on the data for people.
        origin: the source of the data and the options they were opened with.
        groups: the group of every row, from 0; None without a group column.
        times: the time of every row (days since 1970 for dates); None without a time column.
        files: paths of image files, as people know them; empty for other data.
        left_out: the columns that are not learned from, and the reason of each as a predicate.
    """

    name: str
    features: Features
    target: Num[np.ndarray, "rows"]
    schema: Schema
    notes: tuple[Note, ...]
    origin: Origin
    groups: Int[np.ndarray, "rows"] | None = None
    times: Float[np.ndarray, "rows"] | None = None
    files: tuple[str, ...] = ()
    left_out: Mapping[str, str] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.target)

    @cached_property
    def fingerprint(self) -> str:
        """SHA-256 of features, target and schema; the same in every process and on every machine.

        Formats and types do not count: 1.234,50 and 1234.5 are the same value, and so are the labels 1 and "1".
        """
        numbers, codes, pixels = self.features
        columns = tuple(replace(column, format=None) for column in self.schema.columns)
        meaning = replace(self.schema, columns=columns, label_type=None).to_dict()
        meaning = {name: value for name, value in meaning.items() if value is not None}
        digest = hashlib.sha256(json.dumps(meaning, sort_keys=True).encode())
        for array, kind in ((canonical(numbers), "<f8"), (codes, "<i4"), (self.target, "<f8")):
            digest.update(np.ascontiguousarray(array, kind).tobytes())
        if pixels is not None:
            for start in range(0, len(pixels), _IMAGES_AT_ONCE):
                part = slice(start, start + _IMAGES_AT_ONCE)
                read_ahead(pixels, part)
                digest.update(np.ascontiguousarray(pixels[part]).data)
        return digest.hexdigest()


def canonical(numbers: Float[np.ndarray, "..."]) -> Float[np.ndarray, "..."]:
    """Return the same numbers with a single NaN and a single zero, so that equal numbers are equal bytes."""
    return np.where(np.isnan(numbers), np.nan, numbers + 0.0)


@dataclass(frozen=True, eq=False)
class Splits:
    """The rows of the three sets, each sorted; no row is in two of them.

    Attributes:
        dataset: features and target of the rows.
        train: rows that parameters are fitted on.
        dev: rows that choices are made on.
        test: rows that are opened once, at the end; may be empty.
        notes: remarks for people, those of the dataset first.
        seed: random seed that drew the rows.
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

    @property
    def by_time(self) -> bool:
        """True if the sets follow each other in time."""
        return self.dataset.times is not None

    @cached_property
    def spread(self) -> float | None:
        """The spread of the training targets, in which the errors of a regression are compared; None for classes."""
        return spread(self.dataset.target[self.train]) if self.regression else None


def spread(target: Num[np.ndarray, "rows"]) -> float:
    """Return the interquartile range over that of a standard normal variable, which a few wild values do not move.

    It is the standard deviation where the quartiles are equal, and 1 where all values are.
    """
    from scipy.stats import iqr  # late: loading it takes half the time of a short command such as `goodfit pause`

    return float(iqr(target)) / _NORMAL_IQR or target_variance(target) ** 0.5 or 1.0


def target_variance(target: Num[np.ndarray, "rows"]) -> float:
    """Return the variance of targets; exactly 0 where all are equal, which the rounding of their mean can hide."""
    return float(np.var(target, dtype=np.float64)) if np.ptp(target) > 0 else 0.0


class Fold(NamedTuple):
    """A fold: the rows to train on and the rows to measure on."""

    train: Int[np.ndarray, "train"]
    dev: Int[np.ndarray, "dev"]


def groups_of(splits: Splits, rows: Int[np.ndarray, "rows"]) -> Int[np.ndarray, "rows"] | None:
    """Return the group of each of these rows; None without a group column."""
    groups = splits.dataset.groups
    return None if groups is None else groups[rows]
