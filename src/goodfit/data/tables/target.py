"""The target: the task it makes, its values, and a note that says so."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import polars as pl
from jaxtyping import Num

from goodfit.data.dataset import TaskKind
from goodfit.data.notes import Note
from goodfit.data.tables.columns import TypedColumn, as_words
from goodfit.errors import InputError

MOST_WHOLE_CLASSES = 20  # a whole-number target with more distinct values is regression
EXAMPLES_PER_CLASS = 4  # on average, for whole numbers to be taken for classes
MOST_DISTINCT = 0.5  # classes per row: every class needs two examples
_CLASSES_IN_NOTE = 10
_CHANGE = " (change it with --task)"


@dataclass(frozen=True)
class Target:
    """The target: numbers for regression, else codes of the classes; and a note on the task."""

    task: TaskKind
    values: Num[np.ndarray, "rows"]
    classes: tuple[str, ...]
    note: Note


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
    if (column.values if numeric else column.words).n_unique() == 1:
        raise InputError(
            f"target '{column.name}' is the same in every row ({column.words[0]}); there is nothing to learn"
        )
    return _numeric(column.values, task, whole_classes) if numeric else _words(column, task)


def _numeric(column: pl.Series, task: TaskKind | None, whole_classes: bool) -> Target:
    name, distinct = column.name, column.n_unique()
    enough = distinct <= MOST_DISTINCT * len(column)
    facts = f"Target '{name}' has {distinct:,} distinct numbers"
    if task == "regression" or (task is None and not _look_like_classes(column, whole_classes and enough)):
        consequence = "; the task is regression, as requested" if task else f", so the task is regression{_CHANGE}"
        return Target("regression", column.to_numpy().astype(np.float64), (), Note(f"{facts}{consequence}."))
    if not enough:
        raise InputError(
            f"target '{name}' has {distinct:,} different numbers in {len(column):,} rows, too many for classes; "
            "ask for regression"
        )
    return _classes(as_words(column), task, float, facts, _CHANGE)


def _look_like_classes(column: pl.Series, whole_classes: bool) -> bool:
    distinct = column.n_unique()
    few = whole_classes or distinct <= min(MOST_WHOLE_CLASSES, len(column) / EXAMPLES_PER_CLASS)
    return distinct <= 2 or (few and bool((column % 1 == 0).all()))


def _words(column: TypedColumn, task: TaskKind | None) -> Target:
    name, words = column.name, column.words
    distinct, word = words.n_unique(), (column.first_word or "")[:40]
    if task == "regression":
        raise InputError(f"target '{name}' holds words such as '{word}', so it cannot be regression")
    if distinct > MOST_DISTINCT * len(words):
        raise InputError(
            f"target '{name}' has {distinct:,} different values in {len(words):,} rows, too many for classes, "
            f"and they are not all numbers: one is '{word}'"
        )
    return _classes(words, task, str, f"Target '{name}' has {distinct} distinct words", "")


def _classes(
    words: pl.Series, task: TaskKind | None, order: Callable[[str], str | float], facts: str, change: str
) -> Target:
    """Return a choice between classes.

    Args:
        words: the class of every row.
        task: None to infer it.
        order: key to sort the classes by.
        facts: beginning of the note.
        change: part of the note on changing an inferred task.
    """
    name = words.name
    counts = words.rename("word").value_counts(name="rows").sort("word")
    levels = tuple(sorted(counts["word"].to_list(), key=order))
    single = counts.filter(pl.col("rows") == 1)["word"].to_list()
    if single:
        raise InputError(
            f"class '{single[0]}' of target '{name}' has a single example; every class needs at least 2: "
            "add examples, or leave it out"
        )
    if task == "binary" and len(levels) != 2:
        raise InputError(f"target '{name}' has {len(levels)} classes, so it cannot be binary; ask for classes")
    codes = words.replace_strict({level: code for code, level in enumerate(levels)}, return_dtype=pl.Int64)
    listing = ", ".join(levels[:_CLASSES_IN_NOTE]) + (", …" if len(levels) > _CLASSES_IN_NOTE else "")
    facts, choice = f"{facts} ({listing})", f"the task is a choice between {len(levels)} classes"
    note = Note(f"{facts}; {choice}, as requested." if task else f"{facts}, so {choice}{change}.")
    inferred: TaskKind = "binary" if len(levels) == 2 else "classes"
    return Target(task or inferred, codes.to_numpy().astype(np.int64), levels, note)
