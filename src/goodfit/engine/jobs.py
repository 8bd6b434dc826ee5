"""A job: one plan to train with one seed, and the numbers and shapes that follow from the plan."""

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
    """A plan, a seed and, if needed, rows of its own (a fold, a quarter of the training set, a bag).

    Attributes:
        plan: settings at the start.
        seed: random seed of the initial weights, shuffling and dropout.
        train: rows to train on; the training set when None.
        dev: rows that choose the best parameters; the dev set when None.
        start: moment to continue from; the results are those of a training that never stopped.
        keep: receives the moment when a control takes a checkpoint, and when Ctrl-C stops the training.
        asleep: True if it trains nothing until a control forks another job to it.
    """

    plan: Plan
    seed: int
    train: Int[np.ndarray, "train"] | None = None
    dev: Int[np.ndarray, "dev"] | None = None
    start: Moment | None = None
    keep: Keep | None = None
    asleep: bool = False


def shaped(structure: Structure, image: tuple[int, int, int] | None) -> Structure:
    """Return the structure with the image shape filled in, if convolutional layers or augmentation need it.

    Raises:
        PlanError: the data holds no images.
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
    """Return the mini-batch size of this plan on m training examples: at most m."""
    return m if plan.batch_size == 0 else min(plan.batch_size, m)


def traced(plan: Plan) -> Hyperparameters:
    """Return the plan's numbers as the compiled program takes them."""
    # All of one type: an int among them would be another type to XLA, and so another program.
    return jax.tree.map(np.float32, plan.hyperparameters)
