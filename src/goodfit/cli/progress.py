"""Progress on stderr: a bar in a terminal, otherwise a line now and then."""

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from goodfit.wording.numbers import rough_percent, time_left

Callback = Callable[[str, float | None, float | None], None]

_PAUSE = 10.0  # seconds between lines where there is no terminal: few enough for a log, often enough to see life
_FIRST_PAUSE = 3.0  # seconds before the first, so that a refusal stands alone


@contextmanager
def reporting(quiet: bool) -> Iterator[Callback]:
    """Yield the callback that functions report to, for as long as the work takes."""
    if quiet:
        yield lambda text, share, seconds_left: None
    elif sys.stderr.isatty():
        with _bar() as callback:
            yield callback
    else:
        yield _lines()


@contextmanager
def _bar() -> Iterator[Callback]:
    # Imported only where there is a bar to show, so that other commands start quickly.
    from rich.console import Console
    from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

    columns = (
        SpinnerColumn(),
        TextColumn("{task.description}", markup=False),
        BarColumn(bar_width=20),
        TimeElapsedColumn(),
        TextColumn("{task.fields[left]}", markup=False),
    )
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task("starting", total=None, left="")

        def callback(text: str, share: float | None, seconds_left: float | None) -> None:
            # a task at its total counts as over and its clock stops, but after this stage comes the next
            completed, total = (0.0, None) if share is None else (min(share, 0.999), 1.0)
            progress.update(task, description=text, completed=completed, total=total, left=time_left(seconds_left))

        yield callback


def _lines() -> Callback:
    last = time.monotonic() - _PAUSE + _FIRST_PAUSE  # as if a line had been printed so long ago

    def callback(text: str, share: float | None, seconds_left: float | None) -> None:
        nonlocal last
        time_now = time.monotonic()
        if time_now - last < _PAUSE:
            return
        last = time_now
        facts = ["" if share is None else f"{rough_percent(share)} done", time_left(seconds_left)]
        details = ", ".join(fact for fact in facts if fact)
        print(f"{text} ({details})" if details else text, file=sys.stderr, flush=True)

    return callback
