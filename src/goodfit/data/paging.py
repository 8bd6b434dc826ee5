"""Arrays in files that are mapped into memory, which they may not fit: the system is told what is read when.

It reads megabytes around each place that is touched, which is right from end to end, but not for rows in random order.
"""

import mmap

import numpy as np
from jaxtyping import Int


def mapped_at_random(array: np.ndarray) -> np.ndarray:
    """The array, of which rows will be read in any order."""
    mapping = _mapping(array)
    if mapping is not None:
        mapping.madvise(mmap.MADV_RANDOM)
    return array


def read_ahead(array: np.ndarray, rows: Int[np.ndarray, "rows"] | slice) -> None:
    """Have the system read these rows now, all at once; 6 times as fast as one after another as they are touched."""
    mapping = _mapping(array)
    if mapping is None or array.size == 0:
        return
    every = np.arange(len(array))[rows] if isinstance(rows, slice) else np.sort(rows)
    first = np.lib.array_utils.byte_bounds(array)[0] - np.frombuffer(mapping, np.uint8).ctypes.data
    size = abs(array.strides[0])
    for part in np.split(every, np.flatnonzero(np.diff(every) > 1) + 1):
        if len(part):
            start = first + int(part[0]) * size
            page = start // mmap.PAGESIZE * mmap.PAGESIZE
            mapping.madvise(mmap.MADV_WILLNEED, page, start + len(part) * size - page)


def _mapping(array: np.ndarray) -> mmap.mmap | None:
    """What the array lies in; None where that is ordinary memory, or cannot be told anything (on Windows)."""
    base = array
    while isinstance(base, np.ndarray):
        base = base.base
    return base if isinstance(base, mmap.mmap) and hasattr(base, "madvise") else None
