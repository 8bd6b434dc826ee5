"""Variations around the incumbent: every number on its own scale (seed: appropriate scale to pick hyperparameters)."""

from typing import Any

import numpy as np

from goodfit.improve.prescriptions.prescription import Prescription
from goodfit.plan import Plan


def nearby(number: int) -> Prescription:
    """The name and reason of a variation; its changes are drawn, not prescribed."""
    return Prescription(f"variation {number}", ("bias", "variance"), "a setting near the incumbent's", lambda _: None)


def variation(plan: Plan, generator: np.random.Generator) -> dict[str, Any]:
    """A setting near this plan: each number on its own scale, log for rates, 1 − p on a log scale for keep_prob."""

    def around(value: float, factor: float) -> float:
        return float(f"{value * factor ** generator.uniform(-1, 1):.3g}")

    changes: dict[str, Any] = {
        "learning_rate": around(plan.learning_rate, 3),
        "weight_decay": around(max(plan.weight_decay, 0.003), 5),
    }
    dropped = [1 - keep_prob for keep_prob in plan.keep_probs]
    if dropped and max(dropped) > 0:
        changes["keep_prob"] = tuple(round(1 - min(0.7, around(max(drop, 0.02), 2)), 3) for drop in dropped)
    return changes
