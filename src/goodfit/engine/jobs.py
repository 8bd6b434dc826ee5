"""A job: one plan to train with one seed, and the numbers and shapes that follow from its plan."""

from dataclasses import dataclass, replace

import jax
import numpy as np
from jaxtyping import Int

from goodfit.engine.moment import Keep, Moment
from goodfit.errors import PlanError
from goodfit.plan import Hyperparameters, Plan, Structure

LARGEST_CHUNK = 256  # rows evaluated at once


@dataclass(frozen=True)
class Job:
    """A plan, a seed and, where it needs them, its own rows (a fold, a quarter of the training set, a bag).

    Attributes:
        plan: as begun.
        seed: of the first weights, the shuffling and the dropout.
        train: rows to train on; the splits' when None.
        dev: rows to choose the best parameters on; the splits' when None.
        start: a moment of this job to go on from; the numbers are those of a training that never stopped.
        keep: is handed the moment where a control takes a checkpoint, and where Ctrl-C stops the training.
        asleep: trains nothing until a control forks another job to it.
    """

    plan: Plan
    seed: int
    train: Int[np.ndarray, "train"] | None = None
    dev: Int[np.ndarray, "dev"] | None = None
    start: Moment | None = None
    keep: Keep | None = None
    asleep: bool = False


def shaped(structure: Structure, image: tuple[int, int, int] | None) -> Structure:
    """The structure with the data's image filled in, where convolutional layers or augmentation need it.

    Raises:
        PlanError: the data is no image.
    """
    if structure.layer == "dense" and not structure.augmentation:
        return structure
    if image is None:
        need, remedy = "convolutional layers need", "layer to dense"
        if structure.layer == "dense":
            need, remedy = "augmentation and flip need", "them to 0"
        raise PlanError(f"{need} images, and this data is a table; set {remedy}")
    return replace(structure, image=image)


def resolved_batch_size(plan: Plan, m: int) -> int:
    """Examples in a mini-batch of this plan on m training examples: never more than there are."""
    return m if plan.batch_size == 0 else min(plan.batch_size, m)


def traced(plan: Plan) -> Hyperparameters:
    """The plan's numbers as the program takes them."""
    return jax.tree.map(np.float32, plan.hyperparameters)
