"""The target: the task it makes, its values, and notes that say so."""

import math
import re
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import polars as pl
from jaxtyping import Int, Num

from goodfit.data.dataset import TaskKind
from goodfit.data.notes import Note, warning
from goodfit.data.tables.columns import TypedColumn, as_numbers
from goodfit.errors import InputError

MOST_WHOLE_CLASSES = 20  # a whole-number target with more distinct values is regression
EXAMPLES_PER_CLASS = 4  # on average, for whole numbers to be taken for classes
MOST_DISTINCT = 0.5  # classes per row: every class needs two examples
_MOST_CODED_CLASSES = 10  # beyond, whole numbers without a gap are more often ages, hours or scores than codes
_DESIGNED = 0.9  # smallest over largest class from which classes were made of one size, as in benchmarks
_FEWEST_COUNTS = 5  # distinct values of which a distribution can be seen
_CLIPPED = 8  # distinct values from which the two at the ends may pile up, as those of a rating do
_CODE = re.compile(r"[+-]?0\d+")
_CLASSES_IN_NOTE = 10


@dataclass(frozen=True)
class Target:
    """The target: numbers for regression, else codes of the classes; and notes on the task.

    Attributes:
        task: binary, classes or regression.
        values: of the usable rows.
        classes: names of the classes, in the order of their codes; empty for regression.
        rows: positions of the usable rows; the others hold the only example of their class.
        notes: on the task, and on rows set aside.
    """

    task: TaskKind
    values: Num[np.ndarray, "rows"]
    classes: tuple[str, ...]
    rows: Int[np.ndarray, "rows"]
    notes: tuple[Note, ...]


class _Choice(NamedTuple):
    """Classes to choose between.

    Attributes:
        column: the target.
        levels: its different words, in order.
        values: the kind of values that they are.
        doubtful: True for whole numbers that could be amounts as well.
    """

    column: TypedColumn
    levels: pl.Series
    values: str
    doubtful: bool = False


def read_target(column: TypedColumn, task: TaskKind | None, *, whole_classes: bool = False) -> Target:
    """Return the target's values, for the requested task or else the task that they look like.

    Args:
        column: finite, and without missing values.
        task: None to infer it.
        whole_classes: take whole numbers for classes, however many, if there are two examples of each.

    Raises:
        InputError: the target cannot be learned as this task.
    """
    if column.kind in (None, "date"):
        contents = "dates" if column.kind == "date" else f"values of type {column.raw.dtype}"
        raise InputError(f"target '{column.name}' holds {contents}; it must hold numbers or classes")
    numeric = column.kind == "number" and column.values.null_count() == 0
    if column.words.n_unique() == 1 or (numeric and task == "regression" and column.values.n_unique() == 1):
        raise InputError(
            f"target '{column.name}' is the same in every row ({column.words[0]}); there is nothing to learn"
        )
    return _numeric(column, task, whole_classes) if numeric else _words(column, task)


def _numeric(column: TypedColumn, task: TaskKind | None, whole_classes: bool) -> Target:
    name, values, words = column.name, column.values, column.words
    distinct = words.n_unique()
    enough = distinct <= MOST_DISTINCT * len(words)
    facts = f"Target '{name}' has {distinct:,} distinct numbers"
    if task == "regression" or (task is None and not (enough and _look_like_classes(column, whole_classes))):
        note = Note(f"{facts}; the task is regression, as requested.")
        if task is None:
            severity = "guess" if distinct <= MOST_WHOLE_CLASSES else "info"
            note = Note(f"{facts}, so the task is regression (change it with --task classes).", severity)
        return Target("regression", values.to_numpy().astype(np.float64), (), np.arange(len(values)), (note,))
    if not enough:
        raise InputError(
            f"target '{name}' has {distinct:,} different numbers in {len(words):,} rows, too many for classes; "
            "ask for --task regression"
        )
    doubtful = task is None and not whole_classes and distinct >= _FEWEST_COUNTS
    return _classes(_Choice(column, _in_order(words, values), "numbers", doubtful), task)


def _in_order(words: pl.Series, values: pl.Series) -> pl.Series:
    """Return the different words in the order of their values."""
    frame = pl.DataFrame([values.rename("value"), words.rename("word")])
    return frame.unique("word").sort("value", "word")["word"]


def _look_like_classes(column: TypedColumn, whole_classes: bool) -> bool:
    words, values = column.words, column.values.to_numpy()
    distinct = words.n_unique()
    # Nobody writes an amount as 007, so such digits name something.
    if distinct <= 2 or any(map(_CODE.fullmatch, words.unique())):
        return True
    if (values % 1 != 0).any():
        return False
    few = distinct <= min(MOST_WHOLE_CLASSES, len(words) / EXAMPLES_PER_CLASS)
    return whole_classes or (few and not _are_amounts(values))


def _are_amounts(values: Num[np.ndarray, "rows"]) -> bool:
    """Return True for whole numbers that are distributed as counts and ratings are, not as codes of classes.

    Amounts lie close together, and their frequencies rise to one peak and fall from it. Codes of classes of one size
    are not amounts, nor those whose frequencies go up and down.
    """
    distinct = len(np.unique(values))
    # Codes such as 1, 10, 100 leave most of their range empty.
    places = values - values.min()
    if distinct < _FEWEST_COUNTS or places.max() + 1 > 2 * distinct:
        return False
    counts = np.bincount(places.astype(np.int64))
    present = counts[counts > 0]
    if distinct > _MOST_CODED_CLASSES and len(present) == len(counts):
        return bool(present.min() < _DESIGNED * present.max())
    if _uniform(counts):
        return False
    inner = counts[1:-1] if distinct >= _CLIPPED else counts
    changes = np.diff(inner)
    # Two Poisson counts differ by chance by up to about twice the root of their sum.
    clear = changes[np.abs(changes) > 2 * np.sqrt(inner[1:] + inner[:-1])]
    return bool(len(clear) > 0 and (np.diff(np.sign(clear)) <= 0).all())


def _uniform(counts: Int[np.ndarray, "values"]) -> bool:
    """Return True if chance explains that some values are more frequent than others: by Pearson's chi-squared."""
    # The statistic has mean `freedom` and variance 2·freedom; four deviations above, chance explains it no more.
    expected, freedom = counts.mean(), len(counts) - 1
    return bool(((counts - expected) ** 2).sum() / expected < freedom + 4 * math.sqrt(2 * freedom))


def _words(column: TypedColumn, task: TaskKind | None) -> Target:
    name, words = column.name, column.words
    distinct, word = words.n_unique(), (column.first_word or words[0])[:40]
    if task == "regression":
        raise InputError(f"target '{name}' holds words such as '{word}', so it cannot be regression")
    if distinct > MOST_DISTINCT * len(words):
        raise InputError(
            f"target '{name}' has {distinct:,} different values in {len(words):,} rows, too many for classes, "
            f"and they are not all numbers, as --task regression needs: one is '{word}'"
        )
    numbers = as_numbers(words)
    if numbers.null_count():
        return _classes(_Choice(column, words.unique().sort(), "words"), task)
    return _classes(_Choice(column, _in_order(words, numbers), "words"), task)


def _classes(choice: _Choice, task: TaskKind | None) -> Target:
    """Return a choice between the classes of two or more examples; the rows of the others are set aside."""
    name, words = choice.column.name, choice.column.words
    counts = words.rename("word").value_counts(name="rows")
    single = counts.filter(pl.col("rows") == 1)["word"]
    levels = tuple(choice.levels.filter(~choice.levels.is_in(single.implode())).to_list())
    if len(levels) < 2:
        raise InputError(
            f"target '{name}' has fewer than two classes with two examples or more; add examples, or ask for "
            "--task regression if its values are amounts"
        )
    if task == "binary" and len(levels) != 2:
        raise InputError(f"target '{name}' has {len(levels)} classes, so it cannot be binary; ask for --task classes")
    rows = (~words.is_in(single.implode())).arg_true().to_numpy().astype(np.int64)
    codes = words[rows].replace_strict({level: code for code, level in enumerate(levels)}, return_dtype=pl.Int64)
    facts = f"Target '{name}' has {len(levels):,} distinct {choice.values} ({_listing(levels)})"
    decision = f"the task is a choice between {len(levels):,} classes"
    change = " (change it with --task regression)" if choice.values == "numbers" else ""
    note = Note(
        f"{facts}; {decision}, as requested." if task else f"{facts}, so {decision}{change}.",
        "guess" if choice.doubtful else "info",
    )
    inferred: TaskKind = "binary" if len(levels) == 2 else "classes"
    notes = (note, *_set_aside(sorted(single)))
    return Target(task or inferred, codes.to_numpy().astype(np.int64), levels, rows, notes)


def _set_aside(classes: list[str]) -> list[Note]:
    if not classes:
        return []
    if len(classes) == 1:
        return [warning(f"The class '{classes[0]}' has a single example, which is set aside; it is never predicted.")]
    return [
        warning(
            f"{len(classes):,} classes have a single example each ({_listing(classes)}); these rows are set aside, and "
            "the classes are never predicted."
        )
    ]


def _listing(names: "tuple[str, ...] | list[str]") -> str:
    return ", ".join(names[:_CLASSES_IN_NOTE]) + (", …" if len(names) > _CLASSES_IN_NOTE else "")
