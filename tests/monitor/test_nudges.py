"""The log with its marks, and the effects of nudges, as the page gets them."""

import math

import pytest
from fake_run import effect

from goodfit.monitor.curves import finite
from goodfit.monitor.nudges import effect_views, log_lines, mark_views
from goodfit.record.values import EffectEstimate
from goodfit.run_folder.nudges import LogEntry, nudge_marks


def entry(what, old, new, epoch, void=False):
    return LogEntry(setting=what, old=old, new=new, epoch=epoch, sender="ann", when="2026-01-01T10:00:00", void=void)


def test_lines_have_the_numbers_of_their_marks():
    log = [entry("l2", 0, 1, 5), entry("l2", 1, 2, 8, void=True), entry("rewind", 1200, 8, 1200), entry("l2", 1, 3, 8)]
    marks = mark_views(nudge_marks(log))
    assert [(mark.epoch, mark.number, mark.text) for mark in marks] == [(5, 1, "l2 0 → 1"), (8, 2, "l2 1 → 3")]
    assert [(line.text, line.void, line.rewind, line.number) for line in log_lines(log, marks)] == [
        ("l2 0 → 1", False, False, 1),
        ("l2 1 → 2", True, False, None),
        ("rewound from epoch 1,200 to epoch 8", False, True, None),
        ("l2 1 → 3", False, False, 2),
    ]


def test_changes_of_one_epoch_are_one_mark():
    (mark,) = mark_views(nudge_marks([entry("l2", 0, 1, 5), entry("learning_rate", 0.1, 0.2, 5)]))
    assert (mark.epoch, mark.number) == (5, 1)
    assert (mark.text, mark.label) == ("l2 0 → 1, learning_rate 0.1 → 0.2", "l2 1 +1")


def test_an_effect_is_in_words_with_numbers_that_json_can_hold():
    unknown = EffectEstimate(0.1, -math.inf, math.nan, 1.0)
    helped, hurt = EffectEstimate(-0.0123, -0.02, -0.001, 0.01), EffectEstimate(0.02, 0.01, 0.03, 0.99)
    first, second, third = effect_views(
        [effect(3), effect(5, error=unknown), effect(7, compared_epoch=9, cost=helped, error=hurt)], ()
    )
    assert (first.text, first.compared_epoch, first.number, first.error) == ("l2 0 → 0.5", None, None, None)
    assert second.error is not None
    assert second.error.to_dict() == {
        "value": 0.1,
        "low": None,
        "high": None,
        "text": "+10.0\u00a0points",
        "interval": "",
        "verdict": "",
    }
    assert third.error is not None
    assert third.cost is not None
    assert (third.cost.text, third.cost.interval, third.cost.verdict) == (
        "−0.0123",
        "[−0.0200,\u00a0−0.0010]",
        "helped",
    )
    assert (third.error.text, third.error.interval, third.error.verdict) == (
        "+2.0\u00a0points",
        "[+1.0,\u00a0+3.0]",
        "hurt",
    )


@pytest.mark.parametrize(("value", "rounded"), [(0.123456789, 0.12346), (math.nan, None), (-math.inf, None), (3, 3)])
def test_numbers_are_short_and_finite(value, rounded):
    assert finite(value) == rounded
