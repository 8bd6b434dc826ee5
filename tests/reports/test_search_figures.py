import json
import math
import re
from typing import Any

import plotly.graph_objects as go
import pytest

from goodfit.record.plain import plain_value
from goodfit.record.search_result import FinalistResult, SearchResult, TrialResult
from goodfit.reports.parameter_figure import parameter_figure
from goodfit.reports.search import Search, search_view
from goodfit.reports.search_figures import MOST_AXES, parallel_figure, progress_figure, search_figures

Facts = dict[str, Any]


def seen(facts: Facts, **changes: Any) -> Search:
    changed = facts | changes
    return search_view(
        SearchResult.from_dict(changed["search"]),
        [TrialResult.from_dict(trial) for trial in changed["trials"]],
        [FinalistResult.from_dict(finalist) for finalist in changed["finalists"]],
    )


def panel(facts: Facts, name: str) -> dict[str, Any]:
    search = seen(facts)
    return parameter_figure(search, next(axis for axis in search.axes if axis.name == name)).to_dict()


def test_every_figure_is_valid_plotly_once_its_colors_are_filled_in(facts: Facts):
    for choices in search_figures(seen(facts)).values():
        for figure in (drawn.to_dict() for drawn in choices["all"]):
            painted: Any = json.loads(re.sub(r'"@[\w-]+"', '"#123456"', json.dumps(figure, allow_nan=False)))
            assert len(go.Figure(painted).to_plotly_json()["data"]) == len(figure["data"])


def test_each_trial_with_an_error_is_a_line_across_axes_of_their_own_scale(facts: Facts):
    drawn = parallel_figure(seen(facts)).to_dict()["data"][0]
    rate, beta1, units, activation, error = drawn["dimensions"]
    assert [each["label"] for each in drawn["dimensions"]][-1] == "dev error"
    assert rate["values"] == [-4, -3, -2, -1, pytest.approx(math.log10(0.2), abs=1e-3)]  # trials 0, 1, 2, 4 and 5
    assert beta1["values"] == pytest.approx([1, 2, 3, 2, 2], abs=1e-3)
    assert dict(zip(units["ticktext"], units["tickvals"], strict=True))["64"] == pytest.approx(math.log10(64), abs=1e-3)
    assert (activation["values"], activation["ticktext"]) == ([0, 1, 0, 0, 1], ["relu", "tanh"])
    assert drawn["line"]["color"] == error["values"]
    assert error["values"][3] == min(error["values"]) == drawn["line"]["cmin"]
    assert drawn["line"]["cmax"] == pytest.approx(math.log10(0.05), abs=1e-3)  # the middle: what is worse is gray


def test_a_trial_without_a_hyperparameter_passes_below_its_axis(facts: Facts):
    facts["search"]["parameters"]["keep_prob layer 2"] = {"scale": "linear", "low": 0.5, "high": 1.0}
    facts["trials"][1]["parameters"]["keep_prob layer 2"] = 0.75
    search = seen(facts)
    lacking = parallel_figure(search).to_dict()["data"][0]["dimensions"][-2]
    assert lacking["label"] == "keep_prob<br>layer 2"
    assert lacking["values"][1] == 0.75
    assert lacking["values"][0] == lacking["range"][0] == lacking["tickvals"][0] < 0.475
    assert lacking["ticktext"][0] == "none"
    assert panel(facts, "keep_prob layer 2")["data"][0]["x"] == [0.75]


def test_of_many_hyperparameters_the_most_important_are_drawn_across(facts: Facts):
    facts["search"]["parameters"] |= {f"x{i}": {"scale": "linear", "low": 0, "high": 1} for i in range(9)}
    search = seen(facts)
    assert [each["label"] for each in parallel_figure(search).to_dict()["data"][0]["dimensions"]][:2] == [
        "learning_<br>rate",
        "beta1",
    ]
    assert len(parallel_figure(search).to_dict()["data"][0]["dimensions"]) == MOST_AXES
    assert len(search_figures(search)["search-parameters"]["all"]) == 13


def test_names_of_ticks_do_not_run_into_each_other(facts: Facts):
    axis = panel(facts, "learning_rate")["layout"]["xaxis"]
    named = [place for place, name in zip(axis["tickvals"], axis["ticktext"], strict=True) if name]
    assert named == [-4, -3, -2, -1, 0]
    beta1 = panel(facts, "beta1")["layout"]["xaxis"]
    assert beta1["ticktext"] == ["0.9", "0.95", "0.98", "0.99", "", "0.998", ""]
    assert panel(facts, "activation")["layout"]["xaxis"]["ticktext"] == ["relu", "tanh"]


def test_filled_hollow_and_struck_marks_tell_how_trials_ended(facts: Facts):
    ended, stopped, without, best, _ = panel(facts, "learning_rate")["data"]
    assert (ended["marker"]["symbol"], stopped["marker"]["symbol"]) == ("circle", "circle-open")
    assert ended["x"] == [-3, -2, -1, pytest.approx(-0.699)]
    assert (stopped["x"], stopped["y"]) == ([-4], [pytest.approx(math.log10(0.8), abs=1e-3)])
    assert without["x"] == [0, pytest.approx(math.log10(0.3), abs=1e-3)]  # the failed one, and one stopped unmeasured
    assert set(without["y"]) == {panel(facts, "learning_rate")["layout"]["yaxis"]["range"][1]}
    assert (best["x"], best["y"]) == ([-1], [pytest.approx(math.log10(0.02), abs=1e-3)])
    assert ended["text"][0] == "trial 1: 10.0 %<br>learning_rate 0.001<br>20 epochs"


def test_the_regions_of_the_waves_lie_below_from_end_to_end(facts: Facts):
    figure = panel(facts, "learning_rate")
    bars = figure["data"][-1]
    assert (bars["y"], bars["base"], bars["x"]) == ([0, 1], [-4, -2], [4, 2])
    assert bars["marker"]["pattern"]["shape"] == ["", "/"]
    assert bars["text"][1] == "wave 2: 0.01 to 1, widened"
    assert figure["layout"]["yaxis2"]["ticktext"] == ["wave 1", "2"]
    assert figure["layout"]["yaxis2"]["domain"][1] < figure["layout"]["yaxis"]["domain"][0]


def test_the_regions_of_a_choice_are_as_long_as_its_share_and_its_trials_lie_side_by_side(facts: Facts):
    bars = panel(facts, "activation")["data"][-1]
    assert bars["x"] == pytest.approx([0.4, 0.4, 0.2, 0.6])
    assert [base + width / 2 for base, width in zip(bars["base"], bars["x"], strict=True)] == pytest.approx(
        [0, 1, 0, 1]
    )
    x = panel(facts, "activation")["data"][0]["x"]  # trials 1 and 5 have tanh, 2 and 4 relu
    assert len(set(x)) == 4
    assert [round(place) for place in x] == [1, 0, 0, 1]


def test_of_many_waves_the_first_and_the_last_have_rows(facts: Facts):
    facts["search"]["regions"] *= 10
    names = panel(facts, "beta1")["layout"]["yaxis2"]["ticktext"]
    assert (names[0], names[-1], len(names)) == ("wave 1", "20", 8)


def test_samplers_without_regions_have_no_rows(facts: Facts):
    facts["search"]["regions"] = []
    assert "yaxis2" not in panel(facts, "beta1")["layout"]
    assert all(trace["type"] == "scatter" for trace in panel(facts, "beta1")["data"])


def test_the_best_so_far_never_rises(facts: Facts):
    figure = progress_figure(seen(facts)).to_dict()
    dots, steps = figure["data"]
    assert dots["x"] == [15, 25, 45, 55]
    assert steps["y"] == [0.1, 0.05, 0.02, 0.02]
    assert steps["line"]["shape"] == "hv"
    assert figure["layout"]["xaxis"]["title"]["text"] == "seconds since the first trial began"
    assert figure["layout"]["annotations"][0]["text"] == "best<br>2.0 %"


def test_long_searches_are_told_in_hours(facts: Facts):
    trials = [trial | {"end_seconds": 3600.0 * trial["number"]} for trial in facts["trials"]]
    figure = progress_figure(seen(facts, trials=trials)).to_dict()
    assert figure["data"][0]["x"] == [1, 2, 4, 5]
    assert figure["layout"]["xaxis"]["title"]["text"].startswith("hours")


def test_names_with_markup_are_shown_as_they_are(facts: Facts):
    facts["search"]["parameters"]["<b>x"] = {"scale": "choice", "choices": ["<i>"]}
    facts["trials"][1]["parameters"]["<b>x"] = "<i>"
    search = seen(facts)
    assert "<b>" not in json.dumps(plain_value(search_figures(search)))
    assert "<i>" not in json.dumps(plain_value(search_figures(search)))


def test_a_search_in_which_nothing_ended_draws_its_hyperparameters_alone(facts: Facts):
    search = seen(facts, trials=facts["trials"][3:4])
    assert list(search_figures(search)) == ["search-parameters"]
