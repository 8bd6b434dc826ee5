"""Requests of other processes to a live training, and the answers to them."""

from collections.abc import Collection
from dataclasses import dataclass, field
from itertools import chain
from pathlib import Path
from typing import Any

from goodfit.run_folder.json_lines import JsonLine
from goodfit.run_folder.live_state import Answer, LiveState
from goodfit.run_folder.mailbox import Inbox, Request

_MOST_ANSWERS = 100  # remembered for the processes that wait for them
_MOST_PROBLEMS = 20  # reported: whoever fills the file of requests with garbage does not fill the journal


@dataclass
class RequestBook:
    """Reads requests as they come, and remembers the answers.

    Attributes:
        folder: the run's.
        problems: sentences on the first few requests that were skipped.
        answers: to the last requests, by their IDs.
    """

    folder: Path
    problems: list[str] = field(default_factory=list)
    answers: dict[str, Answer] = field(init=False)
    _inbox: Inbox = field(init=False)

    def __post_init__(self) -> None:
        state = LiveState.recover(self.folder)
        self.answers, self._inbox = state.answers if state else {}, Inbox(self.folder)

    def unanswered_nudges(self, logged: Collection[str | None]) -> list[Request]:
        """Return the nudges that were requested before an interruption and neither made nor answered.

        Args:
            logged: IDs of the requests whose nudges were made.
        """
        requests = self._requests(list(chain.from_iterable(iter(self._inbox.lines, []))))
        handled = {*self.answers, *logged}
        return [request for request in requests if request.kind == "nudge" and request.id not in handled]

    def new(self) -> list[Request]:
        """Return the requests that came since the last call."""
        # A file that was written anew holds old lines, too.
        return [request for request in self._requests(self._inbox.lines()) if request.id not in self.answers]

    def answer(
        self,
        request: Request,
        epoch: int,
        *,
        changes: tuple[tuple[Any, ...], ...] | None = None,
        rewind: tuple[int, int] | None = None,
        refused: str | None = None,
    ) -> None:
        """Answer a request; see `Answer` for the arguments."""
        recent = dict(list(self.answers.items())[1 - _MOST_ANSWERS :])  # one fewer than the most: a new one follows
        answer = Answer(epoch=epoch, changes=changes, rewind=rewind, refused=refused)
        self.answers = recent | {request.id: answer}

    def report(self, problem: str) -> None:
        """Note a problem, unless there were many already."""
        if len(self.problems) < _MOST_PROBLEMS:
            self.problems.append(problem)

    def _requests(self, lines: list[JsonLine]) -> list[Request]:
        """Return the requests in lines; a malformed one is reported and skipped."""
        requests = []
        for line in lines:
            try:
                requests.append(Request.from_dict(line.facts or {}))
            except ValueError:
                self.report(f"a line in the file of requests was skipped, since it is no request: {line.text[:40]!r}")
        return requests
