"""A small table with everything in it, and a plan that trains in a moment."""

import numpy as np
import polars as pl
import pytest

from goodfit.api import steering
from goodfit.engine import checkpoint
from goodfit.engine import fit as fit_module
from goodfit.live import telemetry
from goodfit.loop import proposals
from goodfit.plan import Plan

TRIED = ("train longer", "higher learning rate", "L2 penalty", "stronger weight decay", "label smoothing")


def _made_table(rows: int, seed: int) -> pl.DataFrame:
    """Two classes that lie in a ring and its middle, beside a category that tells a little and missing values."""
    generator = np.random.default_rng(seed)
    x, z = generator.normal(size=(2, rows))
    inside = x**2 + z**2 < 1.4
    flipped = inside ^ (generator.random(rows) < 0.03)
    color = np.where(generator.random(rows) < 0.7, np.where(inside, "red", "blue"), "green")
    weight = np.where(generator.random(rows) < 0.15, np.nan, z + 0.1 * generator.normal(size=rows))
    return pl.DataFrame(
        {"x": x, "z": z, "weight": weight, "color": color, "kind": np.where(flipped, "in", "out")}
    ).with_columns(pl.col("weight").fill_nan(None))


@pytest.fixture(scope="session")
def table(tmp_path_factory):
    path = tmp_path_factory.mktemp("table") / "rings.csv"
    _made_table(500, 0).write_csv(path)
    return path


@pytest.fixture(scope="session")
def small_plan():
    return Plan(hidden_units=(16,), batch_size=32, epochs=12, keep_prob=1.0, learning_rate=0.02, decay="constant")


@pytest.fixture(scope="session")
def made_table():
    """Makes a table from a number of rows and a seed."""
    return _made_table


@pytest.fixture(scope="session", autouse=True)
def short_recipe():
    """The recipe's lines that change only numbers: the others would be compiled, each for seconds."""
    lines = tuple(line for line in proposals.RECIPE if line.name in TRIED)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(proposals, "RECIPE", lines)
        yield


@pytest.fixture
def small_pieces(monkeypatch):
    """A visit every few steps, a checkpoint and a word of where it is at each, and nobody waits."""
    monkeypatch.setattr(fit_module, "_PIECE_SECONDS", 5e-5)
    monkeypatch.setattr(fit_module, "_WAIT_SECONDS", 0.0)
    monkeypatch.setattr(checkpoint, "SECONDS", 0.0)
    monkeypatch.setattr(checkpoint, "_SHARE", float("inf"))
    monkeypatch.setattr(telemetry, "_SECONDS", 0.0)
    monkeypatch.setattr(steering, "_PATIENCE", 0.0)
