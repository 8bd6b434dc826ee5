"""The figures of a regression on targets that are hard to fit: R² is scikit-learn's, and gaps have one scale."""

import json

import numpy as np
import polars as pl
import pytest
from sklearn.metrics import mean_absolute_error, r2_score, root_mean_squared_error

import goodfit
from goodfit.cli import output
from goodfit.errors import DataWarning, InputError, PlanError
from goodfit.monitor.gap import gap_of_result
from goodfit.reports.view import read_view

pytestmark = pytest.mark.filterwarnings("ignore:.*predictions are negative:goodfit.errors.DataWarning")
SETS = ("train", "dev", "test")
ROWS = 300


def _inputs(seed=0):
    return np.random.default_rng(seed).normal(size=(ROWS, 3))


def _line(inputs):
    return 50 + 5 * inputs @ [1, 2, -1]


def _outlier(inputs):
    target = _line(inputs)
    target[17] = 9e6
    return target


def _lognormal(inputs):
    return np.exp(2 * inputs[:, 0] + np.random.default_rng(1).normal(size=ROWS))


def _shrinking(inputs):
    return _line(inputs) * np.geomspace(1, 1e-3, ROWS)


def _mostly_zero(inputs):
    """Three values of 300 are not zero: the interquartile range is 0, and so may be the variance of a set."""
    target = np.zeros(ROWS)
    target[[3, 100, 250]] = 5, 8, 13
    return target


TARGETS = {
    "line": _line,
    "one outlier": _outlier,
    "lognormal": _lognormal,
    "shrinking with time": _shrinking,
    "mostly zero": _mostly_zero,
    "tiny unit": lambda inputs: 1e-12 * _line(inputs),
}


@pytest.fixture(scope="module", params=list(TARGETS))
def fit(request, small_plan, tmp_path_factory):
    """A run, and the true targets and predictions of each of its sets."""
    inputs = _inputs()
    target = TARGETS[request.param](inputs)
    frame = pl.DataFrame(inputs, schema=["a", "b", "c"]).with_columns(t=target, day=np.arange(ROWS))
    time = "day" if request.param == "shrinking with time" else None
    if time is None:
        frame = frame.drop("day")
    folder = tmp_path_factory.mktemp("runs")
    frame.write_parquet(folder / "table.parquet")
    run = goodfit.train(
        folder / "table.parquet",
        target="t",
        task="regression",
        time=time,
        plan=small_plan.with_(hidden_units=(4,), epochs=10),
        human_error=0.5,
        out=folder,
    )
    rows = json.loads((run.run / "source.json").read_text())["rows"]
    predicted = goodfit.predict(run.run, frame)["prediction"].to_numpy()
    return run, {name: (target[rows[name]], predicted[rows[name]]) for name in SETS}


def _unexplained(truth, predicted):
    return 1 - r2_score(truth, predicted)


def _spread(target):
    lower, upper = np.quantile(target, [0.25, 0.75])
    return (upper - lower) / 1.349 or target.std()


def test_every_error_is_one_minus_scikit_learns_r2(fit):
    run, sets = fit
    final = run.result.final
    errors = {"train": (final.train_error, final.train_metrics), "dev": (final.dev_error, final.dev_metrics)}
    for name, (error, metrics) in errors.items():
        expected = _unexplained(*sets[name])
        assert error == pytest.approx(expected, rel=1e-4)
        assert metrics["1-r2"] == pytest.approx(expected, rel=1e-4)
        assert metrics["rmse"] == pytest.approx(root_mean_squared_error(*sets[name]), rel=1e-4)
        assert metrics["mae"] == pytest.approx(mean_absolute_error(*sets[name]), rel=1e-4)
        history = pl.read_parquet(run.run / "history.parquet")[f"{name}_error"]
        assert history[run.result.best_epoch - 1] == pytest.approx(expected, rel=1e-3)


def test_the_test_error_is_scikit_learns_too_and_lies_in_its_interval(fit):
    run, sets = fit
    error = goodfit.open_test(run.run).test_error
    assert error.value == pytest.approx(_unexplained(*sets["test"]), rel=1e-4)
    assert 0 <= error.low <= error.value <= error.high
    level = read_view(run.run).levels[-1]
    assert (level.name, level.error) == ("test", pytest.approx(root_mean_squared_error(*sets["test"]), rel=1e-4))
    assert level.low is not None


def test_gaps_are_rmses_over_one_spread(fit):
    run, sets = fit
    final, spread = run.result.final, _spread(sets["train"][0])
    assert final.spread == pytest.approx(spread)
    rmse = {name: root_mean_squared_error(*sets[name]) for name in ("train", "dev")}
    assert final.variance.value == pytest.approx((rmse["dev"] - rmse["train"]) / spread, rel=1e-2, abs=1e-5)
    assert final.avoidable_bias.value == pytest.approx((rmse["train"] - 0.5) / spread, rel=1e-3, abs=1e-5)
    diagnosis = goodfit.diagnose(run.run)
    assert (diagnosis.variance, diagnosis.dev_error) == (final.variance, final.dev_error)


def test_the_live_page_and_the_terminal_show_the_same_figures(fit):
    run, sets = fit
    panel = gap_of_result(run.result)
    assert panel
    for name, value in (("train", panel.train), ("dev", panel.dev)):
        assert value == pytest.approx(root_mean_squared_error(*sets[name]), rel=1e-4)
    assert panel.human == 0.5
    lines = list(output.verdict_lines(run.result.final, "1-r2"))
    assert any(line.startswith("Dev 1−R²: ") and "(RMSE " in line for line in lines)
    assert any(line.startswith("Dev set: RMSE ") and "MAE " in line for line in lines)


@pytest.mark.parametrize(
    "changes",
    [
        {"target_transform": "log"},
        {"target_transform": "yeo-johnson"},
        {"loss": "huber"},
        {"target_transform": "log", "loss": "huber"},
    ],
    ids=str,
)
def test_a_transform_and_a_robust_loss_change_the_fit_but_not_the_meaning_of_a_figure(changes, small_plan, tmp_path):
    inputs = _inputs()
    target = _lognormal(inputs)
    plan = small_plan.with_(hidden_units=(8,), epochs=20)
    run = goodfit.train((inputs, target), task="regression", plan=plan, changes=changes, out=tmp_path)
    rows = json.loads((run.run / "source.json").read_text())["rows"]
    predicted = goodfit.predict(run.run, inputs)["prediction"].to_numpy()
    final = run.result.final
    for name, error in (("train", final.train_error), ("dev", final.dev_error)):
        assert error == pytest.approx(_unexplained(target[rows[name]], predicted[rows[name]]), rel=1e-4)
        history = pl.read_parquet(run.run / "history.parquet").filter(pl.col("epoch") == run.result.best_epoch)
        assert history[f"{name}_error"].item() == pytest.approx(error, rel=1e-3)  # the curve ends at the figure
    if changes.get("target_transform") == "log":
        assert predicted.min() > 0
        # log y is the line that the inputs tell: the transformed network explains what it should of the logarithm
        assert _unexplained(np.log(target[rows["dev"]]), np.log(predicted[rows["dev"]])) < 0.6


def test_smearing_brings_the_mean_of_the_predictions_to_that_of_the_target(small_plan, tmp_path):
    """With noise of σ = 1 in log y, the plain inverse is too low by the factor exp(½) = 1.65 on average."""
    rng = np.random.default_rng(2)
    inputs = rng.normal(size=(1500, 1))
    target = np.exp(0.5 * inputs[:, 0] + rng.normal(size=1500))
    plan = small_plan.with_(hidden_units=(), epochs=30)
    run = goodfit.train((inputs, target), plan=plan, target_transform="log", task="regression", out=tmp_path)
    predicted = goodfit.predict(run.run, inputs)["prediction"].to_numpy()
    assert predicted.mean() == pytest.approx(np.exp(0.5**2 / 2 + 1 / 2), rel=0.1)


def test_negative_predictions_of_a_positive_target_are_said(small_plan, tmp_path):
    inputs = _inputs()
    target = np.maximum(inputs[:, 0], 0)
    run = goodfit.train(
        (inputs, target), plan=small_plan.with_(hidden_units=(), epochs=20), task="regression", out=tmp_path
    )
    with pytest.warns(DataWarning, match="of 300 predictions are negative, although no target of the run is"):
        assert goodfit.predict(run.run, inputs)["prediction"].to_numpy().min() < 0


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"target_transform": "log"}, "target_transform is log, which is for regressions"),
        ({"loss": "huber"}, "loss is huber, which is for regressions"),
    ],
)
def test_classes_have_neither(changes, sentence, table, tmp_path):
    with pytest.raises(PlanError, match=sentence):
        goodfit.train(table, target="kind", changes=changes, out=tmp_path)


def test_a_negative_target_has_no_logarithm(small_plan, tmp_path):
    inputs = _inputs()
    with pytest.raises(PlanError, match="negative values; take yeo-johnson"):
        goodfit.train((inputs, inputs[:, 0]), plan=small_plan, target_transform="log", out=tmp_path)


@pytest.mark.parametrize("human_error", [1.5, 15])
def test_a_human_error_above_1_is_refused_for_classes_only(human_error, table, tmp_path):
    with pytest.raises(InputError, match=r"the human error is .*; give a share between 0 and 1"):
        goodfit.train(table, target="kind", human_error=human_error, out=tmp_path)
