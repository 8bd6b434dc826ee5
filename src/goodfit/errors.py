"""Our errors: each carries one sentence that says what is wrong, where, and what to do."""

import difflib
from collections.abc import Iterable


class GoodfitError(Exception):
    """Something the user can fix; the command line prints its sentence and exits with code 2."""


class InputError(GoodfitError):
    """The data, a file or a name is not what the job needs."""


class PlanError(GoodfitError):
    """A plan has an unknown key or a value outside its range.

    Attributes:
        setting: name of the setting whose value is refused; None if it is not about one.
    """

    def __init__(self, sentence: str, setting: str | None = None) -> None:
        super().__init__(sentence)
        self.setting = setting


class UnfinishedError(GoodfitError):
    """The job stopped before its end, and its folder stays: `goodfit resume` continues it."""


class TestSetLockedError(GoodfitError):
    """The test set was opened before, and opening it again was not forced."""

    __test__ = False  # pytest would take the class for a test


class DataWarning(UserWarning):
    """Data that may not mean what they should; the command line prints its sentence."""


def nearest(name: str, known: Iterable[str]) -> str:
    """Return a hint: the known name closest to `name`, or the known names if none is close.

    >>> nearest("learning_rat", ["learning_rate", "epochs"])
    "did you mean 'learning_rate'?"
    """
    names = list(known)
    close = difflib.get_close_matches(name, names, n=1, cutoff=0.5)
    if close:
        return f"did you mean '{close[0]}'?"
    listing = ", ".join(names[:12]) + (", …" if len(names) > 12 else "")
    return f"known names: {listing}"
