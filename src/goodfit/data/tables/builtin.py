"""The data sets that come with scikit-learn, by name."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import polars as pl
from sklearn.datasets import load_breast_cancer, load_diabetes, load_digits, load_iris, load_wine

from goodfit.data.source import Source, SourceRequest
from goodfit.data.tables.table import table_source

# name: (loader, the target's name)
BUILTIN: dict[str, tuple[Callable[[], Any], str]] = {
    "digits": (load_digits, "digit"),
    "wine": (load_wine, "cultivar"),
    "breast_cancer": (load_breast_cancer, "diagnosis"),
    "iris": (load_iris, "species"),
    "diabetes": (lambda: load_diabetes(scaled=False), "progression"),
}


def open_builtin(request: SourceRequest) -> Source | None:
    """Open a built-in table by its name."""
    name = str(request.data) if isinstance(request.data, str | Path) else ""
    if name not in BUILTIN:
        return None
    load, target = BUILTIN[name]
    bunch = load()
    frame = pl.DataFrame(bunch.data, schema=[str(column) for column in bunch.feature_names])
    classes = bunch.get("target_names")
    values = bunch.target if classes is None else [str(classes[code]) for code in bunch.target]
    frame = frame.with_columns(pl.Series(target, values))
    return table_source(frame, name=name, place=name, address=name, kind="built-in", target=target)
