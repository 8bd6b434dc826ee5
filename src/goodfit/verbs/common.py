"""What the verbs share: options of the data, the opening of the test set, and the facts of a result."""

import hashlib
import json
import platform
import shlex
import time
from dataclasses import dataclass
from datetime import datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any, TypedDict, cast

import numpy as np
from jaxtyping import Float, Int

from goodfit.data.dataset import Splits, TaskKind
from goodfit.data.images import As
from goodfit.data.lock import open_test_set
from goodfit.data.splits import open_splits
from goodfit.diagnose.intervals import Interval, bootstrap_mean, effective_size, wilson
from goodfit.diagnose.resampling import enough_groups
from goodfit.errors import InputError
from goodfit.improve import summary
from goodfit.improve.archive import LEDGER_FILE, RESULT_FILE, Saved, write_json
from goodfit.improve.measurement import judge_outputs
from goodfit.plan import Plan
from goodfit.report.page import write_report
from goodfit.train.predictor import Predictor

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


@dataclass(frozen=True)
class Tested:
    """What the test set said, or why it was not asked."""

    error: Interval | None
    note: str | None
    outputs: Float[np.ndarray, "test outputs"] | None = None
    errors: Float[np.ndarray, "1 test"] | None = None


def open_test(splits: Splits, predictor: Predictor, folder: Path, force: bool, own: bool = True) -> Tested:
    """Open the test set once for this data; a second model is refused unless forced.

    `own`: tell of earlier openings by this very run and model, too; those of a job that was cut off are the same one.

    Raises:
        TestSetLockedError: it was opened before by another model.
    """
    if not len(splits.test):
        return Tested(None, "there is no test set; the dev set was used in the development")
    ledger, model = folder.parent / LEDGER_FILE, model_fingerprint(predictor)
    earlier = open_test_set(splits, ledger=ledger, run=folder.name, model=model, force=force)
    if not own:
        earlier = [line for line in earlier if (line.get("run"), line.get("model")) != (folder.name, model)]
    outputs = predictor.outputs(splits.dataset.features, splits.test)
    errors = judge_outputs(splits, outputs[None], splits.test)[1]
    note = f"the test set had been opened before ({len(earlier)} on record)" if earlier else None
    return Tested(error_interval(splits, errors, splits.test), note, outputs, errors)


def error_interval(splits: Splits, errors: Float[np.ndarray, "1 rows"], rows: Int[np.ndarray, "rows"]) -> Interval:
    """The mean error of one predictor with its interval: Wilson's for an error rate, else the bootstrap.

    Where whole groups were drawn, both are over new groups: rows of one group err alike, and tell less than as many
    independent rows.
    """
    groups = enough_groups(groups_of(splits, rows))
    if splits.dataset.schema.task == "regression":
        return bootstrap_mean(errors, groups=groups)
    return wilson(float(errors.mean()), effective_size(errors, groups))


def groups_of(splits: Splits, rows: Int[np.ndarray, "rows"]) -> Int[np.ndarray, "rows"] | None:
    """The groups of these rows, where the user named them."""
    groups = splits.dataset.groups
    return None if groups is None else groups[rows]


def model_fingerprint(predictor: Predictor) -> str:
    """The same for the same weights, in the same places, at the same temperatures."""
    digest = hashlib.sha256(repr(predictor.temperature).encode())
    for member in predictor.members:
        digest.update(repr((member.weight, member.temperature, member.structure)).encode())
        for name in sorted(member.weights):
            zero = 0.0  # added, it makes -0.0, which L1 leaves and a packed file does not keep, the same as 0.0
            digest.update(name.encode() + (member.weights[name] + zero).tobytes())
    return digest.hexdigest()


def header(
    command: str, folder: Path, started: datetime, splits: Splits, data: Data, asked: dict[str, Any]
) -> dict[str, Any]:
    """The first facts of a result: what was run, on what, and how to run it again."""
    source = data if isinstance(data, str | Path) else None
    options = plain_options(asked)
    words = ["goodfit", command, str(source or "DATA")]
    for name, value in options.items():
        flag = "--" + name.replace("_", "-")
        given = value if isinstance(value, list) else [value]
        words += [flag] if value is True else [] if value is False else [w for each in given for w in (flag, str(each))]
    return {
        "goodfit": version("goodfit"),
        "versions": {"python": platform.python_version()} | {name: version(name) for name in ("jax", "optax", "numpy")},
        "command": command,
        "run": str(folder),
        "report": str(folder / "report.html"),
        "started": started.isoformat(timespec="seconds"),
        **summary.of_data(splits),
        "opened_from": None if source is None else str(source),
        "options": options,
        "command_line": shlex.join(words),
    }


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


def finish(folder: Path, result: dict[str, Any], began: float) -> dict[str, Any]:
    """Write the result and the report; returns the result as JSON would give it back."""
    result["seconds"] = round(time.perf_counter() - began, 2)
    write_json(folder / RESULT_FILE, result)
    write_report(folder)
    result["seconds"] = round(time.perf_counter() - began, 2)
    write_json(folder / RESULT_FILE, result)
    return json.loads((folder / RESULT_FILE).read_text(encoding="utf-8"))


def reopen(saved: Saved, data: Data | None) -> Splits:
    """The run's data and split again.

    Raises:
        InputError: the data was in memory, has moved, or has changed.
    """
    source = saved.result["opened_from"] if data is None else data
    if source is None:
        raise InputError(f"the data of {saved.folder} was in memory; give it again")
    splits = open_splits(source, **data_options(saved.result["options"]), cache=image_cache(saved.folder.parent))
    if splits.dataset.fingerprint != saved.source["fingerprint"]:
        raise InputError(f"the data in {source} is not the data that {saved.folder} was trained on; train again")
    return splits
