"""A lesson: a question, its answer in measured numbers, sections with pictures, and the code that made them."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from goodfit.lessons.drawing import Figure


@dataclass(frozen=True)
class Section:
    """A heading, what to look at, the picture and what it shows. An empty line starts a new paragraph."""

    title: str
    look: str
    figure: Figure
    shows: str


@dataclass(frozen=True)
class Content:
    """The computed content of a lesson."""

    answer: str
    sections: tuple[Section, ...]


@dataclass(frozen=True)
class Lesson:
    """One lesson.

    Attributes:
        name: name on the command line.
        title: heading of the page.
        question: question that the page answers, shown in the list of lessons.
        make: computes everything on the page, in a few seconds at most.
        code: textbook functions that computed it, listed in this order.
        sources: origin of the technique: the section of the course notes, then papers.
        use: command that uses the technique in goodfit's own engine.
    """

    name: str
    title: str
    question: str
    make: Callable[[], Content]
    code: tuple[Callable[..., Any], ...]
    sources: tuple[str, ...]
    use: str
