"""Files that are written beside their place and moved there: whatever goes wrong, what was there before stays."""

import io
from contextlib import suppress
from pathlib import Path

import polars as pl


def write_whole(path: Path, data: bytes) -> None:
    """Write a file, so that no reader ever sees half of it.

    Raises:
        OSError: it cannot be written, as on a full disk; the file that was there before is untouched.
    """
    partial = path.with_suffix(".partial")
    try:
        partial.write_bytes(data)
        partial.replace(path)
    except OSError:
        with suppress(OSError):
            partial.unlink(missing_ok=True)
        raise


def write_table(path: Path, table: pl.DataFrame) -> None:
    """Write a table as Parquet; errors as `write_whole`."""
    # Through memory: Polars calls a full disk an error of the table's.
    data = io.BytesIO()
    table.write_parquet(data)
    write_whole(path, data.getvalue())
