import numpy as np
import polars as pl
import pytest

from goodfit.reports.predictions import MOST_MISTAKES, MOST_POINTS, error_interval, set_view


def classes(truth: list[str], prediction: list[str], chances: dict[str, list[float]]) -> pl.DataFrame:
    columns = {f"p:{name}": values for name, values in chances.items()}
    own = [chances[name][i] for i, name in enumerate(truth)]
    facts = {"row": range(10, 10 + len(truth)), "truth": truth, "prediction": prediction, "cost": -np.log(own)}
    return pl.DataFrame({"set": "dev", **facts, **columns})


BINARY = classes(
    ["a", "b", "b", "a"], ["a", "b", "a", "b"], {"a": [0.95, 0.2, 0.55, 0.12], "b": [0.05, 0.8, 0.45, 0.88]}
)


def test_confusion_counts_truth_in_rows():
    confusion = set_view("dev", BINARY, ("a", "b")).confusion
    assert confusion is not None
    assert confusion.counts == ((1, 1), (1, 1))
    assert set(confusion.pairs) == {("a", "b", 1, 2), ("b", "a", 1, 2)}


def test_binary_calibration_is_about_the_second_class():
    bins = set_view("dev", BINARY, ("a", "b")).calibration
    assert [(one.place, one.count, one.observed) for one in bins] == [
        (0, 1, 0.0),
        (4, 1, 1.0),
        (7, 1, 1.0),
        (8, 1, 0.0),
    ]
    assert [one.predicted for one in bins] == pytest.approx([0.05, 0.45, 0.8, 0.88])


def test_calibration_of_more_classes_is_about_the_prediction():
    chances = {"a": [0.75, 0.72], "b": [0.15, 0.08], "c": [0.1, 0.2]}
    (one,) = set_view("dev", classes(["a", "c"], ["a", "a"], chances), ("a", "b", "c")).calibration
    assert (one.place, one.count, one.observed, one.predicted) == (7, 2, 0.5, pytest.approx(0.735))
    # Wilson (1927) by hand for 1 of 2: (n·p + z²/2 ± z·√(n·p·(1−p) + z²/4)) / (n + z²)
    z = 1.959964
    half = z * (0.5 + z**2 / 4) ** 0.5
    assert (one.low, one.high) == pytest.approx(
        ((1 + z**2 / 2 - half) / (2 + z**2), (1 + z**2 / 2 + half) / (2 + z**2))
    )


def test_the_most_costly_mistakes_come_first_and_right_answers_never():
    view = set_view("dev", BINARY, ("a", "b"))
    assert view.wrong == 2
    assert [(one.row, one.truth, one.prediction) for one in view.mistakes] == [(13, "a", "b"), (12, "b", "a")]
    assert (view.mistakes[0].certainty, view.mistakes[0].truth_probability) == (0.88, 0.12)


def regression(n: int) -> pl.DataFrame:
    truth = np.arange(n, dtype=float)
    misses = np.where(np.arange(n) % 2 == 0, 2.0, -1.0) * (1 + np.arange(n) / n)
    facts = {"row": range(n), "truth": truth, "prediction": truth - misses, "cost": misses**2}
    return pl.DataFrame({"set": "dev", **facts})


def test_residuals_are_truth_minus_prediction():
    residuals = set_view("dev", regression(4), ()).residuals
    assert residuals is not None
    assert dict(zip(residuals.rows, residuals.residuals, strict=True)) == pytest.approx(
        {0: 2.0, 1: -1.25, 2: 3.0, 3: -1.75}
    )
    ((middle, mean, half),) = residuals.trend
    assert (middle, mean) == pytest.approx((1.0, 0.5))
    assert half == pytest.approx(1.96 * np.std([2.0, -1.25, 3.0, -1.75], ddof=1) / 2)


def test_large_sets_are_thinned():
    view = set_view("dev", regression(20_000), ())
    assert view.residuals is not None
    assert len(view.residuals.rows) == MOST_POINTS
    assert view.residuals.shown_of == 20_000
    assert [one.row for one in view.mistakes] == list(range(19_998, 19_998 - 2 * MOST_MISTAKES, -2))


def test_intervals_of_errors():
    nobody = error_interval(BINARY.clear(), 0.1, is_regression=False)
    assert nobody is None
    # 0 wrong of n: Wilson's upper end is z² / (n + z²)
    none_wrong = error_interval(pl.concat([BINARY] * 5), 0.0, is_regression=False)
    assert none_wrong is not None
    assert (none_wrong.low, none_wrong.high) == pytest.approx((0.0, 3.841459 / 23.841459))
    tens = pl.concat([BINARY.with_columns(group=pl.int_range(pl.len()))] * 10)  # each row ten times, in one group
    alike = error_interval(tens, 0.3, is_regression=False)
    apart = error_interval(tens.drop("group"), 0.3, is_regression=False)
    assert alike is not None
    assert apart is not None
    assert alike.high - alike.low > 2 * (apart.high - apart.low)
    squares = error_interval(regression(4000), 0.3, is_regression=True)
    assert squares is not None
    misses = (regression(4000)["truth"] - regression(4000)["prediction"]).to_numpy()
    rmse = np.sqrt(np.mean(misses**2))
    half = 1.96 * (misses**2).std() / np.sqrt(4000) / (2 * rmse)  # the delta method
    assert squares.value == pytest.approx(rmse)
    assert (squares.low, squares.high) == pytest.approx((rmse - half, rmse + half), rel=0.02)
