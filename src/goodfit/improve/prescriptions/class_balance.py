"""Class weights where a class is rare."""

from goodfit.improve.prescriptions.prescription import Case, Prescription

_RARE = 0.5  # of the share that a class of a balanced set would have


def _changes(case: Case) -> dict[str, float] | None:
    if case.task == "regression" or case.rarest_share > _RARE or case.plan.class_balance > 0:
        return None
    return {"class_balance": 0.5}


CLASS_BALANCE = Prescription("class weights", ("bias", "variance"), "rare classes count for more in the cost", _changes)
