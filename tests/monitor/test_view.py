"""The view of a run, from before its first epoch to after its end."""

import json
import math

import numpy as np
import pytest
from fake_run import effect

from goodfit.monitor.view import Reader
from goodfit.record.findings import FindingResult, RemedyResult
from goodfit.record.values import EffectEstimate
from goodfit.run_folder.live_state import SeriesFile


def state(reader):
    return reader.read().panels.state


def test_it_waits_trains_pauses_and_ends(fake):
    run = fake()
    alive = [True]
    reader = Reader(run.folder, lambda: alive[0])
    assert (state(reader).status, state(reader).status_text) == ("starting", "starting…")
    alive[0] = False
    assert state(reader).status == "cut off"
    run.live()
    now = state(reader)
    assert (now.status, now.status_text, now.best, now.figures) == ("waiting", "waiting to start", None, ())
    assert (now.epoch, now.epochs, now.progress, now.notes) == (0, 40, "epoch 0 of 40", ())
    run.append(run.rows(5))
    run.say(epoch=5, paused=False, share=0.125, seconds_left=12.0, pause_epoch=9)
    now = state(reader)
    assert (now.status, now.epoch, now.progress) == ("training", 5, "epoch 5 of 40")
    assert now.notes == ("12 s left", "pauses after epoch 9")
    assert now.best is not None
    assert (now.best.epoch, now.best.dev_error) == (5, 0.07)  # 1/20 + 0.02
    assert [(figure.title, figure.text, figure.note) for figure in now.figures] == [
        ("Training error", "5.0 %", ""),
        ("Dev error", "7.0 %", ""),
        ("Best so far", "epoch 5", "dev error 7.0 %"),
    ]
    run.say(paused=True)
    assert (state(reader).status, state(reader).notes) == ("paused", ("pauses after epoch 9",))
    run.finish()
    now = state(reader)
    assert (now.status, now.status_text, now.verdict, now.epoch) == ("ended", "ended: finished", "good fit", 30)
    assert (now.sentence, now.notes, now.has_report) == ("All 30 epochs were trained.", (), False)
    assert [figure.text for figure in now.figures] == [
        "Good fit",
        "1.0 %",
        "3.0 %",
        "epoch 30",
    ]  # as the result has them
    assert reader.read() is reader.read()  # nothing of it is read again


def test_after_its_last_epoch_a_training_diagnoses(fake):
    run = fake().live()
    run.append(run.rows(40))
    run.say(epoch=40, paused=False, share=1.0)
    assert state(Reader(run.folder)).status_text == "diagnosing its best network"


def test_the_curves_have_every_epoch_and_a_copy_its_beginning(fake):
    run = fake().live()
    run.append(run.rows(6))
    run.append(run.rows(6, shift=1.0), "records-1-1.f32")
    copy = SeriesFile(role="copy", pair=0, file="records-1-1.f32", start_epoch=4)
    run.say(epoch=6, series=(*run.now.series, copy), nudge_effects=(effect(4),))
    curve, copied = Reader(run.folder).read().curves
    assert (curve.role, copied.role, copied.start_epoch) == ("run", "copy", 4)
    np.testing.assert_allclose(curve.values[:, 0], 1 / np.arange(1, 7), rtol=1e-6)
    np.testing.assert_allclose(copied.values[:, 0], 1 / np.arange(1, 7) + 1, rtol=1e-6)
    assert curve.point(-1) == (
        6,
        0.16667,
        0.26667,
        0.041667,
        0.061667,
        0.003,
    )  # cost, cost + 0.1, a fourth, + 0.02, rate
    run.say(nudge_effects=())  # the run went back before its copy began
    assert [curve.role for curve in Reader(run.folder).read().curves] == ["run"]


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


def test_the_panels_of_a_live_run(fake):
    run = fake().live()
    run.append(run.rows(20))
    run.log({"setting": "l2", "old": 0.0, "new": 0.5, "epoch": 7})
    measured = effect(7, compared_epoch=20, sentence="It helped.", error=EffectEstimate(-0.1, -0.2, -0.01, 0.01))
    run.say(epoch=20, plan=run.plan.with_(l2=0.5, epochs=50), nudge_effects=(measured,))
    panels = Reader(run.folder).read().panels
    assert {slider.name: slider.value for slider in panels.sliders}["l2"] == 0.5
    assert panels.state.epochs == 50
    assert [(mark.epoch, mark.number, mark.text) for mark in panels.marks] == [(7, 1, "l2 0 → 0.5")]
    (shown,) = panels.effects
    assert shown.error is not None
    assert (shown.number, shown.error.text, shown.error.verdict) == (1, "−10.0\u00a0points", "helped")
    assert panels.gap is not None
    assert panels.gap.epoch == 20
    assert panels.gap.dev == pytest.approx(1 / 80 + 0.02, rel=1e-4)
    assert [layer.layer for layer in panels.health] == ["inputs", "layer 1", "layer 2", "output"]
    assert panels.health[1].epochs == (1, 5, 9, 13, 17)
    assert {field.name for field in panels.structure} >= {"hidden_units", "optimizer"}


def test_a_process_that_ended_too_soon_is_told_with_its_last_line(fake):
    run = fake()
    log = run.folder / "checkpoint" / "log.txt"
    advice = f" No process is training it; `goodfit resume {run.folder}` continues it."
    log.write_text("loading\n" + json.dumps({"error": "the data has moved"}) + "\n")
    assert state(Reader(run.folder)).sentence == "the data has moved" + advice
    log.write_bytes(b"Traceback\n\xffKilled <b>\n")
    assert state(Reader(run.folder)).sentence.endswith("Killed <b>" + advice)


def test_a_damaged_run_is_said_to_be_and_tried_again(fake):
    run = fake().live()
    request = run.folder / "checkpoint" / "job.json"
    whole = request.read_text()
    request.write_text("{")
    reader = Reader(run.folder)
    now = state(reader)
    assert now.status == "damaged"
    assert "is damaged" in now.sentence
    request.write_text(whole)
    assert state(reader).status == "waiting"


def test_a_whole_job_is_said_to_be_at_work_until_its_report_is_there(fake):
    run = fake().live()
    request = run.folder / "checkpoint" / "job.json"
    request.write_text(request.read_text().replace('"command": "train"', '"command": "improve"'))
    now = state(Reader(run.folder))
    assert now.status == "working"
    assert now.sentence.startswith("`goodfit improve` trains many plans; its report ")


def test_an_ended_run_without_its_files_is_damaged(fake):
    run = fake().live()
    run.finish()
    (run.folder / "result.json").write_text("{}")
    assert state(Reader(run.folder)).status == "damaged"


def test_a_run_that_searched_has_no_curve_and_says_where_to_look(fake):
    run = fake().live()
    run.finish(command="improve", outcome_reason=None)
    view = Reader(run.folder).read()
    assert view.curves == ()
    assert "its report shows all" in view.panels.state.sentence
    assert view.panels.state.progress == ""


def test_at_the_end_there_is_the_curve_and_that_of_its_untouched_copy(fake):
    run = fake().live()
    run.finish()
    curve, copy = Reader(run.folder).read().curves
    assert (curve.role, copy.role, copy.pair, copy.start_epoch) == ("run", "copy", 0, 4)
    assert [len(part.values) for part in (curve, copy)] == [30, 30]
    assert [part.values[0][0] for part in (curve, copy)] == [1, 2]


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
    panels = Reader(run.folder).read().panels
    assert (panels.findings[0].name, panels.findings[0].confidence) == ("learning rate too low", "90 %")
    assert panels.findings[0].remedies[0].nudge == {"learning_rate": 0.1}
    assert panels.gap is None
