"""The view of a run in a terminal, for who has no browser: drawn again as the training goes on, and turned by keys."""

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
from goodfit.monitor.terminal.keys import check_terminal, pressed
from goodfit.monitor.terminal.prompts import PROMPTS, Prompt, answer
from goodfit.monitor.terminal.screen import Seen, screen
from goodfit.monitor.view import Reader, View

# What may be asked of a run: the run's folder and plain facts in, plain facts out; as the page has it
Action = Callable[[Path, Mapping[str, Any]], dict[str, Any]]

_PERIOD = 0.5  # seconds between two looks at the run's files
_WAITING = 0.05  # between two looks whether an answer has come
_FAREWELL = 60  # that a branch which was asked for has to begin, when the view is left
_STARTING = "Its process is starting, which takes a few seconds."


@dataclass
class Session:
    """What a person sees, and what the keys do to it.

    Attributes:
        folder: the run's.
        actions: what can be asked of it, by name.
        seen: what is on the screen.
    """

    folder: Path
    actions: Mapping[str, Action]
    seen: Seen = field(default_factory=Seen)
    _view: View = field(default_factory=View)
    _open: Prompt | None = None
    _asked: tuple[str, threading.Thread] | None = None
    _told: list[str] = field(default_factory=list)

    def take(self, view: View) -> bool:
        """Show what was read; whether it is something else than before."""
        before, self._view = self._view, view
        if view.texts != before.texts:
            self.seen.parts = view.parts
        self.seen.curves = view.curves
        lengths = [[(each.key, len(each.values)) for each in curves] for curves in (view.curves, before.curves)]
        return view.texts != before.texts or lengths[0] != lengths[1]

    def press(self, key: str) -> bool:
        """Do what a key says; whether it leaves the view."""
        if key in ("ctrl-c", "ctrl-d"):
            return True
        if self._open:
            self._type(self._open, key)
            return False
        ended = self.seen.state["status"] == "ended"
        if key == "q" or (ended and key in ("enter", "escape") and not self.seen.helping):
            return True
        self.seen.message = ""
        if key == "c":
            self.seen.measure = "error" if self.seen.measure == "cost" else "cost"
        elif key == "tab":
            self.seen.turned += 1
        elif key == "?" or self.seen.helping:
            self.seen.helping = not self.seen.helping
        elif (key == "space" or key in PROMPTS) and self.seen.state["status"] == "starting":
            self.seen.message = _STARTING
        elif key == "space":
            self.ask("pause" if self.seen.state["status"] == "training" else "unpause", {})
        elif key in PROMPTS:
            self._open = PROMPTS[key]
            self.seen.prompt = (self._open.question, "")
        return False

    def _type(self, prompt: Prompt, key: str) -> None:
        """Put a key into the line that is typed; it is read when that ends."""
        question, typed = self.seen.prompt or (prompt.question, "")
        if key == "escape":
            self._close()
        elif key == "enter" or (prompt.one_key and len(key) == 1):
            self._close()
            try:
                asked = prompt.read(key if prompt.one_key else typed)
            except GoodfitError as error:
                self.seen.message = str(error)
            else:
                if asked:
                    self.ask(*asked)
        elif key == "backspace":
            self.seen.prompt = (question, typed[:-1])
        elif key == "ctrl-u":
            self.seen.prompt = (question, "")
        elif key == "space" or len(key) == 1:
            self.seen.prompt = (question, typed + (" " if key == "space" else key))

    def _close(self) -> None:
        self._open = self.seen.prompt = None

    def ask(self, action: str, given: Mapping[str, Any]) -> None:
        """Ask something of the training; its answer is awaited beside."""
        if self._asked:
            self.seen.message = f"The answer to “{self._asked[0]}” is awaited; then ask again."
            return
        thread = threading.Thread(target=self._do, args=(action, given), daemon=True)
        self._asked = action, thread
        thread.start()

    def _do(self, action: str, given: Mapping[str, Any]) -> None:
        try:
            told = self.actions[action](self.folder, given)
            if action == "branch":  # which tells the name of a run beside this one
                told |= {"run": str(self.folder.parent / told["run"])}
            self._told.append(answer(action, told))
        except GoodfitError as error:
            self._told.append(str(error))
        except Exception as error:
            self._told.append(f"goodfit failed where it should not have ({type(error).__name__}: {error})")

    @property
    def waits(self) -> bool:
        """Whether an answer is awaited."""
        return self._asked is not None

    def answered(self) -> bool:
        """Show an answer that has come; whether one has."""
        if not self._told:
            return False
        self.seen.message, self._asked = self._told.pop(), None
        return True

    def leave(self) -> str:
        """Wait for a branch that is being begun; what came of it, where the screen has not said so."""
        if self._asked and self._asked[0] == "branch":
            self._asked[1].join(_FAREWELL)
        return self._told.pop() if self._told else ""


def show(folder: Path, actions: Mapping[str, Action], starting: Callable[[], bool]) -> None:
    """Show a run in this terminal until a person leaves; its training goes on.

    Args:
        folder: the run's.
        actions: what can be asked of it, by name.
        starting: whether a process that shall train it has been started and lives.

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
        read, drawn, left, changed = 0.0, None, False, True
        while not left:
            if time.monotonic() >= read:
                changed |= session.take(reader.read())
                read = time.monotonic() + _PERIOD
            changed |= session.answered()
            if changed or console.size != drawn:
                drawn = console.size
                lines = screen(session.seen, drawn.width, drawn.height)
                live.update(Text("\n", no_wrap=True, overflow="crop", end="").join(lines), refresh=True)
            rest = max(read - time.monotonic(), 0)
            keys = keyboard.wait(min(rest, _WAITING) if session.waits else rest)
            changed = bool(keys)
            left = any(session.press(key) for key in keys)
    if said := session.leave():
        console.print(said, markup=False, highlight=False)
