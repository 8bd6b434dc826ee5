"""Every lesson computed once, and its page taken apart."""

import json
import os
import subprocess
import sys
from functools import cache
from html.parser import HTMLParser
from pathlib import Path

import pytest

from goodfit.lessons import LESSONS


class Page(HTMLParser):
    """A page's tags with their attributes, its text, and its figures."""

    def __init__(self, source: str):
        super().__init__()
        self.source, self.tags, self.pieces, self.inside = source, [], [], [""]
        self.feed(source)
        self.text = " ".join(" ".join(self.pieces).split())
        data = source.partition('<script type="application/json" id="figures">')[2].partition("</script>")[0]
        self.figures = json.loads(data)

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        self.inside.append(tag)

    def handle_endtag(self, tag):
        self.inside.pop()

    def handle_data(self, data):
        if not {"script", "style", "pre"} & set(self.inside):
            self.pieces.append(data)


@cache
def _page(name: str) -> Page:
    """The page as people get it: from the command line, without the checks of shapes that slow the textbook down.

    All workers of one test run share the pages; the textbook's own tests check its shapes.
    """
    folder = Path(os.environ["GOODFIT_CACHE"]) / "lessons"
    path = folder / f"{name}.html"
    if not path.exists():
        own = folder / str(os.getpid()) / path.name
        own.parent.mkdir(parents=True, exist_ok=True)
        subprocess.run([sys.executable, "-m", "goodfit", "lesson", name, "--out", str(own)], check=True)
        own.replace(path)
    return Page(path.read_text(encoding="utf-8"))


@pytest.fixture(params=[each.name for each in LESSONS])
def page(request) -> Page:
    """The page of each lesson in turn."""
    return _page(request.param)


@pytest.fixture
def page_of():
    """The page of a lesson by its name."""
    return _page
