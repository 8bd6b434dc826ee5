"""Gaps, health, the log with its marks, and what nudges were worth, as the page gets them."""

import math
from dataclasses import replace

import numpy as np
import pytest
from fake_run import effect

from goodfit.diagnosis.gaps import judge
from goodfit.monitor import parts
from goodfit.record.run import SEEN, Health
from goodfit.record.values import EffectEstimate
from goodfit.run_folder.live_state import About, DataOverview

ABOUT = About(
    recorded=(),
    layers=(),
    health_columns=(),
    data=DataOverview(m=1000, task="classes", dev=200),
    metric="error_rate",
    untouched_copies=0,
)


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
    numbers = replace(ABOUT, metric="1-r2", data=DataOverview(m=1000, task="regression", dev=200))
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


def test_what_a_nudge_was_worth_has_only_numbers_that_json_can_hold():
    change = EffectEstimate(0.123456789, -math.inf, math.nan, 1.0)
    first, second = parts.effects((effect(3), effect(5, at=9, error=change)))
    assert (first["error"], first["at"]) == (None, None)
    assert second["error"] == {"value": 0.12346, "low": None, "high": None}
    assert (second["epoch"], second["at"], second["cost"]) == (5, 9, None)


@pytest.mark.parametrize(
    ("value", "kept"), [(0.123456789, 0.12346), (math.nan, None), (math.inf, None), (None, None), ("x", None), (3, 3)]
)
def test_numbers_are_short_and_finite(value, kept):
    assert parts.finite(value) == kept
