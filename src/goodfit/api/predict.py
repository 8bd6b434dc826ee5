"""Predict new rows with a run."""

import warnings

import polars as pl

from goodfit.api.requests.request import takes
from goodfit.api.requests.use import PredictRequest
from goodfit.data.open import NewRows, open_new_rows
from goodfit.engine.machine import prepare_jax
from goodfit.errors import DataWarning, InputError
from goodfit.experiments.saved_predictor import load_predictor
from goodfit.run_folder.folders import check_is_data
from goodfit.run_folder.saved_run import SavedRun, read_run
from goodfit.run_folder.tables import prediction_frame, read_predictions
from goodfit.wording.numbers import number


@takes(PredictRequest)
def predict(request: PredictRequest) -> pl.DataFrame:
    """Predict new rows.

    The data has the columns that the run was trained on; others are ignored. For a run on images it is a folder or a
    table of them, one image, or an NPZ or IDX file.

    Returns:
        A `prediction` column, in the labels' own type, and, for classes, a `probability:CLASS` column each; before
        them, for image files, a `file` column. An image that cannot be read has no prediction.

    Raises:
        InputError: no such run, a column is missing, or the file cannot be written.
    """
    saved = read_run(request.run)
    check_is_data(request.data)
    rows = open_new_rows(request.data, saved.schema)
    prepare_jax()
    outputs = load_predictor(saved).outputs(rows.features)
    for note in rows.notes:
        warnings.warn(note.text, DataWarning, stacklevel=3)
    if saved.schema.task == "regression" and (outputs < 0).any() and _is_never_negative(saved):
        share = f"{number(int((outputs < 0).sum()))} of {number(len(outputs))} predictions are negative"
        text = f"{share}, although no target of the run is; train with --target-transform log to avoid that"
        warnings.warn(text, DataWarning, stacklevel=3)
    frame = prediction_frame(saved.schema, outputs)
    if rows.files:
        frame = _with_files(frame, rows)
    if request.out is not None:
        try:
            frame.write_csv(request.out)
        except OSError as error:
            why = error.strerror or error
            raise InputError(f"cannot write {request.out} ({why}); choose another file with --out") from None
    return frame


def _is_never_negative(saved: SavedRun) -> bool:
    """True if no target that the run saw is negative."""
    predictions = read_predictions(saved.folder)
    return predictions is not None and bool((predictions["truth"] >= 0).all())


def _with_files(frame: pl.DataFrame, rows: NewRows) -> pl.DataFrame:
    """Return a row for each file, in their order; those of files that cannot be read have no prediction."""
    files = pl.DataFrame({"file": rows.files}).with_row_index("row")
    readable = pl.Series("row", rows.readable, dtype=pl.UInt32)
    return files.join(frame.with_columns(readable), on="row", how="left", maintain_order="left").drop("row")
