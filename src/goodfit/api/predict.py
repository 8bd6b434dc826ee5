"""Using a run: its final test and its predictions."""

from pathlib import Path

import polars as pl

from goodfit.api.options import Data
from goodfit.data.dataset import Features
from goodfit.data.images.dataset import features_of_images
from goodfit.data.images.listing import images_without_labels
from goodfit.data.open import encode, read_frame
from goodfit.engine.machine import prepare_jax
from goodfit.engine.predictor import Predictor
from goodfit.errors import InputError
from goodfit.run_folder import archive
from goodfit.run_folder.archive import SavedRun, read_run


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


def _features(data: Data, saved: SavedRun) -> tuple[Features, pl.DataFrame | None]:
    """The features of new rows; for image files their names as well, and each one's place among the features."""
    if saved.schema.image is None:
        return encode(read_frame(data), saved.schema), None
    images = images_without_labels(data)
    features, sound = features_of_images(images, saved.schema)
    if not images.files:
        return features, None
    place = pl.Series("place", [None] * len(images), dtype=pl.UInt32).scatter(sound, range(len(sound)))
    return features, pl.DataFrame([pl.Series("file", images.files), place])
