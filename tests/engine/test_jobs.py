"""From jobs to stacks: rows, watched rows, class weights, preparations, memory."""

from dataclasses import replace

import numpy as np
import pytest

from goodfit.engine import machine, packing
from goodfit.engine.active_job import enter
from goodfit.engine.jobs import Job, resolved_batch_size
from goodfit.engine.memory import MOST_SETS
from goodfit.engine.packing import stacks
from goodfit.engine.pool import Pool
from goodfit.errors import PlanError


def _loaded(jobs, splits):
    pool = Pool(splits)
    members = [enter(i, job, splits)[0] for i, job in enumerate(jobs)]
    return list(stacks(enter(0, jobs[0], splits)[1], members, pool)), pool


def test_rows_of_a_task_lead_to_the_rows_of_the_job(splits, plan):
    """Through the pool, whose copy of the data is all that the program has."""
    train, dev = splits.train[5:90], splits.dev[::2]
    job = Job(plan, 3, train, dev)
    (loaded,), pool = _loaded([job], splits)
    task = loaded.tasks[0]
    assert int(task.m) == 85
    assert np.array_equal(pool.rows[task.rows[:85]], train)
    chunk = enter(0, job, splits)[1].evaluation_chunk
    assert chunk == 32  # the power of two at or above the 30 dev rows
    dev_from = -(-85 // chunk) * chunk
    assert np.array_equal(pool.rows[task.watched[:85]], train)
    assert np.array_equal(pool.rows[task.watched[dev_from:][:30]], dev)
    numbers = splits.dataset.features.numbers[train]
    scaled = (numbers - numbers.mean(axis=0)) / numbers.std(axis=0)
    np.testing.assert_allclose(loaded.data.inputs[0, task.rows[:85]], scaled, rtol=1e-4, atol=1e-6)
    assert np.array_equal(loaded.data.targets[0, task.rows[:85]], splits.dataset.target[train])


def test_on_large_sets_a_fixed_sample_of_the_training_rows_is_watched(tools, plan):
    made = tools.make_splits("classes", rows=1000)
    splits = replace(made, train=np.sort(np.concatenate([made.train, made.test])), test=made.test[:0])
    (loaded,), pool = _loaded([Job(plan, 3), Job(plan, 3), Job(plan, 4)], splits)
    watched = [pool.rows[task.watched[:60]] for task in loaded.tasks]
    for task, rows in zip(loaded.tasks, watched, strict=True):
        assert int(task.watched_train) == int(task.watched_dev) == 60  # the size of the dev set
        assert len(np.unique(rows)) == 60
        assert np.isin(rows, splits.train).all()
        assert np.array_equal(pool.rows[task.watched[64:124]], splits.dev)
    assert np.array_equal(watched[0], watched[1])
    assert not np.array_equal(watched[0], watched[2])


@pytest.mark.parametrize("balance", [0.0, 1.0])
def test_class_weights_are_the_mean_count_by_the_count(splits, plan, balance):
    (loaded,), _ = _loaded([Job(plan.with_(class_balance=balance), 3)], splits)
    target = splits.dataset.target[splits.train]
    counts = np.bincount(target, minlength=3)
    np.testing.assert_allclose(loaded.tasks[0].class_weights, 160 / 3 / counts, rtol=1e-6)
    assert np.mean(loaded.tasks[0].class_weights[target]) == pytest.approx(1)
    assert float(loaded.tasks[0].hyperparameters.class_balance) == balance  # the power that a step takes them to


def test_a_class_without_training_rows_has_a_finite_weight(splits, plan):
    rows = splits.train[splits.dataset.target[splits.train] != 2]
    (loaded,), _ = _loaded([Job(plan, 3, rows)], splits)
    counts = np.bincount(splits.dataset.target[rows])
    np.testing.assert_allclose(loaded.tasks[0].class_weights[:2], len(rows) / 2 / counts, rtol=1e-6)
    assert np.isfinite(loaded.tasks[0].class_weights).all()


def test_a_bag_may_have_rows_twice(splits, plan):
    bag = np.sort(np.random.default_rng(0).choice(splits.train, 160))
    (loaded,), pool = _loaded([Job(plan, 3, bag)], splits)
    assert np.array_equal(pool.rows[loaded.tasks[0].rows[:160]], bag)


def test_differently_prepared_copies_are_shared_and_limited(splits, plan, monkeypatch):
    kinds = ("standard", "robust", "quantile")
    jobs = [Job(plan.with_(preparation=kinds[i % 3]), i) for i in range(9)]
    assert len(_loaded(jobs, splits)[0][0].data.inputs) == MOST_SETS  # small copies: one shape to compile
    monkeypatch.setattr(packing, "_SMALL_COPY", 0)
    (loaded,), _ = _loaded(jobs, splits)
    assert len(loaded.data.inputs) == 4  # three, and one more to keep the shapes few
    by_kind = {}
    for member, task in zip(loaded.members, loaded.tasks, strict=True):
        by_kind.setdefault(member.job.plan.preparation, set()).add(int(task.set))
    assert sorted(next(iter(sets)) for sets in by_kind.values()) == [0, 1, 2]
    assert all(len(sets) == 1 for sets in by_kind.values())
    many = [Job(plan, i, np.delete(splits.train, i)) for i in range(MOST_SETS + 3)]
    portions, pool = _loaded(many, splits)
    assert [len(portion.members) for portion in portions] == [MOST_SETS, 3]
    assert len(pool._prepared) == MOST_SETS
    assert sorted(member.index for portion in portions for member in portion.members) == list(range(MOST_SETS + 3))


@pytest.mark.parametrize(("asked", "m", "taken"), [(0, 50, 50), (32, 50, 32), (64, 50, 50), (50, 50, 50)])
def test_a_batch_is_never_larger_than_the_training_set(asked, m, taken, plan):
    assert resolved_batch_size(plan.with_(batch_size=asked), m) == taken


def test_batch_norm_needs_two_examples(splits, plan):
    with pytest.raises(PlanError, match="at least 2 examples"):
        enter(0, Job(plan, 0, splits.train[:1]), splits)


def test_memory_limits_places_and_copies(splits, plan, monkeypatch):
    """Half of the free memory, a quarter for models and a quarter for copies of the data."""
    folds = [Job(plan, i, np.delete(splits.train, i)) for i in range(12)]
    monkeypatch.setattr(machine, "free_memory", lambda: 1 << 40)
    assert [len(portion.members) for portion in _loaded(folds, splits)[0]] == [8, 4]
    copy = 4 * 220 * 6 * 3  # float32 of the pool's rows and columns: on the host and on two devices
    monkeypatch.setattr(machine, "free_memory", lambda: 4 * 3 * copy + 10)
    portions, _ = _loaded(folds, splits)
    assert max(len(portion.data.inputs) for portion in portions) <= 4
    assert max(len({int(task.set) for task in portion.tasks}) for portion in portions) == 3
