"""`goodfit lesson`: the list, the page, and names that are not there."""

import json

import pytest

import goodfit as package
from goodfit.errors import InputError
from goodfit.lessons import LESSONS


def test_without_a_name_all_are_listed_with_a_line_each(goodfit):
    lines = goodfit("lesson").stdout.splitlines()
    assert [line.split()[0] for line in lines] == [each.name for each in LESSONS]
    assert all(line.endswith(each.question) for line, each in zip(lines, LESSONS, strict=True))
    assert goodfit("lesson", "--json").json == [
        {"name": each.name, "title": each.title, "question": each.question} for each in LESSONS
    ]


def test_a_page_is_written_and_its_path_told(goodfit, tmp_path):
    assert goodfit("lesson", "averages").stdout == "lesson-averages.html\n"
    assert (tmp_path / "lesson-averages.html").read_text(encoding="utf-8").startswith("<!doctype html>")
    told = goodfit("lesson", "averages", "--out", "mine.html", "--json").stdout
    assert json.loads(told) == {"lesson": "averages", "page": "mine.html"}
    assert (tmp_path / "mine.html").exists()


def test_a_misspelt_name_gets_the_nearest_one(goodfit):
    outcome = goodfit("lesson", "optimizer")
    assert (outcome.code, outcome.stdout) == (2, "")
    assert outcome.stderr == "goodfit: there is no lesson 'optimizer'; did you mean 'optimizers'?\n"
    told = goodfit("lesson", "zzz", "--json").json["error"]
    assert told.startswith("there is no lesson 'zzz'; known names: bias-variance, averages,")


def test_a_file_without_a_name_or_a_folder_is_refused(goodfit, tmp_path):
    outcome = goodfit("lesson", "--out", "a.html")
    assert outcome.code == 2
    assert outcome.stderr.startswith("goodfit: which lesson should be in a.html? give its name too: bias-variance,")
    (tmp_path / "folder").mkdir()
    outcome = goodfit("lesson", "averages", "--out", "folder")
    assert outcome.stderr == "goodfit: cannot write folder (Is a directory); give another file with --out\n"
    assert outcome.code == 2


def test_from_python(tmp_path):
    page = package.lesson("averages", tmp_path / "a.html")
    assert page == tmp_path / "a.html"
    assert [item.name for item in package.lesson()] == [item.name for item in LESSONS]
    with pytest.raises(InputError, match="did you mean 'dropout'"):
        package.lesson("drop-out")
