"""Whether left and right of the images may change places: asked of networks that never saw a mirrored one."""

from typing import NamedTuple

import numpy as np

from goodfit.data.dataset import Splits
from goodfit.engine.predictor import member_of
from goodfit.record.measurement import Measurement, judge_outputs
from goodfit.wording.numbers import percent

_SHARE = 0.1  # of what was learned may be lost on mirrored images: photographs lose a point or two, digits most of it


class MirrorTest(NamedTuple):
    """The dev error on mirrored images beside that on the images as they are."""

    error: float
    mirrored: float
    allowed: bool

    @property
    def sentence(self) -> str:
        """What follows, for people."""
        errors = f"{percent(self.mirrored)} in place of {percent(self.error)}"
        fact = f"Mirrored dev images are recognized with an error of {errors}"
        return f"{fact}: flips {'keep the labels' if self.allowed else 'change labels, so they are left out'}."


def mirrored(measurement: Measurement, splits: Splits) -> MirrorTest | None:
    """What networks that were trained without flips make of mirrored dev images; None where that cannot be asked."""
    features, schema = splits.dataset.features, splits.dataset.schema
    runs = [run for of_seed in measurement.runs for run in of_seed if run.usable]
    if features.pixels is None or not schema.classes or not runs:
        return None
    turned = features._replace(pixels=features.pixels[:, :, ::-1])
    errors = []
    for run in runs:
        member = member_of(run, "")
        outputs = np.stack([member.outputs(each, schema, run.dev) for each in (features, turned)])
        errors.append(judge_outputs(splits, outputs, run.dev)[1].mean(axis=1))
    error, flipped = np.mean(errors, axis=0)
    guess = 1 - np.bincount(splits.dataset.target[splits.train]).max() / len(splits.train)
    return MirrorTest(float(error), float(flipped), bool(flipped - error <= _SHARE * max(guess - error, 0)))
