"""A bigger network: more hidden units (seed: basic recipe, high bias)."""

from typing import Any

from goodfit.improve.prescriptions.prescription import Case, Prescription


def _changes(case: Case) -> dict[str, Any]:
    return {"hidden_units": tuple(2 * units for units in case.plan.hidden_units) or (256, 256, 256)}


BIGGER = Prescription("bigger network", ("bias",), "more hidden units let the network fit more", _changes)
