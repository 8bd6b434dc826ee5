"""The data of a run: its origin, its schema and the rows of each set, and the plan that the run begins with."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import numpy as np
from jaxtyping import Int

from goodfit.data.dataset import Schema, Splits
from goodfit.plan import Plan
from goodfit.record.plain import PlainData
from goodfit.run_folder.json_files import read_value, write_json
from goodfit.run_folder.names import PLAN_FILE, SOURCE_FILE
from goodfit.run_folder.version import write_version
from goodfit.run_folder.whole_files import write_whole


@dataclass(frozen=True, eq=False)
class SetRows:
    """Rows of the data in each set."""

    train: Int[np.ndarray, "train"]
    dev: Int[np.ndarray, "dev"]
    test: Int[np.ndarray, "test"]

    def to_dict(self) -> dict[str, Any]:
        """Return the rows as JSON has them."""
        return {name: rows.tolist() for name, rows in vars(self).items()}

    @classmethod
    def from_dict(cls, facts: Mapping[str, Any]) -> Self:
        """Read the rows from JSON values.

        Raises:
            ValueError: a set is missing, or is no list of whole numbers.
        """
        arrays = {name: np.array(facts[name]) for name in ("train", "dev", "test")}
        for name, rows in arrays.items():
            if rows.ndim != 1 or (rows.size and rows.dtype.kind != "i"):
                raise ValueError(f"'{name}' is no list of rows")
        return cls(**{name: rows.astype(np.int64) for name, rows in arrays.items()})


@dataclass(frozen=True, kw_only=True)
class RunSource(PlainData):
    """The data of a run and its split.

    Attributes:
        name: of the data.
        origin: where it is from, and the options that it was opened with.
        fingerprint: digest of its contents.
        schema: meaning of its columns.
        rows: of each set.
        seed: of the split.
        notes: on the data, as `Note` has them.
    """

    name: str
    origin: dict[str, Any]
    fingerprint: str
    schema: Schema
    rows: SetRows
    seed: int
    notes: tuple[dict[str, Any], ...]

    @classmethod
    def read(cls, folder: Path) -> Self:
        """Return the data of a run.

        Raises:
            InputError: the file is missing or damaged.
        """
        return read_value(cls, folder / SOURCE_FILE)

    def has_rows_of(self, splits: Splits) -> bool:
        """Return True if the sets hold the same rows."""
        return all(np.array_equal(rows, getattr(splits, name)) for name, rows in vars(self.rows).items())


def write_source(folder: Path, splits: Splits, plan: Plan) -> None:
    """Write the version of goodfit, the data of a run and its plan.

    Raises:
        OSError: a file cannot be written.
    """
    dataset = splits.dataset
    source = RunSource(
        name=dataset.name,
        origin=dataset.origin.to_dict(),
        fingerprint=dataset.fingerprint,
        schema=dataset.schema,
        rows=SetRows(splits.train, splits.dev, splits.test),
        seed=splits.seed,
        notes=tuple(note.to_dict() for note in splits.notes),
    )
    write_version(folder)
    write_json(folder / SOURCE_FILE, source.to_dict())
    write_plan(folder, plan)


def write_plan(folder: Path, plan: Plan) -> None:
    """Write the plan of a run.

    Raises:
        OSError: the file cannot be written.
    """
    write_whole(folder / PLAN_FILE, plan.to_yaml().encode())
