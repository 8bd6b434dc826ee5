"""The file of nudges: lines that were written are read back, and what is damaged is named."""

import json
from dataclasses import replace

import pytest

from goodfit.errors import InputError, PlanError
from goodfit.plan import Plan
from goodfit.record.nudge import REWIND, Nudge, standing
from goodfit.run_folder.nudges import NUDGES_FILE, append, nudged, read_own, read_replay

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
    back = replace(LATE, what=REWIND, old=9, new=7, epoch=9)
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
    path.write_bytes(path.read_bytes()[:-5])
    assert read_own(tmp_path) == [EARLY]
    append(tmp_path, [LATE])
    assert read_own(tmp_path) == [EARLY, LATE]


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ("{", "is no nudge"),
        ("[" * 100_000, "is no nudge"),
        ("[1]", "is no nudge"),
        (json.dumps({"what": "l2", "new": 0.1, "epoch": 3}), "is no nudge"),
        (json.dumps(vars(replace(LATE, epoch=-1))), "is no nudge"),
        (json.dumps(vars(replace(LATE, what="rewind", new=True))), "is no nudge"),
        (json.dumps(vars(replace(LATE, what="hidden_units"))), "hidden_units cannot change while a model trains"),
        (json.dumps(vars(replace(LATE, what="learning_rat"))), "did you mean 'learning_rate'"),
        (json.dumps(vars(replace(LATE, new=float("nan")))), "learning_rate is nan"),
        (json.dumps(vars(replace(LATE, what="l1"))), "l1 cannot be turned on"),
        (json.dumps(vars(replace(LATE, what="epochs", new=6))), "epochs is 6, but this training is in epoch 7"),
    ],
)
def test_a_line_that_cannot_be_replayed_is_named(tmp_path, line, why):
    append(tmp_path, [LATE])
    with (tmp_path / NUDGES_FILE).open("a") as file:
        file.write(line + "\n")
    with pytest.raises(InputError, match=f"^line 2 of .*{NUDGES_FILE} .*{why}"):
        read_replay(tmp_path / NUDGES_FILE, PLAN)


def test_no_file_is_a_sentence(tmp_path):
    with pytest.raises(InputError, match=r"cannot read the nudges in .*nowhere \(No such file or directory\)"):
        read_replay(tmp_path / "nowhere", PLAN)


def test_a_value_that_stands_for_the_decays_own_is_none():
    with pytest.raises(PlanError, match="decay_rate is nan; it must be a number"):
        nudged(PLAN, PLAN.structure, {"decay_rate": float("nan")}, 1)
