"""Entries of lists, and small results: runs, lessons, a contact sheet, a run that was watched."""

from dataclasses import dataclass

from goodfit.record.plain import PlainData
from goodfit.record.values import Estimate


@dataclass(frozen=True, kw_only=True)
class RunListing(PlainData):
    """A run in a list; one that is damaged, training or unfinished has only its folder and outcome.

    Attributes:
        run: its folder.
        outcome: of the run, or `damaged`, `training` or `unfinished`.
        data: name of the data.
        command: `improve`, `train` or `tune`.
        started: in ISO's form.
        metric: `error_rate` or `1-r2`.
        seconds: wall time.
        verdict: on bias and variance.
        dev_error: of its network.
        test_error: of its network; None while the test set is closed.
    """

    run: str
    outcome: str
    data: str | None = None
    command: str | None = None
    started: str | None = None
    metric: str | None = None
    seconds: float | None = None
    verdict: str | None = None
    dev_error: float | None = None
    test_error: Estimate | None = None


@dataclass(frozen=True, kw_only=True)
class LessonListing(PlainData):
    """A lesson in the list of all.

    Attributes:
        name: to give to `goodfit.lesson`.
        title: of the page.
        question: that it answers.
    """

    name: str
    title: str
    question: str


@dataclass(frozen=True, kw_only=True)
class ContactSheet(PlainData):
    """A sheet of images and their augmented copies.

    Attributes:
        sheet: path of the PNG file.
        examples: number of images, one in each row.
        columns: number of pictures in each row; the first is the image itself.
    """

    sheet: str
    examples: int
    columns: int


@dataclass(frozen=True, kw_only=True)
class WatchedRun(PlainData):
    """A run that is watched.

    Attributes:
        run: its folder.
        address: of its page; None in a terminal.
        training: True if it still trained when the page ended; None while the page is open.
        waiting: True if it waited at its beginning then, for the start that nobody gave.
    """

    run: str
    address: str | None = None
    training: bool | None = None
    waiting: bool = False
