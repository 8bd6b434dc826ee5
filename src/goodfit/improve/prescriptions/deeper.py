"""A deeper network with residual connections (seed: another architecture; He et al. 2016)."""

from typing import Any

from goodfit.improve.prescriptions.prescription import Case, Prescription


def _changes(case: Case) -> dict[str, Any] | None:
    units = case.plan.hidden_units
    if not units or case.plan.architecture == "residual":
        return None
    return {"hidden_units": (*units, units[-1]), "architecture": "residual"}


DEEPER = Prescription(
    "deeper, residual network",
    ("bias", "variance"),
    "another architecture: one layer more, each adding to its input, so that depth does not hinder training",
    _changes,
)
