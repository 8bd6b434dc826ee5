"""A series of a live training: its file of raw records, of which only what was appended is read."""

import os
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from jaxtyping import Float, Int


@dataclass
class Records:
    """The records of one model so far, from a file that only grows; epochs count from 1.

    Attributes:
        path: the file of little-endian float32, a row an epoch.
        recorded: number of columns that every epoch has; those of a look inside the network follow.
        columns: of a row.
        key: identifies the file that was read; a new key means that earlier values are void.
        values: the first columns of each epoch.
        look_epochs: epochs after which a look was taken.
        looks: columns of these looks.
    """

    path: Path
    recorded: int
    columns: int
    key: str = ""
    values: Float[np.ndarray, "epochs recorded"] = field(init=False)
    look_epochs: Int[np.ndarray, "looks"] = field(init=False)
    looks: Float[np.ndarray, "looks seen"] = field(init=False)
    _read: int = 0

    def __post_init__(self) -> None:
        self._forget()

    def grow(self) -> None:
        """Read what was appended; all of it where the file is another one by now.

        Raises:
            FileNotFoundError: it is gone: the training has ended, or went back.
        """
        row = 4 * self.columns
        with self.path.open("rb") as file:
            key = f"{self.path.name}:{_identity(file.fileno())}"
            size = file.seek(0, 2)
            if key != self.key or size < self._read:
                self._forget()
                self.key = key
            file.seek(self._read)
            data = file.read((size - self._read) // row * row)  # a row that is half written comes next time
        if not data:
            return
        rows = np.frombuffer(data, "<f4").reshape(-1, self.columns)
        looks = rows[:, self.recorded :]
        looked = np.flatnonzero(~np.isnan(looks).all(axis=1))
        self.look_epochs = np.concatenate([self.look_epochs, len(self.values) + looked + 1])
        self.looks = np.concatenate([self.looks, looks[looked]])
        self.values = np.concatenate([self.values, rows[:, : self.recorded]])
        self._read += len(data)

    def _forget(self) -> None:
        self._read = 0
        self.values = np.zeros((0, self.recorded), np.float32)
        self.look_epochs = np.zeros(0, np.int64)
        self.looks = np.zeros((0, self.columns - self.recorded), np.float32)


def _identity(descriptor: int) -> str:
    """Return a text that differs between two files of the same name."""
    # A rewind writes a new file in the place of the old one: the name stays, the inode does not.
    facts = os.fstat(descriptor)
    return f"{facts.st_dev}-{facts.st_ino}"
