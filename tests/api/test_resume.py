"""A training that cannot be lost: interrupted, cut at any write or killed, it ends as if nothing had been."""

import json
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import polars as pl
import pytest

import goodfit
from goodfit.api import results, train
from goodfit.engine import checkpoint
from goodfit.engine import fit as fit_module
from goodfit.errors import InputError, UnfinishedError
from goodfit.run_folder.folders import is_unfinished
from goodfit.run_folder.json_files import write_json

TIMES = ("started", "seconds")


def left(run):
    """All that a run's folder holds, without times and its own name."""
    folder = Path(run)
    facts = {}
    for path in (path for path in sorted(folder.rglob("*")) if path.is_file()):
        if path.suffix in (".json", ".jsonl"):
            lines = path.read_text().replace(str(folder), "RUN")
            values = map(json.loads, lines.splitlines()) if path.suffix == ".jsonl" else [json.loads(lines)]
            facts[path.name] = [
                {name: value for name, value in each.items() if name not in TIMES} if isinstance(each, dict) else each
                for each in values
            ]
        elif path.suffix == ".parquet":
            facts[path.name] = pl.read_parquet(path).write_csv()
        else:
            facts[path.name] = None if path.name == "report.html" else path.read_bytes()
    return facts


@pytest.fixture(scope="module")
def plan(small_plan):
    return small_plan.with_(batch_norm="before", keep_prob=0.8, decay="one_cycle", snapshots=3)


@pytest.fixture(scope="module")
def whole(table, plan, tmp_path_factory):
    return goodfit.train(table, target="kind", plan=plan, seed=3, out=tmp_path_factory.mktemp("runs")).run


@pytest.fixture
def small_pieces(monkeypatch):
    """A visit every few steps, and a checkpoint at each."""
    monkeypatch.setattr(fit_module, "_PIECE_SECONDS", 1e-4)
    monkeypatch.setattr(checkpoint, "SECONDS", 0.0)
    monkeypatch.setattr(checkpoint, "_SHARE", float("inf"))


@pytest.fixture
def interrupted(table, plan, tmp_path, small_pieces):
    """Trains till something is done of the training, and presses Ctrl-C; returns the fit."""

    def train(data=table, done=0.4, **options):
        pressed = []

        def press(text, share, seconds_left):
            if share is not None and share >= done and not pressed:
                pressed.append(share)
                os.kill(os.getpid(), signal.SIGINT)

        return goodfit.train(data, target="kind", plan=plan, seed=3, out=tmp_path, progress=press, **options)

    return train


def test_a_training_that_ended_leaves_nothing_to_resume(whole):
    assert not (Path(whole) / "checkpoint").exists()
    with pytest.raises(InputError, match=r"has ended \(finished\): there is nothing to resume$"):
        goodfit.resume(whole)


def test_an_interrupted_run_can_be_used_and_resumed(interrupted, whole, table):
    fit = interrupted()
    assert fit.outcome == "interrupted"
    assert len(goodfit.predict(fit.run, table)) == 500
    assert goodfit.runs(fit.run.parent)[0].outcome == "interrupted"
    told = []
    resumed = goodfit.resume(fit.run, progress=lambda text, done, seconds_left: told.append(text))
    (sentence,) = resumed.resumed
    epochs = int(fit.result.outcome_reason.rpartition(" ")[2])
    assert 0 < epochs < 12
    assert sentence.endswith(f", after epoch {epochs} of 12")
    assert sentence in told
    assert left(fit.run) == left(whole)
    assert resumed.result == goodfit.load(fit.run).result
    assert resumed.result.started == fit.result.started


def test_interrupted_before_an_epoch_ended_it_is_no_network_yet(interrupted, whole, tmp_path):
    with pytest.raises(UnfinishedError, match=r"interrupted after epoch 0; `goodfit resume .*` goes on with it$"):
        interrupted(done=0.0)
    (run,) = tmp_path.iterdir()
    assert [listing.to_dict() for listing in goodfit.runs(tmp_path)] == [{"run": str(run), "outcome": "unfinished"}]
    for use in (goodfit.open_test, goodfit.report, goodfit.diagnose, goodfit.check):
        with pytest.raises(InputError, match=r"is not finished; `goodfit resume .*` goes on with it$"):
            use(run)
    goodfit.resume(run)
    assert left(run) == left(whole)


def test_a_damaged_checkpoint_is_told_and_the_one_before_it_serves(interrupted, whole):
    run = interrupted().run
    last = max((run / "checkpoint").glob("*.safetensors"))
    last.write_bytes(last.read_bytes()[:-1])
    told = goodfit.resume(run).resumed
    assert told[0].startswith(f"the checkpoint {last.name} is damaged")
    assert int(last.name.partition("-")[0]) > int(told[1].removeprefix("the training went on from step ").split(",")[0])
    assert left(run) == left(whole)


def test_without_a_good_checkpoint_it_begins_again(interrupted, whole):
    run = interrupted().run
    for path in (run / "checkpoint").glob("*.safetensors"):
        path.unlink()
    assert goodfit.resume(run).resumed == ("there is no checkpoint to go on from, so the training began again",)
    assert left(run) == left(whole)


def test_a_full_disk_ends_it_with_a_sentence_and_costs_nothing(interrupted, whole, tmp_path, monkeypatch):
    written = []

    def full(file):
        written.append(file)
        if len(written) > 3:
            raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", full)
        with pytest.raises(UnfinishedError, match=r"No space left on device\); fix that, then `goodfit resume "):
            interrupted(done=2.0)
    (run,) = tmp_path.iterdir()
    assert len(list((run / "checkpoint").glob("*.safetensors"))) == 3
    assert goodfit.resume(run).resumed[0].startswith("the training went on from step ")
    assert left(run) == left(whole)


@pytest.mark.parametrize("error", [OSError(28, "No space left on device"), InputError("cannot write the report")])
def test_a_training_whose_run_cannot_be_written_is_not_lost(interrupted, whole, tmp_path, monkeypatch, error):
    def full(folder):
        raise error

    with monkeypatch.context() as patch:
        patch.setattr(results, "write_report", full)
        with pytest.raises(UnfinishedError) as caught:
            interrupted(done=2.0)
    (run,) = tmp_path.iterdir()
    remedy = f"mend that, and `goodfit resume {run}` ends it"
    assert str(caught.value) == f"the training is done, but not its run ({error}); {remedy}"
    goodfit.resume(run)
    assert left(run) == left(whole)


def test_a_training_in_memory_is_not_resumed(interrupted, made_table):
    run = interrupted(made_table(500, 0)).run
    assert not list(Path(run, "checkpoint").glob("*.safetensors"))
    with pytest.raises(InputError, match=r"was in memory, where no other process finds it; train again, from a file"):
        goodfit.resume(run)


def test_with_a_dev_set_in_memory_nothing_is_left_to_resume(interrupted, made_table, tmp_path):
    with pytest.raises(InputError, match=r"interrupted after epoch 0; let it train longer$"):
        interrupted(done=0.0, dev=made_table(60, 1))
    assert list(tmp_path.iterdir()) == []


def test_changed_data_is_refused_and_the_run_stays(interrupted, table, tmp_path):
    data = Path(shutil.copy(table, tmp_path.parent / f"{tmp_path.name}.csv"))
    run = interrupted(data).run
    before = left(run)
    data.write_text(data.read_text().replace("red", "blue"))
    with pytest.raises(InputError, match=r"has changed since .* began; train again$"):
        goodfit.resume(run)
    data.unlink()
    with pytest.raises(InputError, match=data.name):
        goodfit.resume(run)
    assert left(run) == before


def test_another_division_of_the_same_rows_is_refused(interrupted, made_table, tmp_path):
    frame = made_table(500, 0).with_row_index("person")
    data = tmp_path.parent / f"{tmp_path.name}.csv"
    frame.with_columns(pl.col("person") // 2).write_csv(data)
    with pytest.raises(UnfinishedError):
        interrupted(data, done=0.0, group="person")
    frame.with_columns(pl.col("person") // 3).write_csv(data)
    (run,) = tmp_path.iterdir()
    with pytest.raises(InputError, match=r"has changed since .* began; train again$"):
        goodfit.resume(run)


def test_one_process_at_a_time(interrupted):
    run = interrupted().run
    asked = []

    def again(text, done, seconds_left):
        if not asked:
            asked.append(text)
            with pytest.raises(InputError, match="is being trained by another process"):
                goodfit.resume(run)

    assert goodfit.resume(run, progress=again).outcome == "finished"
    assert asked


def test_what_cannot_be_resumed_is_refused(tmp_path, whole):
    with pytest.raises(InputError, match="is not a run directory"):
        goodfit.resume(tmp_path / "nowhere")
    run = Path(shutil.copytree(whole, tmp_path / "tune"))
    result = json.loads((run / "result.json").read_text())
    write_json(run / "result.json", result | {"command": "tune", "command_line": "goodfit tune X"})
    with pytest.raises(InputError, match=r"`goodfit tune`, which goes on .* the same command .*: goodfit tune X$"):
        goodfit.resume(run)


def test_a_training_that_is_refused_leaves_no_folder(table, plan, tmp_path):
    with pytest.raises(InputError, match="lower the learning rate"):
        goodfit.train(table, target="kind", plan=plan, changes={"learning_rate": 1e30}, out=tmp_path / "runs")
    assert list(tmp_path.iterdir()) == []


def test_a_disk_that_is_full_already_is_told_before_the_training(table, plan, tmp_path, monkeypatch):
    def full(path, data):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "write_bytes", full)
    wish = r"\(No space left on device\); make room, or choose another folder with --out$"
    with pytest.raises(InputError, match=wish):
        goodfit.train(table, target="kind", plan=plan, out=tmp_path / "runs")
    assert list(tmp_path.iterdir()) == []


class Cut(BaseException):
    """In place of a kill."""


def test_cut_before_any_write_it_goes_on_to_the_same_end(table, plan, whole, tmp_path, small_pieces, monkeypatch):
    """Cut before one of the first writes, it is begun or resumed and cut before a later one, and so forth."""
    writes = [0]

    def counted(write):
        def cut(*arguments, **named):
            writes[0] -= 1
            if writes[0] < 0:
                raise Cut
            return write(*arguments, **named)

        return cut

    cuts, run = 0, None
    with monkeypatch.context() as patch:
        for name in ("replace", "unlink"):  # every file is written beside its place, then moved
            patch.setattr(Path, name, counted(getattr(Path, name)))
        for name in ("write_history", "write_predictions"):
            patch.setattr(train, name, counted(getattr(train, name)))
        patch.setattr(train, "finish_run", counted(train.finish_run))
        while run is None or is_unfinished(run):
            writes[0] = cuts % 29
            assert cuts < 60, "it comes to no end"
            try:
                if run:
                    goodfit.resume(run)
                else:
                    goodfit.train(table, target="kind", plan=plan, seed=3, out=tmp_path)
            except Cut:
                cuts += 1
            run = next((folder for folder in tmp_path.iterdir() if is_unfinished(folder)), run)
    assert cuts > 12
    assert left(run) == left(whole)


KILLED = """
import json, os, random, signal, sys, time
from pathlib import Path
import goodfit
from goodfit.api import resume, train
from goodfit.engine import checkpoint, fit  # loaded here, once for all the forks

table, out = sys.argv[1], Path(sys.argv[2])
options = json.loads(sys.argv[3])
fit._PIECE_SECONDS, checkpoint.SECONDS = 5e-4, 0.02
moments, kills, steps = random.Random(7), 0, set()

def unfinished():
    return next((path for path in out.glob("*") if (path / "checkpoint" / "job.json").exists()), None)

def checkpoints():
    return {path.name for path in out.glob("*/checkpoint/*.safetensors")}

while True:
    run = unfinished()
    child = os.fork()
    if child == 0:
        if run:
            goodfit.resume(run)
        else:
            goodfit.train(table, plan=goodfit.Plan(**options), target="kind", out=out)
        os._exit(0)
    if kills < 20:
        in_training = kills % 2  # or, at the latest, when it gets there
        before, until = checkpoints(), time.monotonic() + (60 if in_training else moments.uniform(0, 1.2))
        while checkpoints() <= before and time.monotonic() < until:
            time.sleep(0.005)
        time.sleep(moments.uniform(0, 0.12) if in_training else 0)
        os.kill(child, signal.SIGKILL)
    _, status = os.waitpid(child, 0)
    if os.WIFSIGNALED(status):
        kills += 1
        steps |= {int(name.partition("-")[0]) for name in checkpoints()}
        continue
    print(json.dumps([kills, os.waitstatus_to_exitcode(status), len(steps), sum(step % 75 > 0 for step in steps)]))
    break
"""


def test_kill_9_at_twenty_random_moments_changes_no_bit(table, plan, tmp_path):
    """Each time another process goes on, in the middle of an epoch as well as at its end."""
    long = plan.with_(batch_size=4, epochs=800)
    undisturbed = goodfit.train(table, target="kind", plan=long, out=tmp_path / "whole").run
    arguments = [str(table), str(tmp_path / "killed"), json.dumps(long.to_dict())]
    outcome = subprocess.run([sys.executable, "-c", KILLED, *arguments], capture_output=True, text=True, check=False)
    assert outcome.returncode == 0, outcome.stderr
    kills, code, moments, in_an_epoch = json.loads(outcome.stdout.splitlines()[-1])
    assert (kills, code) == (20, 0), outcome.stderr
    assert moments >= 10
    assert in_an_epoch > 3
    ended = [run for run in (tmp_path / "killed").iterdir() if (run / "result.json").exists()]
    assert len(ended) == 1
    assert left(ended[0]) == left(undisturbed)
