"""Mini-batches: more and smaller steps in an epoch (seed: mini-batch gradient descent)."""

from typing import Any

from goodfit.improve.prescriptions.prescription import Case, Prescription

_EPOCHS = 60  # enough for one-cycle Adam on tables (benchmarks/quality.py)


def _of(size: int) -> Prescription:
    def changes(case: Case) -> dict[str, Any] | None:
        if case.m < 2 * size or case.plan.batch_size == size:
            return None
        if case.plan.batch_size:
            return {"batch_size": size}
        # A whole batch takes one step an epoch, so its epochs and rate say little about mini-batches.
        return {"batch_size": size, "epochs": _EPOCHS, "learning_rate": case.plan.learning_rate / 2}

    why = "smaller mini-batches take more and noisier steps, which reach a lower cost and often generalise better"
    return Prescription(f"mini-batches of {size}", ("bias", "variance"), why, changes)


MINI_BATCHES_32 = _of(32)
MINI_BATCHES_128 = _of(128)
