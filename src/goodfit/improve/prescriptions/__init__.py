"""The basic recipe: every prescription, in the order in which they are tried."""

from goodfit.improve.prescriptions.activation import ACTIVATION
from goodfit.improve.prescriptions.augmentation import AUGMENTATION, FLIPS, WITHOUT_AUGMENTATION
from goodfit.improve.prescriptions.batch_norm import BATCH_NORM
from goodfit.improve.prescriptions.bigger import BIGGER
from goodfit.improve.prescriptions.choice import (
    Proposal,
    differences,
    followed_up,
    prescribed,
    remedies,
    replacement,
    variation,
    variations,
)
from goodfit.improve.prescriptions.class_balance import CLASS_BALANCE
from goodfit.improve.prescriptions.convolutional import CONVOLUTIONAL
from goodfit.improve.prescriptions.deeper import DEEPER
from goodfit.improve.prescriptions.dropout import DROPOUT
from goodfit.improve.prescriptions.early_stopping import EARLY_STOPPING, L2_FOR_EARLY_STOPPING
from goodfit.improve.prescriptions.l2 import L2
from goodfit.improve.prescriptions.label_smoothing import LABEL_SMOOTHING
from goodfit.improve.prescriptions.learning_rate import HIGHER_LEARNING_RATE, LOWER_LEARNING_RATE
from goodfit.improve.prescriptions.less_regularisation import LESS_REGULARISATION
from goodfit.improve.prescriptions.longer import LONGER
from goodfit.improve.prescriptions.mini_batches import MINI_BATCHES_32, MINI_BATCHES_128
from goodfit.improve.prescriptions.other_optimiser import OTHER_OPTIMISER
from goodfit.improve.prescriptions.preparation import PIECEWISE, QUANTILE, ROBUST, STANDARD
from goodfit.improve.prescriptions.prescription import Case, Gap, Prescription
from goodfit.improve.prescriptions.smaller import SMALLER
from goodfit.improve.prescriptions.weight_decay import WEIGHT_DECAY

# What changes only numbers comes early among equals: it runs in the incumbent's own compiled program.
RECIPE: tuple[Prescription, ...] = (
    WITHOUT_AUGMENTATION,  # before more of it: what it is worth is asked by that
    AUGMENTATION,
    FLIPS,
    CONVOLUTIONAL,
    MINI_BATCHES_32,
    DROPOUT,  # before other preparations: it helped first on two sets with high variance (benchmarks/RESULTS.md)
    PIECEWISE,
    ROBUST,
    MINI_BATCHES_128,
    BIGGER,
    LONGER,
    QUANTILE,
    STANDARD,
    HIGHER_LEARNING_RATE,
    LOWER_LEARNING_RATE,
    LESS_REGULARISATION,
    L2,
    WEIGHT_DECAY,
    DEEPER,
    LABEL_SMOOTHING,
    CLASS_BALANCE,
    OTHER_OPTIMISER,
    SMALLER,
    EARLY_STOPPING,
    L2_FOR_EARLY_STOPPING,
    BATCH_NORM,
    ACTIVATION,
)

__all__ = [
    "AUGMENTATION",
    "BIGGER",
    "FLIPS",
    "RECIPE",
    "WITHOUT_AUGMENTATION",
    "Case",
    "Gap",
    "Prescription",
    "Proposal",
    "differences",
    "followed_up",
    "prescribed",
    "remedies",
    "replacement",
    "variation",
    "variations",
]
