"""The laboratory: what can be tried at all."""

import numpy as np
import polars as pl

from goodfit.data.dataset import Cut
from goodfit.data.splits import open_splits
from goodfit.improve.journal import Journal
from goodfit.improve.laboratory import Laboratory
from goodfit.improve.pace import Pace
from goodfit.plan import Plan
from goodfit.train import machine


def test_a_plan_too_large_for_the_memory_is_no_experiment(monkeypatch):
    x = np.random.default_rng(0).normal(size=400)
    splits = open_splits(pl.DataFrame({"x": x, "y": -x, "kind": np.where(x > 0, "up", "down")}), target="kind")
    laboratory = Laboratory(splits, [Cut(splits.train, splits.dev)], Pace(Journal(None), None), lambda *_: None)
    monkeypatch.setattr(machine, "free_memory", lambda: 4_500_000)
    assert laboratory.possible(Plan(hidden_units=(300,), batch_size=0))
    assert not laboratory.possible(Plan(hidden_units=(3000,), batch_size=0))
