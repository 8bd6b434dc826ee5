"""Losses, errors and penalties against closed forms and SciPy."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy.special import expit, huber, rel_entr, softmax, xlogy

from goodfit.nets.losses import errors, losses, penalty
from goodfit.plan import Plan

GENERATOR = np.random.default_rng(0)
LOGITS = GENERATOR.normal(scale=3, size=(50, 4)).astype(np.float32)
CLASSES = GENERATOR.integers(0, 4, 50).astype(np.int32)
HALVES = (CLASSES % 2).astype(np.int32)


def test_softmax_loss_is_minus_the_log_of_the_classes_probability():
    p = softmax(LOGITS.astype(np.float64), axis=1)
    values = losses("softmax", jnp.array(LOGITS), jnp.array(CLASSES))
    np.testing.assert_allclose(values, -np.log(p[np.arange(50), CLASSES]), rtol=2e-5, atol=1e-6)


@pytest.mark.parametrize("smoothing", [0.0, 0.1, 0.6])
def test_label_smoothing_spreads_a_share_over_all_classes(smoothing):
    """Szegedy et al. 2016: cross-entropy with (1 − ε)·one-hot + ε/K."""
    label = np.eye(4)[CLASSES] * (1 - smoothing) + smoothing / 4
    p = softmax(LOGITS.astype(np.float64), axis=1)
    expected = (rel_entr(label, p) - xlogy(label, label)).sum(axis=1)
    values = losses("softmax", jnp.array(LOGITS), jnp.array(CLASSES), smoothing)
    np.testing.assert_allclose(values, expected, rtol=2e-5, atol=1e-6)
    y = HALVES * (1 - smoothing) + smoothing / 2
    q = expit(LOGITS[:, 0].astype(np.float64))
    values = losses("sigmoid", jnp.array(LOGITS[:, :1]), jnp.array(HALVES), smoothing)
    np.testing.assert_allclose(values, -xlogy(y, q) - xlogy(1 - y, 1 - q), rtol=2e-5, atol=1e-6)


def test_sigmoid_and_two_class_softmax_are_one():
    """Course notes, softmax regression: with C = 2 softmax is logistic regression."""
    z = LOGITS[:, :1]
    logits = np.concatenate([np.zeros_like(z), z], axis=1)
    np.testing.assert_allclose(
        losses("sigmoid", jnp.array(z), jnp.array(HALVES)),
        losses("softmax", jnp.array(logits), jnp.array(HALVES)),
        rtol=1e-5,
        atol=1e-6,
    )


def test_far_logits_have_a_finite_loss():
    far = jnp.array([[-1000.0], [1000.0]])
    np.testing.assert_array_equal(losses("sigmoid", far, jnp.array([0, 1])), [0, 0])
    np.testing.assert_array_equal(losses("sigmoid", far, jnp.array([1, 0])), [1000, 1000])
    logits = jnp.array([[-1000.0, 1000.0]])
    assert np.asarray(losses("softmax", logits, jnp.array([0]))).tolist() == [2000.0]


@pytest.mark.parametrize(
    ("output", "targets", "predicted"),
    [
        ("softmax", CLASSES, softmax(LOGITS, axis=1) - np.eye(4)[CLASSES]),
        ("sigmoid", HALVES, expit(LOGITS[:, :1]) - HALVES[:, None]),
        ("linear", HALVES.astype(np.float32), LOGITS[:, :1] - HALVES[:, None]),
    ],
)
def test_the_slope_is_prediction_minus_label(output, targets, predicted):
    """Course notes, softmax: dZ = ŷ − y; so it is for all three outputs."""
    z = LOGITS[:, : predicted.shape[1]]
    slope = jax.grad(lambda z: losses(output, z, jnp.array(targets)).sum())(jnp.array(z))
    np.testing.assert_allclose(slope, predicted, rtol=1e-4, atol=1e-6)


def test_hubers_loss_is_scipys_and_its_error_the_squared_miss():
    z, y = np.array([[0.3], [-4.0], [1.0], [900.0]], np.float32), np.array([0.0, 2.0, 1.0, 0.0], np.float32)
    output = "linear with Huber's loss"
    np.testing.assert_allclose(losses(output, jnp.asarray(z), jnp.asarray(y)), huber(1.0, z[:, 0] - y), rtol=1e-6)
    np.testing.assert_allclose(errors(output, jnp.asarray(z), jnp.asarray(y)), (z[:, 0] - y) ** 2, rtol=1e-6)


def test_errors():
    z = jnp.array([[0.1, 0.9, 0.3], [2.0, 1.0, 0.0]])
    assert np.asarray(errors("softmax", z, jnp.array([1, 2]))).tolist() == [0, 1]
    column = jnp.array([[0.2], [-0.2], [0.2], [-0.2]])
    assert np.asarray(errors("sigmoid", column, jnp.array([1, 1, 0, 0]))).tolist() == [0, 1, 1, 0]
    np.testing.assert_allclose(
        errors("linear", column, jnp.array([1.0, 1.0, 0.2, 0.0])), [0.64, 1.44, 0, 0.04], rtol=1e-6
    )


def test_the_penalty_is_that_of_the_course_notes_and_leaves_biases_out():
    params = ({"W": jnp.array([[1.0, -2.0]]), "b": jnp.array([100.0, 100.0])}, {"W": jnp.array([[3.0], [-4.0]])})
    h = Plan(l2=5.0, l1=7.0).hyperparameters
    assert float(penalty(params, h, 20)) == pytest.approx(5 / 40 * (1 + 4 + 9 + 16) + 7 / 40 * (1 + 2 + 3 + 4))
