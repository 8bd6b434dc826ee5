"""Regions: which trials are good, what they span, where it is widened, and what is said at the ends of a range."""

import math
from typing import Literal

import numpy as np
import optuna
import pytest
from optuna.distributions import BaseDistribution, CategoricalDistribution, FloatDistribution, IntDistribution
from optuna.trial import TrialState, create_trial

from goodfit.search import regions

X = FloatDistribution(0, 1)


def trial(number, distribution: BaseDistribution = X, state=TrialState.COMPLETE, name="x", **settings):
    settings = {"value": 0.0, "state": state} | settings
    return create_trial(params={name: number}, distributions={name: distribution}, **settings)


def study_of(trials, direction: Literal["minimize", "maximize"] = "minimize"):
    study = optuna.create_study(direction=direction)
    study.add_trials(trials)
    return study


def good_in(study):
    return regions.good_trials(regions.finished_before(study, len(study.trials)), study.direction)


def good_values(study):
    return [trial.params["x"] for trial in good_in(study)]


@pytest.mark.parametrize(("direction", "sign"), [("minimize", 1), ("maximize", -1)])
def test_the_best_fifth_is_good_the_best_first(direction, sign):
    places = np.random.default_rng(0).permutation(20) / 20
    study = study_of([trial(x, value=sign * (x - 0.4) ** 2 + 0.001 * sign * x) for x in places], direction)
    assert good_values(study) == [0.4, 0.35, 0.45, 0.3]


def test_at_least_three_are_good_and_earlier_rounds_alone_are_asked():
    study = study_of([trial(x, value=x) for x in (0.9, 0.8, 0.7, 0.6, 0.1)])
    assert good_values(study) == [0.1, 0.6, 0.7]
    assert [trial.number for trial in regions.finished_before(study, 3)] == [0, 1, 2]


def test_failed_and_infinite_trials_are_not_good_and_pruned_ones_come_last():
    pruned = {"state": TrialState.PRUNED, "value": None}
    study = study_of(
        [
            trial(0.1, value=math.inf),
            trial(0.2, state=TrialState.FAIL, value=None),
            trial(0.3, intermediate_values={1: 0.0}, **pruned),
            trial(0.4, intermediate_values={1: 9.0, 5: 3.0}, **pruned),
            trial(0.5, intermediate_values={5: 2.0}, **pruned),
            trial(0.6, **pruned),
            trial(0.7, value=50.0),
        ]
    )
    assert good_values(study) == [0.7, 0.5, 0.4]  # pruned: the later the better, then by value


def zoomed(values, distribution: FloatDistribution | IntDistribution = X):
    """With one parameter; the best first."""
    return regions.zoom([trial(value, distribution) for value in values], "x", distribution)


def test_a_region_spans_the_good_trials():
    place = zoomed([0.4, 0.2, 0.7])
    assert (place.low, place.high, place.widened) == (0.2, 0.7, False)
    assert place.deviation == pytest.approx(np.std([0.4, 0.2, 0.7]) * 3 ** (-1 / 5))


def test_a_region_is_widened_where_the_best_lies_on_its_edge():
    place = zoomed([0.2, 0.4, 0.7])
    assert place.widened
    assert place.low == pytest.approx(max(0.2 - 2 * place.deviation, 0))
    assert place.high == 0.7
    top = zoomed([0.7, 0.68, 0.66])
    assert top.deviation == pytest.approx(0.05 * 3 ** (-1 / 5))
    assert (top.low, top.high) == (0.66, pytest.approx(0.7 + 2 * top.deviation))


def test_there_is_no_way_beyond_the_range():
    place = zoomed([1.0, 0.8, 0.9])
    assert (place.low, place.high, place.widened) == (0.8, 1.0, False)
    assert zoomed([0.98, 0.8, 0.9]).high == 1.0


def test_whole_numbers_are_widened_by_one_at_least():
    place = zoomed([2, 3, 3], IntDistribution(1, 4))
    assert place.widened
    assert place.low == 0.0
    assert place.high == 0.75
    assert place.deviation == pytest.approx(0.7 * 0.25 * 3 ** (-1 / 5))  # draws leave a cell, however alike the trials


def test_regions_lie_on_the_scale():
    distribution = FloatDistribution(1e-4, 1, log=True)
    good = [trial(value, distribution) for value in (1e-2, 1e-3, 1e-1)]
    result = regions.region(good, "x", distribution)
    assert (result.low, result.high) == pytest.approx((1e-3, 1e-1))
    assert not result.widened


def test_one_good_trial_makes_no_region():
    result = regions.region([trial(0.5), trial("a", CategoricalDistribution(("a", "b")), name="kind")], "x", X)
    assert (result.low, result.high) == (0, 1)


def test_values_outside_of_todays_range_are_left_out():
    narrow = FloatDistribution(0.3, 1)
    result = regions.region([trial(value) for value in (0.5, 0.1, 0.4, 0.6)], "x", narrow)
    assert (result.low, result.high) == pytest.approx((0.4, 0.6))


def test_choices_get_shares_by_the_ranks_of_their_good_trials_and_none_dies_out():
    kinds = CategoricalDistribution(("a", "b", "c"))
    good = [trial(kind, kinds) for kind in ("b", "a", "b")]
    shares = regions.region(good, "x", kinds).shares
    following = 0.9 * 3 / 4  # one draw in ten is global, and one vote in four follows nobody
    uniform = (1 - following) / 3
    assert shares == pytest.approx(
        {"a": uniform + following * 4 / 14, "b": uniform + following * 10 / 14, "c": uniform}
    )
    assert sum(shares.values()) == pytest.approx(1)


def notes_of(values, distribution, name):
    return regions.range_notes(
        study_of([trial(value, distribution, name=name, value=i) for i, value in enumerate(values)])
    )


def test_best_values_at_an_end_of_the_range_are_told():
    rate = FloatDistribution(1e-4, 1e-1, log=True)
    assert notes_of([0.09, 0.08, 1e-3, 1e-2], rate, "learning_rate") == [
        "learning_rate's best values lie at the upper end of its range (0.1): widen it"
    ]
    assert notes_of([1.1e-4, 1.2e-4, 0.1], rate, "learning_rate") == [
        "learning_rate's best values lie at the lower end of its range (0.0001): widen it"
    ]
    assert notes_of([1e-2, 0.08, 0.09], rate, "learning_rate") == []
    assert notes_of([0.09, 1e-2, 1e-3], rate, "learning_rate") == []


def test_an_end_is_told_as_people_read_it():
    beta = FloatDistribution(0.001, 0.1, log=True)
    assert notes_of([0.0011, 0.0012, 0.05], beta, "1-beta1") == [
        "beta1's best values lie at the upper end of its range (0.999): widen it"
    ]
    assert notes_of([7, 7, 4], FloatDistribution(4, 7, step=0.5), "log2 units") == [
        "units' best values lie at the upper end of its range (128): widen it"
    ]


def test_nothing_is_told_of_single_values_choices_and_few_trials():
    assert notes_of([2, 2, 2], IntDistribution(2, 2), "x") == []
    assert notes_of(["a", "a", "a"], CategoricalDistribution(("a", "b")), "x") == []
    assert notes_of([1.0, 1.0], X, "x") == []
