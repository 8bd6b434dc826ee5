"""The doctor's examination: facts that were planted in the data, and findings that most seeds share."""

from dataclasses import replace

import numpy as np
import polars as pl
import pytest

from goodfit.data.dataset import Fold
from goodfit.data.splits import open_splits
from goodfit.diagnosis.finding import Finding
from goodfit.engine.fit import fit
from goodfit.engine.jobs import Job
from goodfit.experiments import examination
from goodfit.experiments.clock import Clock
from goodfit.experiments.examination import data_facts, label_noise, shared_findings, with_curvature
from goodfit.experiments.laboratory import Laboratory
from goodfit.plan import Plan
from goodfit.record.measurement import Entry
from goodfit.run_folder.journal import Journal


@pytest.fixture
def frame():
    """Two classes that lie in a ring and its middle, beside a category that tells a little."""
    generator = np.random.default_rng(0)
    x, z = generator.normal(size=(2, 600))
    inside = x**2 + z**2 < 1.4
    color = np.where(generator.random(600) < 0.7, np.where(inside, "red", "blue"), "green")
    return pl.DataFrame({"x": x, "z": z, "color": color, "kind": np.where(inside, "in", "out")})


def test_wrong_labels_are_estimated_and_overlapping_classes_are_not_mistaken_for_them(frame):
    """Networks that know the true probabilities, on classes that overlap; then a fifth of the labels flipped."""
    rng = np.random.default_rng(1)
    splits = open_splits(frame, target="kind")
    chance = 1 / (1 + np.exp(-3 * rng.normal(size=len(frame))))
    clean = (rng.random(len(frame)) < chance).astype(np.int64)
    flipped = np.where(rng.random(len(frame)) < 0.2, 1 - clean, clean)
    rows = np.arange(len(frame))

    def estimate(labels: np.ndarray, of_one: np.ndarray) -> float | None:
        made = replace(splits, dataset=replace(splits.dataset, target=labels))
        return label_noise(np.stack([1 - of_one, of_one], axis=1)[None], made, rows)

    assert (clean != (chance > 0.5)).mean() > 0.1  # they overlap
    assert (estimate(clean, chance) or 0) < 0.03
    assert 0.1 < (estimate(flipped, 0.2 + 0.6 * chance) or 0) < 0.25
    assert estimate(clean, rng.random(len(frame))) is None  # nothing was learned


def test_the_kind_of_a_plateau_is_measured(frame):
    """At weights that are all zero a tanh network stands on a saddle: the cost is that of a constant guess."""
    splits = open_splits(frame, target="kind")
    run = fit(Job(Plan(hidden_units=(4,), activation="tanh", epochs=12, keep_prob=1.0), 0), splits)
    stuck = {name: np.full(12, 0.693) for name in ("train_cost", "dev_cost", "objective")}
    zeros = {name: np.zeros_like(leaf) for name, leaf in run.best.items()}
    run = replace(run, history={**run.history, **stuck}, health=None, best=zeros)
    facts = data_facts(splits)
    findings = [Finding("plateau", "plateau", 1, 0.5, "the curvature was not measured", {}, ())]
    assert "saddle" in with_curvature(findings, run, splits, facts)[0].sentence
    unrelated = [Finding("dead-relus", "dead ReLUs", 1, 0.5, "", {}, ())]
    assert with_curvature(unrelated, run, splits, facts) is unrelated


def test_only_what_most_seeds_have_is_found(frame, monkeypatch):
    splits = open_splits(frame, target="kind")
    laboratory = Laboratory(splits, [Fold(splits.train, splits.dev)], Clock(Journal(None), None), lambda *_: None)
    measured = laboratory.measure("training", [Entry("plan", Plan(hidden_units=(4,), epochs=2), (1, 2, 3))])[0]
    ids = iter([("a", "b"), ("a",), ("c",)])
    confidence = iter([0.6, 0.5, 0.9, 0.7])
    monkeypatch.setattr(
        examination, "examine", lambda case: [Finding(id, id, 1, next(confidence), id, {}, ()) for id in next(ids)]
    )
    findings = shared_findings(measured, splits, data_facts(splits))
    assert [(finding.id, finding.confidence) for finding in findings] == [("a", 0.9)]
