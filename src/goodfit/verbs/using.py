"""Using a run: its final test and its predictions."""

from pathlib import Path
from typing import Any

import polars as pl

from goodfit.data.dataset import Features, Splits
from goodfit.data.image_opening import features_of_images
from goodfit.data.images import images_without_labels
from goodfit.data.sources import encode, read_frame
from goodfit.diagnose.gaps import Gaps, gaps_from_runs
from goodfit.errors import InputError
from goodfit.improve import archive, summary
from goodfit.improve.archive import RESULT_FILE, Saved, read_run
from goodfit.report.page import write_report
from goodfit.train.machine import prepare_jax
from goodfit.train.predictor import Predictor
from goodfit.verbs.common import Data, Tested, groups_of, open_test, reopen
from goodfit.verbs.diagnosing import saved_errors


def test(run: str | Path, data: Data | None = None, *, force: bool = False) -> dict[str, Any]:
    """Open the test set for this run: once for this data, unless forced.

    Args:
        run: its directory.
        data: the data it was trained on, where that was in memory or has moved.
        force: open the test set even if another model opened it before.

    Returns:
        test_error, test_low, test_high, test_metrics, dev_overfitting (test above dev error), the verdict's reason, and
        a test_note where it was opened before.

    Raises:
        TestSetLockedError: another model opened it before.
        InputError: no such run, or no such data.
    """
    saved = read_run(run)
    prepare_jax()
    splits = reopen(saved, data)
    predictor = Predictor.load(saved.folder, saved.schema)
    tested = open_test(splits, predictor, saved.folder, force)
    if tested.error is None or tested.outputs is None:
        raise InputError(f"the run {run} has no test set; train again without --no-test to have one")
    figures = {"test_error": tested.error.value, "test_low": tested.error.low, "test_high": tested.error.high}
    figures |= {
        "test_note": tested.note,
        "test_metrics": summary.of_metrics(splits, tested.outputs, splits.test),
    }
    final = saved.result["final"]
    gaps = _gaps(saved, splits, tested)
    figures["dev_overfitting"] = summary.interval(gaps.dev_overfitting)
    if gaps.verdict == final["verdict"]:  # `improve` on a regression may know more of the bias than the run keeps
        figures["reason"] = gaps.reason
    final |= figures
    archive.write_json(saved.folder / RESULT_FILE, saved.result)
    write_report(saved.folder)
    return {"run": str(run), "metric": saved.result["metric"], **figures}


def _gaps(saved: Saved, splits: Splits, tested: Tested) -> Gaps:
    """The run's gaps again, that between dev and test set among them."""
    errors = saved_errors(saved)
    return gaps_from_runs(
        errors.train,
        errors.dev,
        test_errors=tested.errors,
        human_error=saved.result["human_error"],
        min_gap=saved.result["min_gap"],
        train_groups=errors.train_groups,
        dev_groups=errors.dev_groups,
        test_groups=groups_of(splits, splits.test),
    )


def predict(run: str | Path, data: Data, *, out: str | Path | None = None) -> pl.DataFrame:
    """Predict new rows.

    Args:
        run: its directory.
        data: a file, arrays or a frame with the columns that the run was trained on (others are ignored); of a run on
            images a folder or a table of them, one image, or an NPZ or IDX file.
        out: a CSV file to write as well.

    Returns:
        A `prediction` column and, for classes, a `probability:CLASS` column each; before them, for image files, a
        `file` column. An image that cannot be read has no prediction.

    Raises:
        InputError: no such run, a column is missing, or the file cannot be written.
    """
    saved = read_run(run)
    features, files = _features(data, saved)
    prepare_jax()
    frame = archive.prediction_frame(saved.schema, Predictor.load(saved.folder, saved.schema).outputs(features))
    if files is not None:
        frame = files.join(frame.with_row_index("place"), on="place", how="left", maintain_order="left").drop("place")
    if out is not None:
        try:
            frame.write_csv(out)
        except OSError as error:
            raise InputError(
                f"cannot write {out} ({error.strerror or error}); choose another file with --out"
            ) from None
    return frame


def _features(data: Data, saved: Saved) -> tuple[Features, pl.DataFrame | None]:
    """The features of new rows; for image files their names as well, and each one's place among the features."""
    if saved.schema.image is None:
        return encode(read_frame(data), saved.schema), None
    images = images_without_labels(data)
    features, sound = features_of_images(images, saved.schema)
    if not images.files:
        return features, None
    place = pl.Series("place", [None] * len(images), dtype=pl.UInt32).scatter(sound, range(len(sound)))
    return features, pl.DataFrame([pl.Series("file", images.files), place])
