"""Another activation (seed: tuning process names it among the hyperparameters)."""

from typing import Any

from goodfit.improve.prescriptions.prescription import Case, Prescription


def _changes(case: Case) -> dict[str, Any] | None:
    if not case.plan.hidden_units:
        return None
    return {"activation": "relu" if case.plan.activation != "relu" else "silu"}


ACTIVATION = Prescription(
    "other activation", ("bias", "variance"), "another bend of the units may fit better", _changes
)
