"""What one page has not seen: first all, then what came, thinned alike however it came."""

import asyncio
import json
from typing import Any

import numpy as np
import pytest

from goodfit.monitor.curves import Curve
from goodfit.monitor.view import Reader
from goodfit.monitor.web import stream
from goodfit.monitor.web.stream import MOST_POINTS, Difference, Shared, Snapshot, events


def grown(epochs, key="a", start_epoch=0, role="run"):
    values = np.arange(5.0 * epochs).reshape(epochs, 5)
    return Curve(key, role, 0, start_epoch, values)


def told(page, *curves, **texts) -> Any:
    message = page.message(Snapshot({name: json.dumps(text) for name, text in texts.items()}, curves))
    return None if message is None else json.loads(message)


def page_after(counts):
    """The points that a page has after a curve grew so, as its script keeps them."""
    page, points = Difference(), []
    last: Any = None
    for count in counts:
        message = told(page, grown(count))
        for each in (message or {}).get("curves", []):
            points = [point for point in points if (point[0] - 1) % each["stride"] == 0] + each["points"]
            last = each["last"]
    return points, last


def test_first_all_then_only_what_is_new():
    page = Difference()
    first = told(page, grown(3), state={"epoch": 3}, log=[])
    assert (first["state"], first["log"], first["keys"]) == ({"epoch": 3}, [], ["a"])
    assert [point[0] for point in first["curves"][0]["points"]] == [1, 2, 3]
    assert first["curves"][0]["points"][1] == [2, 5, 6, 7, 8, 9]
    assert told(page, grown(3), state={"epoch": 3}, log=[]) is None
    second = told(page, grown(5), state={"epoch": 5}, log=[])
    assert set(second) == {"state", "curves", "keys"}
    assert [point[0] for point in second["curves"][0]["points"]] == [4, 5]


def test_a_curve_that_is_another_is_sent_whole_and_one_that_is_gone_leaves():
    page = Difference()
    told(page, grown(3), grown(3, "copy"))
    message = told(page, grown(2, "b"))
    assert message["keys"] == ["b"]
    assert len(message["curves"][0]["points"]) == 2
    assert told(page) == {"curves": [], "keys": []}


def test_a_copy_is_drawn_from_where_it_left():
    message = told(Difference(), grown(9, "copy", start_epoch=4, role="copy"))
    assert [point[0] for point in message["curves"][0]["points"]] == [4, 5, 6, 7, 8, 9]


@pytest.mark.parametrize("counts", [[100_000], [1, 999, 5_000, 5_001, 77_777, 100_000], range(500, 100_001, 500)])
def test_a_hundred_thousand_epochs_are_a_thousand_points_however_they_came(counts):
    points, last = page_after(counts)
    assert MOST_POINTS / 2 < len(points) <= MOST_POINTS
    assert np.unique(np.diff([point[0] for point in points])).tolist() == [128]
    assert points[0][0] == 1
    assert last[0] == 100_000


def test_growing_costs_what_came_not_what_was_there():
    page = Difference()
    page.message(Snapshot({}, (grown(100_000),)))
    message = page.message(Snapshot({}, (grown(100_500),)))
    assert message is not None
    assert len(message) < 1_000


def test_numbers_that_json_has_no_word_for_are_null():
    values = np.full((2, 5), np.nan)
    values[1] = np.inf
    message = told(Difference(), Curve("a", "run", 0, 0, values))
    assert message["curves"][0]["points"] == [[1, *[None] * 5], [2, *[None] * 5]]


@pytest.fixture
def quick(monkeypatch):
    monkeypatch.setattr(stream, "PERIOD", 0.0)


def test_a_run_is_read_once_for_all_its_pages_and_not_for_one_that_does_not_read(fake, monkeypatch):
    run = fake().live()
    run.append(run.rows(3))
    run.say(epoch=3)
    reads = []
    monkeypatch.setattr(stream, "PERIOD", 1e6)
    monkeypatch.setattr(Reader, "read", lambda self, read=Reader.read: reads.append(1) or read(self))

    async def watch():
        shared = Shared(Reader(run.folder))
        pages = [events(shared, lambda: ("runs", "[]"), lambda: False) for _ in range(4)]
        for page in pages:
            assert await anext(page) == "retry: 1000\n\n"
        for page in pages[:3]:
            message = json.loads((await anext(page)).removeprefix("data: "))
            assert message["state"]["epoch"] == 3
            assert message["runs"] == []
        assert shared.pages == 3  # the fourth has not asked for more
        for page in pages:
            await page.aclose()
        assert shared.pages == 0

    asyncio.run(watch())
    assert len(reads) == 1


def test_it_ends_when_the_server_does(fake, quick):
    run = fake().live()
    stopping = []

    async def watch():
        page = events(Shared(Reader(run.folder)), lambda: ("runs", "[]"), lambda: bool(stopping))
        seen = [await anext(page), await anext(page)]
        stopping.append(1)
        return seen + [text async for text in page]

    assert len(asyncio.run(watch())) == 2
