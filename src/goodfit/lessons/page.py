"""A lesson as one HTML file that works without a network."""

import re
from functools import cache
from importlib import resources
from pathlib import Path

from jinja2 import Environment, FileSystemLoader
from markupsafe import Markup, escape

from goodfit.errors import InputError
from goodfit.lessons import source
from goodfit.lessons.drawing import Figure, unbroken
from goodfit.lessons.lesson import Lesson

_TEMPLATES = Path(__file__).parent / "templates"
_TAGS = ((r"`([^`]+)`", "code"), (r"\*([^*]+)\*", "strong"), (r"_\{([^}]*)\}", "sub"), (r"\^\{([^}]*)\}", "sup"))


def write_lesson(lesson: Lesson, path: Path) -> Path:
    """Compute a lesson, write its page, and return its path.

    Raises:
        InputError: the file cannot be written.
    """
    page = render(lesson)
    try:
        path.write_text(page, encoding="utf-8")
    except OSError as error:
        raise InputError(f"cannot write {path} ({error.strerror}); give another file with --out") from None
    return path


def render(lesson: Lesson) -> str:
    """Return the page as text."""
    content = lesson.make()
    figures = [section.figure for section in content.sections]
    return (
        _environment()
        .get_template("lesson.html")
        .render(
            lesson=lesson,
            content=content,
            figures=figures,
            said=[_opening_sentence(figure) for figure in figures],
            code=[source.listing(function) for function in lesson.code],
            style=_report_style() + _asset("lesson.css"),
            script=_asset("lesson.js"),
        )
    )


def _opening_sentence(figure: Figure) -> str:
    """Return the sentence of the state in which a figure opens."""
    place = 0  # the states are counted like digits, the last control's choice being the last digit
    for control in figure["controls"]:
        place = place * len(control["choices"]) + control["start"]
    return figure["says"][place] if figure["says"] else ""


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(_TEMPLATES), autoescape=True, trim_blocks=True, lstrip_blocks=True
    )
    environment.filters |= {"prose": _prose, "paragraphs": _paragraphs}
    # NaN is not JSON, so one in a figure must fail here rather than in the reader's browser.
    environment.policies["json.dumps_kwargs"] = {"allow_nan": False, "separators": (",", ":"), "ensure_ascii": False}
    return environment


def _asset(name: str) -> Markup:
    """Return a style sheet or script of this package: trusted, so not escaped."""
    return Markup((_TEMPLATES / name).read_text(encoding="utf-8"))


def _report_style() -> Markup:
    """Return the report's style sheet, so that all pages look alike."""
    return Markup((resources.files("goodfit.reports") / "templates" / "report.css").read_text(encoding="utf-8"))


def _prose(text: str) -> Markup:
    """Return a paragraph, with `code` between back quotes, *stressed* words, v_{t} and β^{t}."""
    html = str(escape(unbroken(text)))  # escaped before tags are added
    for pattern, tag in _TAGS:
        html = re.sub(pattern, rf"<{tag}>\1</{tag}>", html)
    return Markup(html)


def _paragraphs(text: str) -> list[Markup]:
    """Return the paragraphs, which empty lines separate."""
    return [_prose(paragraph) for paragraph in re.split(r"\n\s*\n", text)]
