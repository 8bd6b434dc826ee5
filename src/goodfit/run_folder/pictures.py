"""Pictures for the report: some training samples of each class, and the worst mistakes on the dev set."""

import io
from pathlib import Path

import numpy as np
from jaxtyping import Float, Int

from goodfit.data.dataset import Splits
from goodfit.record.measurement import judge_outputs
from goodfit.run_folder.names import PICTURES_FILE
from goodfit.run_folder.whole_files import write_whole

MOST_CLASSES, SAMPLES = 10, 3
MOST_MISTAKES = 24
_SPREAD = 10  # samples along a number


def write_pictures(
    folder: Path, splits: Splits, rows: Int[np.ndarray, "rows"], outputs: Float[np.ndarray, "rows outputs"]
) -> None:
    """Leave samples of the training set and the worst mistakes in a run's folder; nothing where the data is a table.

    Args:
        folder: the run's.
        splits: of images.
        rows: of the dev set, or what stands for it.
        outputs: of these rows.
    """
    pixels, schema, files = splits.dataset.features.pixels, splits.dataset.schema, splits.dataset.files
    if pixels is None:
        return
    # Copied into the run, since the data may have moved or changed when the report is written again.
    samples = _samples(splits)
    worst, costs = _worst(splits, rows, outputs)
    worst_outputs = outputs[worst]
    arrays = {
        "samples": pixels[samples],
        "sample_rows": samples,
        "sample_truths": _names(splits, splits.dataset.target[samples]),
        "mistakes": pixels[rows[worst]],
        "mistake_rows": rows[worst],
        "mistake_files": np.array([files[row] for row in rows[worst]] if files else [], str),
        "truths": _names(splits, splits.dataset.target[rows[worst]]),
        "predictions": _names(splits, worst_outputs.argmax(axis=1) if schema.classes else worst_outputs[:, 0]),
        "probabilities": worst_outputs.max(axis=1) if schema.classes else np.full(len(worst), np.nan),
        "costs": costs,
    }
    data = io.BytesIO()
    np.savez(data, **arrays)  # type: ignore[arg-type]
    write_whole(folder / PICTURES_FILE, data.getvalue())


def _samples(splits: Splits) -> Int[np.ndarray, "samples"]:
    """Return up to SAMPLES rows of the first classes, or rows along the order of the target."""
    target = splits.dataset.target[splits.train]
    if not splits.dataset.schema.classes:
        order = splits.train[np.argsort(target, kind="stable")]
        return order[np.unique(np.linspace(0, len(order) - 1, min(_SPREAD, len(order))).astype(int))]
    codes = np.unique(target)[:MOST_CLASSES]
    return np.concatenate([splits.train[np.flatnonzero(target == code)[:SAMPLES]] for code in codes])


def _worst(
    splits: Splits, rows: Int[np.ndarray, "rows"], outputs: Float[np.ndarray, "rows outputs"]
) -> tuple[Int[np.ndarray, "worst"], Float[np.ndarray, "worst"]]:
    """Return the places and costs of the wrong answers that cost most, or of the largest misses."""
    costs = judge_outputs(splits, outputs[None], rows).costs[0]
    order = np.argsort(-costs, kind="stable")
    if splits.dataset.schema.classes:
        order = order[outputs[order].argmax(axis=1) != splits.dataset.target[rows[order]]]
    return order[:MOST_MISTAKES], costs[order[:MOST_MISTAKES]]


def _names(splits: Splits, values: np.ndarray) -> np.ndarray:
    classes = splits.dataset.schema.classes
    return np.array(classes)[values] if classes else values
