"""Checkpoints: from each a training goes on to the same bits, and what is no whole one is known."""

import os
import resource
import signal
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from goodfit.engine import checkpoint
from goodfit.engine import fit as fit_module
from goodfit.engine.active_job import beginning
from goodfit.engine.checkpoint import Checkpoints, Periodically, identity
from goodfit.engine.control import Change, Checkpoint, Progress, Snapshot
from goodfit.engine.fit import fit, fit_many
from goodfit.engine.jobs import Job
from goodfit.errors import UnfinishedError
from goodfit.record.run import Outcome

pytestmark = pytest.mark.usefixtures("compiled_for_users")

MOMENTUM = {
    "optimizer": "momentum",
    "batch_norm": "none",
    "decay": "exponential",
    "decay_rate": 0.99,
    "learning_rate": 0.5,
    "label_smoothing": 0.0,
    "patience": 4,
    "epochs": 200,
}


class Always:
    """A control that takes a checkpoint at every visit, and does at some epochs what it was given to do."""

    def __init__(self, every=None, actions=None):
        self.every, self.actions = every, actions or {}

    def next_visit(self, job, epoch, epochs):
        return (epoch // self.every + 1) * self.every if self.every else None

    def __call__(self, progress):
        return {each.job: [*self.actions.get(each.epoch, []), Checkpoint()] for each in progress}


@pytest.fixture
def short_pieces(monkeypatch):
    """Visits at 2 of an epoch's 5 steps."""
    monkeypatch.setattr(fit_module, "seconds_per_epoch", lambda *_: 0.4)


@pytest.fixture
def moments(splits, plan):
    """The moments of a training after epochs 0, 3, 6 and 9."""
    kept = []
    fit(Job(plan.with_(snapshots=4), 5, keep=kept.append), splits, Always(every=3))
    return kept


def stored(moment, job, splits, folder):
    """The moment as a file gives it back."""
    checkpoints = Checkpoints(folder, "one", folder.parent)
    checkpoints.keep(moment)
    again, told = checkpoints.last(beginning(job, splits))
    assert told == []
    return again


def flipped(data, bit):
    spoilt = bytearray(data)
    spoilt[bit // 8] ^= 1 << bit % 8
    return bytes(spoilt)


@pytest.mark.usefixtures("short_pieces")
@pytest.mark.parametrize(
    ("changes", "seed", "outcome"), [({}, 5, Outcome.FINISHED), (MOMENTUM, 3, Outcome.STOPPED_EARLY)]
)
def test_from_every_moment_it_goes_on_to_the_same_bits(splits, plan, tools, tmp_path, changes, seed, outcome):
    """Adam, batch norm, dropout and one-cycle decay; momentum, exponential decay and patience."""
    job, kept = Job(plan.with_(snapshots=4, **changes), seed), []
    whole = fit(job, splits)
    assert tools.same_bits(fit(replace(job, keep=kept.append), splits, Always()), whole)
    assert whole.outcome == outcome
    chosen = [*kept[::4], kept[-1]]
    assert any(moment.step % 5 for moment in chosen)
    assert kept[0].step == 0
    for moment in chosen:
        run = fit(replace(job, start=stored(moment, job, splits, tmp_path)), splits)
        assert tools.same_bits(run, whole)
        assert run.health is not None
        assert whole.health is not None
        np.testing.assert_array_equal(run.health.statistics, whole.health.statistics)
        assert (run.reason, run.plan) == (whole.reason, whole.plan)


def test_snapshots_and_the_models_beside_it_are_kept_too(splits, plan, alone, moments, tools, tmp_path):
    job = Job(plan.with_(snapshots=4), 5)
    whole = fit(job, splits)
    assert [moment.epoch for moment in moments] == [0, 3, 6, 9]
    for moment in moments:
        going_on = replace(job, start=stored(moment, job, splits, tmp_path))
        runs = fit_many([Job(plan, 5), going_on, Job(plan.with_(epochs=7), 6)], splits)
        assert len(runs[1].snapshots) == 4
        assert tools.same_bits(runs[1], whole)
        assert tools.same_bits(runs[0], alone)


def test_what_a_control_changed_holds_and_is_not_done_twice(splits, plan, tools, tmp_path):
    actions = {3: [Change({"learning_rate": 0.5}), Snapshot()], 6: [Change({"epochs": 15})]}
    job, kept = Job(plan, 5), []
    whole = fit(replace(job, keep=kept.append), splits, Always(3, actions))
    assert len(whole.history["epoch"]) == 15
    for moment in kept:
        start = stored(moment, job, splits, tmp_path)
        run = fit(replace(job, start=start), splits, Always(3, actions))
        assert tools.same_bits(run, whole)
        assert run.plan == whole.plan
    assert [moment.plan.learning_rate for moment in kept] == [0.02, 0.02, 0.5, 0.5, 0.5]


@pytest.mark.usefixtures("short_pieces")
def test_ctrl_c_leaves_a_moment_to_go_on_from(splits, plan, alone, tools, tmp_path):
    class Interrupting(tools.Watcher):
        def __call__(self, progress):
            if len(self.seen) == 4:
                os.kill(os.getpid(), signal.SIGINT)
            return super().__call__(progress)

    job, kept = Job(plan, 5), []
    runs = fit_many([replace(job, keep=kept.append), Job(plan, 6)], splits, Interrupting())
    assert [run.outcome for run in runs] == [Outcome.INTERRUPTED] * 2
    assert [(moment.step, moment.epoch) for moment in kept] == [(8, 1)]
    assert tools.same_bits(fit(replace(job, start=stored(kept[0], job, splits, tmp_path)), splits), alone)


def test_a_model_that_has_ended_leaves_none(splits, plan):
    kept = []
    fit(Job(plan, 5, keep=kept.append), splits, Always())
    fit(Job(plan.with_(learning_rate=3e38), 1, keep=kept.append), splits, Always(every=1))
    assert [moment.step for moment in kept] == [0, 0]


def test_the_last_two_are_kept_and_others_evenly_spread(splits, plan, moments, tmp_path, monkeypatch):
    checkpoints = Checkpoints(tmp_path, "one", tmp_path)
    first = beginning(Job(plan, 5), splits)
    assert checkpoints.last(first) == (None, [])

    def steps():
        return sorted(int(path.name.partition("-")[0]) for path in tmp_path.iterdir())

    def keep(*wanted):
        for step in wanted:
            checkpoints.keep(replace(moments[1], state=moments[1].state._replace(step=np.int32(step))))

    keep(*range(1, 17))
    assert steps() == list(range(1, 17))
    keep(*range(17, 41))
    kept = steps()
    assert len(kept) == 16
    assert kept[-2:] == [39, 40]
    assert np.diff([0, *kept]).max() <= 2 * 40 / 15
    found, _ = checkpoints.last(first, 20)
    assert found is not None
    assert found.step == max(step for step in kept if step <= 20)
    checkpoints.forget(20)
    assert steps() == [step for step in kept if step <= 20]
    monkeypatch.setattr(checkpoint, "_MOST_BYTES", 1)  # as where the model is large
    keep(41)
    assert steps()[-1] == 41
    assert len(steps()) == 2


@pytest.mark.parametrize("how", ["bits", "cut short", "empty", "another training", "another network"])
def test_what_is_not_whole_or_not_its_own_is_left_aside_and_told(splits, plan, moments, tmp_path, how):
    checkpoints = Checkpoints(tmp_path, "one", tmp_path)
    if how == "another network":
        other = beginning(Job(plan.with_(hidden_units=(8, 9)), 5), splits)._replace(step=moments[2].state.step)
        checkpoints.keep(replace(moments[2], state=other))
    else:
        Checkpoints(tmp_path, "other" if how == "another training" else "one", tmp_path).keep(moments[2])
    checkpoints.keep(moments[1])
    good, last = sorted(tmp_path.iterdir())
    whole = last.read_bytes()
    generator = np.random.default_rng(0)
    spoilt = {
        "bits": [flipped(whole, int(bit)) for bit in generator.integers(0, 8 * len(whole), 20)],
        "cut short": [whole[: int(size)] for size in generator.integers(1, len(whole), 5)],
        "empty": [b""],
    }
    for data in spoilt.get(how, [whole]):
        last.write_bytes(data)
        found, told = checkpoints.last(beginning(Job(plan, 5), splits))
        assert found is not None
        assert found.step == moments[1].step
        aside = last.with_suffix(".aside")
        why = "from another training" if how == "another training" else "damaged"
        assert told == [f"the checkpoint {last.name} is {why}, so it was renamed to {aside.name}"]
        assert sorted(tmp_path.iterdir()) == [good, aside]
    checkpoints.keep(moments[2])
    assert len(list(tmp_path.glob("*.safetensors"))) == 2


@pytest.mark.parametrize("where", ["write", "fsync"])
def test_a_full_disk_is_a_sentence_and_leaves_the_last_one(splits, plan, moments, tmp_path, monkeypatch, where):
    folder = tmp_path / "checkpoint"
    folder.mkdir()
    checkpoints = Checkpoints(folder, "one", folder.parent)
    checkpoints.keep(moments[1])
    before = {path: path.read_bytes() for path in folder.iterdir()}

    def full(file):
        raise OSError(28, "No space left on device")

    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    with monkeypatch.context() as patch:
        if where == "fsync":
            patch.setattr(os, "fsync", full)
        else:  # the system writes the first part, and refuses the rest
            resource.setrlimit(resource.RLIMIT_FSIZE, (4096, limits[1]))
        try:
            with pytest.raises(UnfinishedError) as caught:
                checkpoints.keep(moments[2])
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    why = "No space left on device" if where == "fsync" else "File too large"
    assert str(caught.value) == (
        f"cannot write a checkpoint to {folder} ({why}); fix that, then `goodfit resume {tmp_path}` continues from "
        "the previous one"
    )
    assert {path: path.read_bytes() for path in folder.iterdir()} == before
    found, told = checkpoints.last(beginning(Job(plan, 5), splits))
    assert found is not None
    assert (found.step, told) == (15, [])


@pytest.mark.parametrize(("cost", "wait"), [(0.01, 1.0), (0.2, 5.0), (2.0, 25.0)])
def test_periodically_waits_for_the_first_visit_after_its_seconds(monkeypatch, moments, cost, wait):
    """At least a second here, longer where writing takes more than 4 % of that, and 25 s at most."""
    now, kept = [100.0], []
    monkeypatch.setattr(checkpoint.time, "monotonic", lambda: now[0])

    def keep(moment):
        kept.append(moment)
        now[0] += cost

    control = Periodically({3: keep}, 1.0)
    progress = [Progress(job, 1, 9, np.zeros((1, 6), np.float32)) for job in (3, 4)]

    def visit(time):
        now[0] = time
        answer: dict[int, Any] = dict(control(progress))
        return {job: [action.keep(moments[0]) for action in actions] for job, actions in answer.items()}

    assert visit(100.9) == {}
    assert visit(101.5) == {3: [None]}
    assert visit(101.4 + wait) == {}
    assert visit(101.6 + wait) == {3: [None]}
    assert kept == [moments[0]] * 2


def test_an_identity_is_of_data_plan_seed_rows_and_version(plan, monkeypatch):
    rows = (np.arange(5), np.arange(5, 7))
    known = {
        identity("data", plan, 1, *rows),
        identity("other", plan, 1, *rows),
        identity("data", plan.with_(l2=0.1), 1, *rows),
        identity("data", plan, 2, *rows),
        identity("data", plan, 1, rows[1], rows[0]),
    }
    monkeypatch.setattr(checkpoint, "version", lambda name: "another")
    known.add(identity("data", plan, 1, *rows))
    known.add(identity("data", plan, 1, *rows, origin="elsewhere"))
    assert len(known) == 7
    assert identity("data", plan, 1, *rows) in known
