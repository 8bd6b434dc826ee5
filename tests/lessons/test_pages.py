"""Every lesson builds a page that needs nothing from outside, with pictures whose axes and states are complete."""

import inspect
import math
import re
from pathlib import Path

import pytest

from goodfit import lessons
from goodfit.errors import InputError
from goodfit.lessons import LESSONS
from goodfit.lessons.page import render, write_lesson

FOLDER = Path(lessons.__file__).parent
STYLE = (FOLDER.parent / "reports/templates/report.css").read_text() + (FOLDER / "templates/lesson.css").read_text()


def marks_of(figure):
    return [mark for panel in figure["panels"] for mark in panel["marks"]]


def test_every_file_is_a_lesson_in_the_list_and_names_are_unique():
    modules = {inspect.getmodule(each.make).__name__ for each in LESSONS}  # pyright: ignore
    files = {path.stem for path in (FOLDER / "topics").glob("*.py")} - {"__init__"}
    assert modules == {f"goodfit.lessons.topics.{stem}" for stem in files}
    assert len({each.name for each in LESSONS}) == len(LESSONS)


def test_what_a_lesson_names_as_next_is_a_lesson():
    named = {word for each in LESSONS for word in re.findall(r"`goodfit\s+lesson\s+([\w-]+)`", each.use)}
    assert named <= {each.name for each in LESSONS}
    assert named


def test_the_page_needs_nothing_from_outside(page):
    links = [attrs.get("src") or attrs.get("href") for _, attrs in page.tags if "src" in attrs or "href" in attrs]
    assert all(link.startswith("#") for link in links)
    assert not {"link", "iframe", "img", "object", "embed", "base", "form"} & {tag for tag, _ in page.tags}
    assert not re.search(r"@import|url\((?!#)|import\s*\(|fetch\s*\(|XMLHttpRequest", page.source)
    assert len(page.source.encode()) < 600_000


def test_ids_are_unique_and_nothing_unfilled_shows(page):
    ids = [attrs["id"] for _, attrs in page.tags if "id" in attrs]
    assert len(ids) == len(set(ids))
    assert not re.search(r"\b(None|nan|inf|undefined)\b|np\.float|\{\{|\^\{|_\{", page.text)
    assert page.source.startswith("<!doctype html>")


def test_question_and_answer_come_first_and_the_code_is_shown(page):
    lesson = next(each for each in LESSONS if f"goodfit lesson {each.name}" in page.text and each.title in page.text)
    assert page.text.index(lesson.question) < page.text.index("The code that computed this page")
    for function in lesson.code:
        assert function.__module__.startswith("goodfit.textbook.")
        assert f"{function.__module__}.{function.__name__}" in page.text
        first = inspect.getsource(function).splitlines()[0].removeprefix("def ")
        assert first.partition("(")[0] in page.source


def test_axes_have_names_and_sound_ranges(page):
    assert page.figures
    for figure in page.figures:
        for panel in figure["panels"]:
            assert panel["title"]
            for axis in (panel["x"], panel["y"]):
                low, high = axis["range"]
                assert axis["title"]
                assert low < high
                assert not axis["log"] or low > 0


def test_every_mark_can_be_drawn(page):
    for figure in page.figures:
        controls = {control["name"]: len(control["choices"]) for control in figure["controls"]}
        for mark in marks_of(figure):
            for state in (mark.get("when", {}), mark.get("strong", {})):
                assert all(0 <= choice < controls[name] for name, choice in state.items())
            for color in [mark[key] for key in ("color", "low", "high") if isinstance(mark.get(key), str)]:
                assert re.search(rf"--{color}\b", STYLE)
            if mark["kind"] in ("line", "points", "bars"):
                x = figure["columns"][mark["x"]] if isinstance(mark["x"], str) else mark["x"]
                assert len(x) == len(mark["y"]) > 0


def test_something_is_to_be_seen_in_every_state(page):
    """At least one mark of each panel lies within its axes, whatever the controls say."""
    for figure in page.figures:
        assert len(figure["says"]) in (0, math.prod(len(control["choices"]) for control in figure["controls"]))
        for panel in figure["panels"]:
            lines = [mark for mark in panel["marks"] if mark["kind"] in ("line", "points", "bars")]
            for control in figure["controls"]:
                for i in range(len(control["choices"])):
                    shown = [m for m in lines if m.get("when", {}).get(control["name"], i) == i]
                    assert any(_inside(mark, figure, panel) for mark in shown), (panel["title"], control["name"], i)


def _inside(mark, figure, panel) -> bool:
    x = figure["columns"][mark["x"]] if isinstance(mark["x"], str) else mark["x"]
    (left, right), (low, high) = panel["x"]["range"], panel["y"]["range"]
    pairs = zip(x, mark["y"], strict=True)
    return any(a is not None and b is not None and left <= a <= right and low <= b <= high for a, b in pairs)


def test_what_the_pictures_say_is_a_sentence_each(page):
    for figure in page.figures:
        for sentence in figure["says"]:
            assert sentence.endswith(".")
            assert not re.search(r"None|nan|inf\b|\n", sentence)


def test_a_page_is_the_same_each_time():
    lesson = LESSONS[0]
    assert render(lesson) == render(lesson)


def test_a_page_is_written_or_the_error_says_where(tmp_path):
    path = write_lesson(LESSONS[0], tmp_path / "page.html")
    assert path.read_text(encoding="utf-8") == render(LESSONS[0])
    with pytest.raises(InputError, match=r"cannot write .*missing.page\.html \(No such file or directory\)"):
        write_lesson(LESSONS[0], tmp_path / "missing" / "page.html")
