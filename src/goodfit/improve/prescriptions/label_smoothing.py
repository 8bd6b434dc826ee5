"""Label smoothing (Szegedy et al. 2016)."""

from typing import Any

from goodfit.improve.prescriptions.prescription import Case, Prescription


def _changes(case: Case) -> dict[str, Any] | None:
    if case.task == "regression":
        return None
    return {"label_smoothing": 0.1 if case.plan.label_smoothing < 0.1 else 0.0}


LABEL_SMOOTHING = Prescription(
    "label smoothing", ("variance",), "softer labels keep the network from growing too sure", _changes
)
