"""A test of flips: networks that never saw a mirrored image are measured on mirrored dev images."""

from typing import NamedTuple

import numpy as np

from goodfit.data.dataset import Splits
from goodfit.engine.predictor import member_of
from goodfit.record.measurement import Measurement, judge_outputs
from goodfit.wording.numbers import percent

# Share of the accuracy above a guess that may be lost on mirrored images. Photographs lose a few hundredths of it,
# digits most of it.
_TOLERANCE = 0.1


class MirrorTest(NamedTuple):
    """Dev error on mirrored images, compared with the images as they are.

    Attributes:
        error: dev error on the images as they are.
        mirrored: dev error on the mirrored images.
        allowed: True if flips keep the labels.
    """

    error: float
    mirrored: float
    allowed: bool

    @property
    def sentence(self) -> str:
        """The result for people."""
        mirrored, upright = percent(self.mirrored), percent(self.error)
        fact = f"The error on mirrored dev images is {mirrored}, on the images as they are {upright}"
        return f"{fact}: flips {'keep the labels' if self.allowed else 'change labels, so they are left out'}."


def compare_mirrored(measurement: Measurement, splits: Splits) -> MirrorTest | None:
    """Measure networks that were trained without flips on mirrored dev images.

    None for tables, for regressions, and where no training gave a usable network.
    """
    features, schema = splits.dataset.features, splits.dataset.schema
    runs = [run for seed_runs in measurement.runs for run in seed_runs if run.usable]
    if features.pixels is None or not schema.classes or not runs:
        return None
    mirrored = features._replace(pixels=features.pixels[:, :, ::-1])
    errors = []
    for run in runs:
        member = member_of(run, "")
        outputs = np.stack([member.outputs(images, schema, run.dev) for images in (features, mirrored)])
        errors.append(judge_outputs(splits, outputs, run.dev).errors.mean(axis=1))
    error, mirrored_error = np.mean(errors, axis=0)
    # Near the error of a guess there is little accuracy to lose, so even a small rise says that labels change.
    guess = 1 - np.bincount(splits.dataset.target[splits.train]).max() / len(splits.train)
    allowed = bool(mirrored_error - error <= _TOLERANCE * max(guess - error, 0))
    return MirrorTest(float(error), float(mirrored_error), allowed)
