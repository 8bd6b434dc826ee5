"""Nudges of a live training: made once, replayed, or cut off and resumed, they give the same numbers, bit for bit."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

import goodfit
from goodfit.errors import InputError, PlanError
from goodfit.plan import Plan
from goodfit.record.nudge import Nudge

pytestmark = pytest.mark.usefixtures("small_pieces")

FIRST: dict[str, Any] = {"learning_rate": 0.001, "l2": 0.5}
SECOND: dict[str, Any] = {"keep_prob": 0.95, "epochs": 14}


def numbers(run):
    """What a training left, without names and times."""
    run = Path(run)
    tables = [pl.read_parquet(run / f"{name}.parquet").write_csv() for name in ("history", "predictions")]
    return [*tables, (run / "model.safetensors").read_bytes(), (run / "plan.yaml").read_text()]


def history(run):
    return pl.read_parquet(Path(run) / "history.parquet")


@pytest.fixture(scope="module")
def plan(small_plan):
    return small_plan.with_(batch_norm="before", keep_prob=0.8, decay="one_cycle", snapshots=3)


@pytest.fixture
def train(table, plan, tmp_path):
    """Trains, and at each visit calls the functions that are due, by the share that is done; returns the fit."""

    def call(*due, out=tmp_path / "runs", **options):
        waiting = list(due)

        def visited(text, done, seconds_left):
            if done is not None and waiting and done >= waiting[0][0]:
                waiting.pop(0)[1](max(out.iterdir()))

        return goodfit.train(table, target="kind", plan=plan, seed=3, out=out, progress=visited, **options)

    return call


class Cut(BaseException):
    """In place of a kill."""


def cut(run):
    raise Cut


def first(run):
    goodfit.nudge(run, **FIRST)


def second(run):
    goodfit.nudge(run, dropout=0.05, epochs=14)  # dropout is logged as keep_prob


@pytest.fixture(scope="module")
def alone(table, plan, tmp_path_factory):
    return goodfit.train(table, target="kind", plan=plan, seed=3, out=tmp_path_factory.mktemp("alone")).run


def test_a_nudge_changes_what_comes_after_it_and_is_written_down(train, alone, plan):
    fit = train((0.3, first), (0.6, second))
    made = [(each.setting, each.old, each.new) for each in fit.result.nudges]
    assert made == [
        ("learning_rate", 0.02, 0.001),
        ("l2", 0.0, 0.5),
        ("keep_prob", 0.8, 0.95),
        ("epochs", 12, 14),
    ]
    at, _, again, _ = [each.epoch for each in fit.result.nudges]
    assert 3 <= at < again < 12
    assert all(each.sender.startswith("python, ") and each.when for each in fit.result.nudges)
    lines = (fit.run / "nudges.jsonl").read_text().splitlines()
    assert [Nudge.from_dict(json.loads(line)) for line in lines] == list(fit.result.nudges)
    nudged, left_alone = history(fit.run), history(alone)
    assert len(nudged) == 14
    assert nudged[:at].equals(left_alone[:at])
    assert (nudged["train_cost"][at:12] != left_alone["train_cost"][at:]).all()
    one_cycle = np.array(nudged["learning_rate"][at:again]) / np.array(left_alone["learning_rate"][at:again])
    np.testing.assert_allclose(one_cycle, 0.001 / 0.02, rtol=1e-5)
    in_the_end = plan.with_(**FIRST, **SECOND)
    assert Plan.from_yaml((fit.run / "plan.yaml").read_text()) == in_the_end
    assert fit.plan == in_the_end
    journal = (fit.run / "journal.jsonl").read_text()
    assert f"After epoch {at} `learning_rate` went from 0.02 to 0.001 (python, " in journal
    assert "learning_rate 0.02 → 0.001" in json.loads(f'"{_page(fit)}"')


def _page(fit):
    """The report's text, as it stands within JSON."""
    page = fit.report.read_text(encoding="utf-8")
    return next(part for part in page.split('"') if part.startswith("learning_rate 0.02"))


def test_replayed_it_is_the_same_run(train, tmp_path):
    run = train((0.3, first), (0.6, second)).run
    nudges = Path(run) / "nudges.jsonl"
    again = train(out=tmp_path / "again", replay=nudges)
    assert numbers(again.run) == numbers(run)
    assert f"--replay {nudges}" in again.result.command_line
    assert [each.sender for each in again.result.nudges] == ["replay"] * 4
    with pytest.raises(Cut):
        train((0.5, cut), out=tmp_path / "cut", replay=nudges)
    (half,) = (tmp_path / "cut").iterdir()
    nudges.unlink()  # what was asked is in the run
    goodfit.resume(half)
    assert numbers(half) == numbers(run)
    assert len((half / "nudges.jsonl").read_text().splitlines()) == 4


@pytest.mark.parametrize(("done", "lost"), [(0.5, 0), (0.7, 1), (0.9, 2)])
def test_cut_off_and_resumed_it_is_the_same_run(train, tmp_path, done, lost):
    run = train((0.3, first), (0.6, second)).run
    due = [(0.3, first), (0.6, second)]
    with pytest.raises(Cut):
        train(*[each for each in due if each[0] < done], (done, cut), out=tmp_path / "cut")
    (half,) = (tmp_path / "cut").iterdir()
    for path in sorted((half / "checkpoint").glob("*.safetensors"), reverse=True)[:lost]:
        path.unlink()  # so that it goes on from before a nudge, or from the beginning
    asked = [] if done == 0.5 else [1]  # cut before it, the second is asked for where it was in the other run

    def visited(text, share, seconds_left):
        if share is not None and share >= 0.6 and not asked:
            asked.append(1)
            second(half)

    goodfit.resume(half, progress=visited)
    assert numbers(half) == numbers(run)


def test_a_pause_changes_no_number(train, alone):
    seen = []

    def go_on(run):
        seen.append(goodfit.runs(run.parent)[0].outcome)
        goodfit.unpause(run)

    fit = train((0.4, goodfit.pause), (0.4, lambda run: None), (0.4, lambda run: None), (0.4, go_on))
    assert seen == ["training"]
    assert fit.result.nudges == ()
    assert numbers(fit.run) == numbers(alone)


def test_while_it_is_paused_the_progress_says_so_and_ctrl_c_is_heard(table, plan, tmp_path):
    told = []

    def visited(text, done, seconds_left):
        told.append(text)
        if len(told) == 10:
            goodfit.pause(next(tmp_path.iterdir()))
        if told.count("training is paused") == 3:
            os.kill(os.getpid(), signal.SIGINT)

    fit = goodfit.train(table, target="kind", plan=plan, out=tmp_path, progress=visited)
    assert fit.outcome == "interrupted"
    assert told.count("training is paused") == 3


def test_stop_keeps_the_best_so_far(train, alone):
    fit = train((0.5, goodfit.stop))
    assert fit.outcome == "stopped"
    epochs = len(history(fit.run))
    assert 6 <= epochs < 9
    assert fit.result.outcome_reason.startswith(f"stopped after epoch {epochs} (python, ")
    assert history(fit.run).equals(history(alone)[:epochs])
    assert not (fit.run / "checkpoint").exists()


def test_what_cannot_change_is_refused_before_anything_is_written(train, alone):
    refused = {
        "learning_rate is nan": {"learning_rate": float("nan")},
        "learning_rate is -1": {"learning_rate": -1},
        "keep_prob is 0": {"keep_prob": 0},
        "did you mean 'learning_rate'": {"learning_rat": 0.1},
        "hidden_units cannot change while a model trains": {"hidden_units": [8]},
        "batch_size cannot change while a model trains": {"batch_size": 8},
        "optimizer cannot change while a model trains": {"optimizer": "adam"},
        "input_dropout cannot be turned on while a model trains": {"input_keep_prob": 0.5},
        "epochs is 2, but this training is in epoch": {"epochs": 2, "l2": 0.1},
        "has nothing to change": {},
    }
    tried = []

    def refuse(run):
        for sentence, changes in refused.items():
            with pytest.raises(PlanError, match=sentence):
                goodfit.nudge(run, **changes)
            tried.append(sentence)
        assert not (run / "checkpoint" / "requests.jsonl").exists()

    fit = train((0.5, refuse))
    assert len(tried) == len(refused)
    assert numbers(fit.run) == numbers(alone)


def test_garbage_among_the_requests_changes_nothing(train, alone):
    def spill(run):
        (run / "checkpoint" / "requests.jsonl").write_bytes(b'\xff{"id": 7\n' + b"z" * 100_000 + b"\n[]\n")

    fit = train((0.4, spill))
    assert numbers(fit.run) == numbers(alone)
    assert "a line in the file of requests" in (fit.run / "journal.jsonl").read_text().lower()


def test_a_run_that_is_not_training_is_told_with_what_to_do(train, tmp_path, alone):
    with pytest.raises(InputError, match=r"has ended \(finished\)"):
        goodfit.nudge(alone, l2=0.1)
    with pytest.raises(InputError, match="is not a run directory"):
        goodfit.stop(tmp_path / "nowhere")
    with pytest.raises(Cut):
        train((0.4, cut))
    (half,) = (tmp_path / "runs").iterdir()
    for ask in (goodfit.pause, goodfit.unpause, goodfit.stop):
        with pytest.raises(InputError, match=f"is not training now; `goodfit resume {half}` goes on with it"):
            ask(half)
    assert not (half / "checkpoint" / "requests.jsonl").exists()


def test_a_replay_that_cannot_be_is_refused_and_leaves_no_folder(train, tmp_path):
    path = tmp_path / "nudges.jsonl"
    path.write_text("{}\n")
    with pytest.raises(InputError, match=r"^line 1 of .*nudges.jsonl is no nudge; "):
        train(replay=path)
    assert not (tmp_path / "runs").exists()


def start(*words):
    command = [sys.executable, "-m", "goodfit", *map(str, words)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)


def asked(*words):
    """What a command answers as JSON."""
    process = start(*words, "--json")
    answer = json.loads(process.communicate(timeout=60)[0])
    assert process.returncode == 0, answer
    return answer


def said(out, least):
    """The run in a folder, and what it says of itself once so many epochs have ended."""
    until = time.monotonic() + 60
    while time.monotonic() < until:
        for path in out.glob("*/checkpoint/now.json"):
            if (now := json.loads(path.read_text()))["epoch"] >= least:
                return path.parent.parent, now
        time.sleep(0.05)
    raise TimeoutError


def test_by_the_command_line_of_another_process_and_through_a_kill(table, plan, tmp_path, monkeypatch):
    """One training from its beginning over a kill -9 to its end, and its replay."""
    monkeypatch.undo()
    out = tmp_path / "runs"
    long = plan.with_(decay="constant", epochs=10**6, snapshots=0)
    (tmp_path / "plan.yaml").write_text(long.to_yaml())
    training = start("train", table, "--target", "kind", "--plan", tmp_path / "plan.yaml", "--out", out)
    try:
        run, _ = said(out, least=1)
        assert asked("pause", run)["answered"]
        nudge = asked("nudge", run, "learning_rate=1e-3")
        assert nudge["changes"] == [["learning_rate", 0.02, 0.001]]
        assert asked("unpause", run)["answered"]
        training.send_signal(signal.SIGKILL)
        training.communicate()
        (run / "checkpoint" / "now.json").unlink()
        training = start("resume", run, "--json")
        said(out, least=nudge["epoch"] + 1)
        assert asked("stop", run)["answered"]
        result = json.loads(training.communicate(timeout=60)[0])
    finally:
        training.kill()
        training.communicate()
    rates = history(run)["learning_rate"].to_list()
    assert result["outcome"] == "stopped"
    assert result["outcome_reason"].startswith(f"stopped after epoch {len(rates)} (terminal, ")
    at = nudge["epoch"]
    assert rates == [rates[0]] * at + [rates[-1]] * (len(rates) - at)
    assert (rates[0], rates[-1]) == pytest.approx((0.02, 0.001))
    as_long = {"epochs": len(rates)}
    nudges = run / "nudges.jsonl"
    again = goodfit.train(table, target="kind", plan=long, changes=as_long, replay=nudges, out=tmp_path / "again")
    assert history(again.run).equals(history(run))
