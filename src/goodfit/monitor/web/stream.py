"""Updates for one page: parts that changed and epochs that came, thinned to what a screen can show.

Each page has its own difference, computed when its connection has room: nothing is queued for one that does not read.
"""

import asyncio
import json
import math
import time
from collections.abc import AsyncGenerator, Callable
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from starlette.concurrency import run_in_threadpool

from goodfit.monitor.parts import finite
from goodfit.monitor.view import Curve, Reader, View

PERIOD = 0.5  # seconds between two looks at a run's files
MOST_POINTS = 1_000  # of one curve: more than a screen has pixels for
_HEARTBEAT = 10.0  # seconds without a word, after which a connection that is dead would not be noticed


class Sent(NamedTuple):
    """Stride and number of epochs already sent."""

    stride: int
    epochs: int


@dataclass
class Difference:
    """The state of one page; `message` brings it up to date."""

    _texts: dict[str, str] = field(default_factory=dict)
    _curves: dict[str, Sent] = field(default_factory=dict)

    def message(self, view: View) -> str | None:
        """Return JSON with the parts that changed, and `curves` if one did; None if the page has everything."""
        parts = [f'"{name}":{text}' for name, text in view.texts.items() if self._texts.get(name) != text]
        self._texts = view.texts
        changed = [self._curve(curve) for curve in view.curves]
        if any(changed) or {curve.key for curve in view.curves} != set(self._curves):
            current = {curve.key: self._curves[curve.key] for curve in view.curves}
            self._curves = current
            parts.append(f'"curves":{json.dumps([change for change in changed if change], separators=(",", ":"))}')
            parts.append(f'"keys":{json.dumps(list(current))}')
        return f"{{{','.join(parts)}}}" if parts else None

    def _curve(self, curve: Curve) -> dict[str, Any] | None:
        """Return the new points: the epochs 1, 1 + stride, …, and apart from them the last one.

        A page keeps of its own points those that are on the new stride, which is twice the old one or four times.
        """
        count, before = len(curve.values), self._curves.get(curve.key, Sent(1, 0))
        stride = before.stride
        while count > MOST_POINTS * stride:
            stride *= 2
        self._curves[curve.key] = Sent(stride, count)
        if count == before.epochs and before.epochs:
            return None
        first = max(before.epochs, curve.start_epoch - 1, 0)  # a copy's curve begins where it leaves the run's
        first = -(-first // stride) * stride
        points = [_point(curve, row) for row in range(first, count, stride)]
        facts = {
            "key": curve.key,
            "role": curve.role,
            "pair": curve.pair,
            "start_epoch": curve.start_epoch,
            "stride": stride,
        }
        return facts | {"points": points, "last": _point(curve, count - 1) if count > curve.start_epoch - 1 else None}


def _point(curve: Curve, row: int) -> list[float | None]:
    return [row + 1, *map(finite, curve.values[row].tolist())] if row >= 0 else []


@dataclass
class Shared:
    """One run's view, read for all pages that show it, and only while one does."""

    reader: Reader
    view: View = field(default_factory=View)
    pages: int = 0
    _last_read: float = -math.inf
    _lock: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def fresh(self) -> View:
        """Return the view, read again if it is older than the period."""
        async with self._lock:
            if time.monotonic() - self._last_read >= 0.9 * PERIOD:
                self.view = await run_in_threadpool(self.reader.read)
                self._last_read = time.monotonic()
        return self.view


async def events(
    shared: Shared, extra: Callable[[], tuple[str, str]], stopping: Callable[[], bool]
) -> AsyncGenerator[str, None]:
    """Server-sent events: first all, then what is new; ends when the server does.

    Args:
        shared: the run.
        extra: returns one more part, its name and its JSON.
        stopping: returns True when the server is about to end.
    """
    page, spoke = Difference(), time.monotonic()
    yield "retry: 1000\n\n"
    shared.pages += 1
    try:
        while not stopping():
            view = await shared.fresh()
            name, text = await run_in_threadpool(extra)
            message = page.message(View(view.texts | {name: text}, view.curves))
            if message or time.monotonic() - spoke > _HEARTBEAT:
                spoke = time.monotonic()
                yield f"data: {message}\n\n" if message else ": here\n\n"
            await asyncio.sleep(PERIOD)
    finally:
        shared.pages -= 1
