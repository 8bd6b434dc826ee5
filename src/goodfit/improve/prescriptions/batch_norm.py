"""Batch norm (seed: batch normalization): faster training, and a slight regularisation from the batches' noise."""

from typing import Any

from goodfit.improve.prescriptions.prescription import Case, Prescription


def _changes(case: Case) -> dict[str, Any] | None:
    if case.plan.batch_norm != "none" or not case.plan.hidden_units or case.plan.batch_size == 1:
        return None
    return {"batch_norm": "before"}


BATCH_NORM = Prescription(
    "batch norm",
    ("bias", "variance"),
    "layers see inputs of steady mean and variance while those before them learn",
    _changes,
)
