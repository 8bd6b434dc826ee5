"""Transforms of a target against scikit-learn and closed forms, their inverse, and the correction of its bias."""

import numpy as np
import pytest
from sklearn.preprocessing import PowerTransformer

from goodfit.data.preparation import Preparation
from goodfit.data.target_transform import TargetTransform, residual_quantiles

RNG = np.random.default_rng(0)
TARGETS = {
    "lognormal": np.exp(1.5 * RNG.normal(size=400)),
    "negative tail": -1e6 * np.exp(RNG.normal(size=400)),
    "both tails": RNG.standard_t(2, size=400),
    "many zeros": np.maximum(RNG.normal(size=400), 0),
    "tiny unit": 1e-12 * np.exp(RNG.normal(size=400)),
}


KINDS = [("yeo-johnson", name) for name in TARGETS] + [("log", name) for name in TARGETS if TARGETS[name].min() >= 0]


@pytest.mark.parametrize(("kind", "name"), KINDS)
def test_the_inverse_returns_the_target(kind, name):
    target = TARGETS[name]
    transform = TargetTransform.fit(kind, target)
    np.testing.assert_allclose(transform.backward(transform.forward(target)), target, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("target", TARGETS.values(), ids=TARGETS)
def test_yeo_johnson_is_scikit_learns(target):
    transform = TargetTransform.fit("yeo-johnson", target)
    reduced = transform.reduced(target)[:, None]
    theirs = PowerTransformer(standardize=False).fit(reduced)
    assert transform.parameter == pytest.approx(theirs.lambdas_[0], rel=1e-6)
    np.testing.assert_allclose(
        transform.forward(target), np.asarray(theirs.transform(reduced))[:, 0], rtol=1e-6, atol=1e-9
    )


@pytest.mark.parametrize("power", [0.0, 0.7, 2.0])
def test_the_inverse_holds_at_the_limits_of_the_power(power):
    values = np.array([-3.0, -0.5, 0.0, 0.5, 3.0])
    transform = TargetTransform("yeo-johnson", 0.0, 1.0, power, -np.inf, np.inf)
    theirs = PowerTransformer(standardize=False).fit(values[:, None])
    theirs.lambdas_ = np.array([power])
    np.testing.assert_allclose(transform.inverse(values), theirs.inverse_transform(values[:, None])[:, 0], rtol=1e-5)


@pytest.mark.parametrize("deviation", [0.3, 0.8, 1.2])
def test_smearing_corrects_the_bias_of_a_logarithm(deviation):
    """The mean of exp(μ + σ·e) is exp(μ + σ²/2), where the plain inverse gives exp(μ)."""
    rng = np.random.default_rng(1)
    transform = TargetTransform("log", 0.0, 1.0, 0.0, -50.0, 50.0)
    residuals = residual_quantiles(rng.normal(0, deviation, 200_000))
    means = np.array([-1.0, 0.0, 2.0])
    np.testing.assert_allclose(transform.backward(means), np.exp(means))
    np.testing.assert_allclose(transform.backward(means, residuals), np.exp(means + deviation**2 / 2), rtol=0.05)


@pytest.mark.parametrize("kind", ["log", "yeo-johnson"])
def test_a_prediction_leaves_the_range_of_the_target_by_half_at_most(kind):
    target = TARGETS["lognormal"]
    transform = TargetTransform.fit(kind, target)
    far = transform.backward(np.array([-1e9, 1e9]))
    assert far[1] == pytest.approx(target.max() + 0.5 * np.ptp(target))
    assert far[0] >= (0 if kind == "log" else target.min() - 0.5 * np.ptp(target) - 1e-6)


def test_a_logarithm_of_a_target_with_zeros_predicts_nothing_negative():
    transform = TargetTransform.fit("log", TARGETS["many zeros"])
    assert transform.backward(np.array([-1e9]))[0] == pytest.approx(0, abs=1e-12)


def test_a_preparation_with_a_transform_is_read_as_it_was_written():
    transform = TargetTransform.fit("yeo-johnson", TARGETS["both tails"])
    empty = np.zeros(0)
    nothing = (np.zeros(0, bool), np.zeros(0, bool))
    written = Preparation("robust", empty, empty, (), (), nothing, 0.3, 2.0, target_transform=transform)
    assert Preparation.from_dict(written.to_dict()).target_transform == transform
