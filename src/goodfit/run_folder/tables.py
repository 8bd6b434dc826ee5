"""Tables of a run: costs and errors by epoch, and the prediction of each example that was judged."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import numpy as np
import polars as pl
from jaxtyping import Float, Int

from goodfit.data.dataset import Schema, Splits
from goodfit.data.tables.labels import typed_labels
from goodfit.record.measurement import Measurement, judge_outputs
from goodfit.run_folder.json_files import damaged
from goodfit.run_folder.names import HISTORY_FILE, PREDICTIONS_FILE
from goodfit.run_folder.whole_files import write_table


class ExampleMisses(NamedTuple):
    """A predictor's misses on each training and dev example, and the examples' groups where there are any."""

    train: Float[np.ndarray, "seeds train"]
    dev: Float[np.ndarray, "seeds dev"]
    train_groups: Int[np.ndarray, "train"] | None
    dev_groups: Int[np.ndarray, "dev"] | None


def write_history(folder: Path, measurements: Sequence[Measurement]) -> None:
    """Write one row for each epoch of every training.

    Raises:
        OSError: the file cannot be written.
    """
    frames = []
    for measurement in measurements:
        for seed, runs in zip(measurement.seeds, measurement.runs, strict=True):
            for fold, run in enumerate(runs):
                labels = {
                    "round": measurement.round,
                    "experiment": measurement.name,
                    "seed": seed,
                    "fold": fold,
                    "untouched_since": measurement.untouched_since,
                }
                columns = {name: np.asarray(values, np.float64) for name, values in run.history.items()}
                integers = [pl.col("epoch").cast(pl.Int64), pl.col("step").cast(pl.Int64)]
                # A column of None alone would have a type of its own, which does not go with that of other trainings.
                literals = [
                    pl.lit(value, pl.Int64 if name == "untouched_since" else None).alias(name)
                    for name, value in labels.items()
                ]
                frames.append(pl.DataFrame(columns).with_columns(*integers, *literals))
    if frames:
        write_table(folder / HISTORY_FILE, pl.concat(frames))


def read_history(folder: Path) -> pl.DataFrame | None:
    """Return one row for each epoch of every training; None if there is none.

    Raises:
        InputError: the file is damaged.
    """
    return _read_table(folder / HISTORY_FILE)


def write_predictions(
    folder: Path,
    splits: Splits,
    sets: dict[str, tuple[Int[np.ndarray, "rows"], Float[np.ndarray, "rows outputs"]]],
) -> None:
    """Write truth, prediction, cost and probabilities of each judged example, by set.

    Raises:
        OSError: the file cannot be written.
    """
    frames = [_judged_examples(splits, name, rows, outputs) for name, (rows, outputs) in sets.items()]
    write_table(folder / PREDICTIONS_FILE, pl.concat(frames))


def add_test_predictions(folder: Path, splits: Splits, outputs: Float[np.ndarray, "test outputs"]) -> None:
    """Write the predictions of a test set that was opened later beside the others.

    Raises:
        OSError: the file cannot be written.
        InputError: the file of the others is damaged.
    """
    others = read_predictions(folder)
    frames = [] if others is None else [others.filter(pl.col("set") != "test")]
    frames.append(_judged_examples(splits, "test", splits.test, outputs))
    write_table(folder / PREDICTIONS_FILE, pl.concat(frames))


def _judged_examples(
    splits: Splits, name: str, rows: Int[np.ndarray, "rows"], outputs: Float[np.ndarray, "rows outputs"]
) -> pl.DataFrame:
    schema, target = splits.dataset.schema, splits.dataset.target
    # Labels as text here, whatever their own type: the report compares them with names of classes.
    frame = prediction_frame(replace(schema, label_type=None), outputs)
    cost = judge_outputs(splits, outputs[None], rows).costs[0]
    truth = np.array(schema.classes)[target[rows]] if schema.classes else target[rows]
    lead = pl.DataFrame({"set": [name] * len(rows), "row": rows, "truth": truth, "cost": cost})
    if splits.dataset.groups is not None:
        lead = lead.with_columns(group=splits.dataset.groups[rows])
    probabilities = frame.rename({c: c.replace("probability:", "p:", 1) for c in frame.columns if c != "prediction"})
    return pl.concat([lead, probabilities], how="horizontal")


def read_predictions(folder: Path) -> pl.DataFrame | None:
    """Return one row for each judged example; None if there is none.

    Raises:
        InputError: the file is damaged.
    """
    return _read_table(folder / PREDICTIONS_FILE)


def prediction_frame(schema: Schema, outputs: Float[np.ndarray, "rows outputs"]) -> pl.DataFrame:
    """Return a `prediction` column, in the type of the labels, and for classes a probability column each."""
    if not schema.classes:
        return pl.DataFrame({"prediction": outputs[:, 0]})
    predicted = typed_labels(schema)[outputs.argmax(axis=1)]
    columns = {f"probability:{name}": outputs[:, index] for index, name in enumerate(schema.classes)}
    return pl.DataFrame({"prediction": predicted, **columns})


def example_misses(folder: Path, schema: Schema) -> ExampleMisses:
    """Return the misses of each training and dev example, as the run kept them.

    Raises:
        InputError: the predictions are missing or damaged.
    """
    path = folder / PREDICTIONS_FILE
    frame = read_predictions(folder)
    if frame is None:
        raise damaged(path, "it is missing or has no rows")
    wrong = (pl.col("prediction") != pl.col("truth")).cast(pl.Float64) if schema.classes else pl.col("cost")
    try:
        train, dev = (frame.filter(pl.col("set") == name).with_columns(miss=wrong) for name in ("train", "dev"))
    except pl.exceptions.PolarsError as error:
        raise damaged(path, error) from None
    groups = [part["group"].to_numpy() if "group" in frame.columns else None for part in (train, dev)]
    return ExampleMisses(train["miss"].to_numpy()[None], dev["miss"].to_numpy()[None], *groups)


def _read_table(path: Path) -> pl.DataFrame | None:
    if not path.exists():
        return None
    try:
        frame = pl.read_parquet(path)
    except (pl.exceptions.PolarsError, OSError) as error:
        raise damaged(path, error) from None
    return frame if len(frame) else None
