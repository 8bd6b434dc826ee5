"""Going back, branching, and what a nudge was worth: each against trainings that never knew of it, bit for bit."""

import json
from pathlib import Path

import numpy as np
import polars as pl
import pytest

import goodfit
from goodfit.data.splits import open_splits
from goodfit.diagnosis.paired_test import paired_test
from goodfit.engine.control import Change
from goodfit.engine.fit import fit
from goodfit.engine.jobs import Job
from goodfit.engine.predictor import member_of
from goodfit.errors import InputError, PlanError
from goodfit.experiments.calibration import cross_calibrated
from goodfit.record.measurement import judge_outputs
from goodfit.wording.text import no_break

pytestmark = pytest.mark.usefixtures("small_pieces")

SEED = 3


@pytest.fixture(scope="module")
def plan(small_plan):
    return small_plan.with_(batch_norm="before", keep_prob=0.8)


@pytest.fixture
def train(table, plan, tmp_path):
    """Trains, and calls each of these functions at the first visit at which its turn and its epoch have come."""

    def call(*due, out=tmp_path / "runs", resumed=None, **options):
        waiting = list(due)

        def visited(text, done, seconds_left):
            run = Path(resumed or max(out.iterdir()))
            if done is not None and waiting and said(run)["epoch"] >= waiting[0][0]:
                waiting.pop(0)[1](run)

        if resumed:
            fit = goodfit.resume(resumed, progress=visited)
        else:
            fit = goodfit.train(table, target="kind", plan=plan, seed=SEED, out=out, progress=visited, **options)
        assert not waiting
        return fit

    return call


def said(run):
    return json.loads((run / "checkpoint" / "now.json").read_text())


def history(run):
    """Of the run's model; its copies stand in the file as well."""
    return pl.read_parquet(Path(run) / "history.parquet").filter(pl.col("experiment") == "plan")


def numbers(run):
    """What a training left, without names and times."""
    return (
        history(run).write_csv(),
        (Path(run) / "model.safetensors").read_bytes(),
        (Path(run) / "plan.yaml").read_text(),
    )


def nudge(**changes):
    return lambda run: goodfit.nudge(run, **changes)


def back(epoch):
    return lambda run: goodfit.rewind(run, epoch)


def kept_only(run):
    """Leave none but the first checkpoints, so that a training must go back further than it is asked."""
    for path in sorted((run / "checkpoint").glob("**/*.safetensors"))[3:]:
        path.unlink()


def nothing(run):
    return


def to(epoch):
    return lambda run: goodfit.unpause(run, to=epoch)


def seen_by(notes):
    """Notes where the training is."""
    return lambda run: notes.append((said(run)["epoch"], said(run)["paused"]))


class Cut(BaseException):
    """In place of a kill."""


def cut(run):
    raise Cut


@pytest.fixture(scope="module")
def alone(table, plan, tmp_path_factory):
    out = tmp_path_factory.mktemp("alone")
    return goodfit.train(table, target="kind", plan=plan, seed=SEED, out=out).run


@pytest.mark.parametrize("before", [nothing, kept_only])
def test_it_goes_back_pauses_there_and_what_came_after_has_never_been(train, alone, before):
    notes = []
    way = [(3, nudge(learning_rate=0.5)), (6, before), (7, back(2)), (0, nothing), (2, nothing), (2, seen_by(notes))]
    fit = train(*way, (2, goodfit.unpause))
    assert notes == [(2, True)]
    assert fit.result.nudges == ()
    assert numbers(fit.run) == numbers(alone)
    journal = (fit.run / "journal.jsonl").read_text()
    assert "the training went back to epoch 2 (python, " in journal


def test_what_was_nudged_before_stands_and_it_is_replayed_and_resumed(train, tmp_path):
    first, wrong, right = nudge(l2=0.5), nudge(learning_rate=0.5), nudge(learning_rate=0.005)
    way = [(2, first), (4, wrong), (8, back(5)), (5, nothing), (5, right), (5, goodfit.unpause)]
    run = train(*way).run
    raw = [json.loads(line) for line in (Path(run) / "nudges.jsonl").read_text().splitlines()]
    assert [each["setting"] for each in raw] == ["l2", "learning_rate", "rewind", "learning_rate"]
    gone = raw[1]["epoch"]
    assert gone >= 5
    again = train(out=tmp_path / "again", replay=Path(run) / "nudges.jsonl")
    assert [each.setting for each in again.result.nudges] == ["l2", "learning_rate"]
    assert numbers(again.run) == numbers(run)
    with pytest.raises(Cut):
        train(*way, (9, cut), out=tmp_path / "cut")
    (half,) = (tmp_path / "cut").iterdir()
    assert numbers(goodfit.resume(half).run) == numbers(run)


def test_cut_off_before_the_next_checkpoint_it_is_back_all_the_same(train, alone, tmp_path):
    with pytest.raises(Cut):
        train((3, nudge(learning_rate=0.5)), (7, back(2)), (0, cut))
    (half,) = (tmp_path / "runs").iterdir()
    assert numbers(goodfit.resume(half).run) == numbers(alone)


def test_it_continues_to_an_epoch_and_pauses_there(train, alone):
    notes = []
    way = [(2, goodfit.pause), (2, nothing), (2, to(5)), (5, nothing), (5, seen_by(notes)), (5, to(8)), (8, nothing)]
    fit = train(*way, (8, seen_by(notes)), (8, goodfit.unpause))
    assert notes == [(5, True), (8, True)]
    assert numbers(fit.run) == numbers(alone)


def test_an_epoch_that_has_not_come_is_refused(train, alone):
    def refuse(run):
        epoch = said(run)["epoch"]
        for to in (epoch, epoch + 1):
            with pytest.raises(PlanError, match=f"^cannot go back to epoch {to}: this training is in epoch {epoch}"):
                goodfit.rewind(run, to)
        for to in (-1, True):
            with pytest.raises(InputError, match=f"^to is {to}; give a whole number of at least 0$"):
                goodfit.rewind(run, to)

    fit = train((5, refuse))
    assert numbers(fit.run) == numbers(alone)


def outputs_of(splits, plan, seed, after):
    """On the dev rows, of a training by the engine alone, its learning rate 0.3 from the end of an epoch on."""

    class Nudging:
        def next_visit(self, job, epoch, epochs):
            return after if after and epoch < after else None

        def __call__(self, progress):
            return {0: [Change({"learning_rate": 0.3})]} if progress[0].epoch == after else {}

    run = fit(Job(plan, seed, splits.train, splits.dev), splits, Nudging())
    return member_of(run, "").outputs(splits.dataset.features.take(splits.dev), splits.dataset.schema)


@pytest.mark.parametrize("untouched_copies", [1, 3])
def test_what_a_nudge_was_worth_is_the_difference_to_trainings_left_alone(
    train, table, plan, tmp_path, untouched_copies
):
    """The copies end where whole trainings of their seeds end, and the interval is that of the paired test."""
    fit = train((5, nudge(learning_rate=0.3)), untouched_copies=untouched_copies)
    (at,) = {each.epoch for each in fit.result.nudges}
    (effect,) = fit.result.nudge_effects
    assert (effect.epoch, effect.compared_epoch, effect.pairs, effect.is_closed) == (at, 12, untouched_copies, True)
    assert effect.changes == (("learning_rate", 0.02, 0.3),)
    splits = open_splits(table, target="kind", seed=SEED)
    arms: dict[str, list[np.ndarray]] = {"untouched": [], "nudged": []}
    for seed in range(SEED, SEED + untouched_copies):
        for arm, after in (("untouched", None), ("nudged", at)):
            outputs = outputs_of(splits, plan, seed, after)
            calibrated = cross_calibrated(outputs, splits.dataset.target[splits.dev])
            costs, errors = (judge_outputs(splits, each[None], splits.dev) for each in (calibrated, outputs))
            arms[arm].append(np.concatenate([costs.costs, errors.errors]))
    for row, name in ((0, "cost"), (1, "error")):
        expected = paired_test(np.stack(arms["untouched"])[:, row], np.stack(arms["nudged"])[:, row])
        found = getattr(effect, name)
        assert (found.value, found.low, found.high) == pytest.approx(
            (expected.effect, expected.low, expected.high), abs=1e-12
        )
    assert ("one pair" in effect.sentence) == (untouched_copies == 1)
    page = fit.report.read_text()
    assert no_break(effect.sentence) in page
    assert f"untouched since epoch {at}" in page


def test_copies_change_no_number_of_the_run_and_a_later_nudge_closes_the_first_comparison(train, tmp_path):
    way = [(3, nudge(learning_rate=0.3)), (6, nudge(l2=0.5))]
    fit = train(*way, untouched_copies=2)
    early, late = (each.epoch for each in fit.result.nudges)
    replayed = train(out=tmp_path / "alone", replay=fit.run / "nudges.jsonl")
    assert numbers(fit.run) == numbers(replayed.run)
    assert [(each.epoch, each.compared_epoch, each.is_closed) for each in fit.result.nudge_effects] == [
        (early, late, True),
        (late, 12, True),
    ]


def test_cut_off_and_resumed_the_worth_is_the_same(train, tmp_path):
    way = [(3, nudge(learning_rate=0.3)), (6, nudge(l2=0.5))]
    whole = train(*way, untouched_copies=2)
    with pytest.raises(Cut):
        train(*way, (9, cut), untouched_copies=2, out=tmp_path / "cut")
    (half,) = (tmp_path / "cut").iterdir()
    resumed = goodfit.resume(half)
    assert numbers(resumed.run) == numbers(whole.run)
    assert resumed.result.nudge_effects == whole.result.nudge_effects


def test_going_back_with_copies_forgets_what_the_void_nudge_was_worth(train, alone):
    fit = train((3, nudge(learning_rate=0.3)), (7, back(2)), (2, nothing), (2, goodfit.unpause), untouched_copies=2)
    assert fit.result.nudge_effects == ()
    assert numbers(fit.run) == numbers(alone)


@pytest.mark.parametrize("untouched_copies", [-1, 9, True])
def test_a_wrong_number_of_copies_is_refused(table, tmp_path, untouched_copies):
    with pytest.raises(InputError, match="give a whole number from 0 to 8"):
        goodfit.train(table, target="kind", out=tmp_path, untouched_copies=untouched_copies)
    assert list(tmp_path.iterdir()) == []
