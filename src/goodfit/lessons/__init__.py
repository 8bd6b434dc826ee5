"""Lessons: one page for each picture that the seed shows or asks for, with numbers that the textbook computed."""

from goodfit.lessons.lesson import Lesson
from goodfit.lessons.topics.averages import AVERAGES

LESSONS: tuple[Lesson, ...] = (AVERAGES,)

__all__ = ["LESSONS", "Lesson"]
