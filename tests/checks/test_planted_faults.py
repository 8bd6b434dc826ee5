"""Single-line mistakes in a backward pass written by hand: each is found, and so is the layer where it stands."""

import numpy as np
import pytest

from goodfit.checks.gradients import check_gradients
from goodfit.errors import InputError

M, UNITS, CLASSES = 24, 6, 3
LAMBDA, KEEP_PROB, SMALL = 0.8, 0.7, 1e-5
GENERATOR = np.random.default_rng(3)
X = GENERATOR.normal(size=(M, UNITS))
Y = np.eye(CLASSES)[GENERATOR.integers(0, CLASSES, M)]
MASKS = [GENERATOR.random((M, UNITS)) < KEEP_PROB for _ in range(2)]


@pytest.fixture
def params():
    """Two hidden layers with batch norm (so without bias), and the output's; all of them square where they can be."""
    generator = np.random.default_rng(4)
    hidden = [
        {
            "W": generator.normal(size=(UNITS, UNITS)) / np.sqrt(UNITS),
            "gamma": generator.uniform(0.5, 1.5, UNITS),
            "beta": generator.normal(size=UNITS),
        }
        for _ in range(2)
    ]
    return [*hidden, {"W": generator.normal(size=(UNITS, CLASSES)), "b": generator.normal(size=CLASSES)}]


def forward(params):
    """Return the values for the backward pass: z, its mean and deviation, and a of each hidden layer; the softmax."""
    a, caches = X, []
    for layer, mask in zip(params[:-1], MASKS, strict=True):
        z = a @ layer["W"]
        mean, deviation = z.mean(axis=0), np.sqrt(z.var(axis=0) + SMALL)
        active = np.tanh(layer["gamma"] * (z - mean) / deviation + layer["beta"])
        caches.append((a, z, mean, deviation, active))
        a = active * mask / KEEP_PROB
    logits = a @ params[-1]["W"] + params[-1]["b"]
    exponentials = np.exp(logits - logits.max(axis=1, keepdims=True))
    return caches, a, exponentials / exponentials.sum(axis=1, keepdims=True)


def cost(params):
    _, _, predicted = forward(params)
    squares = sum((layer["W"] ** 2).sum() for layer in params)
    return -(Y * np.log(predicted)).sum() / M + LAMBDA / (2 * M) * squares


# fault: the layer where it stands (the others that are wrong lie before it)
FAULTS = {
    "1/m is missing": 2,
    "the sign of dZ": 2,
    "softmax's derivative is its diagonal": 2,
    "the bias gradient is a mean": 2,
    "the penalty is forgotten": 2,
    "the penalty is halved": 2,
    "the last weights are not transposed": 1,
    "dropout's mask is not applied": 1,
    "keep_prob is not divided by": 1,
    "tanh's derivative is 1 - a": 1,
    "the gradient of gamma takes z": 1,
    "the gradient of beta is a mean": 1,
    "batch norm's mean term is left out": 1,
    "batch norm's variance term is left out": 1,
    "batch norm divides by the variance": 1,
    "dW takes the activation after the layer": 1,
    "the hidden weights are not transposed": 0,
}


def backward(params, fault=None):
    """The gradient; one of its lines is wrong where there is a fault."""
    caches, a, predicted = forward(params)
    share = {"the penalty is forgotten": 0.0, "the penalty is halved": LAMBDA / (2 * M)}.get(str(fault), LAMBDA / M)
    dz = (predicted - Y) / M
    if fault == "1/m is missing":
        dz = predicted - Y
    elif fault == "the sign of dZ":
        dz = (Y - predicted) / M
    elif fault == "softmax's derivative is its diagonal":
        dz = -Y / predicted / M * predicted * (1 - predicted)
    db = dz.mean(axis=0) if fault == "the bias gradient is a mean" else dz.sum(axis=0)
    if fault == "the bias gradient is not summed":
        db = dz
    gradients = [{"W": a.T @ dz + share * params[-1]["W"], "b": db}]
    back = params[-1]["W"].T
    if fault == "the last weights are not transposed":
        back = params[-1]["W"].reshape(CLASSES, UNITS)  # what makes the shapes fit
    for number in (1, 0):
        own_fault = fault if number == 1 else None  # the mistake stands in the second hidden layer's code
        dz = hidden(params[number], caches[number], MASKS[number], dz @ back, gradients, share, own_fault)
        back = params[number]["W"] if fault == "the hidden weights are not transposed" else params[number]["W"].T
    return gradients


def hidden(layer, caches, mask, da, gradients, share, fault):
    """Backward through one hidden layer; puts its gradients in front and returns dZ."""
    before, z, mean, deviation, active = caches
    if fault != "dropout's mask is not applied":
        da = da * mask
    if fault != "keep_prob is not divided by":
        da = da / KEEP_PROB
    slope = 1 - active if fault == "tanh's derivative is 1 - a" else 1 - active**2
    dt = da * slope
    normalized = (z - mean) / deviation
    dgamma = (dt * (z if fault == "the gradient of gamma takes z" else normalized)).sum(axis=0)
    dbeta = dt.mean(axis=0) if fault == "the gradient of beta is a mean" else dt.sum(axis=0)
    dn = dt * layer["gamma"]
    of_mean = 0 if fault == "batch norm's mean term is left out" else dn.mean(axis=0)
    of_variance = normalized * (dn * normalized).mean(axis=0)
    if fault == "batch norm's variance term is left out":
        of_variance = 0
    scale = deviation**2 if fault == "batch norm divides by the variance" else deviation
    dz = (dn - of_mean - of_variance) / scale
    source = active if fault == "dW takes the activation after the layer" else before
    gradients.insert(0, {"W": source.T @ dz + share * layer["W"], "gamma": dgamma, "beta": dbeta})
    return dz


def test_the_right_backward_pass_is_great(params):
    check = check_gradients(cost, params, backward)
    assert check.verdict == "great"
    assert check.latest_wrong == ()
    assert check.warnings == ()


@pytest.mark.parametrize(("fault", "layer"), FAULTS.items())
def test_a_single_wrong_line_is_wrong_and_its_layer_is_named(params, fault, layer):
    check = check_gradients(cost, params, lambda params: backward(params, fault))
    assert check.verdict == "wrong"
    assert {name.partition(".")[0] for name in check.latest_wrong} == {str(layer)}
    assert all(block.verdict == "great" for block in check.blocks if int(block.name[0]) > layer)
    assert check.latest_wrong[0] in check.reason


@pytest.mark.parametrize("fault", FAULTS)
def test_random_directions_find_each_of_them_too(params, fault):
    check = check_gradients(cost, params, lambda params: backward(params, fault), sample=3)
    assert check.verdict == "wrong"
    assert {int(name[0]) for name in check.latest_wrong} == {FAULTS[fault]}


def test_only_what_the_mistake_touches_is_wrong(params):
    """Batch norm's own gradients come before the mistake in its mean term; the earlier layer's come after it."""
    check = check_gradients(cost, params, lambda params: backward(params, "batch norm's mean term is left out"))
    wrong = {block.name for block in check.blocks if block.verdict == "wrong"}
    assert wrong == {"0.W", "0.gamma", "0.beta", "1.W"}
    check = check_gradients(cost, params, lambda params: backward(params, "dW takes the activation after the layer"))
    assert {block.name for block in check.blocks if block.verdict == "wrong"} == {"1.W"}


def test_a_bias_gradient_that_is_not_summed_has_another_shape(params):
    with pytest.raises(
        InputError, match=r"the gradient of 2\.b has shape \(24, 3\), but its parameter has shape \(3,\)"
    ):
        check_gradients(cost, params, lambda params: backward(params, "the bias gradient is not summed"))
