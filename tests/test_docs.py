"""The documents keep their word: files, tests, commands and lessons that they name exist."""

import re
from pathlib import Path

import pytest
import yaml
from typer.main import get_command

import goodfit
from goodfit.cli.main import app

ROOT = Path(__file__).parent.parent
TECHNIQUES = ROOT / "docs" / "techniques.md"
DOCUMENTS = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").glob("*.md"))]
LINK = re.compile(r"\[([^\]]+)\]\(([^)#]+)\)")
COMMAND = re.compile(r"`goodfit ([a-z-]+)([^`]*)`")


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_every_linked_file_exists_and_every_linked_test_is_in_it(document):
    links = [link for link in LINK.findall(document.read_text(encoding="utf-8")) if "://" not in link[1]]
    for text, target in links:
        path = document.parent / target
        assert path.is_file(), f"{document.name} links to {target}, which is not there"
        if text.startswith("test_") and not text.endswith(".py"):
            assert f"def {text}(" in path.read_text(encoding="utf-8"), f"{target} has no {text}"


def test_every_technique_has_its_row():
    rows = [line for line in TECHNIQUES.read_text(encoding="utf-8").splitlines() if re.match(r"\| \d", line)]
    assert [int(row.split("|")[1]) for row in rows] == list(range(1, 27))
    for row in rows:
        cells = [cell.strip() for cell in re.split(r"(?<!\\)\|", row)[1:-1]]
        assert len(cells) == 6
        assert all(cells)
        _, _, true, code, tests, use = cells
        if "not yet" not in true:
            assert any("src/goodfit/" in target for _, target in LINK.findall(code))
            assert any(text.startswith("test_") for text, _ in LINK.findall(tests))
            assert "`goodfit" in use


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_commands_options_lessons_and_settings_are_real(document):
    commands = get_command(app).commands  # pyright: ignore[reportAttributeAccessIssue]
    lessons = {lesson.name for lesson in goodfit.lesson()}
    text = document.read_text(encoding="utf-8")
    for name, rest in COMMAND.findall(text):
        assert name in commands, f"{document.name} names `goodfit {name}`"
        spellings = {option for parameter in commands[name].params for option in parameter.opts}
        assert set(re.findall(r"--[a-z-]+", rest)) <= spellings
        words = rest.split()
        if name == "lesson" and words and words[0].islower():
            assert words[0] in lessons
    for setting in re.findall(r'--set "?(\w+=[^`"]+)', text):
        if not setting.startswith("key="):
            key, value = setting.split("=")
            goodfit.Plan(**{key: yaml.safe_load(value)})
