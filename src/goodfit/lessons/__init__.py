"""Lessons: one page for each picture that the seed shows or asks for, with numbers that the textbook computed."""

from goodfit.lessons.lesson import Lesson
from goodfit.lessons.topics.averages import AVERAGES
from goodfit.lessons.topics.early_stopping import EARLY_STOPPING
from goodfit.lessons.topics.mini_batches import MINI_BATCHES
from goodfit.lessons.topics.optimisers import OPTIMISERS

LESSONS: tuple[Lesson, ...] = (
    AVERAGES,
    OPTIMISERS,
    MINI_BATCHES,
    EARLY_STOPPING,
)

__all__ = ["LESSONS", "Lesson"]
