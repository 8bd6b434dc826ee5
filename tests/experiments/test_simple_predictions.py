from dataclasses import replace

import numpy as np
import polars as pl
import pytest
from sklearn.compose import ColumnTransformer
from sklearn.linear_model import LinearRegression, LogisticRegression, RidgeCV
from sklearn.metrics import log_loss, r2_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

from goodfit.data.dataset import Fold
from goodfit.data.splits import draw_folds, open_splits
from goodfit.experiments.linear_model import linear_outputs
from goodfit.experiments.naive_forecast import last_values, season_of, seasonal_values
from goodfit.experiments.simple_predictions import simple_errors, simpler_sentence


def _whole(splits):
    return [Fold(splits.train, splits.dev)]


@pytest.mark.parametrize("scale", [1.0, 1e6, 1e-4], ids=["as they are", "large", "small"])
def test_a_linear_relation_is_found_as_least_squares_finds_it(scale):
    rng = np.random.default_rng(0)
    x = np.column_stack([rng.normal(size=400), rng.lognormal(sigma=2, size=400), 1e5 + rng.normal(size=400)])
    y = scale * (x @ [3.0, -0.5, 2.0] + 0.01 * rng.normal(size=400))
    frame = pl.DataFrame(x, ["a", "b", "c"], orient="row").with_columns(y=y)
    splits = open_splits(frame, target="y")
    least_squares = LinearRegression().fit(x[splits.train], y[splits.train]).predict(x[splits.dev])
    expected = 1 - r2_score(y[splits.dev], least_squares)
    ours = 1 - r2_score(y[splits.dev], linear_outputs(splits, splits.train, splits.dev)[:, 0])
    assert expected < 1e-4
    assert ours == pytest.approx(expected, rel=0.05)


@pytest.mark.parametrize("classes", [2, 3])
def test_classes_are_predicted_as_scikit_learns_logistic_regression_predicts_them(classes):
    rng = np.random.default_rng(1)
    x = rng.normal(size=(600, 4)) * [1, 10, 0.1, 1]
    scores = x @ rng.normal(size=(4, classes)) + rng.gumbel(size=(600, classes))
    frame = pl.DataFrame(x, list("abcd"), orient="row").with_columns(
        y=pl.Series([f"k{c}" for c in scores.argmax(axis=1)])
    )
    splits = open_splits(frame, target="y")
    scaler = StandardScaler().fit(x[splits.train])
    model = LogisticRegression(tol=1e-8).fit(scaler.transform(x[splits.train]), splits.dataset.target[splits.train])
    expected = model.predict_proba(scaler.transform(x[splits.dev]))
    np.testing.assert_allclose(linear_outputs(splits, splits.train, splits.dev), expected, atol=1e-3)


@pytest.mark.parametrize("levels", [30, 100, 300])
@pytest.mark.parametrize("classes", [False, True], ids=["regression", "classes"])
def test_many_levels_of_noise_do_not_spoil_the_linear_model(classes, levels):
    """Scaled to variance 1, the columns of rare levels escape the penalty: the model then loses to a constant guess."""
    rng = np.random.default_rng(levels)
    x, city = rng.normal(size=1500), rng.integers(levels, size=1500)
    score = x + rng.normal(size=1500) * 2
    target = pl.Series(np.where(score > 2.5, "yes", "no")) if classes else pl.Series(score)
    frame = pl.DataFrame({"x": x, "city": [f"c{number}" for number in city], "y": target})
    splits = open_splits(frame, target="y")
    outputs, truth = linear_outputs(splits, splits.train, splits.dev), splits.dataset.target[splits.dev]
    model = make_pipeline(
        ColumnTransformer([("x", StandardScaler(), ["x"]), ("city", OneHotEncoder(handle_unknown="ignore"), ["city"])]),
        LogisticRegression() if classes else RidgeCV(np.logspace(-6, 4, 11)),
    )
    features = frame.select("x", "city").to_pandas()
    model.fit(features.iloc[splits.train], splits.dataset.target[splits.train])
    if classes:
        expected = log_loss(truth, model.predict_proba(features.iloc[splits.dev]))
        assert log_loss(truth, outputs) == pytest.approx(expected, rel=0.01)
        assert expected < log_loss(truth, np.full(len(truth), splits.dataset.target[splits.train].mean()))
    else:
        expected = r2_score(truth, model.predict(features.iloc[splits.dev]))
        assert r2_score(truth, outputs[:, 0]) == pytest.approx(expected, abs=0.02)


def test_a_category_and_missing_values_have_columns_of_their_own():
    rng = np.random.default_rng(2)
    kind, size = rng.choice(["a", "b", "c"], 500), rng.normal(size=500)
    y = np.select([kind == "a", kind == "b"], [10.0, -3.0], 4.0) + np.where(size > 1, 7.0, 2 * size)
    sizes = [None if value > 1 else value for value in size]  # missing, and then y is 7 higher
    splits = open_splits(pl.DataFrame({"kind": kind, "size": sizes, "y": y}), target="y")
    predicted = linear_outputs(splits, splits.train, splits.dev)[:, 0]
    assert r2_score(y[splits.dev], predicted) > 0.9999


def test_a_class_that_training_lacks_gets_no_probability():
    frame = pl.DataFrame({"x": np.random.default_rng(4).normal(size=60), "y": ["a", "b", "c"] * 20})
    splits = open_splits(frame, target="y")
    train = splits.train[splits.dataset.target[splits.train] != 2]
    np.testing.assert_array_equal(linear_outputs(splits, train, splits.dev)[:, 2], 0)
    alone = splits.train[splits.dataset.target[splits.train] == 1]
    np.testing.assert_array_equal(linear_outputs(splits, alone, splits.dev), np.eye(3)[np.ones(len(splits.dev), int)])


@pytest.mark.parametrize(
    ("values", "season"),
    [
        (np.tile([1.0, 5.0, 3.0, 2.0], 10), 4),
        (np.tile([1.0, 2.0], 40), 2),
        (np.sin(2 * np.pi * np.arange(300) / 12) + 0.01 * np.arange(300), 12),
        (np.tile([0, 0, 0, 0, 0, 1.0, 1.0], 30), 7),
        (np.random.default_rng(0).normal(size=300), None),
        (np.random.default_rng(0).normal(size=300).cumsum(), None),
        (np.arange(50.0), None),
        (np.array([1.0, 2.0]), None),
    ],
    ids=["4", "2", "12 and a trend", "weekends", "noise", "random walk", "line", "two values"],
)
def test_the_season_of_a_series(values, season):
    assert season_of(values) == season


def test_forecasts_are_the_last_value_and_that_of_whole_seasons_before():
    days = np.arange(200)
    y = np.tile([1.0, 9.0, 4.0, 2.0, 7.0], 40) + 0.001 * days
    splits = open_splits(pl.DataFrame({"day": days, "x": days % 3, "y": y}), target="y", time="day")
    np.testing.assert_array_equal(last_values(splits, splits.train, splits.dev), y[splits.train[-1]])
    found = seasonal_values(splits, splits.train, splits.dev)
    assert found is not None
    season, values = found
    assert season == 5
    back = [next(day for day in range(row, -1, -5) if day <= splits.train[-1]) for row in splits.dev]
    np.testing.assert_array_equal(values, y[back])
    errors = simple_errors(splits, _whole(splits), splits.dev)
    assert list(errors) == ["mean", "linear regression", "last value", "last season's value"]
    shares = {name: values.mean() for name, values in errors.items()}
    assert shares["last season's value"] < 0.001 < 0.5 < min(shares["mean"], shares["last value"])


def test_classes_over_time_are_forecast_by_the_last_one_and_that_of_a_season_before():
    hours = np.arange(240)
    kind = np.where(hours % 6 < 2, "busy", "calm")
    frame = pl.DataFrame({"hour": hours, "x": np.random.default_rng(5).normal(size=240), "kind": kind})
    splits = open_splits(frame, target="kind", time="hour")
    errors = simple_errors(splits, _whole(splits), splits.dev)
    assert list(errors) == ["majority class", "logistic regression", "last value", "last season's value"]
    last = kind[splits.train[-1]]
    np.testing.assert_array_equal(errors["last value"], kind[splits.dev] != last)
    np.testing.assert_array_equal(errors["last season's value"], 0)


def test_a_groups_last_value_is_its_own():
    days, stores = np.repeat(np.arange(50), 3), np.tile([0, 1, 2], 50)
    y = 100.0 * stores + days
    splits = open_splits(pl.DataFrame({"day": days, "x": days % 7, "store": stores, "y": y}), target="y", time="day")
    by_store = replace(splits, dataset=replace(splits.dataset, groups=stores))
    assert splits.dataset.times is not None
    last = splits.dataset.times[splits.train].max()
    np.testing.assert_array_equal(last_values(by_store, splits.train, splits.dev), 100.0 * stores[splits.dev] + last)
    np.testing.assert_array_equal(last_values(splits, splits.train, splits.dev), 100.0 + last)  # the mean of all three


def test_with_folds_every_row_is_predicted_from_the_other_folds():
    rng = np.random.default_rng(3)
    x = rng.normal(size=200)
    splits = open_splits(pl.DataFrame({"x": x, "y": 2 * x + 1}), target="y")
    folds, y = draw_folds(splits, 4, 0), splits.dataset.target
    errors = simple_errors(splits, folds, splits.pool)
    assert errors["linear regression"].max() < 1e-9
    squares = [np.square(y[fold.dev] - y[fold.train].mean()).sum() for fold in folds]
    baseline = (
        errors["mean"].sum() / errors["mean"][0] * (y[splits.pool[0]] - _mean_elsewhere(y, folds, splits.pool[0])) ** 2
    )
    assert baseline == pytest.approx(sum(squares))


def _mean_elsewhere(y, folds, row):
    return next(y[fold.train].mean() for fold in folds if row in fold.dev)


@pytest.mark.parametrize(("network", "advised"), [(0.3, "better"), (0.2, "as good"), (0.1, None)])
def test_a_simple_prediction_that_the_network_does_not_beat_is_preferred(network, advised):
    rng = np.random.default_rng(0)
    noise = rng.normal(scale=0.05, size=400)
    errors = {"mean": np.ones(400), "linear regression": 0.2 + noise, "last value": 0.5 + noise}
    sentence = simpler_sentence(errors, (network + rng.normal(scale=0.05, size=400))[None], None, 0)
    assert (sentence is not None) is (advised is not None)
    if sentence is not None:
        assert f": it is {advised}, and simpler" in sentence
        assert sentence.startswith("Prefer a linear regression (an error of 19.8 % on dev beside ")


def test_a_constant_guess_is_never_preferred():
    assert simpler_sentence({"majority class": np.zeros(50)}, np.ones((1, 50)), None, 0) is None


@pytest.mark.parametrize(
    ("linear", "network", "rows"),
    [(0.5, 0.25, 4), (0.45, 0.2, 20), (1.1, 1.0, 80), (0.99, 1.2, 5)],
    ids=["far worse on four rows", "far worse on twenty", "worse than the mean", "the mean in disguise"],
)
def test_few_examples_do_not_make_a_worse_prediction_as_good(linear, network, rows):
    """No difference is significant here: what is 'as good' must also have about the error, and beat a guess."""
    rng = np.random.default_rng(1)
    errors = {"mean": np.full(rows, 0.98), "linear regression": linear + 0.01 * rng.normal(size=rows)}
    noise = rng.normal(size=(1, rows))
    assert simpler_sentence(errors, network + 5 * (noise - noise.mean()), None, 0) is None
