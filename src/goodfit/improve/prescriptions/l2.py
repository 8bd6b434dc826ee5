"""L2 regularisation (seed: regularization)."""

from typing import Any

from goodfit.improve.prescriptions.prescription import Case, Prescription


def _changes(case: Case) -> dict[str, Any]:
    return {"l2": max(1.0, 4 * case.plan.l2)}


L2 = Prescription("L2 penalty", ("variance",), "smaller weights make a smoother function", _changes)
