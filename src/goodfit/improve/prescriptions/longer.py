"""Train longer (seed: basic recipe, high bias)."""

from typing import Any

from goodfit.improve.prescriptions.prescription import Case, Prescription


def _changes(case: Case) -> dict[str, Any]:
    return {"epochs": 2 * case.plan.epochs}


LONGER = Prescription("train longer", ("bias",), "twice the epochs give the cost time to fall further", _changes)
