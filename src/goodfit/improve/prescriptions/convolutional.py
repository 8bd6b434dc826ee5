"""Convolutional layers for images (seed: try another architecture)."""

from typing import Any

from goodfit.improve.prescriptions.prescription import Case, Prescription


def _changes(case: Case) -> dict[str, Any] | None:
    if case.flips is None or case.plan.layer == "convolutional":
        return None
    return {"layer": "convolutional", "hidden_units": (32, 32, 64, 64), "batch_norm": "before"}


CONVOLUTIONAL = Prescription(
    "convolutional layers", ("bias", "variance"), "neighbouring pixels belong together, wherever they stand", _changes
)
