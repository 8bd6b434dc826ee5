"""Lessons: the list of them, and a page of one."""

from pathlib import Path
from typing import overload

from goodfit.errors import InputError, nearest
from goodfit.lessons import LESSONS
from goodfit.lessons.page import write_lesson


@overload
def lesson(name: None = None, out: str | Path | None = None) -> list[dict[str, str]]: ...


@overload
def lesson(name: str, out: str | Path | None = None) -> Path: ...


def lesson(name: str | None = None, out: str | Path | None = None) -> Path | list[dict[str, str]]:
    """Write a lesson's page, with pictures of numbers that the textbook computes; without a name, list all lessons.

    Args:
        name: of the lesson; None lists name, title and question of each.
        out: the HTML file to write; by default `lesson-NAME.html` in the current folder.

    Returns:
        The page's path, or the list.

    Raises:
        InputError: there is no such lesson, or the file cannot be written.

    Example:
        >>> lesson()[0]["name"]
        'bias-variance'
    """
    known = {each.name: each for each in LESSONS}
    if name is None:
        if out is not None:
            raise InputError(f"which lesson should be in {out}? give its name too: {', '.join(known)}")
        return [{"name": each.name, "title": each.title, "question": each.question} for each in LESSONS]
    if name not in known:
        raise InputError(f"there is no lesson {name!r}; {nearest(name, known)}")
    return write_lesson(known[name], Path(f"lesson-{name}.html" if out is None else out))
