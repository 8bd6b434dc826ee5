"""Label smoothing (Szegedy et al. 2016)."""

from typing import Any

from goodfit.improve.prescriptions.prescription import Case, Prescription


def _changes(case: Case) -> dict[str, Any] | None:
    if case.task == "regression" or case.plan.label_smoothing >= 0.2:
        return None
    return {"label_smoothing": 0.1 if case.plan.label_smoothing < 0.1 else 0.2}


LABEL_SMOOTHING = Prescription(
    "label smoothing", ("variance",), "softer labels keep the network from growing too sure", _changes
)
