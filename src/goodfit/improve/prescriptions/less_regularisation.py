"""Less regularisation, where what holds the network back is bias (seed: why regularization reduces overfitting)."""

from typing import Any

from goodfit.improve.prescriptions.prescription import Case, Prescription


def _changes(case: Case) -> dict[str, Any] | None:
    freer = {
        "keep_prob": 1.0,
        "input_keep_prob": 1.0,
        "weight_decay": 0.0,
        "l2": 0.0,
        "l1": 0.0,
        "label_smoothing": 0.0,
    }
    present = case.plan.to_dict()
    changes = {name: value for name, value in freer.items() if present[name] != value}
    return changes or None


LESS_REGULARISATION = Prescription(
    "less regularisation", ("bias",), "dropout and penalties hold the training error up as well", _changes
)
