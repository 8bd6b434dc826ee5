"""Outliers and heavy tails of targets."""

import numpy as np
import pytest
from sklearn.datasets import load_diabetes

from goodfit.diagnosis.finding import DataFacts, Observation, Signals
from goodfit.diagnosis.findings import heavy_tail, negative, outliers
from goodfit.diagnosis.target_tail import target_tail
from goodfit.plan import Plan

NORMAL = np.random.default_rng(0).normal(50, 14, 1000)


def _with(values, places):
    target = NORMAL.copy()
    target[places] = values
    return target


def _observe(target, plan=None, **facts):
    rows = np.arange(len(target))
    data = DataFacts(len(target), "regression", target_tail=target_tail(target, rows), **facts)
    return Observation(Signals({}), plan, data)


@pytest.mark.parametrize(
    ("values", "places"),
    [([9e6], [17]), ([9e6, 5e5], [17, 3]), ([-999_999.0] * 4, [1, 2, 3, 4]), ([1e300], [999])],
)
def test_a_few_wild_values_are_named_with_their_rows(values, places):
    tail = target_tail(_with(values, places), np.arange(1000))
    assert tail
    assert {(row - 1, value) for row, value in tail.outliers} == set(zip(places, values, strict=True))
    finding = outliers.find(_observe(_with(values, places)))
    assert finding
    assert f"(row {places[0] + 1:,})" in finding.sentence


def test_the_sentence_has_the_value_and_where_the_others_lie():
    finding = outliers.find(_observe(_with([9e6], [17])))
    assert finding
    assert "1 value of the target lies far from all others: 9,000,000 (row 18)" in finding.sentence
    assert "half of the values lie between 40" in finding.sentence


@pytest.mark.parametrize(
    "target",
    [
        NORMAL,
        np.random.default_rng(1).exponential(size=1000),
        np.random.default_rng(2).uniform(size=1000),
        np.random.default_rng(3).standard_t(5, size=1000),
        load_diabetes(return_X_y=True)[1],
        np.full(100, 3.0),
        _with([9e6], [17])[:19],
    ],
    ids=["normal", "exponential", "uniform", "t5", "diabetes", "constant", "few"],
)
def test_a_healthy_target_has_neither(target):
    assert outliers.find(_observe(target)) is None
    assert heavy_tail.find(_observe(target)) is None


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize(
    ("draw", "transform"),
    [
        (lambda rng: np.exp(2 * rng.normal(size=2000)), "log"),
        (lambda rng: rng.pareto(1.5, size=2000) + 1, "log"),
        (lambda rng: -np.exp(2 * rng.normal(size=2000)), "yeo-johnson"),
    ],
    ids=["lognormal", "pareto", "negative lognormal"],
)
def test_a_heavy_tail_prescribes_a_transform(draw, transform, seed):
    target = draw(np.random.default_rng(seed))
    finding = heavy_tail.find(_observe(target, Plan()))
    assert finding
    assert finding.remedies[0].changes == {"target_transform": transform}
    assert finding.remedies[1].changes == {"loss": "huber"}
    for plan in (Plan(target_transform=transform), Plan(loss="huber")):
        assert heavy_tail.find(_observe(target, plan)) is None


def test_negative_predictions_of_a_positive_target_are_found():
    assert negative.find(_observe(np.exp(NORMAL / 14))) is None
    finding = negative.find(_observe(np.exp(NORMAL / 14), Plan(), negative_predictions=0.03))
    assert finding
    assert "3.0 % of the dev predictions are negative" in finding.sentence
    assert finding.remedies[0].changes == {"target_transform": "log"}
