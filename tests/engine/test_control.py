"""The control: when it is called, what it sees, and what its answers do."""

import numpy as np
import pytest

from goodfit.engine import fit as fit_module
from goodfit.engine.control import Change, Checkpoint, Fork, Return, Snapshot, Stop, Wait
from goodfit.engine.fit import fit, fit_many
from goodfit.engine.jobs import Job
from goodfit.engine.step import RECORDED, recorded
from goodfit.errors import PlanError
from goodfit.record.run import Outcome


def test_it_is_called_at_every_multiple_and_at_the_end(splits, plan, alone, tools):
    control = tools.Watcher(every=5)
    fit_many([Job(plan, 5), Job(plan.with_(epochs=7), 6)], splits, control)
    seen = [[(each.job, each.epoch, each.epochs) for each in progress] for progress in control.seen]
    assert seen[0] == [(0, 0, 12), (1, 0, 7)]  # before anything is compiled
    assert seen[1:] == [[(0, 5, 12), (1, 5, 7)], [(0, 10, 12), (1, 7, 7)], [(0, 12, 12)]]
    last = control.seen[-1][0].records
    assert last.shape == (12, recorded(plan.structure))
    for column, name in enumerate(RECORDED):
        np.testing.assert_array_equal(last[:, column], alone.history[name])


def test_without_every_it_is_called_when_the_training_comes_back_anyway(splits, plan, tools):
    control = tools.Watcher()
    fit(Job(plan.with_(snapshots=2), 5), splits, control)
    assert [progress[0].epoch for progress in control.seen] == [0, 6, 12]


def test_stop_ends_one_model_and_leaves_the_others_alone(splits, plan, alone, tools):
    control = tools.Watcher(every=2, actions={(0, 4): [Stop("hopeless")], (2, 6): [Stop("enough")]})
    runs = fit_many([Job(plan, 4), Job(plan, 5), Job(plan, 6)], splits, control)
    assert [run.outcome for run in runs] == [Outcome.STOPPED, Outcome.FINISHED, Outcome.STOPPED]
    assert [run.reason for run in runs] == ["hopeless", "all 12 epochs done", "enough"]
    assert [len(run.history["epoch"]) for run in runs] == [4, 12, 6]
    assert tools.same_bits(runs[1], alone)
    assert all(each.job != 0 for progress in control.seen[3:] for each in progress)
    assert runs[0].best_epoch == runs[0].history["dev_cost"].argmin() + 1


def test_a_finished_model_cannot_be_stopped(splits, plan, tools):
    run = fit(Job(plan, 5), splits, tools.Watcher(actions={(0, 12): [Stop("too late")]}))
    assert run.outcome == Outcome.FINISHED


def test_answers_for_models_that_have_ended_do_nothing(splits, plan, alone, tools):
    class Repeating(tools.Watcher):
        def __call__(self, progress):
            super().__call__(progress)
            return {0: [Stop("again")]}

    runs = fit_many([Job(plan, 4), Job(plan, 5)], splits, Repeating(every=3))
    assert runs[0].reason == "again"
    assert tools.same_bits(runs[1], alone)


def test_change_gives_one_model_other_numbers_from_the_next_step(splits, plan, alone, tools):
    """Without a learning rate nothing moves; the neighbor goes on in the same bits."""
    actions = {(0, 6): [Change({"learning_rate": 1e-30, "weight_decay": 0.0})]}
    runs = fit_many([Job(plan.with_(snapshots=2), 5), Job(plan, 5)], splits, tools.Watcher(every=6, actions=actions))
    assert tools.same_bits(runs[1], alone)
    assert runs[0].plan == plan.with_(snapshots=2, learning_rate=1e-30, weight_decay=0.0)
    np.testing.assert_array_equal(runs[0].history["dev_cost"][:6], alone.history["dev_cost"][:6])
    assert runs[0].history["learning_rate"][6:].max() < 1e-29
    before, after = runs[0].snapshots
    for name in before:
        if name.startswith("layers"):
            np.testing.assert_array_equal(before[name], after[name], err_msg=name)


def test_changes_add_up(splits, plan, tools):
    actions = {(0, 3): [Change({"l2": 5.0})], (0, 6): [Change({"learning_rate": 0.5}), Change({"keep_prob": 0.9})]}
    run = fit(Job(plan, 5), splits, tools.Watcher(every=3, actions=actions))
    assert run.plan == plan.with_(l2=5.0, learning_rate=0.5, keep_prob=0.9)
    jump = run.history["objective"][3] - run.history["objective"][2]
    assert jump > 0.3  # (5/2m)·Σw² entered the objective


def test_class_balance_can_change_too(splits, plan, alone, tools):
    actions = {(0, 6): [Change({"class_balance": 1.0})]}
    run = fit(Job(plan, 5), splits, tools.Watcher(every=6, actions=actions))
    np.testing.assert_array_equal(run.history["objective"][:6], alone.history["objective"][:6])
    assert np.all(run.history["objective"][6:] != alone.history["objective"][6:])


@pytest.mark.parametrize("epochs", [8, 16])
def test_the_length_can_change(splits, plan, tools, epochs):
    actions = {(0, 6): [Change({"epochs": epochs})]}
    run = fit(Job(plan.with_(snapshots=2), 5), splits, tools.Watcher(every=2, actions=actions))
    assert run.reason == f"all {epochs} epochs done"
    assert len(run.history["epoch"]) == epochs
    assert run.history["learning_rate"][-1] < 0.1 * run.history["learning_rate"].max()  # one-cycle ends there


def test_patience_can_change(splits, plan, tools):
    actions = {(0, 3): [Change({"patience": 2, "learning_rate": 1e-30})]}
    run = fit(Job(plan.with_(epochs=100), 5), splits, tools.Watcher(every=3, actions=actions))
    assert run.outcome == Outcome.STOPPED_EARLY
    assert run.reason == "no better dev cost in 2 epochs"


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"activation": "relu"}, "activation cannot change while a model trains"),
        ({"snapshots": 3}, "snapshots cannot change while a model trains"),
        ({"l1": 1.0}, "l1 cannot be turned on while a model trains"),
        ({"clip_norm": 1.0}, "clipping cannot be turned on while a model trains"),
        ({"input_keep_prob": 0.5}, "input_dropout cannot be turned on while a model trains"),
        ({"learning_rate": -1}, "learning_rate is -1"),
    ],
)
def test_a_change_that_the_program_cannot_follow_is_refused(splits, plan, tools, change, sentence):
    control = tools.Watcher(every=1, actions={(0, 1): [Change(change)]})
    with pytest.raises(PlanError, match=sentence):
        fit(Job(plan, 5), splits, control)


def test_work_can_be_turned_off(splits, plan, tools):
    control = tools.Watcher(every=1, actions={(0, 1): [Change({"keep_prob": 1.0, "label_smoothing": 0.0})]})
    run = fit(Job(plan, 5), splits, control)
    assert run.plan.keep_prob == 1.0
    assert run.outcome == Outcome.FINISHED


def test_snapshots_on_demand(splits, plan, alone, tools, evaluated):
    control = tools.Watcher(every=1, actions={(0, 2): [Snapshot()], (0, 9): [Snapshot()]})
    run = fit(Job(plan, 5), splits, control)
    assert len(run.snapshots) == 2
    for epoch, snapshot in zip((2, 9), run.snapshots, strict=True):
        assert evaluated(run, snapshot, splits.dev)[0] == pytest.approx(run.history["dev_cost"][epoch - 1], rel=1e-5)
    np.testing.assert_array_equal(run.history["dev_cost"], alone.history["dev_cost"])


def test_it_knows_whether_an_epoch_has_ended_and_another_comes(splits, plan, tools, monkeypatch):
    monkeypatch.setattr(fit_module, "_PIECE_SECONDS", 1e-6)  # a visit at every step
    control = tools.Watcher(every=4)
    fit(Job(plan, 5), splits, control)
    seen = [(progress[0].epoch, progress[0].between_epochs) for progress in control.seen]
    assert seen[0] == (0, True)
    assert seen[-1] == (12, False)  # no other comes
    assert {(4, True), (8, True)} < set(seen)
    assert (0, False) in seen


def test_while_it_waits_nothing_is_trained(splits, plan, alone, tools, monkeypatch):
    monkeypatch.setattr(fit_module, "_WAIT_SECONDS", 0.0)

    class Patient(tools.Watcher):
        def __call__(self, progress):
            super().__call__(progress)
            looks = sum(each[0].epoch == progress[0].epoch for each in self.seen)
            return {progress[0].job: [Wait()]} if looks < 3 else {}

    control = Patient(every=6)
    run = fit(Job(plan, 5), splits, control)
    epochs = [progress[0].epoch for progress in control.seen]
    assert epochs == [0, 0, 0, 6, 6, 6, 12]  # what has ended is not waited for
    assert tools.same_bits(run, alone)


def test_a_fork_goes_on_untouched_beside_the_model_that_is_changed(splits, plan, alone, tools):
    change = Change({"learning_rate": 0.5})
    actions = {(0, 3): [change, Fork((2,))]}  # a fork is of the model before what else is answered
    runs = fit_many([Job(plan, 5), Job(plan, 6), Job(plan, 5, asleep=True)], splits, tools.Watcher(3, actions))
    assert tools.same_bits(runs[2], alone)
    assert tools.same_bits(runs[0], fit(Job(plan, 5), splits, tools.Watcher(3, {(0, 3): [change]})))
    assert not tools.same_bits(runs[0], alone)


def test_a_fork_again_starts_anew_and_one_that_nobody_forks_to_sleeps(splits, plan, alone, tools):
    first, second = Change({"learning_rate": 0.5}), Change({"learning_rate": 0.02})
    actions = {(0, 3): [Fork((1,)), first], (0, 6): [Fork((1,)), second]}
    jobs = [Job(plan, 5), Job(plan, 5, asleep=True), Job(plan, 5, asleep=True)]
    runs = fit_many(jobs, splits, tools.Watcher(3, actions))
    assert tools.same_bits(runs[1], fit(Job(plan, 5), splits, tools.Watcher(3, {(0, 3): [first]})))
    assert (runs[2].usable, runs[2].reason, len(runs[2].history["epoch"])) == (False, "never started", 0)


def test_a_return_goes_on_as_if_what_came_after_had_never_been(splits, plan, alone, tools):
    kept = []
    actions = {(0, 3): [Checkpoint(kept.append)], (0, 6): [Change({"learning_rate": 0.5})]}

    class Returning(tools.Watcher):
        def __call__(self, progress):
            answer = super().__call__(progress)
            if progress[0].epoch == 9 and len(kept) == 1:
                self.actions = {}
                return answer | {0: [Return(kept.pop())]}
            return answer

    runs = fit_many([Job(plan, 5), Job(plan, 6)], splits, Returning(3, actions))
    assert tools.same_bits(runs[0], alone)
    assert tools.same_bits(runs[1], fit(Job(plan, 6), splits))
    assert runs[0].plan == plan


def test_a_model_that_has_just_ended_can_return(splits, plan, alone, tools):
    kept = []

    class Returning(tools.Watcher):
        def __call__(self, progress):
            super().__call__(progress)
            if progress[0].epoch == 3:
                return {0: [Checkpoint(kept.append)]}
            return {0: [Return(kept.pop())]} if kept and progress[0].epoch == 12 else {}

    control = Returning(3)
    assert tools.same_bits(fit(Job(plan, 5), splits, control), alone)
    assert [progress[0].epoch for progress in control.seen] == [0, 3, 6, 9, 12, 6, 9, 12]


def test_what_is_forked_to_must_fit_the_stack(splits, plan, tools):
    job = Job(plan.with_(preparation="standard", hidden_units=(9,)), 5, asleep=True)
    with pytest.raises(PlanError, match="do not fit in memory beside it; train without untouched copies"):
        fit_many([Job(plan, 5), job], splits, tools.Watcher(3, {(0, 3): [Fork((1,))]}))
