"""The one opening of the test set, and the interval of its error."""

import hashlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from jaxtyping import Float

from goodfit.data.dataset import Splits
from goodfit.diagnosis.intervals import Interval
from goodfit.engine.predictor import Predictor
from goodfit.experiments.guess import error_interval
from goodfit.record.measurement import Judgment, judge_outputs
from goodfit.run_folder.names import LEDGER_FILE
from goodfit.run_folder.test_ledger import open_test_set


@dataclass(frozen=True)
class FinalTest:
    """The error on the test set, or the reason why there is none."""

    error: Interval | None
    note: str | None
    outputs: Float[np.ndarray, "test outputs"] | None = None
    judgment: Judgment | None = None


def final_test(splits: Splits, predictor: Predictor, folder: Path, force: bool, count_own: bool = True) -> FinalTest:
    """Open the test set once for this data; a second model is refused unless forced.

    `own`: tell of earlier openings by this very run and model, too; those of a job that was cut off are the same one.

    Raises:
        TestSetLockedError: it was opened before by another model.
    """
    if not len(splits.test):
        return FinalTest(None, "there is no test set; the dev set was used in the development")
    ledger, model = folder.parent / LEDGER_FILE, model_fingerprint(predictor)
    earlier = open_test_set(splits, ledger=ledger, run=folder.name, model=model, force=force)
    if not count_own:
        earlier = [opening for opening in earlier if (opening.run, opening.model) != (folder.name, model)]
    outputs = predictor.outputs(splits.dataset.features, splits.test)
    judgment = judge_outputs(splits, outputs[None], splits.test)
    note = f"the test set had been opened before ({len(earlier)} on record)" if earlier else None
    return FinalTest(error_interval(splits, judgment.errors, splits.test), note, outputs, judgment)


def model_fingerprint(predictor: Predictor) -> str:
    """The same for the same weights, in the same places, calibrated alike."""
    digest = hashlib.sha256(repr(predictor.calibration).encode())
    for member in predictor.members:
        digest.update(repr((member.weight, member.calibration, member.structure)).encode())
        for name in sorted(member.weights):
            zero = 0.0  # added, it makes -0.0, which L1 leaves and a packed file does not keep, the same as 0.0
            digest.update(name.encode() + (member.weights[name] + zero).tobytes())
    return digest.hexdigest()
