"""List the lessons, or write the page of one."""

from pathlib import Path
from typing import overload

from goodfit.api.result_types.listing import LessonListing
from goodfit.errors import InputError, nearest
from goodfit.lessons import LESSONS
from goodfit.lessons.page import write_lesson


@overload
def lesson(name: None = None, out: str | Path | None = None) -> list[LessonListing]: ...


@overload
def lesson(name: str, out: str | Path | None = None) -> Path: ...


def lesson(name: str | None = None, out: str | Path | None = None) -> Path | list[LessonListing]:
    """Write the page of a lesson, with figures computed by the textbook; without a name, list all lessons.

    Args:
        name: name of the lesson; None to list all.
        out: HTML file to write; `lesson-NAME.html` in the current folder by default.

    Returns:
        The page's path, or the list.

    Raises:
        InputError: there is no such lesson, or the file cannot be written.

    Example:
        >>> lesson()[0].name
        'bias-variance'
    """
    lessons = {item.name: item for item in LESSONS}
    if name is None:
        if out is not None:
            raise InputError(f"which lesson should be in {out}? give its name too: {', '.join(lessons)}")
        return [LessonListing(name=item.name, title=item.title, question=item.question) for item in LESSONS]
    if name not in lessons:
        raise InputError(f"there is no lesson {name!r}; {nearest(name, lessons)}")
    return write_lesson(lessons[name], Path(f"lesson-{name}.html" if out is None else out))
