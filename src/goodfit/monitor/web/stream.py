"""Updates for one page: panels that changed and epochs that came, thinned to what a screen can show.

Each page has its own difference, computed when its connection has room: nothing is queued for one that does not read.
"""

import asyncio
import json
import math
import time
from collections.abc import AsyncGenerator, Callable, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from starlette.concurrency import run_in_threadpool

from goodfit.monitor.curves import Curve, Point
from goodfit.monitor.view import Reader, View
from goodfit.record.plain import PlainData, plain_value

PERIOD = 0.5  # seconds between two looks at a run's files
MOST_POINTS = 1_000  # of one curve: more than a screen has pixels for
_HEARTBEAT = 10.0  # seconds without a word, after which a connection that is dead would not be noticed


class Sent(NamedTuple):
    """Stride and number of epochs already sent."""

    stride: int
    epochs: int


@dataclass(frozen=True, kw_only=True)
class NewPoints(PlainData):
    """The part of a curve that a page does not have yet.

    Attributes:
        key: changes when the curve is replaced by another.
        role: "run", or "copy" of a run that was left alone.
        pair: 0 is the watched model.
        start_epoch: epoch at which a copy left its run.
        stride: between the epochs that a page keeps: 1, 1 + stride, …
        points: the new ones of these.
        last: the last epoch; None if a copy has none yet.
    """

    key: str
    role: str
    pair: int
    start_epoch: int
    stride: int
    points: tuple[Point, ...]
    last: Point | None


class Snapshot(NamedTuple):
    """A view as pages take it: its panels in JSON, serialized once for all of them."""

    texts: Mapping[str, str] = {}
    curves: tuple[Curve, ...] = ()

    @classmethod
    def of(cls, view: View) -> "Snapshot":
        """Serialize a view."""
        return cls({name: to_json(panel) for name, panel in view.panels.field_values().items()}, view.curves)


def to_json(value: object) -> str:
    """Return the JSON of a view or a part of one."""
    return json.dumps(plain_value(value), ensure_ascii=False, allow_nan=False, separators=(",", ":"))


@dataclass
class Difference:
    """The state of one page; `message` brings it up to date."""

    _texts: Mapping[str, str] = field(default_factory=dict)
    _curves: dict[str, Sent] = field(default_factory=dict)

    def message(self, snapshot: Snapshot) -> str | None:
        """Return JSON with the panels that changed, and `curves` if one did; None if the page has everything."""
        panels = [f'"{name}":{text}' for name, text in snapshot.texts.items() if self._texts.get(name) != text]
        self._texts = snapshot.texts
        changed = [self._new_points(curve) for curve in snapshot.curves]
        if any(changed) or {curve.key for curve in snapshot.curves} != set(self._curves):
            self._curves = {curve.key: self._curves[curve.key] for curve in snapshot.curves}
            panels.append(f'"curves":{to_json([change for change in changed if change])}')
            panels.append(f'"keys":{to_json(list(self._curves))}')
        return f"{{{','.join(panels)}}}" if panels else None

    def _new_points(self, curve: Curve) -> NewPoints | None:
        """Return the new points: the epochs 1, 1 + stride, …, and apart from them the last one.

        A page keeps of its points those that are on the new stride, which is twice the old one or four times.
        """
        count, before = len(curve.values), self._curves.get(curve.key, Sent(1, 0))
        stride = before.stride
        # Doubled, because then every point of the new stride is one of the old: the page thins what it has.
        while count > MOST_POINTS * stride:
            stride *= 2
        self._curves[curve.key] = Sent(stride, count)
        if count == before.epochs and before.epochs:
            return None
        first = max(before.epochs, curve.start_epoch - 1, 0)  # a copy's curve begins where it leaves the run's
        first = -(-first // stride) * stride
        return NewPoints(
            key=curve.key,
            role=curve.role,
            pair=curve.pair,
            start_epoch=curve.start_epoch,
            stride=stride,
            points=tuple(map(curve.point, range(first, count, stride))),
            last=curve.point(-1) if count and count > curve.start_epoch - 1 else None,
        )


@dataclass
class Shared:
    """One run's view, read for all pages that show it, and only while one does."""

    reader: Reader
    snapshot: Snapshot = field(default_factory=Snapshot)
    pages: int = 0
    _last_read: float = -math.inf
    _lock: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def fresh(self) -> Snapshot:
        """Return the run's snapshot, read again if it is older than the period."""
        async with self._lock:
            if time.monotonic() - self._last_read >= 0.9 * PERIOD:  # a page that comes a little early need not wait
                self.snapshot = await run_in_threadpool(lambda: Snapshot.of(self.reader.read()))
                self._last_read = time.monotonic()
        return self.snapshot


async def events(
    shared: Shared, extra: Callable[[], tuple[str, str]], stopping: Callable[[], bool]
) -> AsyncGenerator[str, None]:
    """Yield server-sent events: first everything, then what is new, until the server ends.

    Args:
        shared: the run.
        extra: returns one more part, its name and its JSON.
        stopping: returns True when the server is about to end.
    """
    page, spoke = Difference(), time.monotonic()
    yield "retry: 1000\n\n"  # milliseconds after which the browser connects again, should the connection break
    shared.pages += 1
    try:
        while not stopping():
            snapshot = await shared.fresh()
            name, text = await run_in_threadpool(extra)
            message = page.message(snapshot._replace(texts={**snapshot.texts, name: text}))
            if message or time.monotonic() - spoke > _HEARTBEAT:
                spoke = time.monotonic()
                yield f"data: {message}\n\n" if message else ": here\n\n"  # a comment, which browsers skip
            await asyncio.sleep(PERIOD)
    finally:
        shared.pages -= 1
