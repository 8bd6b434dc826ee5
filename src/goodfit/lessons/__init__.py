"""Lessons: one page for each picture in the course notes, with numbers that the textbook computed."""

from goodfit.lessons.lesson import Lesson
from goodfit.lessons.topics.averages import AVERAGES
from goodfit.lessons.topics.batch_norm import BATCH_NORM
from goodfit.lessons.topics.bias_variance import BIAS_VARIANCE
from goodfit.lessons.topics.dropout import DROPOUT
from goodfit.lessons.topics.early_stopping import EARLY_STOPPING
from goodfit.lessons.topics.gradient_checking import GRADIENT_CHECKING
from goodfit.lessons.topics.l1_l2 import L1_L2
from goodfit.lessons.topics.lambda_ import LAMBDA
from goodfit.lessons.topics.learning_rate_decay import LEARNING_RATE_DECAY
from goodfit.lessons.topics.mini_batches import MINI_BATCHES
from goodfit.lessons.topics.optimizers import OPTIMIZERS
from goodfit.lessons.topics.residual import RESIDUAL_NETWORKS
from goodfit.lessons.topics.saddle import SADDLE
from goodfit.lessons.topics.sampling import SAMPLING
from goodfit.lessons.topics.softmax_output import SOFTMAX
from goodfit.lessons.topics.vanishing_gradients import VANISHING_GRADIENTS

LESSONS: tuple[Lesson, ...] = (
    BIAS_VARIANCE,
    AVERAGES,
    OPTIMIZERS,
    MINI_BATCHES,
    LEARNING_RATE_DECAY,
    EARLY_STOPPING,
    VANISHING_GRADIENTS,
    RESIDUAL_NETWORKS,
    BATCH_NORM,
    L1_L2,
    LAMBDA,
    DROPOUT,
    SAMPLING,
    SADDLE,
    SOFTMAX,
    GRADIENT_CHECKING,
)

__all__ = ["LESSONS", "Lesson"]
