"""The target: which task it makes, its values, and a sentence that says so."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import polars as pl
from jaxtyping import Num

from goodfit.data.dataset import TaskKind
from goodfit.data.notes import Note
from goodfit.data.tables.columns import as_numbers, as_words, infer_kind
from goodfit.errors import InputError

MOST_WHOLE_CLASSES = 20  # a whole-number target with more distinct values is regression
EXAMPLES_PER_CLASS = 4  # on average, for whole numbers to be taken for classes
MOST_DISTINCT = 0.5  # classes a row, at most: every class needs two examples
_CHANGE = " (change it with --task)"


@dataclass(frozen=True)
class Target:
    """The target, read: numbers for regression, else class codes; and a note on the task."""

    task: TaskKind
    values: Num[np.ndarray, "rows"]
    classes: tuple[str, ...]
    note: Note


def read_target(column: pl.Series, task: TaskKind | None, *, whole_classes: bool = False) -> Target:
    """The target's values, as the task that was asked for or else as they look.

    Args:
        column: finite, and without missing values.
        task: None to infer it.
        whole_classes: take whole numbers for classes, however many, if their examples suffice.

    Raises:
        InputError: a target that cannot be learned as this task.
    """
    kind = infer_kind(column)
    if kind in (None, "date"):
        found = "dates" if kind == "date" else f"values of type {column.dtype}"
        raise InputError(f"target '{column.name}' holds {found}; it must hold numbers or classes")
    numbers = as_numbers(column) if kind == "number" else None
    if numbers is not None and numbers.null_count() == 0:
        return _of_numbers(numbers, task, whole_classes)
    return _of_words(as_words(column), task)


def _of_numbers(column: pl.Series, task: TaskKind | None, whole_classes: bool) -> Target:
    name, distinct = column.name, column.n_unique()
    _refuse_constant(column, distinct)
    whole = bool((column % 1 == 0).all())
    few = distinct <= min(MOST_WHOLE_CLASSES, len(column) / EXAMPLES_PER_CLASS)
    few = few or (whole_classes and distinct <= MOST_DISTINCT * len(column))
    if task == "regression" or (task is None and distinct > 2 and not (whole and few)):
        facts = f"Target '{name}' has {distinct:,} distinct numbers"
        note = (
            f"{facts}; the task is regression, as requested."
            if task
            else f"{facts}, so the task is regression{_CHANGE}."
        )
        return Target("regression", column.to_numpy().astype(np.float64), (), Note(note))
    if distinct > MOST_DISTINCT * len(column):
        raise InputError(
            f"target '{name}' has {distinct:,} different numbers in {len(column):,} rows, too many for classes; "
            "ask for regression"
        )
    return _of_classes(as_words(column), task, float, f"Target '{name}' has {distinct} distinct numbers", _CHANGE)


def _of_words(column: pl.Series, task: TaskKind | None) -> Target:
    name, distinct = column.name, column.n_unique()
    _refuse_constant(column, distinct)
    word = column.filter(as_numbers(column).is_null())[0][:40]
    if task == "regression":
        raise InputError(f"target '{name}' holds words such as '{word}', so it cannot be regression")
    if distinct > MOST_DISTINCT * len(column):
        raise InputError(
            f"target '{name}' has {distinct:,} different values in {len(column):,} rows, too many for classes, "
            f"and they are not all numbers: one is '{word}'"
        )
    return _of_classes(column, task, str, f"Target '{name}' has {distinct} distinct words", "")


def _of_classes(
    words: pl.Series, task: TaskKind | None, order: Callable[[str], str | float], facts: str, change: str
) -> Target:
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
    shown = ", ".join(levels[:10]) + (", …" if len(levels) > 10 else "")
    facts, choice = f"{facts} ({shown})", f"the task is a choice between {len(levels)} classes"
    note = Note(f"{facts}; {choice}, as requested." if task else f"{facts}, so {choice}{change}.")
    chosen: TaskKind = task or ("binary" if len(levels) == 2 else "classes")
    return Target(chosen, codes.to_numpy().astype(np.int64), levels, note)


def _refuse_constant(column: pl.Series, distinct: int) -> None:
    if distinct == 1:
        raise InputError(
            f"target '{column.name}' is the same in every row ({as_words(column)[0]}); there is nothing to learn"
        )
