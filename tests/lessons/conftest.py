"""Every lesson computed once, and its page taken apart."""

import json
from functools import cache
from html.parser import HTMLParser

import pytest

from goodfit.lessons import LESSONS
from goodfit.lessons.page import render


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
    return Page(render(next(each for each in LESSONS if each.name == name)))


@pytest.fixture(params=[each.name for each in LESSONS])
def page(request) -> Page:
    """The page of each lesson in turn."""
    return _page(request.param)


@pytest.fixture
def page_of():
    """The page of a lesson by its name."""
    return _page
