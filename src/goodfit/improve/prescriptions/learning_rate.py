"""A higher or lower learning rate: the first hyperparameter to tune (seed: tuning process)."""

from goodfit.improve.prescriptions.prescription import Case, Prescription


def _times(factor: float, name: str, why: str) -> Prescription:
    def changes(case: Case) -> dict[str, float]:
        return {"learning_rate": case.plan.learning_rate * factor}

    return Prescription(name, ("bias", "variance"), why, changes)


HIGHER_LEARNING_RATE = _times(3, "higher learning rate", "larger steps cover more ground in the same epochs")
LOWER_LEARNING_RATE = _times(1 / 3, "lower learning rate", "smaller steps settle into finer minima")
