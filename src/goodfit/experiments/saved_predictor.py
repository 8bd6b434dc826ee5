"""Predictors of runs: saved in a run's folder, and loaded from there."""

from pathlib import Path

from goodfit.engine.predictor import Member, Predictor
from goodfit.run_folder.model import read_model, write_model
from goodfit.run_folder.saved_run import SavedRun


def save_predictor(predictor: Predictor, folder: Path) -> None:
    """Save a predictor in a run's folder.

    Raises:
        OSError: a file cannot be written.
        SafetensorError: the arrays cannot be written.
    """
    write_model(folder, predictor.members, predictor.calibration)


def load_predictor(saved: SavedRun) -> Predictor:
    """Load the predictor of a run.

    Raises:
        InputError: a file is missing or damaged.
    """
    members, calibration = read_model(saved.folder)
    return Predictor(saved.schema, tuple(Member(**vars(member)) for member in members), calibration)
