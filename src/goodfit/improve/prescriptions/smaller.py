"""A smaller network: another architecture against variance (seed: basic recipe, high variance)."""

from typing import Any

from goodfit.improve.prescriptions.prescription import Case, Prescription


def _changes(case: Case) -> dict[str, Any] | None:
    if min(case.plan.hidden_units, default=0) < 32:
        return None
    return {"hidden_units": tuple(units // 2 for units in case.plan.hidden_units)}


SMALLER = Prescription("smaller network", ("variance",), "fewer weights can memorise less", _changes)
