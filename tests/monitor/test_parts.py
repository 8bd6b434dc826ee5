"""Gaps, health, the log with its marks, and what nudges were worth, as the page gets them."""

import json
import math

import numpy as np
import pytest

from goodfit.diagnosis.gaps import judge
from goodfit.monitor import parts
from goodfit.record.run import SEEN, Health
from goodfit.run_folder import nudges

ABOUT = {"metric": "error_rate", "data": {"m": 1000, "task": "classes", "dev": 200}}


def line(what, old, new, epoch, **more):
    facts = {"what": what, "old": old, "new": new, "epoch": epoch, "who": "ann", "when": "2026-01-01T10:00:00"}
    return json.dumps(facts | more).encode() + b"\n"


def test_gaps_are_those_of_the_judge():
    told = parts.gap(0.05, 0.15, ABOUT, {"human_error": 0.01, "min_gap": 0.03}, 7)
    judged = judge(0.05, 0.15, train_size=1000, dev_size=200, human_error=0.01, min_gap=0.03)
    assert told is not None
    assert (told.verdict, told.reason, told.epoch) == (judged.verdict, judged.reason, 7)
    assert (told.train, told.dev, told.human, told.human_assumed) == (0.05, 0.15, 0.01, False)
    assert told.bias == pytest.approx(0.04)
    assert told.texts.variance.startswith("10.0 points [")


def test_a_human_error_that_was_not_given_is_zero_for_classes_and_unknown_for_numbers():
    told = parts.gap(0.05, 0.15, ABOUT, {}, 7)
    assert told is not None
    assert (told.human, told.human_assumed, told.bias) == (0, True, 0.05)
    numbers = {"metric": "1-r2", "data": {"m": 1000, "task": "regression", "dev": 200}}
    told = parts.gap(0.5, 1.75, numbers, {}, 7)
    assert told is not None
    assert (told.human, told.bias, told.texts.bias, told.verdict) == (None, None, "unknown", None)
    assert told.texts.variance == "125.0 points"
    assert parts.gap(None, 0.1, ABOUT, {}, 7) is None


def test_health_is_by_layer_with_the_findings_that_point_at_it():
    seen = np.full((100, 3, len(SEEN)), 0.5)
    seen[:, 1, SEEN.index("weight")] = 2.0
    seen[:, 2, SEEN.index("weight")] = 0.0  # nothing to compare with
    looks = Health(np.arange(1, 101), ("inputs", "layer 1", "output"), seen)
    inputs, layer, output = parts.health(looks, [{"name": "dead units", "layer": "layer 1"}, {"name": "leak"}])
    assert list(inputs.measures) == ["deviation"]
    assert layer.findings == ("dead units",)
    assert layer.measures["update"][-1] == 0.25
    assert output.measures["update"][-1] is None
    assert (len(layer.epochs), layer.epochs[0], layer.epochs[-1]) == (60, 1, 100)


def test_no_look_is_no_health():
    assert parts.health(Health(np.zeros(0, int), ("inputs", "output"), np.zeros((0, 2, len(SEEN)))), []) == ()


def test_going_back_makes_void_what_came_at_or_after_that_epoch():
    data = line("l2", 0, 1, 5) + line("l2", 1, 2, 8) + line("l1", 0, 1, 9) + line("rewind", 12, 8, 12)
    data += line("l2", 1, 3, 8) + line("rewind", 9, 9, 9)
    log = nudges.read_nudges(data)
    assert [(entry["new"], entry["void"]) for entry in log] == [
        (1, False),
        (2, True),
        (1, True),
        (8, False),
        (3, False),
        (9, False),
    ]
    assert nudges.marks(log) == [
        {"epoch": 5, "number": 1, "what": [["l2", 0, 1]]},
        {"epoch": 8, "number": 2, "what": [["l2", 1, 3]]},
    ]


def test_changes_of_one_epoch_are_one_mark():
    log = nudges.read_nudges(line("l2", 0, 1, 5) + line("learning_rate", 0.1, 0.2, 5))
    assert nudges.marks(log) == [{"epoch": 5, "number": 1, "what": [["l2", 0, 1], ["learning_rate", 0.1, 0.2]]}]


def test_damaged_and_half_written_lines_are_passed_over():
    data = b"\xff{\n[]\n{}\n" + line("rewind", 3, "x", 3) + line("l2", 0, 1, 5) + line("l2", 1, 2, 6)[:-9]
    assert [entry["new"] for entry in nudges.read_nudges(data)] == [1]


def test_what_a_nudge_was_worth_has_only_numbers_that_json_can_hold():
    told = [{"epoch": 3, "what": [["l2", 0, 1]], "at": None, "pairs": 1, "error": None, "sentence": "", "ended": False}]
    told += [told[0] | {"error": {"value": 0.1, "low": -math.inf, "high": math.nan, "p": 1.0}, "cost": {"value": 1}}]
    first, second = parts.effects(told)
    assert first["error"] is None
    assert second["error"] == {"value": 0.1, "low": None, "high": None}
    assert second["cost"] == {"value": 1, "low": None, "high": None}


@pytest.mark.parametrize(
    ("value", "kept"), [(0.123456789, 0.12346), (math.nan, None), (math.inf, None), (None, None), ("x", None), (3, 3)]
)
def test_numbers_are_short_and_finite(value, kept):
    assert parts.finite(value) == kept
