"""Many models in one program: the same bits in any company, one compilation for every value and size."""

from typing import Any

import jax
import numpy as np
import pytest

from goodfit.engine import machine
from goodfit.engine import stack as stack_module
from goodfit.engine.active_job import enter
from goodfit.engine.fit import fit, fit_many
from goodfit.engine.jobs import Job
from goodfit.engine.packing import stacks
from goodfit.engine.pool import Pool
from goodfit.engine.stack import Stack, capacity

pytestmark = pytest.mark.usefixtures("compiled_for_users")


def _company(plan, count):
    """Models that differ in seed, numbers and length: some end early, which leaves their device idle."""
    return [
        Job(
            plan.with_(
                learning_rate=0.001 * 1.3**i,
                keep_prob=(0.5 + i / 50, 0.9),
                epochs=2 if i % 2 else 12 + i,
                l2=float(i),
                patience=3 if i % 5 == 0 else 0,
            ),
            100 + i,
        )
        for i in range(count)
    ]


def _compilations(plan, splits):
    program = enter(0, Job(plan, 0), splits)[1]
    run: Any = stack_module._compiled(program, machine.devices(), "loop")
    return run._cache_size()


@pytest.mark.parametrize(("size", "place"), [(2, 0), (2, 1), (5, 2), (20, 0), (20, 13), (20, 19)])
def test_a_model_is_the_same_alone_and_in_any_stack(splits, plan, alone, tools, size, place):
    jobs = _company(plan, size)
    jobs[place] = Job(plan, 5)
    assert tools.same_bits(fit_many(jobs, splits)[place], alone)


@pytest.mark.parametrize("every", [1, 5])
def test_a_model_is_the_same_cut_into_pieces_and_compacted(splits, plan, alone, tools, monkeypatch, every):
    compacted = []
    compact = Stack._compact
    monkeypatch.setattr(Stack, "_compact", lambda self, live: (compacted.append(live), compact(self, live))[1])
    jobs = _company(plan, 9)
    jobs[4] = Job(plan, 5)
    runs = fit_many(jobs, splits, tools.Watcher(every=every))
    assert tools.same_bits(runs[4], alone)
    assert compacted  # the odd ones, all on the second device, ended after 2 epochs
    for job, run in zip(jobs, runs, strict=True):
        assert tools.same_bits(run, fit(job, splits))


def test_a_model_is_the_same_when_memory_leaves_few_places(splits, plan, alone, tools):
    memory = 60_000
    jobs = [*_company(plan, 4), Job(plan, 5)]
    pool = Pool(splits)
    members, program = [enter(i, job, splits)[0] for i, job in enumerate(jobs)], enter(0, jobs[0], splits)[1]
    assert len(list(stacks(program, members, pool, memory))) > 1
    assert tools.same_bits(fit_many(jobs, splits, memory=memory)[4], alone)


def _stack(jobs, splits):
    members, programs = zip(*(enter(i, job, splits) for i, job in enumerate(jobs)), strict=True)
    loaded = next(stacks(programs[0], list(members), Pool(splits)))
    return Stack(programs[0], loaded.data, loaded.tasks, loaded.states, loaded.places)


def test_pieces_may_end_within_an_epoch(splits, plan, alone):
    stack = _stack([Job(plan, 5), Job(plan, 6)], splits)
    records = [stack.advance({0: until})[0] for until in (3, 5, 13, 60)]  # five steps an epoch
    dev_cost = np.concatenate([part[:, 1] for part in records])
    np.testing.assert_array_equal(dev_cost[~np.isnan(dev_cost)], alone.history["dev_cost"])
    assert int(stack.state(0).step) == 60
    assert int(stack.state(1).step) == 0


def test_a_model_that_was_left_out_can_come_back(splits, plan, alone):
    stack = _stack([Job(plan, seed) for seed in (5, 6, 7, 8)], splits)
    stack.advance(dict.fromkeys(range(4), 20))
    stack.advance({1: 30, 3: 30})  # both on one device: 0 and 2 make room
    stack.advance({0: 60})
    assert int(stack.state(0).step) == 60
    np.testing.assert_array_equal(stack.state(0).best.params[0]["W"], alone.best["layers.0.W"])
    assert [int(stack.state(model).step) for model in (1, 2, 3)] == [30, 20, 30]


def test_one_compilation_serves_every_value_and_every_size(splits, plan, alone):
    del alone  # compiled by now
    before = _compilations(plan, splits)
    assert before >= 1
    for size in (1, 3, 17):
        fit_many(_company(plan.with_(epochs=3, snapshots=1), size), splits)
    fit(Job(plan.with_(batch_norm_beta=0.5, epochs=1, class_balance=1.0), 1), splits)
    assert _compilations(plan, splits) == before


def test_another_structure_is_another_program(splits, plan):
    first = enter(0, Job(plan, 0), splits)[1]
    assert enter(0, Job(plan.with_(learning_rate=0.5), 1), splits)[1] == first
    assert enter(0, Job(plan.with_(activation="relu"), 0), splits)[1] != first


def test_side_by_side_equals_one_after_another_to_rounding(splits, plan, alone, monkeypatch):
    """What GPUs do, on a CPU."""
    for module in (machine, stack_module):
        monkeypatch.setattr(module, "on_gpu", lambda: True)
    jobs = [Job(plan, 5), *_company(plan, 2)]
    run = fit_many(jobs, splits)[0]
    np.testing.assert_allclose(run.history["dev_cost"][:5], alone.history["dev_cost"][:5], rtol=1e-4)
    np.testing.assert_allclose(run.history["objective"][:5], alone.history["objective"][:5], rtol=1e-4)
    assert len(run.history["epoch"]) == 12


def test_on_gpus_a_single_model_still_has_a_place_on_each_device(splits, plan, monkeypatch):
    for module in (machine, stack_module):
        monkeypatch.setattr(module, "on_gpu", lambda: True)
    member, program = enter(0, Job(plan, 0), splits)
    loaded = next(stacks(program, [member], Pool(splits)))
    assert loaded.places == len(machine.devices()) == 2


def test_capacity_is_a_multiple_of_the_devices():
    assert capacity() == 16
    assert len(jax.local_devices()) == 2
