"""The lock of the test set: opened once, by one model; every opening is a line in a ledger."""

import datetime
import hashlib
import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal, Self

import numpy as np
from jaxtyping import Int

from goodfit.data.dataset import Dataset, Splits, canonical
from goodfit.errors import InputError, TestSetLockedError


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
    earlier = [opening for opening in _read(ledger) if opening.test_set == content]
    repeated = any(opening.model == model for opening in earlier)
    if earlier and not repeated and not force:
        raise TestSetLockedError(
            f"this test set was opened on {earlier[0].when} by run {earlier[0].run}, and a second model measured on it "
            "would make it a dev set; bring new test data, or open it all the same with --force (--force-test in "
            "improve)"
        )
    kind = "first" if not earlier else "repetition" if repeated else "forced"
    when = datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds")
    _append(ledger, Opening(when, run, model, content, len(splits.test), kind))
    return earlier


def content_fingerprint(dataset: Dataset, rows: Int[np.ndarray, "rows"]) -> str:
    """Return a SHA-256 of the content of rows.

    It does not depend on the order of rows or columns, nor on the numbering of levels, which a further source changes.
    """
    numbers, codes, pixels = dataset.features.take(rows)
    schema = dataset.schema
    columns = {column.name: canonical(values) for column, values in zip(schema.numbers, numbers.T, strict=True)}
    for column, level_codes in zip(schema.categories, codes.T, strict=True):
        columns[column.name] = _word_hashes((*column.categories, ""))[level_codes]
    target = dataset.target[rows]
    regression = schema.task == "regression"
    # Words by their hashes, not their codes: another source may number the same classes otherwise.
    columns[schema.target] = canonical(target) if regression else _word_hashes(schema.classes)[target]
    if pixels is not None:
        columns["pixels"] = _hashes([image.tobytes() for image in pixels])
    names = sorted(columns)
    # Eight bytes for each value, and the rows sorted by them, so that their order is lost and their number is kept.
    table = np.column_stack([np.ascontiguousarray(columns[name]).view("<u8") for name in names])
    digest = hashlib.sha256(json.dumps(names).encode())
    digest.update(np.ascontiguousarray(table[np.lexsort(table.T)], "<u8").tobytes())
    return digest.hexdigest()


def _word_hashes(words: Sequence[str]) -> Int[np.ndarray, "words"]:
    return _hashes([word.encode() for word in words])


def _hashes(contents: Sequence[bytes]) -> Int[np.ndarray, "contents"]:
    """Return the first eight bytes of the SHA-256 of each."""
    digests = [hashlib.sha256(content).digest()[:8] for content in contents]
    return np.array([int.from_bytes(digest, signed=True) for digest in digests], np.int64)


def _read(ledger: Path) -> list[Opening]:
    """Return the lines that can be read; a line cut off by a crash is skipped."""
    if not ledger.exists():
        return []
    openings = []
    for text in ledger.read_text(encoding="utf-8", errors="replace").splitlines():
        try:
            line = json.loads(text)
        except json.JSONDecodeError:
            continue
        if isinstance(line, dict):
            openings.append(Opening.from_dict(line))
    return openings


def _append(ledger: Path, opening: Opening) -> None:
    """Append a line in one write, on its own line even after one that was cut off, and flush it to the disk."""
    text = json.dumps(asdict(opening)) + "\n"
    try:
        ledger.parent.mkdir(parents=True, exist_ok=True)
        # After a line that was cut off, a new one would be lost with it.
        if ledger.exists() and ledger.read_bytes()[-1:] not in (b"", b"\n"):
            text = "\n" + text
        with ledger.open("ab") as file:
            file.write(text.encode("utf-8"))
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        raise InputError(f"the ledger of test openings {ledger} cannot be written: {error.strerror}") from None
