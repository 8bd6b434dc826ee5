"""The view of a run, from before its first epoch to after its end."""

import json
import math

import numpy as np
import pytest
from fake_run import effect

from goodfit.monitor.view import COLUMNS, Reader, view
from goodfit.record.findings import FindingResult, RemedyResult
from goodfit.record.values import EffectEstimate
from goodfit.run_folder.live_state import SeriesFile


def state(reader):
    return reader.read().parts["state"]


def test_it_waits_trains_pauses_and_ends(fake):
    run = fake()
    alive = [True]
    reader = Reader(run.folder, lambda: alive[0])
    assert state(reader)["status"] == "starting"
    alive[0] = False
    assert state(reader)["status"] == "cut off"
    run.live()
    told = state(reader)
    assert (told["status"], told["epoch"], told["epochs"], told["best"]) == ("waiting", 0, 40, None)
    run.append(run.rows(5))
    run.say(epoch=5, paused=False, share=0.125, seconds_left=12.0, pause_epoch=9)
    told = state(reader)
    assert (told["status"], told["epoch"], told["pause_epoch"], told["seconds_left"]) == ("training", 5, 9, 12.0)
    assert told["best"][0] == 5
    run.say(paused=True)
    assert state(reader)["status"] == "paused"
    run.finish()
    told = state(reader)
    assert (told["status"], told["outcome"], told["verdict"], told["epoch"]) == ("ended", "finished", "good fit", 30)
    assert told["sentence"] == "all 30 epochs were trained"
    assert reader.read() is reader.read()  # nothing of it is read again


def test_the_curves_have_every_epoch_and_a_copy_its_beginning(fake):
    run = fake().live()
    run.append(run.rows(6))
    run.append(run.rows(6, shift=1.0), "records-1-1.f32")
    copy = SeriesFile(role="copy", pair=0, file="records-1-1.f32", start_epoch=4)
    run.say(epoch=6, series=(*run.now.series, copy), nudge_effects=(effect(4),))
    own, other = view(run.folder)["curves"]
    assert (own["role"], other["role"], other["start_epoch"]) == ("run", "copy", 4)
    np.testing.assert_allclose(np.array(own["values"])[:, 0], 1 / np.arange(1, 7), rtol=1e-6)
    np.testing.assert_allclose(np.array(other["values"])[:, 0], 1 / np.arange(1, 7) + 1, rtol=1e-6)
    assert own["columns"] == COLUMNS
    run.say(nudge_effects=())  # the run went back before its copy began
    assert [each["role"] for each in view(run.folder)["curves"]] == ["run"]


def test_going_back_gives_another_curve(fake):
    run = fake().live()
    run.append(run.rows(6))
    run.say(epoch=6)
    reader = Reader(run.folder)
    before = reader.read().curves[0].key
    (run.folder / "checkpoint" / "records-0-0.f32").unlink()
    assert len(reader.read().curves[0].values) == 6  # it has not said so yet
    run.append(run.rows(3, shift=2.0), "records-0-1.f32")
    run.say(epoch=3, series=(SeriesFile(role="run", pair=0, file="records-0-1.f32"),))
    (curve,) = reader.read().curves
    assert curve.key != before
    assert len(curve.values) == 3
    assert curve.values[0, 0] == 3


def test_the_parts_of_a_live_run(fake):
    run = fake().live()
    run.append(run.rows(20))
    run.log({"what": "l2", "old": 0.0, "new": 0.5, "epoch": 7})
    change = EffectEstimate(-0.1, -0.2, math.nan, 0.01)
    worth = effect(7, at=20, sentence="It helped.", error=change)
    run.say(epoch=20, plan=run.plan.with_(l2=0.5, epochs=50), nudge_effects=(worth,))
    parts = Reader(run.folder).read().parts
    assert {slider["name"]: slider["value"] for slider in parts["sliders"]}["l2"] == 0.5
    assert parts["state"]["epochs"] == 50
    assert parts["marks"] == [{"epoch": 7, "number": 1, "what": [["l2", 0.0, 0.5]]}]
    assert parts["effects"][0]["error"] == {"value": -0.1, "low": -0.2, "high": None}
    assert parts["gap"]["epoch"] == 20
    assert parts["gap"]["dev"] == pytest.approx(1 / 80 + 0.02, rel=1e-4)
    assert [layer["layer"] for layer in parts["health"]] == ["inputs", "layer 1", "layer 2", "output"]
    assert parts["health"][1]["epochs"] == [1, 5, 9, 13, 17]
    assert {field["name"] for field in parts["structure"]} >= {"hidden_units", "optimizer"}


def test_a_process_that_ended_too_soon_is_told_with_its_last_line(fake):
    run = fake()
    (run.folder / "checkpoint" / "log.txt").write_text("loading\n" + json.dumps({"error": "the data has moved"}) + "\n")
    assert state(Reader(run.folder))["sentence"] == "the data has moved"
    (run.folder / "checkpoint" / "log.txt").write_bytes(b"Traceback\n\xffKilled <b>\n")
    assert state(Reader(run.folder))["sentence"].endswith("Killed <b>")


def test_a_damaged_run_is_said_to_be_and_tried_again(fake):
    run = fake().live()
    asked = run.folder / "checkpoint" / "job.json"
    whole = asked.read_text()
    asked.write_text("{")
    reader = Reader(run.folder)
    told = state(reader)
    assert told["status"] == "damaged"
    assert "is damaged" in told["sentence"]
    asked.write_text(whole)
    assert state(reader)["status"] == "waiting"


def test_a_whole_job_is_said_to_be_at_work_until_its_report_is_there(fake):
    run = fake().live()
    asked = run.folder / "checkpoint" / "job.json"
    asked.write_text(asked.read_text().replace('"command": "train"', '"command": "improve"'))
    told = state(Reader(run.folder))
    assert told["status"] == "working"
    assert told["sentence"].startswith("`goodfit improve` trains many plans; its report ")


def test_an_ended_run_without_its_files_is_damaged(fake):
    run = fake().live()
    run.finish()
    (run.folder / "result.json").write_text("{}")
    assert state(Reader(run.folder))["status"] == "damaged"


def test_a_run_that_searched_has_no_curve_and_says_where_to_look(fake):
    run = fake().live()
    run.finish(command="improve", outcome_reason=None)
    parts = view(run.folder)
    assert parts["curves"] == []
    assert "its report shows all" in parts["state"]["sentence"]


def test_at_the_end_there_is_the_curve_and_that_of_its_untouched_copy(fake):
    run = fake().live()
    run.finish()
    own, copy = view(run.folder)["curves"]
    assert (own["role"], copy["role"], copy["pair"], copy["start_epoch"]) == ("run", "copy", 0, 4)
    assert [len(each["values"]) for each in (own, copy)] == [30, 30]
    assert [each["values"][0][0] for each in (own, copy)] == [1, 2]


def test_the_findings_of_the_end_are_those_of_the_result(fake):
    run = fake().live()
    remedy = RemedyResult(id="rate", name="a learning rate of 0.1", why="larger steps", changes={"learning_rate": 0.1})
    finding = FindingResult(
        id="rate-low",
        name="learning rate too low",
        severity=1,
        layer=None,
        epoch=None,
        confidence=0.9,
        sentence="Slow.",
        evidence={},
        prescriptions=(remedy,),
        plot=None,
    )
    run.finish(final={"findings": (finding,), "train_error": math.nan})
    parts = view(run.folder)
    assert parts["findings"][0]["name"] == "learning rate too low"
    assert parts["findings"][0]["remedies"][0]["nudge"] == {"learning_rate": 0.1}
    assert parts["gap"] is None
