"""Findings in gradients, units and weights: both sides of each threshold, with its harm and without."""

import math

import numpy as np
import pytest

from goodfit.diagnosis.finding import Observation, Signals
from goodfit.diagnosis.findings import (
    dead,
    divergence,
    examine,
    exploding,
    initialization,
    inputs,
    saturated,
    vanishing,
)
from goodfit.plan import Plan
from goodfit.record.run import LAYER_STATISTICS, Health, Outcome

WIDTH = 16
STUCK = np.full(40, 0.97)
SLOW = np.linspace(1.0, 0.6, 40)


def gradients(rate, hidden):
    """‖dJ/dW‖ by layer when dJ/dz grows `rate` times a layer on the way back, all layers being of one width."""
    return np.concatenate([[0.0], WIDTH * rate ** np.arange(hidden, -1, -1.0)])


def test_a_healthy_training_is_left_alone(make_observation, finding_ids):
    assert finding_ids(make_observation()) == []
    assert finding_ids(make_observation(hidden=7, dev_cost=0.1, objective=0.05, train_error=0.01, dev_error=0.05)) == []
    assert examine(Observation(Signals({}))) == []


def test_an_infinite_cost_is_divergence_with_its_epoch(make_observation):
    costs = np.array([0.9, 0.8, np.inf, 0.7])
    finding = examine(make_observation(costs, outcome=None))[0]
    assert (finding.id, finding.epoch, finding.confidence, finding.severity) == (divergence.ID, 3, 1.0, 1)
    assert "the train cost became infinite or undefined in epoch 3" in finding.sentence
    assert finding.remedies[0].changes == {"learning_rate": pytest.approx(3e-4)}


def test_an_undefined_cost_is_divergence_only_where_the_training_ended_so(make_observation, finding_ids):
    costs = np.array([0.9, 0.5, 0.3, np.nan])
    assert finding_ids(make_observation(costs, outcome=Outcome.DIVERGED))[0] == divergence.ID
    assert divergence.ID not in finding_ids(make_observation(costs, outcome=None))
    assert finding_ids(make_observation(np.zeros(0), outcome=Outcome.DIVERGED)) == [divergence.ID]


def test_an_infinite_layer_is_divergence_with_its_name(make_observation):
    size = np.ones((4, 4))
    size[2, 2] = np.inf
    finding = divergence.find(make_observation(size=size))
    assert finding is not None
    assert (finding.layer, finding.epoch) == ("layer 2", 27)  # the third of four looks in 40 epochs


@pytest.mark.parametrize(
    ("cost_share", "hidden", "factor", "sick"),
    [
        (0.6, 7, 0.9e-3, True),
        (0.6, 7, 1.1e-3, False),
        (0.8, 7, 0.9e-2, True),
        (0.8, 7, 1.1e-2, False),
        (0.97, 7, 4.9e-2, True),
        (0.97, 7, 5.1e-2, False),
        (0.97, 5, 4.9e-2, True),  # six layers with weights
        (0.97, 4, 4.9e-2, False),
    ],
)
def test_a_vanishing_gradient_by_its_factor_over_all_layers(make_observation, cost_share, hidden, factor, sick):
    rate = factor ** (1 / hidden)
    finding = vanishing.find(
        make_observation(np.linspace(1, cost_share, 40), hidden=hidden, gradient=gradients(rate, hidden))
    )
    assert (finding is not None) is sick
    if finding is not None:
        assert finding.evidence["rate"] == pytest.approx(rate)
        assert finding.evidence["factor"] == pytest.approx(factor)
        assert (finding.layer, finding.epoch, finding.severity) == ("layer 1", 1, 1)
        assert finding.plot is not None
        np.testing.assert_allclose(finding.plot.lines["epoch 1"][:2], [rate**hidden, rate ** (hidden - 1)])


def test_a_vanishing_gradient_needs_its_harm_and_no_dead_layer(make_observation):
    sick = {"hidden": 7, "gradient": gradients(0.2, 7)}
    assert vanishing.find(make_observation(np.linspace(1, 0.49, 40), **sick)) is None
    assert vanishing.find(make_observation(np.linspace(1, 0.51, 40), **sick)) is not None
    dead_layer = np.zeros(9)
    dead_layer[3] = 0.95
    assert vanishing.find(make_observation(STUCK, dead=dead_layer, **sick)) is None
    shrinking = np.concatenate([[1.0], 0.3 ** np.arange(1, 8), [1.0]])  # examples look alike, though no unit is silent
    alike = {"size": shrinking, "gradient": sick["gradient"] * np.concatenate([[0.0], shrinking[:-1]])}
    assert vanishing.find(make_observation(STUCK, dead=dead_layer, hidden=7, **alike)) is not None


def lost(smallest, hidden=12):
    """Outputs that shrink to this share of the first in the middle of the network; then biases bring some size back."""
    size = np.ones(hidden + 2)
    size[hidden // 2 :] = 0.05
    size[hidden // 2] = smallest
    dead_layer = np.zeros(hidden + 2)
    dead_layer[-4:-1] = 1.0
    return {"hidden": hidden, "size": size, "dead": dead_layer, "gradient": np.r_[np.zeros(hidden), 0.1, 0.1]}


@pytest.mark.parametrize(("smallest", "sick"), [(0.9e-2, True), (1.1e-2, False), (0.0, False)])
def test_in_dozens_of_convolutions_the_smallest_output_tells_a_lost_signal_from_dead_units(
    make_observation, finding_ids, smallest, sick
):
    """As in plain networks of 110 layers (benchmarks/depth.py), whose last layers are alike for every example."""
    deep = {"layer": "convolutional", "depth": 35, "hidden_units": (16,), "activation": "relu"}
    finding = finding_ids(make_observation(STUCK, plan=deep, **lost(smallest)))
    assert (vanishing.ID in finding, dead.ID in finding) == (sick, not sick)
    assert vanishing.ID not in finding_ids(make_observation(STUCK, **lost(smallest)))  # dense layers are judged as ever
    observation = make_observation(STUCK, plan=deep, **lost(0.5e-2))
    sentence = getattr(vanishing.find(observation), "sentence", "")
    assert "back to layer 1 nothing is left of it in some of the 13 layers" in sentence


def test_a_deep_network_is_prescribed_a_way_past_its_layers(make_observation):
    for hidden, architecture in ((10, "plain"), (11, "residual")):
        observation = make_observation(STUCK, hidden=hidden, gradient=gradients(0.2, hidden))
        finding = vanishing.find(observation)
        assert finding is not None
        cured = observation.plan.with_(**finding.remedies[0].changes)
        assert (cured.architecture, cured.batch_norm, cured.activation) == (architecture, "before", "relu")
    deep = {"layer": "convolutional", "depth": 35, "hidden_units": (16,)}  # eleven blocks in one stage
    finding = vanishing.find(make_observation(STUCK, plan=deep, hidden=12, gradient=gradients(0.2, 12)))
    assert finding is not None
    assert finding.remedies[0].changes["architecture"] == "residual"


def test_what_a_rate_or_a_penalty_does_to_the_weights_is_not_the_gradients_doing(make_observation):
    sick = {"hidden": 7, "gradient": gradients(0.2, 7)}
    assert vanishing.find(make_observation(STUCK, plan={"learning_rate": 0.04}, **sick)) is None
    assert vanishing.find(make_observation(STUCK, plan={"l2": 60.0}, objective=9.0, **sick)) is None


def test_a_gradient_that_vanished_at_first_and_came_back_by_its_share_of_looks(make_observation):
    for looks, sick in ((4, True), (5, False)):  # one in four, one in five
        gradient = np.tile(gradients(0.9, 7), (looks, 1))
        gradient[0] = gradients(0.2, 7)
        assert (vanishing.find(make_observation(SLOW, hidden=7, looks=looks, gradient=gradient)) is not None) is sick
        later = gradient[::-1].copy()
        assert vanishing.find(make_observation(SLOW, hidden=7, looks=looks, gradient=later)) is None


@pytest.mark.parametrize(("factor", "thrown", "sick"), [(1.1e3, 2.1, True), (0.9e3, 2.1, False), (1.1e3, 1.9, False)])
def test_an_exploding_gradient(make_observation, factor, thrown, sick):
    costs = np.linspace(thrown, 0.5, 40)
    finding = exploding.find(make_observation(costs, hidden=7, gradient=gradients(factor ** (1 / 7), 7)))
    assert (finding is not None) is sick
    if finding is not None:
        assert finding.evidence["factor"] == pytest.approx(factor)
        assert "The gradient explodes" in finding.sentence
        assert finding.layer == "layer 1"
        assert finding.remedies[0].changes == {"clip_norm": 1.0}


def test_exploding_outputs_by_their_rate(make_observation):
    size = np.concatenate([[1.0], 4.0 ** np.arange(1, 8), [1.0]])
    gradient = gradients(1.0, 7) * np.concatenate([[0.0], size[:-1]])  # dJ/dz is the same everywhere
    finding = exploding.find(make_observation(np.linspace(3, 1, 40), hidden=7, size=size, gradient=gradient))
    assert finding is not None
    assert "The output explodes" in finding.sentence
    assert finding.evidence["rate"] == pytest.approx(4.0)


@pytest.mark.parametrize(
    ("share", "cost_share", "severity"),
    [(0.91, 0.51, 1), (0.89, 0.51, 2), (0.76, 0.21, 2), (0.74, 0.51, None), (0.95, 0.19, None)],
)
def test_dead_relus_by_their_share_and_the_cost_that_is_left(make_observation, share, cost_share, severity):
    shares = np.array([0.0, 0.1, share, 0.0])
    finding = dead.find(make_observation(np.linspace(1, cost_share, 40), dead=shares))
    assert (finding.severity if finding else None) == severity
    if finding is not None:
        assert (finding.layer, finding.epoch, finding.evidence["dead"]) == ("layer 2", 40, share)
        assert finding.remedies[0].changes == {"activation": "leaky_relu", "learning_rate": pytest.approx(3e-4)}


def test_dead_units_are_those_of_relus_at_the_last_look_and_not_of_a_penalty(make_observation):
    shares = np.zeros((4, 4))
    shares[1, 1] = 1.0
    assert dead.find(make_observation(STUCK, dead=shares)) is None
    shares[3, 1] = 1.0
    assert dead.find(make_observation(STUCK, dead=shares)) is not None
    assert dead.find(make_observation(STUCK, dead=shares, plan={"activation": "silu"})) is None
    shrunk = np.array([1, 0.5, 0.2, 0.1])[:, None] * math.sqrt(2 * WIDTH)
    strong = {"l2": 100.0}
    assert dead.find(make_observation(STUCK, dead=shares, weight=shrunk, plan=strong)) is None
    shares[0, 1] = 1.0  # dead before the penalty had any time
    assert dead.find(make_observation(STUCK, dead=shares, weight=shrunk, plan=strong)) is not None


def test_outputs_that_shrink_until_examples_look_alike_are_no_dead_units(make_observation):
    size = np.concatenate([[1.0], 0.1 ** np.arange(1, 8), [1.0]])
    assert dead.find(make_observation(STUCK, hidden=7, dead=1.0)) is not None
    assert dead.find(make_observation(STUCK, hidden=7, dead=1.0, size=size)) is None


@pytest.mark.parametrize(("share", "cost_share", "sick"), [(0.51, 0.03, True), (0.49, 0.9, False), (0.95, 0.01, False)])
def test_saturated_tanhs(make_observation, share, cost_share, sick):
    observation = make_observation(
        np.linspace(1, cost_share, 40), saturated=np.array([0, share, 0, 0]), plan={"activation": "tanh"}
    )
    finding = saturated.find(observation)
    assert (finding is not None) is sick
    if finding is not None:
        assert finding.layer == "layer 1"
        assert finding.remedies[0].changes["activation"] == "silu"
    of_a_sum = {"activation": "tanh", "architecture": "residual"}  # is not in the activation's range
    assert saturated.find(make_observation(STUCK, saturated=1.0, plan=of_a_sum)) is None


@pytest.mark.parametrize(
    ("deviation", "mean", "sick"),
    [(9.9, 0, False), (10.1, 0, True), (1, 9.9, False), (1, 10.1, True), (0.051, 0, False), (0.049, 0, True)],
)
def test_inputs_that_are_not_normalized_by_a_column(make_observation, deviation, mean, sick):
    columns = {"column_deviations": np.array([0.0, deviation]), "column_means": np.array([0.0, -mean])}
    assert (inputs.find(make_observation(data=columns)) is not None) is sick


def test_one_rare_column_is_no_reason(make_observation):
    """A category of one row in a thousand has a deviation of 0.03."""
    columns = {"column_deviations": np.array([1.0, 0.03]), "column_means": np.array([0.0, 0.001])}
    assert inputs.find(make_observation(data=columns)) is None


def test_inputs_that_are_not_normalized_by_what_the_network_sees(make_observation):
    size = np.ones(4)
    assert inputs.find(make_observation(size=size * 9.9)) is None
    finding = inputs.find(make_observation(size=size * 120))
    assert finding is not None
    assert (finding.layer, finding.evidence["largest"], finding.severity) == ("inputs", 120, 2)
    assert "about 120 where 1 is usual" in finding.sentence
    stuck = inputs.find(make_observation(STUCK, size=size * 120))
    assert stuck is not None
    assert stuck.severity == 1


def test_zero_weights(make_observation):
    weight = np.full((4, 4), 5.0)
    weight[:, 2] = 0
    finding = initialization.find(make_observation(STUCK, weight=weight))
    assert finding is not None
    assert (finding.layer, finding.severity) == ("layer 2", 1)
    weight[0, 2] = 5.0  # a penalty may do it later
    assert initialization.find(make_observation(STUCK, weight=weight)) is None


@pytest.mark.parametrize(("alike", "sick"), [(15, True), (14, False)])  # of 16 units: 94 % and 88 %
def test_units_that_are_alike(make_observation, alike, sick):
    weights = {f"layers.{i}.W": np.random.default_rng(i).standard_normal((WIDTH, WIDTH)) for i in range(3)}
    weights["layers.1.W"][:, :alike] = weights["layers.1.W"][:, :1]
    finding = initialization.find(make_observation(weights=weights))
    assert (finding is not None) is sick
    if finding is not None:
        assert finding.layer == "layer 2"
        assert finding.evidence["alike"] == alike / WIDTH


def test_a_column_of_huge_weights_does_not_make_the_others_alike(make_observation):
    weights = {f"layers.{i}.W": np.random.default_rng(i).standard_normal((WIDTH, WIDTH)) for i in range(3)}
    weights["layers.0.W"][:, 0] *= 1e9
    weights["layers.1.W"][:, 1:] = 0  # units that a penalty took
    assert initialization.find(make_observation(weights=weights)) is None


@pytest.mark.parametrize(
    ("size", "rate", "steps", "sick"),
    [(2.1, 3e-3, 200, True), (1.9, 3e-3, 200, False), (2.1, 0.1, 200, False), (2.1, 3e-3, 201, False)],
)
def test_first_weights_far_too_large(make_observation, size, rate, steps, sick):
    """At a rate that few networks tolerate, or after many steps, they may have grown so."""
    weight = np.array([0, 1, size, 1]) * math.sqrt(2 * WIDTH)
    costs, plan = np.linspace(1, 0.06, 40), {"learning_rate": rate}
    finding = initialization.find(make_observation(costs, weight=weight, plan=plan, steps_per_epoch=steps))
    assert (finding is not None) is sick
    if finding is not None:
        assert finding.layer == "layer 2"
        assert finding.evidence["weights_over_he"] == pytest.approx(size)


@pytest.mark.parametrize(
    ("size", "cost_share", "plan", "sick"),
    [
        (0.24, 0.06, {}, True),
        (0.25, 0.06, {}, False),
        (0.24, 0.04, {}, False),
        (0.24, 0.06, {"batch_norm": "before"}, False),
        (0.24, 0.06, {"l2": 31.0}, False),
    ],
)
def test_first_weights_far_too_small(make_observation, size, cost_share, plan, sick):
    """Below 0.6 of PyTorch's √(1/6) = 0.408 of He; batch norm undoes it, and a penalty of 31/600 > 0.05 does it."""
    weight = np.array([0, 1, size, 0.1]) * math.sqrt(2 * WIDTH)  # the output's may be small
    finding = initialization.find(make_observation(np.linspace(1, cost_share, 40), weight=weight, plan=plan))
    assert (finding is not None) is sick
    if finding is not None:
        assert finding.layer == "layer 2"


def test_glorots_weights_of_a_layer_that_widens_are_not_too_small(make_observation):
    """Glorot's variance 2/(n + units) is small beside He's 2/n: its norm is √(n/(n + units)) of He's, here 0.2."""
    weights = {"layers.0.W": np.ones((16, 384)), "layers.1.W": np.ones((384, 16)), "layers.2.W": np.ones((16, 16))}
    glorot = [math.sqrt(2 * n * units / (n + units)) for n, units in ((16, 384), (384, 16), (16, 16))]
    observation = make_observation(np.full(40, 0.9), weight=np.array([0, *glorot]), weights=weights)
    finding = initialization.find(observation)
    assert finding is None or "times He" not in finding.sentence


def test_weights_seen_before_training_need_no_sensible_rate(make_observation):
    observation = make_observation(
        np.linspace(3, 0.5, 40), weight=8 * math.sqrt(2 * WIDTH), plan={"learning_rate": 5.0}
    )
    assert initialization.find(observation) is None
    health = observation.signals.health
    before = Health(np.array([0, 5, 9, 20]), health.layers, health.statistics)
    signals = Signals(observation.signals.history, before, weights=observation.signals.weights)
    finding = initialization.find(Observation(signals, observation.plan, observation.data))
    assert finding is not None
    assert "before training" in finding.sentence


def test_what_is_missing_is_no_finding():
    """NaN looks, no weights, no data facts, no plan: silence, never a crash."""
    health = Health(np.array([1, 2]), ("inputs", "layer 1", "output"), np.full((2, 3, len(LAYER_STATISTICS)), np.nan))
    history = {"epoch": np.array([1, 2]), "train_cost": np.array([1.0, 0.9])}
    for plan in (None, Plan()):
        assert examine(Observation(Signals(history, health), plan)) == []
        assert examine(Observation(Signals({}, health), plan)) == []


def test_columns_that_regularization_emptied_are_not_taken_for_symmetric_units():
    rng = np.random.default_rng(0)
    weights = rng.normal(size=(5, 12))
    weights[:, 2:] *= 1e-41
    assert initialization._share_alike(weights) == 0
    weights[:, 1] = weights[:, 0]
    assert initialization._share_alike(weights) == 1
