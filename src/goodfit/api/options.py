"""What the verbs share: options of the data, the opening of the test set, and the facts of a result."""

from pathlib import Path
from typing import Any, TypedDict, cast

import numpy as np

from goodfit.data.dataset import TaskKind
from goodfit.data.images.listing import As
from goodfit.errors import InputError
from goodfit.plan import Plan

Data = Any  # a file, a built-in name, arrays or a data frame; `data/sources.py` says which


class DataOptions(TypedDict, total=False):
    """How the data is read and split.

    Attributes:
        target: the column to predict.
        task: `binary`, `classes` or `regression`; inferred when not given.
        group: a column whose equal values stay in one set.
        time: a column to split by: the latest rows are the test set.
        dev: a file (or frame) of its own for the dev set.
        test: the same for the test set.
        no_test: keep no test set.
        seed: of the split and of everything random.
        as_: `images`, to open the built-in digits as images of 8 × 8; `as` in a result.
    """

    target: str | None
    task: TaskKind | None
    group: str | None
    time: str | None
    dev: Data | None
    test: Data | None
    no_test: bool
    seed: int
    as_: As | None


def quiet(text: str, done: float | None, seconds_left: float | None) -> None:
    """A `progress` that tells nobody."""


def read_plan(plan: Plan | str | Path | None) -> Plan | None:
    """A plan, or the YAML file of one.

    Raises:
        InputError: there is no such file.
        PlanError: it holds no valid plan.
    """
    if plan is None or isinstance(plan, Plan):
        return plan
    try:
        return Plan.from_yaml(Path(plan).read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"cannot read the plan {plan} ({error}); give a YAML file") from None


def plain_options(asked: dict[str, Any]) -> dict[str, Any]:
    """The options that the command line could have given."""
    kinds = str | int | float | bool | Path | list
    asked = {name.rstrip("_"): value for name, value in asked.items()}
    numbers = {name: value.item() for name, value in asked.items() if isinstance(value, np.generic)}
    plain = {name: value for name, value in (asked | numbers).items() if isinstance(value, kinds)}
    return {name: str(value) if isinstance(value, Path) else value for name, value in plain.items()}


def data_options(options: dict[str, Any]) -> DataOptions:
    """Of a result's options those of the data, as the verbs take them."""
    given = {"as_" if name == "as" else name: value for name, value in options.items()}
    return cast(DataOptions, {name: given[name] for name in DataOptions.__annotations__ if name in given})


def image_cache(out: str | Path) -> Path:
    """Where decoded images are kept, beside the runs."""
    return Path(out) / ".images"
