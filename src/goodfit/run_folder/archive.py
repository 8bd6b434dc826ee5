"""A run's directory: everything needed to explain, repeat and use it. Written in whole files, read without JAX."""

import json
import os
import secrets
import shutil
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import polars as pl
from jaxtyping import Float, Int

from goodfit.data.dataset import Schema, Splits
from goodfit.data.tables.labels import typed_labels
from goodfit.errors import GoodfitError, InputError, UnfinishedError
from goodfit.plan import Plan
from goodfit.record.measurement import Measurement, judge_outputs
from goodfit.record.result import RunResult
from goodfit.run_folder.journal import Step, plain

PLAN_FILE, SOURCE_FILE, RESULT_FILE = "plan.yaml", "source.json", "result.json"
HISTORY_FILE, PREDICTIONS_FILE = "history.parquet", "predictions.parquet"
LEDGER_FILE, REPORT_FILE = "test_openings.jsonl", "report.html"
CHECKPOINT_FOLDER = "checkpoint"  # there for as long as the run can be resumed
JOB_FILE = f"{CHECKPOINT_FOLDER}/job.json"


def new_folder(out: str | Path, name: str) -> Path:
    """A fresh run directory in `out`.

    Raises:
        InputError: the folder cannot be made or written to.
    """
    safe = "".join(character if character.isalnum() or character in "-_" else "-" for character in name)[:40]
    folder = Path(out) / f"{time.strftime('%Y%m%d-%H%M%S')}-{safe}-{secrets.token_hex(2)}"
    try:
        folder.mkdir(parents=True)
    except OSError as error:
        raise InputError(f"cannot write to {out} ({error.strerror}); choose another folder with --out") from None
    return folder


@contextmanager
def fresh_folder(out: str | Path, name: str) -> Iterator[Path]:
    """A fresh run directory; where the work in it is refused, it goes again, and `out` where that was made for it.

    It stays where the work can be resumed.

    Raises:
        InputError: the folder cannot be made or written to.
    """
    was_there = Path(out).exists()
    folder = new_folder(out, name)
    try:
        yield folder
    except UnfinishedError:
        raise
    except GoodfitError:
        shutil.rmtree(folder, ignore_errors=True)
        if not was_there:
            with suppress(OSError):  # it holds something else by now
                Path(out).rmdir()
        raise


def check_writable(out: str | Path) -> None:
    """Refuse an output folder before any work is done.

    Raises:
        InputError: the folder, or the nearest one above that exists, cannot be written to.
    """
    place = Path(out)
    while not place.exists() and place != place.parent:
        place = place.parent
    if not place.is_dir() or not os.access(place, os.W_OK):
        raise InputError(f"cannot write to {out}; choose another folder with --out")


def read_facts(folder: Path, name: str) -> dict[str, Any]:
    """A file of JSON in a run's folder.

    Raises:
        InputError: it is missing or damaged.
    """
    try:
        return json.loads((folder / name).read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise InputError(f"the run {folder} is damaged ({error}); run it again") from None


def is_run(folder: str | Path) -> bool:
    """True for a run's folder; a folder of images is data."""
    return (Path(folder) / SOURCE_FILE).exists()


def is_unfinished(folder: Path) -> bool:
    """True for the folder of a job that did not end."""
    return (folder / JOB_FILE).exists()


def write_json(path: Path, value: Any) -> None:
    """JSON in one piece: written beside, then moved into place."""
    partial = path.with_suffix(".partial")
    partial.write_text(json.dumps(value, indent=1, default=plain), encoding="utf-8")
    partial.replace(path)


def write_source(folder: Path, splits: Splits, plan: Plan) -> None:
    """Write the origin of the data, its schema and the rows of each set, and the plan."""
    dataset = splits.dataset
    facts = {
        "name": dataset.name,
        "origin": dataset.origin.to_dict(),
        "fingerprint": dataset.fingerprint,
        "schema": dataset.schema.to_dict(),
        "rows": {name: getattr(splits, name) for name in ("train", "dev", "test")},
        "seed": splits.seed,
        "notes": [note.to_dict() for note in splits.notes],
    }
    write_json(folder / SOURCE_FILE, facts)
    (folder / PLAN_FILE).write_text(plan.to_yaml(), encoding="utf-8")


def write_history(folder: Path, measured: Sequence[Measurement]) -> None:
    """One row an epoch of every training."""
    frames = []
    for measurement in measured:
        for seed, runs in zip(measurement.seeds, measurement.runs, strict=True):
            for fold, run in enumerate(runs):
                labels = {
                    "round": measurement.round,
                    "experiment": measurement.name,
                    "seed": seed,
                    "fold": fold,
                }
                columns = {name: np.asarray(values, np.float64) for name, values in run.history.items()}
                integers = [pl.col("epoch").cast(pl.Int64), pl.col("step").cast(pl.Int64)]
                literals = [pl.lit(value).alias(name) for name, value in labels.items()]
                frames.append(pl.DataFrame(columns).with_columns(*integers, *literals))
    if frames:
        pl.concat(frames).write_parquet(folder / HISTORY_FILE)


def write_predictions(
    folder: Path,
    splits: Splits,
    sets: dict[str, tuple[Int[np.ndarray, "rows"], Float[np.ndarray, "rows outputs"]]],
) -> None:
    """Each judged example: truth, prediction, cost and probabilities, by set."""
    schema, target = splits.dataset.schema, splits.dataset.target
    frames = []
    for name, (rows, outputs) in sets.items():
        frame = prediction_frame(replace(schema, label_type=None), outputs)
        cost = judge_outputs(splits, outputs[None], rows)[0][0]
        truth = np.array(schema.classes)[target[rows]] if schema.classes else target[rows]
        lead = pl.DataFrame({"set": [name] * len(rows), "row": rows, "truth": truth, "cost": cost})
        if splits.dataset.groups is not None:
            lead = lead.with_columns(group=splits.dataset.groups[rows])
        probabilities = frame.rename(
            {c: c.replace("probability:", "p:", 1) for c in frame.columns if c != "prediction"}
        )
        frames.append(pl.concat([lead, probabilities], how="horizontal"))
    pl.concat(frames).write_parquet(folder / PREDICTIONS_FILE)


def prediction_frame(schema: Schema, outputs: Float[np.ndarray, "rows outputs"]) -> pl.DataFrame:
    """A `prediction` column, in the type of the labels, and for classes a probability column each."""
    if not schema.classes:
        return pl.DataFrame({"prediction": outputs[:, 0]})
    predicted = typed_labels(schema)[outputs.argmax(axis=1)]
    columns = {f"probability:{name}": outputs[:, index] for index, name in enumerate(schema.classes)}
    return pl.DataFrame({"prediction": predicted, **columns})


@dataclass(frozen=True)
class SavedRun:
    """A run directory that was read."""

    folder: Path
    source: dict[str, Any]
    schema: Schema
    plan: Plan
    result: dict[str, Any]


def read_run(folder: str | Path) -> SavedRun:
    """A run directory's facts.

    Raises:
        InputError: it is none, or a file of it is missing or damaged.
    """
    folder = Path(folder)
    if not folder.is_dir() or not (folder / SOURCE_FILE).exists():
        raise InputError(f"{folder} is no run directory (it has no {SOURCE_FILE}); `goodfit runs` lists the runs")
    try:
        source = json.loads((folder / SOURCE_FILE).read_text(encoding="utf-8"))
        result = json.loads((folder / RESULT_FILE).read_text(encoding="utf-8"))
        schema = Schema.from_dict(source["schema"])
        plan = Plan.from_yaml((folder / PLAN_FILE).read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        name = Path(error.filename).name
        if is_unfinished(folder):
            raise InputError(f"the run {folder} is not finished; `goodfit resume {folder}` goes on with it") from None
        raise InputError(f"the run {folder} has no {name}: it was not finished; run it again") from None
    except (ValueError, KeyError, TypeError, UnicodeDecodeError) as error:
        raise InputError(f"the run {folder} is damaged ({error}); run it again") from None
    return SavedRun(folder, source, schema, plan, result)


def read_result(run: Path) -> RunResult:
    """Return the result of a run.

    Raises:
        InputError: it is no run, or its result is damaged.
    """
    path = run / RESULT_FILE
    if not run.is_dir() or not path.exists():
        raise InputError(f"{run} is not a run directory (it has no {RESULT_FILE}); `goodfit runs` lists the runs")
    try:
        return RunResult.from_dict(read_json(path))
    except ValueError as error:
        raise InputError(f"{path} is damaged: {error}; run the command again") from None


def read_json(path: Path) -> dict[str, Any]:
    """Return the JSON object in a file; NaN and infinity are read as null.

    Raises:
        InputError: the file is damaged.
    """
    try:
        value = json.loads(path.read_text(encoding="utf-8"), parse_constant=_unknown)
    except (ValueError, OSError) as error:
        raise InputError(f"{path} is damaged ({error}); run the command again") from None
    if not isinstance(value, dict):
        raise InputError(f"{path} is damaged: it holds no JSON object; run the command again")
    return value


def _unknown(_: str) -> None:
    """Read NaN and infinity as null."""


def read_table(path: Path) -> pl.DataFrame | None:
    """The table, or nothing when it is not there or empty."""
    if not path.exists():
        return None
    try:
        frame = pl.read_parquet(path)
    except (pl.exceptions.PolarsError, OSError) as error:
        raise InputError(f"{path} is damaged ({error}); run the command again") from None
    return frame if len(frame) else None


def read_steps(path: Path) -> tuple[Step, ...]:
    """Return the journal's lines that have a sentence; a last line that was cut off by a crash is passed over."""
    if not path.exists():
        return ()
    steps = []
    for line in path.read_text(encoding="utf-8").splitlines():
        try:
            facts = json.loads(line, parse_constant=_unknown)
        except ValueError:
            break
        if facts.get("sentence"):
            steps.append(Step.from_dict(facts))
    return tuple(steps)


def read_plan_text(run: Path, plan: Plan) -> str:
    """Return the text of the run's plan file; that of the plan if there is none."""
    path = run / PLAN_FILE
    return path.read_text(encoding="utf-8") if path.exists() else plan.to_yaml()


class Errors(NamedTuple):
    """A predictor's errors on each training and dev example, and the examples' groups where there are any."""

    train: Float[np.ndarray, "seeds train"]
    dev: Float[np.ndarray, "seeds dev"]
    train_groups: Int[np.ndarray, "train"] | None
    dev_groups: Int[np.ndarray, "dev"] | None


def saved_errors(saved: SavedRun) -> Errors:
    """Errors of each training and dev example, as the run kept them."""
    frame = pl.read_parquet(saved.folder / PREDICTIONS_FILE)
    wrong = (pl.col("prediction") != pl.col("truth")).cast(pl.Float64) if saved.schema.classes else pl.col("cost")
    train, dev = (frame.filter(pl.col("set") == name).with_columns(error=wrong) for name in ("train", "dev"))
    groups = [part["group"].to_numpy() if "group" in frame.columns else None for part in (train, dev)]
    return Errors(train["error"].to_numpy()[None], dev["error"].to_numpy()[None], *groups)
