"""Data in the order of time: a trend is learned and goes on, and what separates test from dev is drift."""

from datetime import date, timedelta

import numpy as np
import polars as pl
import pytest
from sklearn.linear_model import LinearRegression
from sklearn.metrics import r2_score, root_mean_squared_error

import goodfit
from goodfit.data.splits import open_splits
from goodfit.data.trend import slope_of
from goodfit.diagnosis.gaps import gaps_from_runs

ROWS = 500
RNG = np.random.default_rng(0)
X = RNG.normal(size=ROWS)
DAYS = np.arange(ROWS)


def _frame(target, when):
    return pl.DataFrame({"when": when, "x": X, "y": target})


WHEN = {
    "numbers": DAYS,
    "dates": [date(2020, 1, 1) + timedelta(days=int(day)) for day in DAYS],
    "years": 1500 + DAYS,
}


@pytest.mark.parametrize("when", WHEN.values(), ids=WHEN)
@pytest.mark.parametrize("slope", [0.05, -3.0])
def test_a_trend_goes_on_beyond_training_as_least_squares_has_it(when, slope, small_plan, tmp_path):
    target = slope * DAYS + 2 * X + 0.4 * RNG.normal(size=ROWS)
    frame = _frame(target, when)
    run = goodfit.train(frame, target="y", time="when", plan=small_plan.with_(epochs=40), out=tmp_path)
    rows = open_splits(frame, target="y", time="when").test
    predicted = goodfit.predict(run.run, frame)["prediction"].to_numpy()
    inputs, train = np.stack([DAYS, X], axis=1), np.arange(300)
    line = LinearRegression().fit(inputs[train], target[train]).predict(inputs[rows])
    least = root_mean_squared_error(target[rows], line)
    assert root_mean_squared_error(target[rows], predicted[rows]) < 2.5 * least


@pytest.mark.parametrize(("rate", "transform"), [(0.008, "log"), (-0.005, "log"), (0.008, "yeo-johnson")])
def test_a_transformed_trend_goes_on_beyond_training(rate, transform, small_plan, tmp_path):
    """Growth by a rate is a line of the logarithm, which goes on far above the training targets."""
    target = np.exp(rate * DAYS + 0.3 * X + 0.1 * RNG.normal(size=ROWS))
    frame = _frame(target, DAYS)
    plan = small_plan.with_(epochs=40, target_transform=transform)
    run = goodfit.train(frame, target="y", time="when", plan=plan, out=tmp_path)
    predicted = goodfit.predict(run.run, frame)["prediction"].to_numpy()
    inputs, train, dev = np.stack([DAYS, X], axis=1), np.arange(300), np.arange(300, 400)
    line = LinearRegression().fit(inputs[train], np.log(target[train])).predict(inputs[dev])
    least = root_mean_squared_error(target[dev], np.exp(line))
    plain = root_mean_squared_error(
        target[dev], LinearRegression().fit(inputs[train], target[train]).predict(inputs[dev])
    )
    ours = root_mean_squared_error(target[dev], predicted[dev])
    assert ours < 0.75 * plain
    if transform == "log":
        assert ours < 2.5 * least
    history = pl.read_parquet(run.run / "history.parquet").filter(pl.col("epoch") == run.result.best_epoch)
    expected = 1 - r2_score(target[dev], predicted[dev])
    assert history["dev_error"].item() == pytest.approx(expected, rel=1e-3)


def test_a_target_without_a_line_gets_none():
    time = np.linspace(0, 1, 400)
    assert slope_of(time, np.random.default_rng(1).normal(size=400)) == pytest.approx(0, abs=0.5)
    assert slope_of(time, np.sin(40 * time)) == 0
    assert slope_of(time, 3 * time + 1) == pytest.approx(3)
    assert slope_of(np.zeros(50), np.arange(50.0)) == 0


def test_drift_is_not_called_overfitting_of_the_dev_set():
    rng = np.random.default_rng(0)
    train, dev, test = (rng.chisquare(1, (1, 2000)) * scale for scale in (0.1, 0.1, 0.6))
    drifting, shuffled = (
        gaps_from_runs(train, dev, test_misses=test, spread=2.0, by_time=flag) for flag in (True, False)
    )
    assert "The data drifts, as later rows are predicted worse: test RMSE" in drifting.reason
    assert "overfitted" not in drifting.reason
    assert "The dev set is overfitted: test RMSE" in shuffled.reason


def test_more_data_is_no_cure_for_drift(small_plan, tmp_path):
    shift = np.where(DAYS < 300, 1.0, -1.0)
    kind = np.where(shift * X > 0, "a", "b")  # what x means changes after the training rows
    frame = pl.DataFrame({"when": DAYS, "x": X, "kind": kind})
    run = goodfit.train(frame, target="kind", time="when", plan=small_plan, out=tmp_path)
    assert run.verdict == "high variance"
    assert any("drift" in step for step in run.result.final.next_steps)
    assert not any("ollect more" in step for step in run.result.final.next_steps)
    assert "drift" in run.result.final.gaps or run.result.final.dev_overfitting is None
