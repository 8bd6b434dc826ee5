"""What a lesson is: a question, its answer in measured numbers, sections with pictures, and the code that made them."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from goodfit.lessons.drawing import Figure


@dataclass(frozen=True)
class Section:
    """A heading; what to look at; the picture; what it shows. An empty line begins a new paragraph."""

    title: str
    look: str
    figure: Figure
    shows: str


@dataclass(frozen=True)
class Content:
    """What a lesson found when it was computed."""

    answer: str
    sections: tuple[Section, ...]


@dataclass(frozen=True)
class Lesson:
    """One lesson.

    Attributes:
        name: as the command line knows it.
        title: as the page is headed.
        question: what the page answers; the list of lessons shows it.
        make: computes everything that the page shows; takes a few seconds at most.
        code: the textbook's functions that computed it, shown in this order.
        sources: where the technique is from: the seed's section, then papers.
        use: how goodfit's own engine is asked for it.
    """

    name: str
    title: str
    question: str
    make: Callable[[], Content]
    code: tuple[Callable[..., Any], ...]
    sources: tuple[str, ...]
    use: str
