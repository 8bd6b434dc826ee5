"""What a table means: the task, the columns worth learning from, and sentences that say so."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np
import polars as pl
from jaxtyping import Num

from goodfit.data.columns import as_numbers, as_words, infer_kind, read_numbers, readable_share
from goodfit.data.dataset import Column, TaskKind
from goodfit.errors import InputError

MOST_LEVELS = 50  # of a category; rarer ones count as unknown
MOST_WHOLE_CLASSES = 20  # a whole-number target with more distinct values is regression
EXAMPLES_PER_CLASS = 4  # on average, for whole numbers to be taken for classes
IDENTIFIER_SHARE = 0.9  # words of which this share is distinct name the rows
_SHOWN = 5


@dataclass(frozen=True)
class Target:
    """The target, read: numbers for regression, else class codes, and a sentence about the task."""

    task: TaskKind
    values: Num[np.ndarray, "rows"]
    classes: tuple[str, ...]
    note: str


def read_target(column: pl.Series, task: TaskKind | None) -> Target:
    """The target's values, as the task that was asked for or else as they look.

    Args:
        column: without missing values.
        task: None to infer it.

    Raises:
        InputError: a target that cannot be learnt as this task.
    """
    name = column.name
    kind = infer_kind(column)
    if kind in (None, "date"):
        raise InputError(
            f"target '{name}' holds {column.dtype if kind is None else 'date'} values; it must hold numbers or classes"
        )
    numeric = kind == "number" and readable_share(column, "number") == 1
    distinct = column.n_unique()
    if distinct == 1:
        raise InputError(
            f"target '{name}' is the same in every row ({as_words(column)[0]}); there is nothing to learn"
        )
    chosen = task or _infer_task(column, numeric, distinct)
    if chosen == "regression":
        if not numeric:
            raise InputError(
                f"target '{name}' holds words such as '{_first_word(column)}', so it cannot be regression"
            )
        values = read_numbers(column, Column(name, "number"))
        note = f"{name} is a number with {distinct:,} distinct values, so this is regression"
        return Target("regression", values, (), _told(note, task))
    return _classes(column, numeric, distinct, chosen, task)


def _infer_task(column: pl.Series, numeric: bool, distinct: int) -> TaskKind:
    if distinct == 2:
        return "binary"
    if not numeric:
        return "classes"
    whole = bool((as_numbers(column) % 1 == 0).all())
    few = distinct <= min(MOST_WHOLE_CLASSES, len(column) / EXAMPLES_PER_CLASS)
    return "classes" if whole and few else "regression"


def _classes(
    column: pl.Series, numeric: bool, distinct: int, chosen: TaskKind, asked: TaskKind | None
) -> Target:
    name = column.name
    if chosen == "binary" and distinct != 2:
        raise InputError(f"target '{name}' has {distinct} classes, so it cannot be binary; say classes")
    if numeric:
        column = as_numbers(column)
        read_numbers(column, Column(name, "number"))
    words = as_words(column)
    if distinct > len(words) / 2:
        example = (
            f"the first that is not a number is '{_first_word(words)}'"
            if not numeric
            else "say --task regression"
        )
        raise InputError(
            f"target '{name}' has {distinct:,} different values in {len(words):,} rows, too many for classes; {example}"
        )
    counts = words.value_counts(sort=True)
    single = counts.filter(pl.col("count") == 1)[name].to_list()
    if single:
        row = (words == single[0]).arg_true()[0]
        raise InputError(
            f"class '{single[0]}' of target '{name}' has a single example (row {row + 1}); "
            "every class needs at least 2: add examples or leave that row out"
        )
    levels = tuple(sorted(counts[name].to_list(), key=float if numeric else None))
    codes = words.replace_strict({level: code for code, level in enumerate(levels)}, return_dtype=pl.Int64)
    kind = "a number" if numeric else "a word"
    ways = f"{levels[0]} and {levels[1]}" if distinct == 2 else f"{distinct} classes"
    task = "two classes" if chosen == "binary" else "classification"
    note = f"{name} is {kind} with {distinct} distinct values ({ways}), so this is {task}"
    return Target(chosen, codes.to_numpy().astype(np.int64), levels, _told(note, asked))


def _told(note: str, asked: TaskKind | None) -> str:
    return f"{note}, as asked" if asked else f"{note}; say --task to change it"


def _first_word(column: pl.Series) -> str:
    words = as_words(column)
    return words.filter(as_numbers(words).is_null())[0]


def infer_columns(
    frame: pl.DataFrame, identifiers: Iterable[str] = ()
) -> tuple[tuple[Column, ...], tuple[str, ...], list[str]]:
    """The columns to learn from, the names of those left out, and sentences about both.

    Args:
        frame: the features alone.
        identifiers: columns known to number the rows.

    Raises:
        InputError: no column is left.
    """
    reasons: dict[str, list[str]] = {}
    kept: list[Column] = []
    notes: list[str] = []
    for column in frame:
        reason = _why_left_out(column) or ("only number the rows" if column.name in identifiers else None)
        if reason:
            reasons.setdefault(reason, []).append(column.name)
        else:
            meaning, note = _meaning(column)
            kept.append(meaning)
            notes += note
    if not kept:
        raise InputError(
            "no column is left to learn from: " + "; ".join(_left_out(*each) for each in reasons.items())
        )
    left_out = tuple(name for name in frame.columns if any(name in names for names in reasons.values()))
    return tuple(kept), left_out, [*(_left_out(*each) for each in reasons.items()), *notes]


def _why_left_out(column: pl.Series) -> str | None:
    present = column.drop_nulls()
    if present.is_empty():
        return "are empty"
    kind = infer_kind(column)
    if kind is None:
        return "hold lists or bytes"
    distinct = present.n_unique()
    if distinct == 1 and len(present) == len(column):
        return "are constant"
    if kind == "category" and distinct > IDENTIFIER_SHARE * len(present) and len(present) > 1:
        return "differ in nearly every row, as identifiers and free text do"
    return None


def _left_out(reason: str, names: Sequence[str]) -> str:
    shown = ", ".join(names[:_SHOWN]) + (f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else "")
    if len(names) == 1:
        singular = {"are": "is", "hold": "holds", "differ": "differs", "only": "only"}
        verb, rest = reason.split(" ", 1)
        rest = rest.replace("number the", "numbers the") if verb == "only" else rest
        return f"column {shown} {singular[verb]} {rest}, and is left out"
    return f"{len(names)} columns {reason}, and are left out: {shown}"


def _meaning(column: pl.Series) -> tuple[Column, list[str]]:
    kind = infer_kind(column) or "number"
    if kind == "category":
        counts = (
            as_words(column.drop_nulls()).value_counts().sort("count", column.name, descending=[True, False])
        )
        levels = counts[column.name].to_list()
        missing = column.null_count() > 0
        meaning = Column(column.name, kind, tuple(sorted(levels[:MOST_LEVELS])), missing)
        if len(levels) <= MOST_LEVELS:
            return meaning, []
        rest = counts["count"][MOST_LEVELS:].sum()
        return meaning, [
            f"column {column.name} has {len(levels):,} different words; the {MOST_LEVELS} most frequent are kept, "
            f"the others ({rest:,} rows) count as unknown"
        ]
    meaning = Column(column.name, kind)
    missing = np.isnan(read_numbers(column, meaning))
    unreadable = np.flatnonzero(missing & column.is_not_null().to_numpy())
    meaning = replace(meaning, missing=bool(missing.any()))
    if not len(unreadable):
        return meaning, []
    return meaning, [
        f"column {column.name} holds {kind}s, but {len(unreadable):,} of its values cannot be read as such (first: "
        f"'{column[int(unreadable[0])]}') and count as missing"
    ]


def row_numbers(frame: pl.DataFrame) -> list[str]:
    """The columns that only number the rows: whole numbers, all different, without a gap or named like an identifier."""
    found = []
    for column in frame:
        if infer_kind(column) != "number" or column.null_count() or len(column) < 2:
            continue
        values = as_numbers(column)
        if values.null_count() or (values % 1 != 0).any() or values.n_unique() < len(values):
            continue
        name = column.name.lower().strip("_ ")
        named = name in ("id", "index", "row", "key") or name.endswith(("_id", " id", "-id", ".id"))
        if named or column.name.endswith("Id") or column.name.endswith("ID") or _dense(values):
            found.append(column.name)
    return found


def _dense(values: pl.Series) -> bool:
    return float(values.max()) - float(values.min()) == len(values) - 1  # pyright: ignore[reportArgumentType]
