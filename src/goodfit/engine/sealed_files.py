"""Files of arrays that are either whole or absent: renamed to hold their checksum once they are on the disk."""

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

_DIGITS = 16  # of the SHA-256 hash in a file's name


class WrongIdentityError(Exception):
    """The file is intact, but belongs to other work."""


def write(folder: Path, stem: str, identity: str, arrays: Mapping[str, Any], facts: dict[str, Any]) -> int:
    """Write arrays and facts to one file; return its size in bytes.

    Damage by a crash, a full disk or a bad sector is noticed when the file is read.

    Args:
        folder: folder of the file.
        stem: first part of the file's name; the checksum follows.
        identity: hash of the work that the file belongs to.
        arrays: arrays by name.
        facts: plain values.

    Raises:
        OSError: the file cannot be written; nothing is left of it.
    """
    contiguous = {name: np.asarray(leaf, order="C") for name, leaf in arrays.items()}
    data = save(contiguous, {"facts": json.dumps({"identity": identity} | facts)})
    # The rename comes after fsync, so that a file with a final name is never half on the disk.
    temporary = folder / "partial"
    try:
        with temporary.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(folder / f"{stem}-{_checksum(data)}.safetensors")
    except OSError:
        with suppress(OSError):
            temporary.unlink(missing_ok=True)
        raise
    return len(data)


def read(path: Path, identity: str) -> tuple[Weights, dict[str, Any]]:
    """Return the arrays and the facts of a file.

    Raises:
        WrongIdentityError: the file belongs to other work.
        Exception: the file is damaged; any type may be raised.
    """
    data = path.read_bytes()
    if _checksum(data) != path.stem.rpartition("-")[2]:
        raise ValueError
    # safetensors begins with the header's length in 8 bytes, then the header in JSON; `load` returns arrays only.
    header = json.loads(data[8 : 8 + int.from_bytes(data[:8], "little")])
    facts = json.loads(header["__metadata__"]["facts"])
    if facts["identity"] != identity:
        raise WrongIdentityError
    return load(data), facts


def set_aside(path: Path, error: Exception) -> str:
    """Rename a file that could not be read; return a sentence that says so."""
    why = "from another training" if isinstance(error, WrongIdentityError) else "damaged"
    new_path = path.replace(path.with_suffix(".aside"))
    return f"the checkpoint {path.name} is {why}, so it was renamed to {new_path.name}"


def _checksum(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()[:_DIGITS]
