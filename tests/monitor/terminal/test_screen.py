"""The terminal's view: what is on it at which size."""

from dataclasses import replace

import pytest
from fake_run import effect

from goodfit.monitor.findings import FindingView
from goodfit.monitor.terminal.screen import HELP, Display, screen
from goodfit.monitor.view import Reader, View
from goodfit.run_folder.live_state import SeriesFile

FINDING = FindingView(
    id="dead",
    name="dead units",
    severity=1,
    layer="layer 2",
    confidence="90 %",
    sentence="It is.",
    remedies=(),
)


@pytest.fixture
def seen(fake):
    """A training that has been nudged twice, with a copy beside it."""
    run = fake().live()
    run.append(run.rows(20))
    run.append(run.rows(20, shift=0.1), "records-1-1.f32")
    change = {"setting": "l2", "old": 0.0, "new": 0.5, "epoch": 7, "sender": "terminal, ann"}
    run.log(change | {"epoch": 3}, change)
    copy = SeriesFile(role="copy", pair=0, file="records-1-1.f32", start_epoch=7)
    effects = (effect(7, compared_epoch=20, sentence="it helped"),)
    run.say(epoch=20, paused=False, share=0.5, seconds_left=42.0, pause_epoch=30, nudge_effects=effects)
    run.say(series=(*run.now.series, copy))
    return Display(Reader(run.folder).read())


def change(seen, **panels):
    seen.view = View(replace(seen.view.panels, **panels), seen.view.curves)


def drawn(seen, width=100, height=50):
    lines = screen(seen, width, height)
    assert len(lines) == height
    assert all(line.cell_len <= width for line in lines)
    return [line.plain.rstrip().replace("\u00a0", " ") for line in lines]


def test_it_has_all_where_there_is_room(seen):
    text = "\n".join(drawn(seen))
    for part in (
        "20260101-100000-made-ab12  training",
        "epoch 20 of 40",
        "50 %  42 s left  pauses after epoch 30",
        "Curves cost, log scale  train 0.05  dev 0.15  ╌╌ untouched copy  best: epoch 20",
        "▲1",
        "train 1.2 %; dev 3.2 %",
        "Numbers that can be nudged",
        "learning_rate",
        "▲2 l2 0 → 0.5 after epoch 7 (terminal, ann)",
        "   It helped.",
        "Inside the network, epoch 17",
        "satur.",
        "space pause",
    ):
        assert part in text, part
    assert "tab more" not in text


def test_where_there_is_little_room_tab_brings_the_rest(seen):
    shown = []
    for _ in range(4):
        lines = drawn(seen, 60, 20)
        assert lines[1].startswith("epoch 20 of 40")
        assert lines[-1].startswith("tab more  q quit  ? keys  space pause")
        shown.append("\n".join(lines))
        seen.turned += 1
    for title in ("Findings", "Numbers that can be nudged", "Nudges", "Inside the network"):
        assert any(title in each for each in shown), title


def test_a_wide_terminal_has_panels_side_by_side(seen):
    lines = drawn(seen, 150, 40)
    assert any("Findings" in line and "Numbers that can be nudged" in line for line in lines)
    assert any("▲1 l2 0 → 0.5" in line for line in lines)  # under the plot


def test_errors_are_drawn_where_that_is_asked(seen):
    seen.measure = "error"
    lines = drawn(seen)
    assert any(line.startswith("Curves error  train 1.2 %  dev 3.2 %") for line in lines)
    assert any("0 % ┤" in line for line in lines)
    assert "c cost" in lines[-1]


def test_a_finding_marks_its_layer(seen):
    health = list(seen.view.panels.health)
    health[2] = replace(health[2], findings=("dead units",))
    change(seen, findings=(FINDING, replace(FINDING, explained_by="learning rate too high")), health=tuple(health))
    lines = drawn(seen)
    assert any("(layer 2), explained by learning rate too high, confidence 90 %" in line for line in lines)
    assert any(line.startswith("! dead units (layer 2), confidence 90 %") for line in lines)
    assert any(line.startswith("! layer 2") for line in lines)


def test_question_answer_and_help(seen):
    seen.prompt = ("Run to epoch: ", "4")
    assert drawn(seen)[-1] == "Run to epoch: 4█"
    seen.prompt, seen.message = None, "cannot go back to epoch 7: " + "a long reason " * 10
    assert any(line.startswith("cannot go back to epoch 7") for line in drawn(seen, 60, 20))
    seen.helping = True
    assert all(any(meaning in line for line in drawn(seen, 80, 24)) for _, meaning in HELP)
    text = "\n".join(drawn(seen))
    assert "branch: a new run from here" in text
    assert "┤" not in text


def test_nothing_is_there_yet_and_what_is_too_small(seen):
    assert any("No epoch has ended yet." in line for line in drawn(Display(), 60, 20))
    lines = drawn(seen, 40, 12)
    assert lines[0] == "The terminal is 40×12; the view needs 6…"[:40]


def test_what_a_terminal_would_obey_is_not_passed_on(seen):
    change(seen, state=replace(seen.state, sentence="\x1b[2Jgone", name="a\x07b", status="cut off"))
    seen.message = "\x1b]0;title\x07"
    assert not any("\x1b" in line or "\x07" in line for line in drawn(seen))


def test_an_ended_run_shows_its_end(fake):
    run = fake().live()
    run.finish()
    lines = drawn(Display(Reader(run.folder).read()))
    assert lines[0].endswith("ended: finished")
    assert "verdict: good fit" in lines[1]
    assert lines[2] == "All 30 epochs were trained."
    assert any("untouched copy" in line for line in lines)
    assert any("No problems found." in line for line in lines)
    assert lines[-1] == "q quit  ? keys  c error"
