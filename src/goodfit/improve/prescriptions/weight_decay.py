"""Stronger decoupled weight decay (Loshchilov & Hutter 2019)."""

from typing import Any

from goodfit.improve.prescriptions.prescription import Case, Prescription


def _changes(case: Case) -> dict[str, Any]:
    return {"weight_decay": max(0.05, 5 * case.plan.weight_decay)}


WEIGHT_DECAY = Prescription(
    "stronger weight decay",
    ("variance",),
    "weights that earn nothing shrink, whatever their gradient's scale",
    _changes,
)
