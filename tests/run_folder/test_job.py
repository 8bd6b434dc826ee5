"""Runs that have not ended: what they were asked, and that one process alone goes on with them."""

import fcntl
from dataclasses import replace
from threading import Timer

import pytest

from goodfit.errors import InputError, UnfinishedError
from goodfit.plan import Plan
from goodfit.record.nudge import Nudge
from goodfit.run_folder.decisions import Decision
from goodfit.run_folder.folders import fresh_folder, is_unfinished
from goodfit.run_folder.job import JobRequest, finish_run, is_live, lock_run
from goodfit.run_folder.names import JOB_FILE
from goodfit.run_folder.version import write_version

ASKED = JobRequest(
    data="wine",
    options={"seed": 3, "min_gap": 0.02},
    started="2026-01-01T12:00:00+00:00",
    in_memory=False,
    plan=Plan(),
    nudges=(Nudge("l2", 0.0, 1.0, 3, "ada", "2026-01-01T12:00:00+00:00"),),
)


def test_what_was_asked_is_read_back_until_the_run_ends(tmp_path):
    assert not is_unfinished(tmp_path)
    write_version(tmp_path)
    ASKED.write(tmp_path)
    assert is_unfinished(tmp_path)
    assert JobRequest.read(tmp_path) == ASKED
    assert JobRequest.read(tmp_path).seed == 3
    finish_run(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["goodfit.json"]


@pytest.mark.parametrize(("text", "words"), [("{", "is damaged"), ("{}", "it has no 'data'")])
def test_what_cannot_be_read_is_a_sentence(tmp_path, text, words):
    write_version(tmp_path)
    ASKED.write(tmp_path)
    (tmp_path / JOB_FILE).write_text(text)
    with pytest.raises(InputError, match=words):
        JobRequest.read(tmp_path)


def test_what_another_command_asked_is_refused_but_to_who_knows_it(tmp_path):
    job = replace(
        ASKED, plan=None, nudges=(), command="improve", decisions=(Decision(id="seeds", value=3, seconds=1.0),)
    )
    write_version(tmp_path)
    job.write(tmp_path)
    assert JobRequest.read(tmp_path, ("train", "improve")) == job
    with pytest.raises(InputError, match=r"is a job of `goodfit improve`, .* with one of `goodfit train` alone$"):
        JobRequest.read(tmp_path)


def test_one_process_alone_goes_on(tmp_path):
    write_version(tmp_path)
    ASKED.write(tmp_path)
    assert not is_live(tmp_path)
    with lock_run(tmp_path), pytest.raises(InputError, match="is being trained by another process"), lock_run(tmp_path):
        pass
    with lock_run(tmp_path):
        assert is_live(tmp_path)
        assert is_live(tmp_path)
    assert not is_live(tmp_path)
    finish_run(tmp_path)
    assert not is_live(tmp_path)


def test_who_only_asks_whether_a_run_is_live_refuses_it_to_nobody(tmp_path):
    write_version(tmp_path)
    ASKED.write(tmp_path)
    with (tmp_path / JOB_FILE).open("rb") as asking:
        fcntl.flock(asking, fcntl.LOCK_SH)
        Timer(0.02, asking.close).start()
        with lock_run(tmp_path):
            pass


def test_what_can_be_resumed_stays(tmp_path):
    out = tmp_path / "runs"
    with pytest.raises(UnfinishedError), fresh_folder(out, "wine") as folder:
        raise UnfinishedError
    assert list(out.iterdir()) == [folder]
