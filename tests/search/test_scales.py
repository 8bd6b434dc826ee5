"""Scales: draws uniform where the quantity lives, names that carry the scale, positions between the ends."""

import numpy as np
import optuna
import pytest
from scipy.stats import kstest

from goodfit.search import scales
from goodfit.search.scales import Dimension

BETA = Dimension("beta1", 2, "one-minus-log", 0.9, 0.999)
RATE = Dimension("learning_rate", 1, "log", 1e-4, 1e-1)
UNITS = Dimension("units", 2, "ladder", 16, 128)
BATCH = Dimension("batch_size", 2, "power", 16, 256)
LAYERS = Dimension("layers", 3, "integer", 1, 3)
SHARE = Dimension("class_balance", 5, "linear", 0.2, 0.7)
KIND = Dimension("activation", 4, "choice", choices=("relu", "tanh", "silu"))


def draws(dimension: Dimension, count: int = 400) -> list:
    study = optuna.create_study(sampler=optuna.samplers.RandomSampler(0))
    return [scales.suggest(dimension, study.ask()) for _ in range(count)]


def parameter_of(dimension: Dimension, layer: int | None = None) -> tuple[str, optuna.distributions.BaseDistribution]:
    trial = optuna.create_study().ask()
    scales.suggest(dimension, trial, layer)
    return next(iter(trial.distributions.items()))


@pytest.mark.parametrize(
    ("dimension", "scaled"),
    [
        (RATE, lambda x: (np.log10(x) + 4) / 3),
        (BETA, lambda x: (-1 - np.log10(1 - x)) / 2),
        (SHARE, lambda x: (x - 0.2) / 0.5),
    ],
    ids=lambda value: getattr(value, "scale", ""),
)
def test_draws_are_uniform_on_the_scale(dimension, scaled):
    values = np.array(draws(dimension))
    places = scaled(values)
    assert kstest(places, "uniform").pvalue > 0.01
    np.testing.assert_allclose([scales.position(dimension, value) for value in values], places, atol=1e-9)


def test_half_of_the_draws_of_beta_are_above_0_99():
    share = np.mean(np.array(draws(BETA)) > 0.99)
    assert 0.42 < share < 0.58  # a linear scale gives 0.09, and 400 draws of 0.5 leave these limits once in 700


def test_the_ladder_has_powers_and_their_middles_alike_often():
    rungs, counts = np.unique(draws(UNITS), return_counts=True)
    assert rungs.tolist() == [16, 24, 32, 48, 64, 96, 128] == scales.values(UNITS)
    assert counts.min() > 30  # 57 expected


def test_powers_of_two_and_whole_numbers_come_alone():
    assert set(draws(BATCH)) == {16, 32, 64, 128, 256} == set(scales.values(BATCH))
    assert set(draws(LAYERS)) == {1, 2, 3}
    assert all(isinstance(value, int) for dimension in (BATCH, LAYERS, UNITS) for value in draws(dimension, 5))


@pytest.mark.parametrize(
    ("dimension", "name", "distribution"),
    [
        (BETA, "1-beta1", optuna.distributions.FloatDistribution(0.001, 0.1, log=True)),
        (RATE, "learning_rate", optuna.distributions.FloatDistribution(1e-4, 1e-1, log=True)),
        (UNITS, "log2 units", optuna.distributions.FloatDistribution(4, 7, step=0.5)),
        (BATCH, "log2 batch_size", optuna.distributions.FloatDistribution(4, 8, step=1)),
        (LAYERS, "layers", optuna.distributions.IntDistribution(1, 3)),
        (SHARE, "class_balance", optuna.distributions.FloatDistribution(0.2, 0.7)),
        (KIND, "activation", optuna.distributions.CategoricalDistribution(("relu", "tanh", "silu"))),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_optuna_is_asked_on_the_scale_under_a_telling_name(dimension, name, distribution):
    assert parameter_of(dimension) == (name, distribution)
    assert scales.parameter(dimension) == name


def test_a_layer_has_its_own_name():
    keep = Dimension("keep_prob", 4, "one-minus-log", 0.5, 0.98, each_layer=True)
    assert parameter_of(keep, 3)[0] == "1-keep_prob layer 3"
    assert scales.readable("1-keep_prob layer 3", 0.25) == ("keep_prob layer 3", 0.75)


@pytest.mark.parametrize(
    ("dimension", "value", "place"),
    [
        (BETA, 0.99, 0.5),
        (RATE, 1e-3, 1 / 3),
        (UNITS, 48, 0.5),
        (BATCH, 32, 0.25),
        (LAYERS, 2, 0.5),
        (KIND, "silu", 1.0),
        (Dimension("activation", 4, "choice", choices=("relu",)), "relu", 0.0),
    ],
)
def test_a_value_has_its_place_between_the_ends(dimension, value, place):
    assert scales.position(dimension, value) == pytest.approx(place)


@pytest.mark.parametrize(
    ("scale", "value", "rung"), [("power", 20, 16), ("power", 200, 256), ("ladder", 20, 24), ("ladder", -3, 2)]
)
def test_the_nearest_rung_is_told(scale, value, rung):
    assert not scales.on_ladder(scale, value)
    assert scales.on_ladder(scale, rung)
    assert abs(scales.nearest_rung(scale, value) - value) <= abs(rung - value)


def test_complements_have_no_rounding_of_binary_fractions():
    assert scales.complement(0.999) == 0.001 != 1 - 0.999
