"""Whole JSON files of a run: written in one piece, and read with one sentence for whatever is wrong with them."""

import json
from pathlib import Path
from typing import Any, TypeVar

import numpy as np

from goodfit.errors import InputError
from goodfit.record.plain import PlainData
from goodfit.run_folder.whole_files import write_whole

Value = TypeVar("Value", bound=PlainData)

_RUN_AGAIN = "run the command again"
_LONGEST_REASON = 200  # characters: some libraries explain at length


def write_json(path: Path, value: Any) -> None:
    """Write JSON in one piece.

    Raises:
        OSError: the file cannot be written.
    """
    write_whole(path, json.dumps(value, indent=1, default=plain).encode())


def read_json(path: Path, advice: str = _RUN_AGAIN) -> dict[str, Any]:
    """Return the JSON object in a file; NaN and infinity are read as null.

    Args:
        path: of the file.
        advice: what to do where the file is damaged.

    Raises:
        InputError: there is no such file, it cannot be read, or it holds no object.
    """
    text = read_text(path, advice)
    try:
        value = json.loads(text, parse_constant=_read_as_null)
    except (ValueError, RecursionError) as error:
        raise damaged(path, str(error) if text.strip() else "it is empty", advice) from None
    if not isinstance(value, dict):
        raise damaged(path, "it holds no JSON object", advice)
    return value


def read_value(kind: type[Value], path: Path, advice: str = _RUN_AGAIN) -> Value:
    """Return the value of this type in a file of JSON; arguments and errors as `read_json`.

    Raises:
        InputError: also if a field is missing or of another type.
    """
    facts = read_json(path, advice)
    try:
        return kind.from_dict(facts)
    except ValueError as error:
        raise damaged(path, error, advice) from None


def read_text(path: Path, advice: str = _RUN_AGAIN) -> str:
    """Return the text of a run's file; arguments as `read_json`.

    Raises:
        InputError: it cannot be read, or is no text.
    """
    try:
        return read_bytes(path, advice).decode()
    except UnicodeDecodeError:
        raise damaged(path, "it is no text", advice) from None


def read_bytes(path: Path, advice: str = _RUN_AGAIN) -> bytes:
    """Return the contents of a run's file; arguments as `read_json`.

    Raises:
        InputError: it cannot be read.
    """
    try:
        return path.read_bytes()
    except FileNotFoundError:
        raise InputError(f"{path.parent} has no {path.name}; {advice}") from None
    except OSError as error:
        raise InputError(f"cannot read {path} ({error.strerror}); {advice}") from None


def damaged(path: Path, why: object, advice: str = _RUN_AGAIN) -> InputError:
    """Return the error for a file of a run that holds something else than goodfit wrote."""
    reason = (str(why).splitlines() or ["unreadable"])[0][:_LONGEST_REASON]
    return InputError(f"{path} is damaged ({reason}); {advice}")


def plain(value: Any) -> Any:
    """Return NumPy numbers and arrays as JSON knows them."""
    if isinstance(value, np.generic):
        return value.item()
    if isinstance(value, np.ndarray):
        return value.tolist()
    raise TypeError(f"{type(value).__name__} cannot be written as JSON")


def _read_as_null(_: str) -> None:
    """Read a constant that JSON does not know."""
