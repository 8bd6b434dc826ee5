"""Early stopping, and L2 in its place: one knob for one purpose (seed: early stopping, orthogonalisation)."""

from typing import Any

from goodfit.improve.prescriptions.prescription import Case, Prescription


def _stop(case: Case) -> dict[str, Any] | None:
    if case.plan.patience:
        return None
    return {"patience": max(5, case.plan.epochs // 10), "l2": 0.0}


def _penalise(case: Case) -> dict[str, Any] | None:
    return {"patience": 0, "l2": max(1.0, 4 * case.plan.l2)} if case.plan.patience else None


EARLY_STOPPING = Prescription(
    "early stopping without L2",
    ("variance",),
    "stopping where the dev cost turns needs no λ to be searched",
    _stop,
)
L2_FOR_EARLY_STOPPING = Prescription(
    "L2 without early stopping",
    ("variance",),
    "fitting and regularising are two tasks and get two knobs",
    _penalise,
)
