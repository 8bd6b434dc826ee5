"""Predict new rows with a run."""

import polars as pl

from goodfit.api.requests.data import DataSource
from goodfit.api.requests.request import takes
from goodfit.api.requests.use import PredictRequest
from goodfit.data.dataset import Features
from goodfit.data.images.dataset import features_of_images
from goodfit.data.images.listing import images_without_labels
from goodfit.data.open import encode, read_frame
from goodfit.engine.machine import prepare_jax
from goodfit.engine.predictor import Predictor
from goodfit.errors import InputError
from goodfit.run_folder import archive
from goodfit.run_folder.archive import SavedRun, read_run


@takes(PredictRequest)
def predict(request: PredictRequest) -> pl.DataFrame:
    """Predict new rows.

    The data has the columns that the run was trained on; others are ignored. For a run on images it is a folder or a
    table of them, one image, or an NPZ or IDX file.

    Returns:
        A `prediction` column and, for classes, a `probability:CLASS` column each; before them, for image files, a
        `file` column. An image that cannot be read has no prediction.

    Raises:
        InputError: no such run, a column is missing, or the file cannot be written.
    """
    saved = read_run(request.run)
    features, files = _features(request.data, saved)
    prepare_jax()
    frame = archive.prediction_frame(saved.schema, Predictor.load(saved.folder, saved.schema).outputs(features))
    if files is not None:
        frame = files.join(frame.with_row_index("place"), on="place", how="left", maintain_order="left").drop("place")
    if request.out is not None:
        try:
            frame.write_csv(request.out)
        except OSError as error:
            why = error.strerror or error
            raise InputError(f"cannot write {request.out} ({why}); choose another file with --out") from None
    return frame


def _features(data: DataSource, saved: SavedRun) -> tuple[Features, pl.DataFrame | None]:
    """Return the features of new rows; for image files also their names, and the place of each among the features."""
    if saved.schema.image is None:
        return encode(read_frame(data), saved.schema), None
    images = images_without_labels(data)
    features, sound = features_of_images(images, saved.schema)
    if not images.files:
        return features, None
    place = pl.Series("place", [None] * len(images), dtype=pl.UInt32).scatter(sound, range(len(sound)))
    return features, pl.DataFrame([pl.Series("file", images.files), place])
