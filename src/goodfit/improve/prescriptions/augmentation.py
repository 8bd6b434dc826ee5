"""Augmentation of images: the recipe's "more data" where there is none (seed: data augmentation)."""

from typing import Any

from goodfit.improve.prescriptions.prescription import Case, Prescription


def _more(case: Case) -> dict[str, Any] | None:
    strength = case.plan.augmentation
    return None if case.flips is None or strength >= 1 else {"augmentation": 0.5 if strength == 0 else 1.0}


def _flips(case: Case) -> dict[str, Any] | None:
    return {"flip": 0.5} if case.flips and case.plan.flip == 0 else None


AUGMENTATION = Prescription(
    "augmentation", ("variance",), "moved, turned and distorted pictures of the same label are more data", _more
)
WITHOUT_AUGMENTATION = Prescription(
    "without augmentation",
    ("bias", "variance"),
    "what its pictures are worth shows without them",
    lambda case: {"augmentation": 0.0} if case.plan.augmentation > 0 else None,
)
FLIPS = Prescription("flips", ("variance",), "mirrored pictures of the same label are more data", _flips)
