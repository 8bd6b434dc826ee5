"""Another preparation of the inputs: in a sketch each kind was the best on some sets, by up to a tenth of the error."""

from goodfit.improve.prescriptions.prescription import Case, Prescription
from goodfit.plan import PreparationKind


def _of(kind: PreparationKind, why: str) -> Prescription:
    def changes(case: Case) -> dict[str, str] | None:
        same = case.plan.preparation == kind or case.flips is not None  # images have one preparation
        return None if same else {"preparation": kind}

    return Prescription(f"{kind} preparation", ("bias", "variance"), why, changes)


STANDARD = _of("standard", "mean 0 and deviation 1 keep distances as they are")
ROBUST = _of("robust", "median and quartiles, softly clipped, keep far-out values from ruling the scale")
QUANTILE = _of("quantile", "each column made normal by its ranks, so that crooked columns use the whole scale")
PIECEWISE = _of("piecewise", "each number on pieces between its quantiles, so that bends and steps are easy to learn")
