"""Files of arrays that are whole or not there: on the disk before they have their name, which holds their checksum."""

import hashlib
import json
import os
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
from safetensors.numpy import load, save

from goodfit.record.run import Weights

_DIGITS = 16  # of the SHA-256 in a file's name


class OfAnother(Exception):
    """A file that is whole, but another work's."""


def write(folder: Path, stem: str, identity: str, arrays: Mapping[str, Any], facts: dict[str, Any]) -> int:
    """Write arrays by name, and facts that are no arrays, in one piece; returns its bytes.

    What a crash, a full disk or a bad sector leaves of it is known as such.

    Raises:
        OSError: it cannot be written, and is not there.
    """
    whole = {name: np.asarray(leaf, order="C") for name, leaf in arrays.items()}
    data = save(whole, {"facts": json.dumps({"identity": identity} | facts)})
    beside = folder / "partial"
    try:
        with beside.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        beside.replace(folder / f"{stem}-{_checksum(data)}.safetensors")
    except OSError:
        with suppress(OSError):
            beside.unlink(missing_ok=True)
        raise
    return len(data)


def read(path: Path, identity: str) -> tuple[Weights, dict[str, Any]]:
    """The arrays and the facts of a file.

    Raises:
        OfAnother: it is whole, but of another identity.
        Exception: whatever damage does to a reader.
    """
    data = path.read_bytes()
    if _checksum(data) != path.stem.rpartition("-")[2]:
        raise ValueError
    header = json.loads(data[8 : 8 + int.from_bytes(data[:8], "little")])
    facts = json.loads(header["__metadata__"]["facts"])
    if facts["identity"] != identity:
        raise OfAnother
    return load(data), facts


def leave_aside(path: Path, error: Exception) -> str:
    """Give a file that could not be read another name; returns that in a sentence."""
    why = "of another training" if isinstance(error, OfAnother) else "damaged"
    aside = path.replace(path.with_suffix(".aside"))
    return f"the checkpoint {path.name} is {why}, so it was left aside as {aside.name}"


def _checksum(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()[:_DIGITS]
