"""Stronger dropout (seed: dropout regularization)."""

from typing import Any

from goodfit.improve.prescriptions.prescription import Case, Prescription


def _changes(case: Case) -> dict[str, Any] | None:
    if not case.plan.hidden_units:
        return None
    mean = sum(case.plan.keep_probs) / len(case.plan.keep_probs)
    return {"keep_prob": round(max(0.4, mean - 0.2), 3)} if mean > 0.4 else None


DROPOUT = Prescription(
    "stronger dropout", ("variance",), "no unit can lean on single others when they may be missing", _changes
)
