"""Columns that identify someone or something in several rows, which may have to stay in one set."""

import re
from collections.abc import Mapping

import numpy as np
from jaxtyping import Num
from scipy.stats import kruskal

from goodfit.data.notes import Note, warning
from goodfit.data.tables.columns import TypedColumn
from goodfit.data.tables.names import responses_of

_NAME = re.compile(
    r"(^|[_ .-])(patient|subject|person|participant|user|customer|client|member|student|household|family|donor|"
    r"animal|device|machine|sensor|store|shop|site|account|session|case)s?([_ .-]?(id|no|nr|number|code|name))?$"
    r"|(^|[_ .-])id$|[a-z]I[dD]$",
    re.I,
)
_CODE = re.compile(r"([A-Za-z]{0,4}[-_ #]?)\d+")  # P001, dev-17; a longer prefix, as in region_17, names a category
_LEVEL = 0.01  # of the test that the rows of one value are alike in the target
_FEWEST = 10  # different values; fewer are levels of a category, whose rows are no more alike than others
_REPEATS = 2.0  # rows of each value, on average


def repeated_identifiers(columns: Mapping[str, TypedColumn], target: Num[np.ndarray, "rows"]) -> list[Note]:
    """Return a warning for each column whose values seem to identify someone in several rows.

    Where the target of such rows is alike, errors look smaller than they will be for others, if the rows are in several
    sets. The name or the look of its values tells an identifier from a category.

    Args:
        columns: the features, when no column groups the rows.
        target: numbers or codes of classes.
    """
    return [
        warning(
            f"'{name}' occurs {rows:.0f} times on average ({count:,} different values). If new rows will come from "
            f"others, keep its rows together with --group {_typed(name)}: otherwise the errors look too small."
        )
        for name, column in columns.items()
        if (counts := _counts(column)) and _identifies(name, column) and _are_alike(column, target)
        for count, rows in [counts]
    ]


def _typed(name: str) -> str:
    """Return a name as it is typed on a command line."""
    return f"'{name}'" if " " in name else name


def _counts(column: TypedColumn) -> tuple[int, float] | None:
    """Return the number of different values, and of rows of each on average; None if they are few or do not repeat."""
    present = column.raw.drop_nulls()
    if column.kind not in ("number", "category") or len(present) == 0:
        return None
    count = present.n_unique()
    rows = len(present) / count
    return (count, rows) if count >= _FEWEST and rows >= _REPEATS else None


def _identifies(name: str, column: TypedColumn) -> bool:
    if column.kind == "number":  # whole numbers may be amounts, so that the name decides
        values = column.values.drop_nulls().to_numpy().astype(np.float64)
        return bool((values % 1 == 0).all()) and _NAME.search(name) is not None
    codes = [_CODE.fullmatch(word) for word in column.words.drop_nulls().unique()]
    prefixes = {code[1].rstrip("-_ #").lower() for code in codes if code}
    # Numbered after one prefix, as P001 to P050 are; city_1 in a column of cities is as good as a name.
    return _NAME.search(name) is not None or (
        all(codes) and len(prefixes) == 1 and prefixes.isdisjoint({"", name.lower()})
    )


def _are_alike(column: TypedColumn, target: Num[np.ndarray, "rows"]) -> bool:
    """Return True if the target differs more between the values of a column than chance explains: by Kruskal-Wallis."""
    present = column.raw.is_not_null().to_numpy()
    values = np.unique(column.words.drop_nulls().to_numpy().astype(str), return_inverse=True)[1]
    order = np.argsort(values, kind="stable")
    ends = np.cumsum(np.bincount(values))[:-1]
    responses = responses_of(target)[present][order].T
    varied = [response for response in responses if np.ptp(response) > 0]
    return any(kruskal(*np.split(response, ends)).pvalue * len(varied) < _LEVEL for response in varied)
