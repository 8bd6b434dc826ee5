import json
import math
import re
from dataclasses import replace
from typing import Any

import plotly.graph_objects as go
import pytest

from goodfit.record.learning_curve import LearningCurve
from goodfit.record.nudge import Nudge
from goodfit.record.values import Estimate
from goodfit.reports import figures, prediction_figures
from goodfit.reports.curves import Curve
from goodfit.reports.drawing import log_ticks, tick_names
from goodfit.reports.predictions import CalibrationBin, Confusion, Residuals

COSTS = ((1.0, 0.1, 0.0), (0.8, 0.08, 0.0), (1.2, 0.12, 0.0))
ERRORS = ((0.5, 0.05, 0.04), (0.4, 0.04, 0.03), (0.6, 0.06, 0.05))
CURVE = Curve(
    round=1,
    experiment="incumbent",
    models=3,
    epochs=(1, 20, 40),
    bands={"train_cost": COSTS, "dev_cost": COSTS, "train_error": ERRORS, "dev_error": ERRORS},
    best_epoch=20,
)
SIZES = LearningCurve(
    sizes=(100, 200, 400, 800),
    dev_error=(0.2, 0.1, 0.06, 0.05),
    low=(0.18, 0.08, 0.05, 0.04),
    high=(0.23, 0.12, 0.07, 0.06),
    doubled=Estimate(0.04, 0.02, 0.05),
    gain=Estimate(0.01, 0.0, 0.03),
    floor=0.03,
    slope=0.02,
    power=1.0,
    sentence="Twice the data should lower the dev error.",
)
NUDGES = (
    Nudge("l2", 0.0, 1.0, 0, "python, ada", "2026-01-01T12:00:00+00:00"),
    Nudge("learning_rate", 0.003, 0.0003, 20, "python, ada", "2026-01-01T12:00:00+00:00"),
    Nudge("keep_prob", [0.8], [0.9], 20, "python, ada", "2026-01-01T12:00:00+00:00"),
)
CONFUSION = Confusion(("<b>a</b>", "b"), ((5, 1), (0, 7)), ())
RESIDUALS = Residuals((3, 9), (1.0, 2.0), (0.5, -0.25), 2, ((1.0, 0.5, 0.2), (2.0, -0.25, 0.2)))
BINS = [CalibrationBin(1, 0.15, 0.2, 0.1, 0.4, 12), CalibrationBin(9, 0.97, 0.96, 0.9, 0.99, 300)]

FIGURES = {
    "cost": figures.curve_figures(CURVE)[0],
    "error": figures.curve_figures(CURVE)[1],
    "nudged cost": figures.curve_figures(CURVE, NUDGES)[0],
    "nudged error": figures.curve_figures(CURVE, NUDGES)[1],
    "data size": figures.data_size_figure(SIZES),
    "confusion": prediction_figures.confusion_figure(CONFUSION),
    "residuals": prediction_figures.residual_figure(RESIDUALS, "price <i>"),
    "calibration": prediction_figures.calibration_figure(BINS, "is = yes"),
}
ALL: dict[str, Any] = {name: figure.to_dict() for name, figure in FIGURES.items()}


@pytest.mark.parametrize("name", ALL)
def test_every_figure_is_valid_plotly_once_its_colors_are_filled_in(name: str):
    text = json.dumps(ALL[name], allow_nan=False)
    painted: Any = json.loads(re.sub(r'"@[\w-]+"', '"#123456"', text))
    assert len(go.Figure(painted).to_plotly_json()["data"]) == len(ALL[name]["data"])


@pytest.mark.parametrize("name", ALL)
def test_lines_are_named_beside_them_and_not_in_a_legend(name: str):
    assert ALL[name]["layout"]["showlegend"] is False


def test_cost_is_logarithmic_and_error_is_not():
    cost, error = ALL["cost"], ALL["error"]
    assert cost["layout"]["yaxis"]["type"] == "log"
    assert "type" not in error["layout"]["yaxis"]
    lines = [trace for trace in cost["data"] if trace["mode"] == "lines" and "hovertemplate" in trace]
    assert lines[0]["y"] == [1.0, 0.1, None]  # a cost of 0 has no place on a logarithmic axis
    assert [label["text"] for label in error["layout"]["annotations"]] == ["training", "dev"]


def test_the_lowest_dev_cost_is_marked():
    (ring,) = [trace for trace in ALL["cost"]["data"] if trace["mode"] == "markers"]
    assert (ring["x"], ring["y"]) == ([20], [0.1])
    assert "epoch 20" in ring["hovertemplate"]


def test_the_spread_over_seeds_is_a_band():
    bands = [trace for trace in ALL["error"]["data"] if trace.get("fill") == "toself"]
    assert bands[0]["x"] == [1, 20, 40, 40, 20, 1]
    assert bands[0]["y"] == [60.0, 6.0, 5.0, 3.0, 4.0, 40.0]
    alone, _ = figures.curve_figures(replace(CURVE, models=1))
    assert not any(trace.get("fill") for trace in alone.to_dict()["data"])


def test_the_error_axis_shows_where_training_ended_not_where_it_guessed():
    low, high = ALL["error"]["layout"]["yaxis"]["range"]
    assert low == 0
    assert 6.0 < high < 10.0


def test_training_and_dev_differ_without_color():
    styles = {
        trace["line"]["color"]: trace["line"]["dash"] for trace in ALL["error"]["data"] if "hovertemplate" in trace
    }
    assert styles == {"@train": "dash", "@dev": "solid"}


def test_the_learning_curve_goes_on_to_twice_the_data():
    figure = ALL["data size"]
    measured, expected = figure["data"]
    assert figure["layout"]["xaxis"]["type"] == "log"
    assert measured["error_y"]["array"] == pytest.approx([3.0, 2.0, 1.0, 1.0])
    assert measured["error_y"]["arrayminus"] == pytest.approx([2.0, 2.0, 1.0, 1.0])
    assert (expected["x"], expected["y"]) == ([800, 1600], [5.0, 4.0])
    assert expected["error_y"]["arrayminus"] == pytest.approx([0.0, 2.0])
    assert figure["layout"]["xaxis"]["tickvals"] == [100, 200, 400, 800, 1600]


def test_mistakes_have_a_color_scale_of_their_own():
    right, wrong = ALL["confusion"]["data"]
    assert right["z"] == [[5, None], [None, 7]]
    assert wrong["z"] == [[None, 1], [None, None]]
    assert (right["zmax"], wrong["zmax"]) == (7, 1)
    assert ALL["confusion"]["layout"]["yaxis"]["autorange"] == "reversed"


def test_many_classes_stay_readable():
    n = 50
    counts = tuple(tuple(9 if i == j else (i + j) % 7 == 0 for j in range(n)) for i in range(n))
    figure = prediction_figures.confusion_figure(Confusion(tuple(f"class {i}" for i in range(n)), counts, ())).to_dict()
    assert figure["data"][0]["texttemplate"] == ""
    assert figure["layout"]["meta"]["tallest"] >= 16 * n
    assert len(set(figure["data"][0]["x"])) == n


def test_names_are_harmless_short_and_distinct():
    assert ALL["confusion"]["data"][0]["x"] == ["&lt;b&gt;a&lt;/b&gt;", "b"]
    assert "price &lt;i&gt;" in ALL["residuals"]["layout"]["xaxis"]["title"]["text"]
    long = tick_names(["the same long beginning, one", "the same long beginning, two", "short"])
    assert long == ("the same long begin… (1)", "the same long begin… (2)", "short")


def test_calibration_shows_counts_under_the_curve():
    ideal, curve, bars = ALL["calibration"]["data"]
    assert (ideal["x"], ideal["y"]) == ([0, 100], [0, 100])
    assert (curve["x"], curve["y"]) == ([15.0, 97.0], [20.0, 96.0])
    assert (bars["x"], bars["y"], bars["text"]) == ([15.0, 95.0], [12, 300], ["12", "300"])
    assert bars["yaxis"] == "y2"


@pytest.mark.parametrize("span", [(0.02, 0.9), (0.11, 0.13), (1e-6, 30.0), (0.5, 0.5), (1e-12, 1e6)])
def test_logarithmic_axes_have_a_few_round_ticks_inside(span: tuple[float, float]):
    axis = log_ticks(span)
    assert axis.low < math.log10(span[0]) <= math.log10(span[1]) < axis.high
    assert 1 <= len(axis.ticks) <= 7
    assert all(axis.low <= math.log10(tick) <= axis.high for tick in axis.ticks)


def test_ticks_are_written_as_all_numbers_are():
    assert log_ticks((1e-7, 1e-1)).names == ("1e-7", "1e-6", "1e-5", "0.0001", "0.001", "0.01", "0.1")


@pytest.mark.parametrize("panel", ["cost", "error"])
def test_nudges_are_marked_at_their_epochs(panel: str):
    plain, nudged = ALL[panel], ALL[f"nudged {panel}"]
    *lines, marks = nudged["data"]
    assert lines == plain["data"]
    assert "shapes" not in plain["layout"]
    assert marks["x"] == [1, 20]  # before the first epoch is where the axis begins
    assert marks["text"] == ["l2 0 → 1", "learning_rate 0.003 → 0.0003<br>keep_prob [0.8] → [0.9]"]
    top = nudged["layout"]["yaxis"]["range"][1]
    assert marks["y"][0] == pytest.approx(10**top if panel == "cost" else top, rel=1e-3)
    assert [shape["x0"] for shape in nudged["layout"]["shapes"]] == [1, 20]
