"""The view of a run in a terminal, for people without a browser: drawn as the training goes on, steered by keys."""

import sys
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.live import Live
from rich.text import Text

from goodfit.errors import GoodfitError
from goodfit.monitor.actions import Action
from goodfit.monitor.state import STARTING
from goodfit.monitor.terminal.keys import check_terminal, pressed
from goodfit.monitor.terminal.prompts import PROMPTS, Prompt, answer
from goodfit.monitor.terminal.screen import Display, screen
from goodfit.monitor.view import Reader, View

_PERIOD = 0.5  # seconds between two looks at the run's files
_WAITING = 0.05  # between two checks for an answer
_FAREWELL = 60  # that a branch which was asked for has to begin, when the view is left


@dataclass
class Session:
    """A terminal's display, and the effect of its keys.

    Attributes:
        folder: the run's.
        actions: requests that it takes, by name.
        display: the content of the screen.
    """

    folder: Path
    actions: Mapping[str, Action]
    display: Display = field(default_factory=Display)
    _open: Prompt | None = None
    _pending: tuple[str, threading.Thread] | None = None
    _answers: list[str] = field(default_factory=list)

    def take(self, view: View) -> bool:
        """Show a new view; return True if it differs from the last."""
        before, self.display.view = self.display.view, view
        # Under one key a curve only grows: its length says whether it has changed.
        lengths = [[(curve.key, len(curve.values)) for curve in curves] for curves in (view.curves, before.curves)]
        return view.panels != before.panels or lengths[0] != lengths[1]

    def press(self, key: str) -> bool:
        """Act on a key; return True if it leaves the view."""
        if key in ("ctrl-c", "ctrl-d"):
            return True
        if self._open:
            self._type(self._open, key)
            return False
        has_ended = self.display.state.status == "ended"
        if key == "q" or (has_ended and key in ("enter", "escape") and not self.display.helping):
            return True
        self.display.message = ""
        if key == "c":
            self.display.measure = "error" if self.display.measure == "cost" else "cost"
        elif key == "tab":
            self.display.turned += 1
        elif key == "?" or self.display.helping:
            self.display.helping = not self.display.helping
        elif (key == "space" or key in PROMPTS) and self.display.state.status == "starting":
            self.display.message = STARTING
        elif key == "space":
            self.ask("pause" if self.display.state.status == "training" else "unpause", {})
        elif key in PROMPTS:
            self._open = PROMPTS[key]
            self.display.prompt = (self._open.question, "")
        return False

    def _type(self, prompt: Prompt, key: str) -> None:
        """Put a key into the line that is typed; it is read when that ends."""
        question, typed = self.display.prompt or (prompt.question, "")
        if key == "escape":
            self._close()
        elif key == "enter" or (prompt.one_key and len(key) == 1):
            self._close()
            try:
                request = prompt.read(key if prompt.one_key else typed)
            except GoodfitError as error:
                self.display.message = str(error)
            else:
                if request:
                    self.ask(*request)
        elif key == "backspace":
            self.display.prompt = (question, typed[:-1])
        elif key == "ctrl-u":
            self.display.prompt = (question, "")
        elif key == "space" or len(key) == 1:
            self.display.prompt = (question, typed + (" " if key == "space" else key))

    def _close(self) -> None:
        self._open = self.display.prompt = None

    def ask(self, action: str, arguments: Mapping[str, Any]) -> None:
        """Send a request to the training; a thread awaits the answer."""
        if self._pending:
            self.display.message = f"The answer to “{self._pending[0]}” is awaited; then ask again."
            return
        # The thread only appends to `_answers`; the loop that draws takes them from there, so no lock is needed.
        thread = threading.Thread(target=self._do, args=(action, arguments), daemon=True)
        self._pending = action, thread
        thread.start()

    def _do(self, action: str, arguments: Mapping[str, Any]) -> None:
        try:
            self._answers.append(answer(action, self.actions[action](self.folder, arguments), self.folder))
        except GoodfitError as error:
            self._answers.append(str(error))
        except Exception as error:  # the thread would die in silence, and its answer be awaited for ever
            self._answers.append(f"goodfit failed where it should not have ({type(error).__name__}: {error})")

    @property
    def waits(self) -> bool:
        """True while an answer is awaited."""
        return self._pending is not None

    def answered(self) -> bool:
        """Show an answer that has come; return True if there was one."""
        if not self._answers:
            return False
        self.display.message, self._pending = self._answers.pop(), None
        return True

    def leave(self) -> str:
        """Wait for a branch that is being started; return its answer if the screen has not shown it."""
        if self._pending and self._pending[0] == "branch":
            self._pending[1].join(_FAREWELL)
        return self._answers.pop() if self._answers else ""


def show(folder: Path, actions: Mapping[str, Action], starting: Callable[[], bool]) -> None:
    """Show a run in this terminal until a person leaves; its training goes on.

    Args:
        folder: the run's.
        actions: requests that it takes, by name.
        starting: returns True while a process that shall train it has been started and is alive.

    Raises:
        InputError: there is no terminal here.
    """
    check_terminal()
    session, reader, console = Session(folder, actions), Reader(folder, starting), Console()
    with (
        pressed(sys.stdin.fileno()) as keyboard,
        suppress(KeyboardInterrupt),
        Live(Text(), console=console, screen=True, auto_refresh=False) as live,
    ):
        read, size, leaves, changed = 0.0, None, False, True
        while not leaves:
            if time.monotonic() >= read:
                changed |= session.take(reader.read())
                read = time.monotonic() + _PERIOD
            changed |= session.answered()
            if changed or console.size != size:
                size = console.size
                lines = screen(session.display, size.width, size.height)
                live.update(Text("\n", no_wrap=True, overflow="crop", end="").join(lines), refresh=True)
            remaining = max(read - time.monotonic(), 0)
            keys = keyboard.wait(min(remaining, _WAITING) if session.waits else remaining)
            changed = bool(keys)
            leaves = any(session.press(key) for key in keys)
    if message := session.leave():
        console.print(message, markup=False, highlight=False)
