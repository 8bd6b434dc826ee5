"""Decisions by the clock, fixed, and replayed."""

import time

import numpy as np
import pytest

from goodfit.engine.control import Progress
from goodfit.errors import InputError
from goodfit.experiments.clock import Clock, stopped_models
from goodfit.run_folder.decisions import Decision, Decisions, read_decisions
from goodfit.run_folder.journal import Journal, read_journal

NO_RECORDS = np.zeros((0, 6))


def test_the_clock_decides_within_a_budget_and_nothing_else_without():
    by_clock = Clock(Journal(None), 10.0, reserve=1.0, started=time.perf_counter() - 4)
    assert by_clock.decide("left", lambda seconds_left: round(seconds_left), 7) == 5
    assert Clock(Journal(None), None).decide("left", lambda seconds_left: round(seconds_left), 7) == 7


def test_decisions_are_written_and_taken_again(tmp_path):
    journal = Journal(tmp_path)
    Clock(journal, 10.0).decide("seeds", lambda seconds_left: 4, 3)
    assert Clock(Journal(None), 99.0, read_decisions(tmp_path)).decide("seeds", lambda seconds_left: 1, 2) == 4


def test_the_deadline_stops_all_models_and_a_replay_stops_them_there(tmp_path):
    journal = Journal(tmp_path)
    late = Clock(journal, 1.0, started=time.perf_counter() - 5)
    control = late.deadline("training")
    assert control is not None
    assert set(control([Progress(0, 7, 10, NO_RECORDS), Progress(3, 9, 10, NO_RECORDS)])) == {0, 3}
    late.write_stops("training", stopped_models(control))
    replay = Clock(Journal(None), None, read_decisions(tmp_path)).deadline("training")
    assert replay is not None
    assert [replay.next_visit(job, 2, 10) for job in (0, 1, 3)] == [7, None, 9]
    assert set(replay([Progress(0, 6, 10, NO_RECORDS), Progress(3, 8, 10, NO_RECORDS)])) == set()
    assert set(replay([Progress(0, 7, 10, NO_RECORDS), Progress(3, 8, 10, NO_RECORDS)])) == {0}


def test_a_job_that_goes_on_takes_its_decisions_again_and_then_decides_anew(tmp_path):
    (tmp_path / "checkpoint").mkdir()
    first = Clock(Journal(None), 10.0, started=time.perf_counter() - 5, decisions=Decisions.read(tmp_path))
    first.decide("seeds", lambda seconds_left: 4, 3)
    first.write_stops("training", {2: 7})
    decisions = Decisions.read(tmp_path)
    assert decisions.seconds == pytest.approx(5, abs=0.5)
    journal = Journal(None)
    replay = Clock(journal, 10.0, decisions=decisions)
    assert replay.decide("seeds", lambda seconds_left: 1, 1) == 4
    control = replay.deadline("training")
    assert control is not None
    assert [control.next_visit(job, 2, 10) for job in (1, 2)] == [None, 7]
    replay.write_stops("training", {2: 7})
    assert replay.decide("more", lambda seconds_left: 6, 1) == 6
    assert [line.get("value", line.get("stopped")) for line in journal.lines] == [4, {"2": 7}, 6]
    assert [decision.id for decision in Decisions.read(tmp_path).entries] == ["seeds", "training", "more"]
    with pytest.raises(
        InputError, match=r"comes to 'more' where the job has 'seeds'; another version of goodfit began"
    ):
        Clock(Journal(None), 10.0, decisions=Decisions.read(tmp_path)).decide("more", lambda seconds_left: 1, 1)


def test_what_follows_ctrl_c_is_neither_taken_nor_kept(tmp_path):
    (tmp_path / "checkpoint").mkdir()
    Clock(Journal(None), None, decisions=Decisions.read(tmp_path)).decide("seeds", lambda seconds_left: 1, 3)
    clock = Clock(Journal(None), None, [Decision(id="more", value=2, seconds=0.0)], decisions=Decisions.read(tmp_path))
    clock.interrupt.set()
    assert clock.decide("other", lambda seconds_left: 1, 8) == 8
    assert [decision.id for decision in Decisions.read(tmp_path).entries] == ["seeds"]


def test_a_replay_ends_where_its_record_does_though_the_job_went_on(tmp_path):
    (tmp_path / "checkpoint").mkdir()
    recorded = [Decision(id="seeds", value=4, seconds=0.0), Decision(id="more", value=2, seconds=0.0)]
    Clock(Journal(None), None, recorded[:1], decisions=Decisions.read(tmp_path)).decide(
        "seeds", lambda seconds_left: 1, 3
    )
    clock = Clock(Journal(None), None, recorded[1:], decisions=Decisions.read(tmp_path))
    assert [clock.decide(decision_id, lambda seconds_left: 1, 9) for decision_id in ("seeds", "more")] == [4, 2]
    with pytest.raises(InputError, match="comes to 'last' where the recorded run has 'its end'; replay with the same"):
        clock.decide("last", lambda seconds_left: 1, 9)


def test_a_torn_last_line_of_a_journal_is_left_out(tmp_path):
    journal = Journal(tmp_path)
    journal.write("note", "one")
    with (tmp_path / "journal.jsonl").open("a") as file:
        file.write('{"n": 2, "eve')
    assert [line["sentence"] for line in read_journal(tmp_path)] == ["one"]


@pytest.mark.parametrize("seconds_left", [0.5, -3.0])
def test_no_time_left_is_no_time(seconds_left):
    clock = Clock(Journal(None), 10.0, reserve=0.0, started=time.perf_counter() - 10 + seconds_left)
    assert clock.seconds_left == pytest.approx(seconds_left, abs=0.1)
