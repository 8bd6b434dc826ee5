"""Another optimisation algorithm (seed: basic recipe, high bias)."""

from typing import Any

from goodfit.improve.prescriptions.prescription import Case, Prescription


def _changes(case: Case) -> dict[str, Any]:
    if case.plan.optimiser == "adam":
        return {"optimiser": "rmsprop", "learning_rate": case.plan.learning_rate / 3}
    return {"optimiser": "adam", "learning_rate": 3e-3, "beta1": 0.9, "beta2": 0.999, "epsilon": 1e-8}


OTHER_OPTIMISER = Prescription(
    "other optimiser",
    ("bias",),
    "another optimisation algorithm may get further along the same slope",
    _changes,
)
