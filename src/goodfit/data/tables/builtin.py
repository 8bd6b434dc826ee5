"""The data sets that come with scikit-learn, by name."""

from collections.abc import Callable
from typing import Any

import polars as pl
from sklearn.datasets import load_breast_cancer, load_diabetes, load_digits, load_iris, load_wine

# name: (loader, the target's name)
BUILTIN: dict[str, tuple[Callable[[], Any], str]] = {
    "digits": (load_digits, "digit"),
    "wine": (load_wine, "cultivar"),
    "breast_cancer": (load_breast_cancer, "diagnosis"),
    "iris": (load_iris, "species"),
    "diabetes": (lambda: load_diabetes(scaled=False), "progression"),
}


def read_builtin(name: str) -> tuple[pl.DataFrame, str]:
    """The built-in table and the name of its target."""
    load, target = BUILTIN[name]
    bunch = load()
    frame = pl.DataFrame(bunch.data, schema=[str(column) for column in bunch.feature_names])
    names = bunch.get("target_names")
    values = bunch.target if names is None else [str(names[code]) for code in bunch.target]
    return frame.with_columns(pl.Series(target, values)), target
