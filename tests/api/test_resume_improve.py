"""A whole job that cannot be lost: interrupted, cut at any of its steps or killed, it ends as if nothing had been."""

import json
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import polars as pl
import pytest

import goodfit
from goodfit.api import improve as improve_module
from goodfit.api import results
from goodfit.engine import fit as fit_module
from goodfit.engine import sealed_files
from goodfit.errors import InputError, UnfinishedError
from goodfit.experiments import laboratory
from goodfit.loop import loop, proposals
from goodfit.run_folder.decisions import Decisions
from goodfit.run_folder.folders import is_unfinished
from goodfit.run_folder.names import DECISIONS_FILE, LEDGER_FILE

TIMES = ("started", "seconds")
BEGAN_AGAIN = "there was no training to go on from, so the job began again"


class Cut(BaseException):
    """In place of a kill."""


def timeless(value):
    """Facts without the times in them."""
    if isinstance(value, dict):
        return {name: timeless(each) for name, each in value.items() if name not in TIMES}
    return [timeless(each) for each in value] if isinstance(value, list) else value


def left(run):
    """All that a run's folder holds, without times, its own name and what there is to go on from."""
    folder = Path(run)
    facts = {}
    for path in sorted(path for path in folder.iterdir() if path.is_file()):
        if path.suffix in (".json", ".jsonl"):
            lines = path.read_text().replace(str(folder), "RUN")
            facts[path.name] = timeless(
                [json.loads(each) for each in lines.splitlines()] if path.suffix == ".jsonl" else json.loads(lines)
            )
        elif path.suffix == ".parquet":
            facts[path.name] = pl.read_parquet(path).write_csv()
        else:
            facts[path.name] = None if path.name == "report.html" else path.read_bytes()
    return facts


def the_run(out):
    """The one run in a folder."""
    (run,) = (folder for folder in out.iterdir() if folder.is_dir())
    return run


def files_of(run):
    """The trainings that a run has kept."""
    return sorted((run / "checkpoint").glob("training-*.safetensors"))


@pytest.fixture(scope="module", autouse=True)
def small_default(small_plan):
    """The default network, which is tried beside a given plan, as small as that: it is not compiled apart."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(loop, "default_plan", lambda splits: small_plan.with_(learning_rate=0.01))
        yield


@pytest.fixture(scope="module")
def improve(table, small_plan):
    """The job, by whatever options."""

    def improve(out, data=table, **options):
        asked: dict[str, Any] = {"target": "kind", "plan": small_plan, "seed": 3} | options
        if "budget" not in asked:
            asked.setdefault("rounds", 1)
        return goodfit.improve(data, out=out, **asked)

    return improve


@pytest.fixture(scope="module")
def whole(improve, tmp_path_factory):
    """What is left of the job that nothing disturbed."""
    run = improve(tmp_path_factory.mktemp("whole")).run
    assert not (Path(run) / "checkpoint").exists()
    with pytest.raises(InputError, match=r"has ended \(finished\): there is nothing to resume$"):
        goodfit.resume(run)
    return left(run)


@pytest.fixture(scope="module")
def all_but_ended(improve, tmp_path_factory):
    """A folder with the job cut at its very last step."""
    out = tmp_path_factory.mktemp("cut")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(improve_module, "finish_run", cutting)
        with pytest.raises(Cut):
            improve(out)
    return out


@pytest.fixture
def cut_off(all_but_ended, tmp_path):
    """A copy of it to do with as one likes."""
    return the_run(Path(shutil.copytree(all_but_ended, tmp_path / "copy")))


def cutting(*arguments, **named):
    raise Cut


def interrupting(at):
    """A progress that presses Ctrl-C where something is begun."""

    def progress(text, done, seconds_left):
        if text == at:
            os.kill(os.getpid(), signal.SIGINT)

    return progress


def test_cut_at_any_step_it_goes_on_to_the_same_end(improve, whole, tmp_path, monkeypatch):
    """Cut at its first step it is resumed, and cut at the next, and so forth to its end."""
    done, run = [], None

    def at(*step):
        if step not in done:
            done.append(step)
            raise Cut

    def before(owner, name, step):
        real = getattr(owner, name)

        def first(*arguments, **named):
            at(*step(*arguments, **named))
            return real(*arguments, **named)

        monkeypatch.setattr(owner, name, first)

    def progress(text, share, seconds_left):
        if share and share < 1:
            at("in the middle of", text)

    monkeypatch.setattr(fit_module, "_PIECE_SECONDS", 5e-4)
    before(sealed_files, "write", lambda folder, stem, *_: ("before it is kept", stem))
    before(Decisions, "take", lambda self, decision: ("before it is written", self._repeated, decision.id))
    for owner, name in (
        (laboratory, "fit_many"),
        (improve_module, "build_ensemble"),
        (improve_module, "final_test"),
        (improve_module, "finish"),
    ):
        before(owner, name, lambda *arguments, name=name, **_: (name, len(arguments[0]) if name == "fit_many" else 0))
    before(improve_module, "finish_run", lambda folder: ("end",))
    while run is None or is_unfinished(run):
        assert len(done) < 60, "it comes to no end"
        try:
            if run:
                goodfit.resume(run, progress=progress)
            else:
                improve(tmp_path, progress=progress)
        except Cut:
            run = the_run(tmp_path)
    assert left(run) == whole
    assert len([step for step in done if step[0] == "in the middle of"]) == 4
    assert len([step for step in done if step[0] == "before it is kept"]) == 4
    lines = [json.loads(line) for line in (tmp_path / LEDGER_FILE).read_text().splitlines()]
    assert [line["opening"] for line in lines] == ["first", "repetition", "repetition"]  # before finish, end, and last
    assert len({line["model"] for line in lines}) == 1


def test_what_was_trained_is_not_trained_again(cut_off, whole, monkeypatch):
    kept = cut_off / "checkpoint"
    assert [path.name.rpartition("-")[0] for path in files_of(cut_off)] == [f"training-000{n}" for n in (1, 2, 3, 4)]
    monkeypatch.setattr(laboratory, "fit_many", cutting)
    told = []
    fit = goodfit.resume(cut_off, progress=lambda text, done, seconds_left: told.append(text))
    assert fit.resumed == ("the job went on after 4 of its trainings",)
    assert fit.to_dict() == json.loads((cut_off / "result.json").read_text()) | {"resumed": [*fit.resumed]}
    assert not kept.exists()
    assert left(cut_off) == whole


@pytest.mark.parametrize("gone", ["trainings", "decisions", "the end of the last decision"])
def test_with_less_than_all_it_comes_to_the_same_end(cut_off, whole, gone):
    if gone == "trainings":
        for path in files_of(cut_off):
            path.unlink()
    elif gone == "decisions":
        (cut_off / DECISIONS_FILE).unlink()
    else:
        os.truncate(cut_off / DECISIONS_FILE, (cut_off / DECISIONS_FILE).stat().st_size - 9)
    told = goodfit.resume(cut_off).resumed
    assert told == (BEGAN_AGAIN if gone == "trainings" else "the job went on after 4 of its trainings",)
    assert left(cut_off) == whole


def test_what_is_damaged_or_anothers_is_told_and_trained_again(cut_off, whole):
    first, second, _, fourth = files_of(cut_off)
    first.write_bytes(first.read_bytes()[:-1])
    os.replace(fourth, second.with_name(fourth.name.replace("0004", "0002")))
    second.unlink()
    decided = cut_off / DECISIONS_FILE
    decided.write_text(decided.read_text().replace('"another-round"', "another-round"))
    told = []
    resumed = goodfit.resume(cut_off, progress=lambda text, done, seconds_left: told.append(text)).resumed
    assert resumed[0].startswith("line 5 of ")
    assert resumed[1].startswith(f"the checkpoint {first.name} is damaged")
    assert resumed[2].startswith("the checkpoint training-0002-")
    assert "is from another training" in resumed[2]
    assert resumed[3] == "the job went on after 1 of its trainings"
    assert resumed[2] in told
    assert left(cut_off) == whole


def test_after_ctrl_c_it_can_be_used_and_resumed(improve, whole, table, tmp_path, monkeypatch):
    fit = improve(tmp_path, progress=interrupting("experiments of round 1"))
    assert fit.outcome == "interrupted"
    run = the_run(tmp_path)
    assert len(goodfit.predict(run, table)) == 500
    assert goodfit.runs(tmp_path)[0].outcome == "interrupted"
    decided = Decisions.read(run).entries
    assert [decision.id for decision in decided][-1] == "round-1-proposals"
    assert len(files_of(run)) == 2
    with monkeypatch.context() as patch:
        patch.setattr(improve_module, "build_ensemble", cutting)
        with pytest.raises(Cut):
            goodfit.resume(run)
    assert len(goodfit.predict(run, table)) == 500
    again = goodfit.resume(run)
    assert again.resumed == ("the job went on after 3 of its trainings",)
    assert again.outcome == "finished"
    assert again.result.started == fit.result.started
    assert left(run) == whole


def test_the_test_set_that_was_opened_for_the_interrupted_model_stays_closed_for_the_next(improve, tmp_path):
    run = improve(tmp_path, progress=interrupting("experiments of round 1")).run
    goodfit.open_test(run)
    final = goodfit.resume(run).result.final
    assert final.test_error is None
    assert "a second model measured on it would make it a dev set" in str(final.test_note)


def test_an_unfinished_job_is_told_as_such(improve, tmp_path, monkeypatch):
    with monkeypatch.context() as patch:
        patch.setattr(improve_module, "build_ensemble", cutting)
        with pytest.raises(Cut):
            improve(tmp_path, rounds=0)
    run = the_run(tmp_path)
    assert [listing.to_dict() for listing in goodfit.runs(tmp_path)] == [{"run": str(run), "outcome": "unfinished"}]
    for use in (goodfit.open_test, goodfit.report, goodfit.diagnose, lambda run: goodfit.predict(run, "digits")):
        with pytest.raises(InputError, match=r"is not finished; `goodfit resume .*` goes on with it$"):
            use(run)
    with pytest.raises(
        InputError, match=r"is a job of `goodfit improve`, not a single training; this can be done with"
    ):
        goodfit.branch(run, learning_rate=0.1)


def test_a_full_disk_ends_it_with_a_sentence_and_costs_nothing(improve, whole, tmp_path, monkeypatch):
    written = []

    def full(file):
        written.append(file)
        if len(written) > 2:
            raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", full)
        with pytest.raises(
            UnfinishedError, match=r"^the job could not go on \(.*No space left on device\); mend that, "
        ):
            improve(tmp_path)
    run = the_run(tmp_path)
    assert [path.name.rpartition("-")[0] for path in files_of(run)] == ["training-0001", "training-0002"]
    assert not (run / "checkpoint" / "partial").exists()
    assert goodfit.resume(run).resumed == ("the job went on after 2 of its trainings",)
    assert left(run) == whole


@pytest.mark.parametrize("error", [OSError(28, "No space left on device"), InputError("cannot write the report")])
def test_a_job_whose_run_cannot_be_written_is_not_lost(cut_off, whole, monkeypatch, error):
    def full(folder):
        raise error

    with monkeypatch.context() as patch:
        patch.setattr(results, "write_report", full)
        with pytest.raises(UnfinishedError) as caught:
            goodfit.resume(cut_off)
    remedy = f"mend that, and `goodfit resume {cut_off}` goes on with it"
    assert str(caught.value) == f"the trainings are done, but not their run ({error}); {remedy}"
    goodfit.resume(cut_off)
    assert left(cut_off) == whole


def test_a_job_in_memory_is_not_resumed(improve, made_table, tmp_path):
    progress = interrupting("experiments of round 1")
    run = improve(tmp_path, made_table(500, 0), progress=progress).run
    assert [path.name for path in (run / "checkpoint").iterdir()] == ["job.json"]
    with pytest.raises(InputError, match="was in memory, where no other process finds it"):
        goodfit.resume(run)


def test_a_replay_is_resumed_to_the_same_end(improve, tmp_path, monkeypatch):
    first = improve(tmp_path / "first", rounds=0).run
    with monkeypatch.context() as patch:
        patch.setattr(improve_module, "build_ensemble", cutting)
        with pytest.raises(Cut):
            improve(tmp_path / "again", rounds=0, replay=first)
    run = the_run(tmp_path / "again")
    again = goodfit.resume(run)
    assert again.result.options["replay"] == str(first)
    mine, its = left(run), left(first)
    for facts in (mine, its):
        for name in ("options", "command_line"):
            facts["result.json"].pop(name)
    assert mine == its


def test_with_a_budget_what_was_decided_stands_and_the_seconds_count(improve, tmp_path, monkeypatch):
    with monkeypatch.context() as patch:
        patch.setattr(loop, "diagnose", cutting)
        with pytest.raises(Cut):
            improve(tmp_path, budget=600)
    run = the_run(tmp_path)
    decided = (run / DECISIONS_FILE).read_text().splitlines()
    last = json.loads(decided[-1])
    (run / DECISIONS_FILE).write_text("\n".join([*decided[:-1], json.dumps(last | {"seconds": 1000.0})]) + "\n")
    fit = goodfit.resume(run)
    assert fit.result.seconds > 1000
    journal = [json.loads(line) for line in (run / "journal.jsonl").read_text().splitlines()]
    taken = [line for line in journal if line["event"] in ("decision", "training")]
    before = [{name: value for name, value in json.loads(line).items() if name != "seconds"} for line in decided]
    assert [{name: line[name] for name in was} for line, was in zip(taken, before, strict=False)] == before
    assert len(before) >= 4
    assert {line["id"]: line["value"] for line in taken[len(before) :]} == {
        "round-1-seeds": 2,
        "round-1-proposals": 0,
        "member-folds": 0,
        "more-seeds": 0,
    }


def test_what_the_budget_stopped_is_trained_again_to_where_it_was_stopped(improve, small_plan, tmp_path, monkeypatch):
    with monkeypatch.context() as patch:
        patch.setattr(
            laboratory.Laboratory, "training_seconds", lambda self, jobs: 1e-6
        )  # so that it takes on too much
        patch.setattr(improve_module, "finish_run", cutting)
        with pytest.raises(Cut):
            improve(tmp_path, budget=2, plan=small_plan.with_(epochs=20_000))
    run = the_run(tmp_path)
    before = left(run)
    assert any(decision.stopped for decision in Decisions.read(run).entries)
    for path in files_of(run):
        path.unlink()
    assert goodfit.resume(run).resumed == (BEGAN_AGAIN,)
    assert left(run) == before


KILLED = """
import json, os, random, signal, sys, time
from pathlib import Path
import goodfit
from goodfit.api import improve, resume
from goodfit.loop import loop, proposals  # loaded here, once for all the forks

table, out = sys.argv[1], Path(sys.argv[2])
options, tried = json.loads(sys.argv[3]), json.loads(sys.argv[4])
proposals.RECIPE = tuple(line for line in proposals.RECIPE if line.name in tried)
loop.default_plan = lambda splits: goodfit.Plan(**options).with_(learning_rate=0.01)
moments, kills = random.Random(5), 0

def unfinished():
    return next((path for path in out.glob("*") if (path / "checkpoint" / "job.json").exists()), None)

def trained():
    return len(list(out.glob("*/checkpoint/training-*.safetensors")))

while True:
    run, before = unfinished(), trained()
    child = os.fork()
    if child == 0:
        if run:
            goodfit.resume(run)
        else:
            goodfit.improve(table, plan=goodfit.Plan(**options), target="kind", rounds=1, seed=3, out=out)
        os._exit(0)
    if kills < 4:
        until = time.monotonic() + 60
        while trained() == before and time.monotonic() < until:
            time.sleep(0.002)
        time.sleep(moments.uniform(0, 0.1))
        os.kill(child, signal.SIGKILL)
    _, status = os.waitpid(child, 0)
    if os.WIFSIGNALED(status):
        kills += 1
        continue
    print(json.dumps([kills, os.waitstatus_to_exitcode(status)]))
    break
"""


def test_kill_9_changes_no_bit(table, small_plan, whole, tmp_path):
    """Each time another process goes on, soon after each training was kept."""
    arguments = [str(table), str(tmp_path), json.dumps(small_plan.to_dict())]
    tried = json.dumps([line.name for line in proposals.RECIPE])
    command = [sys.executable, "-c", KILLED, *arguments, tried]
    outcome = subprocess.run(command, capture_output=True, text=True, check=False)
    assert outcome.returncode == 0, outcome.stderr
    assert json.loads(outcome.stdout.splitlines()[-1]) == [4, 0], outcome.stderr
    assert left(the_run(tmp_path)) == whole
