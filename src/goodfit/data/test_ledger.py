"""The lock of the test set: opened once, by one model; every opening is a line in a ledger."""

import datetime
import hashlib
import json
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Int

from goodfit.data.dataset import Dataset, Splits, canonical
from goodfit.errors import InputError, TestSetLockedError


def open_test_set(splits: Splits, *, ledger: Path, run: str, model: str, force: bool = False) -> list[dict[str, Any]]:
    """Record that a model is measured on the test set; refuse a second model, which would make the test set a dev set.

    The ledger knows a test set by the content of its rows, so that another file name or another run changes nothing.
    The very same model may open it again: it learns nothing new.

    Args:
        splits: whose test rows are to be opened.
        ledger: a file of JSON lines, made where there is none.
        run: the run that opens it.
        model: a fingerprint of the model that is measured.
        force: open it for another model all the same; recorded.

    Returns:
        The earlier openings of this test set, the first one first.

    Raises:
        TestSetLockedError: another model opened it before, and `force` is not set.
        InputError: there is no test set, or the ledger cannot be written.
    """
    if len(splits.test) == 0:
        raise InputError("there is no test set to open: the data was divided without one")
    content = content_fingerprint(splits.dataset, splits.test)
    earlier = [line for line in _read(ledger) if line.get("test_set") == content]
    repeated = any(line.get("model") == model for line in earlier)
    if earlier and not repeated and not force:
        first = earlier[0]
        raise TestSetLockedError(
            f"this test set was opened on {first.get('when', 'an unknown day')} by run {first.get('run', '?')}, and a "
            "second model measured on it would make it a dev set; bring new test data, or open it all the same with "
            "--force (--force-test in improve)"
        )
    kind = "first" if not earlier else "repetition" if repeated else "forced"
    when = datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds")
    line = {"when": when, "run": run, "model": model, "test_set": content, "rows": len(splits.test), "opening": kind}
    _append(ledger, line)
    return earlier


def content_fingerprint(dataset: Dataset, rows: Int[np.ndarray, "rows"]) -> str:
    """SHA-256 of what these rows say, whatever their order, the order of the columns or the numbering of levels."""
    numbers, codes, pixels = dataset.features.take(rows)
    schema = dataset.schema
    columns = {column.name: canonical(values) for column, values in zip(schema.numbers, numbers.T, strict=True)}
    for column, its in zip(schema.categories, codes.T, strict=True):
        columns[column.name] = _words((*column.categories, ""))[its]
    target = dataset.target[rows]
    columns[schema.target] = canonical(target) if schema.task == "regression" else _words(schema.classes)[target]
    if pixels is not None:
        columns["pixels"] = _hashes([image.tobytes() for image in pixels])
    names = sorted(columns)
    table = np.column_stack([np.ascontiguousarray(columns[name]).view("<u8") for name in names])
    digest = hashlib.sha256(json.dumps(names).encode())
    digest.update(np.ascontiguousarray(table[np.lexsort(table.T)], "<u8").tobytes())
    return digest.hexdigest()


def _words(words: Sequence[str]) -> Int[np.ndarray, "words"]:
    return _hashes([word.encode() for word in words])


def _hashes(words: Sequence[bytes]) -> Int[np.ndarray, "words"]:
    """The first eight bytes of each word's SHA-256."""
    digests = [hashlib.sha256(word).digest()[:8] for word in words]
    return np.array([int.from_bytes(digest, signed=True) for digest in digests], np.int64)


def _read(ledger: Path) -> list[dict[str, Any]]:
    """The lines that can be read; a line cut off by a crash is passed over."""
    if not ledger.exists():
        return []
    lines = []
    for text in ledger.read_text(encoding="utf-8", errors="replace").splitlines():
        try:
            line = json.loads(text)
        except json.JSONDecodeError:
            continue
        if isinstance(line, dict):
            lines.append(line)
    return lines


def _append(ledger: Path, line: dict[str, Any]) -> None:
    """One write, on a line of its own even after a line that was cut off, and on the disk before we go on."""
    text = json.dumps(line) + "\n"
    try:
        ledger.parent.mkdir(parents=True, exist_ok=True)
        if ledger.exists() and ledger.read_bytes()[-1:] not in (b"", b"\n"):
            text = "\n" + text
        with ledger.open("ab") as file:
            file.write(text.encode("utf-8"))
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        raise InputError(f"the ledger of test openings {ledger} cannot be written: {error.strerror}") from None
