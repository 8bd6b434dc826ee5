"""The lock of the test set: opened once, by one model; every opening is a line in a ledger."""

import datetime
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal, Self

from goodfit.data.content import content_fingerprint
from goodfit.data.dataset import Splits
from goodfit.errors import InputError, TestSetLockedError
from goodfit.run_folder.json_lines import append_lines, read_lines


@dataclass(frozen=True)
class Opening:
    """One opening of a test set.

    Attributes:
        when: date and time, ISO 8601.
        run: that opened it.
        model: fingerprint of the model that was measured.
        test_set: fingerprint of the rows.
        rows: their number.
        opening: `repetition` if the same model had opened it before, `forced` if another one had.
    """

    when: str
    run: str
    model: str
    test_set: str
    rows: int
    opening: Literal["first", "repetition", "forced"]

    @classmethod
    def from_dict(cls, line: Mapping[str, Any]) -> Self:
        """Return the opening that a line of the ledger holds; facts that it lacks are unknown."""
        unknown = {"when": "an unknown day", "run": "?", "model": "", "test_set": "", "rows": 0, "opening": "first"}
        return cls(**{name: line.get(name, default) for name, default in unknown.items()})


def open_test_set(splits: Splits, *, ledger: Path, run: str, model: str, force: bool = False) -> list[Opening]:
    """Record that a model is measured on the test set; refuse a second model, which would make the test set a dev set.

    The ledger knows a test set by the content of its rows, so that another file name or another run changes nothing.
    The same model may open it again: nothing is chosen by the second measurement.

    Args:
        splits: whose test rows are to be opened.
        ledger: a file of JSON lines, created if needed.
        run: the run that opens the test set.
        model: fingerprint of the model that is measured.
        force: open it for another model all the same; this is recorded.

    Returns:
        The earlier openings of this test set, the first one first.

    Raises:
        TestSetLockedError: another model opened it before, and `force` is not set.
        InputError: there is no test set, or the ledger cannot be written.
    """
    if len(splits.test) == 0:
        raise InputError("there is no test set to open: the data was divided without one")
    content = content_fingerprint(splits.dataset, splits.test)
    earlier = [opening for opening in _openings(ledger) if opening.test_set == content]
    repeated = any(opening.model == model for opening in earlier)
    if earlier and not repeated and not force:
        raise TestSetLockedError(
            f"this test set was opened on {earlier[0].when} by run {earlier[0].run}, and a second model measured on it "
            "would make it a dev set; bring new test data, or open it all the same with --force (--force-test in "
            "improve)"
        )
    # Written before anything is measured: a test set that was seen is on record even if the process dies now.
    kind = "first" if not earlier else "repetition" if repeated else "forced"
    when = datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds")
    _append(ledger, Opening(when, run, model, content, len(splits.test), kind))
    return earlier


def _openings(ledger: Path) -> list[Opening]:
    """Return the openings that can be read; a line cut off by a crash is skipped."""
    return [Opening.from_dict(line.facts) for line in read_lines(ledger) if line.facts is not None]


def _append(ledger: Path, opening: Opening) -> None:
    """Append an opening, and flush it to the disk."""
    try:
        ledger.parent.mkdir(parents=True, exist_ok=True)
        append_lines(ledger, [asdict(opening)], flush=True)
    except OSError as error:
        raise InputError(f"the ledger of test openings {ledger} cannot be written: {error.strerror}") from None
