"""The file of nudges: lines that were written are read back, and what is damaged is named."""

import json
from dataclasses import replace

import pytest

from goodfit.errors import InputError, PlanError
from goodfit.plan import Plan
from goodfit.record.nudge import REWIND, Nudge, standing
from goodfit.run_folder.names import NUDGES_FILE
from goodfit.run_folder.nudges import append, nudge_marks, nudged, read_log, read_own, read_replay

PLAN = Plan(hidden_units=(8,), epochs=20)
LATE = Nudge("learning_rate", 0.003, 0.001, 7, "terminal, ada", "2026-01-01T12:00:00+00:00", "a1")
EARLY = Nudge("keep_prob", 0.85, [0.9], 0, "python, ada", "2026-01-01T12:00:00+00:00")


def test_what_is_appended_is_read_back_in_the_order_of_the_epochs(tmp_path):
    assert read_own(tmp_path) == []
    append(tmp_path, [LATE])
    append(tmp_path, [EARLY, replace(LATE, new=0.002)])
    assert read_own(tmp_path) == [LATE, EARLY, replace(LATE, new=0.002)]
    assert read_replay(tmp_path / NUDGES_FILE, PLAN) == [EARLY, LATE, replace(LATE, new=0.002)]


def test_the_way_back_makes_what_came_after_it_void(tmp_path):
    back = replace(LATE, setting=REWIND, old=9, new=7, epoch=9)
    again = replace(LATE, new=0.0001, epoch=8)
    append(tmp_path, [EARLY, LATE, back, again])
    assert read_own(tmp_path) == [EARLY, LATE, back, again]
    assert read_replay(tmp_path / NUDGES_FILE, PLAN) == [EARLY, again]
    assert standing([EARLY, back]) == [EARLY]
    assert standing([EARLY, replace(back, new=0)]) == []
    assert back.sentence == "After epoch 9 the training went back to epoch 7 (terminal, ada)"


def test_a_line_that_a_crash_tore_is_taken_off(tmp_path):
    append(tmp_path, [EARLY, LATE])
    path = tmp_path / NUDGES_FILE
    torn = path.read_bytes()[:-5]
    path.write_bytes(torn)
    assert read_own(tmp_path) == [EARLY]
    assert path.read_bytes() == torn  # who only reads, as for a branch, changes nothing
    append(tmp_path, [LATE])
    assert read_own(tmp_path) == [EARLY, LATE]


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ("{", "is no nudge"),
        ("[" * 100_000, "is no nudge"),
        ("[1]", "is no nudge"),
        (json.dumps({"setting": "l2", "new": 0.1, "epoch": 3}), "is no nudge"),
        (json.dumps(vars(replace(LATE, epoch=-1))), "is no nudge"),
        (json.dumps(vars(replace(LATE, setting="rewind", new=True))), "is no nudge"),
        (json.dumps(vars(replace(LATE, setting="hidden_units"))), "hidden_units cannot change while a model trains"),
        (json.dumps(vars(replace(LATE, setting="learning_rat"))), "did you mean 'learning_rate'"),
        (json.dumps(vars(replace(LATE, new=float("nan")))), "learning_rate is nan"),
        (json.dumps(vars(replace(LATE, setting="l1"))), "l1 cannot be turned on"),
        (json.dumps(vars(replace(LATE, setting="epochs", new=6))), "epochs is 6, but this training is in epoch 7"),
    ],
)
def test_a_line_that_cannot_be_replayed_is_named(tmp_path, line, why):
    append(tmp_path, [LATE])
    with (tmp_path / NUDGES_FILE).open("a") as file:
        file.write(line + "\n")
    with pytest.raises(InputError, match=f"^line 2 of .*{NUDGES_FILE} .*{why}"):
        read_replay(tmp_path / NUDGES_FILE, PLAN)


def test_no_file_is_a_sentence(tmp_path):
    with pytest.raises(InputError, match=r"there is no file .*nowhere to replay; give the nudges.jsonl of a run"):
        read_replay(tmp_path / "nowhere", PLAN)


def test_a_value_that_stands_for_the_decays_own_is_none():
    with pytest.raises(PlanError, match="decay_rate is nan; it must be a number"):
        nudged(PLAN, PLAN.structure, {"decay_rate": float("nan")}, 1)


def entry(what, old, new, epoch):
    return replace(LATE, setting=what, old=old, new=new, epoch=epoch)


def test_going_back_makes_void_what_came_at_or_after_that_epoch(tmp_path):
    before = [entry("l2", 0, 1, 5), entry("l2", 1, 2, 8), entry("l1", 0, 1, 9), entry("rewind", 12, 8, 12)]
    append(tmp_path, [*before, entry("l2", 1, 3, 8), entry("rewind", 9, 9, 9)])
    log = read_log(tmp_path)
    states = [(1, False), (2, True), (1, True), (8, False), (3, False), (9, False)]
    assert [(line.new, line.void) for line in log] == states
    assert [mark.to_dict() for mark in nudge_marks(log)] == [
        {"epoch": 5, "number": 1, "changes": [["l2", 0, 1]]},
        {"epoch": 8, "number": 2, "changes": [["l2", 1, 3]]},
    ]


def test_changes_of_one_epoch_are_one_mark(tmp_path):
    append(tmp_path, [entry("l2", 0, 1, 5), entry("learning_rate", 0.1, 0.2, 5)])
    (mark,) = nudge_marks(read_log(tmp_path))
    assert (mark.epoch, mark.number, mark.changes) == (5, 1, (("l2", 0, 1), ("learning_rate", 0.1, 0.2)))


def test_the_log_passes_over_damaged_and_half_written_lines(tmp_path):
    append(tmp_path, [entry("l2", 0, 1, 5)])
    with (tmp_path / NUDGES_FILE).open("ab") as file:
        file.write(
            b"\xff{\n[]\n{}\n" + json.dumps(vars(entry("rewind", 3, "x", 3))).encode() + b'\n{"setting": "l2", "ol'
        )
    assert [line.new for line in read_log(tmp_path)] == [1]
