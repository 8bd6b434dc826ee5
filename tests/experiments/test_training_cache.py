"""The laboratory's calls on disk: read back as they were, or trained again."""

from dataclasses import replace

import numpy as np
import polars as pl
import pytest

from goodfit.data.splits import open_splits
from goodfit.engine.fit import fit_many
from goodfit.engine.jobs import Job
from goodfit.experiments import training_cache as module
from goodfit.experiments.training_cache import TrainingCache, TrainingResult
from goodfit.plan import Plan
from goodfit.record.run import Outcome

PLAN = Plan(hidden_units=(5,), batch_size=16, epochs=6, keep_prob=1.0, batch_norm="before", snapshots=2)


@pytest.fixture(scope="module")
def splits():
    x = np.random.default_rng(0).normal(size=200)
    return open_splits(pl.DataFrame({"x": x, "y": x**2, "value": np.sin(x)}), target="value", task="regression")


@pytest.fixture(scope="module")
def jobs(splits):
    """A whole training, one of its own rows and preparation, and one that diverges."""
    some = splits.train[::2]
    wild = PLAN.with_(learning_rate=3e38, optimizer="momentum")
    return [Job(PLAN, 1), Job(PLAN, 2), Job(PLAN.with_(preparation="robust"), 1, some, splits.dev[:9]), Job(wild, 1)]


@pytest.fixture(scope="module")
def trained(splits, jobs):
    return TrainingResult(fit_many(jobs, splits), {1: 4}, 1.5)


@pytest.fixture
def open_cache(splits, tmp_path):
    """The trainings of a job in a folder, as at its beginning; and their warnings."""

    def open_cache():
        warnings = []
        return TrainingCache(tmp_path, splits, warnings.append), warnings

    return open_cache


@pytest.fixture
def saved_call(open_cache, jobs, trained):
    """Kept as the first call."""
    cache, _ = open_cache()
    assert cache.find("a call", jobs) is None
    cache.save(trained)
    assert cache.sentence == "there was no training to go on from, so the job began again"


@pytest.mark.usefixtures("saved_call")
def test_runs_are_read_back_as_they_were(open_cache, jobs, trained):
    cache, warnings = open_cache()
    result = cache.find("a call", jobs)
    assert result is not None
    assert (result.stopped, result.seconds, warnings) == ({1: 4}, 1.5, [])
    assert trained.runs[3].outcome is Outcome.DIVERGED
    for run, was in zip(result.runs, trained.runs, strict=True):
        for name in ("plan", "seed", "outcome", "reason", "best_epoch", "seconds"):
            assert getattr(run, name) == getattr(was, name), name
        weights = [(run.best, was.best), (run.history, was.history), *zip(run.snapshots, was.snapshots, strict=True)]
        for mine, its in weights:
            assert list(mine) == list(its)
            for name in its:
                assert mine[name].dtype == its[name].dtype
                np.testing.assert_array_equal(mine[name], its[name])
        assert run.health is not None
        assert was.health is not None
        assert run.health.layers == was.health.layers
        np.testing.assert_array_equal(run.health.epochs, was.health.epochs)
        np.testing.assert_array_equal(run.health.statistics, was.health.statistics)
        np.testing.assert_array_equal(run.train, was.train)
        np.testing.assert_array_equal(run.dev, was.dev)
        assert run.preparation.to_dict() == was.preparation.to_dict()
    shared = [[run.preparation is another.preparation for another in result.runs] for run in result.runs]
    assert shared == [[run.preparation is another.preparation for another in trained.runs] for run in trained.runs]
    assert cache.sentence == "the job went on after 1 of its trainings"


@pytest.mark.usefixtures("saved_call")
@pytest.mark.parametrize("what", ["another call", "other jobs", "fewer jobs", "other rows"])
def test_a_call_of_something_else_is_set_aside_with_a_warning(open_cache, jobs, splits, what):
    cache, warnings = open_cache()
    other_jobs = {
        "another call": jobs,
        "other jobs": [*jobs[:3], Job(PLAN.with_(l2=0.1), 1)],
        "fewer jobs": jobs[:3],
        "other rows": [Job(PLAN, 1, splits.train[1:]), *jobs[1:]],
    }
    assert cache.find(what if what == "another call" else "a call", other_jobs[what]) is None
    assert [sentence.partition(" is ")[2][:21] for sentence in warnings] == ["from another training"]
    assert cache.warnings == warnings
    (aside,) = cache.folder.iterdir()
    assert aside.suffix == ".aside"


@pytest.mark.usefixtures("saved_call")
def test_each_call_has_its_own_number(open_cache, jobs, trained):
    cache, warnings = open_cache()
    cache.find("a call", jobs)
    assert cache.find("a call", jobs) is None
    cache.save(trained)
    assert sorted(path.name[:13] for path in cache.folder.iterdir()) == ["training-0001", "training-0002"]
    assert warnings == []


@pytest.mark.usefixtures("saved_call")
def test_what_was_interrupted_or_is_too_large_is_not_kept(open_cache, jobs, trained, monkeypatch):
    cache, _ = open_cache()
    before = sorted(cache.folder.iterdir())

    cache.find("a call", jobs)
    cache.find("the next", jobs)
    *finished, last = trained.runs
    cache.save(trained._replace(runs=[*finished, replace(last, outcome=Outcome.INTERRUPTED)]))
    monkeypatch.setattr(module, "_MOST_BYTES", 1000)
    cache.save(trained)
    assert sorted(cache.folder.iterdir()) == before
