"""Findings in the costs by epoch and in the plan's settings: both sides of each threshold."""

import math

import numpy as np
import pytest

from goodfit.diagnosis.finding import Observation, Signals
from goodfit.diagnosis.findings import (
    batch_large,
    batch_small,
    disagreement,
    dropout,
    examine,
    plateau,
    rate_high,
    rate_low,
    regularization,
    small_batch_norm,
    stopped_early,
)
from goodfit.record.run import Outcome

HE = math.sqrt(2 * 16)
STUCK = np.full(40, 0.97)


def down_to(cost_share):
    """Costs that come to rest."""
    return np.concatenate([np.linspace(1, cost_share, 30), np.full(10, cost_share)])


@pytest.mark.parametrize(("highest", "sick"), [(2.1, True), (1.9, False)])
def test_a_cost_thrown_above_a_constant_guess(make_observation, highest, sick):
    costs = np.concatenate([[0.9], [highest], np.geomspace(0.5, 0.12, 38)])
    finding = rate_high.find(make_observation(costs))
    assert (finding is not None) is sick
    if finding is not None:
        assert "rose to 2.1 times a constant guess's cost in epoch 2" in finding.sentence
        assert finding.remedies[0].changes == {"learning_rate": pytest.approx(3e-4)}


def test_a_start_that_was_got_over_is_told_only_of_a_rate_that_few_networks_stand(make_observation):
    costs = np.concatenate([[0.9], [9.0], np.geomspace(0.5, 0.02, 38)])
    assert rate_high.find(make_observation(costs)) is None
    assert rate_high.find(make_observation(costs, plan={"learning_rate": 0.04})) is not None


def test_first_costs_that_only_fall_are_not_the_rates_doing(make_observation):
    assert rate_high.find(make_observation(np.geomspace(5, 0.01, 40))) is None


def test_a_cost_that_is_high_in_one_mode_only_is_not_the_rates_doing(make_observation):
    """Dropout makes J large; running averages of batch norm that lag make the train cost large."""
    high = np.geomspace(5, 3, 40)
    low = np.geomspace(0.8, 0.02, 40)
    assert rate_high.find(make_observation(low, objective=high)) is None
    assert rate_high.find(make_observation(high, objective=low)) is None


@pytest.mark.parametrize(("rate", "sick"), [(0.04, True), (0.02, False)])
def test_divergence_at_a_rate_that_adam_seldom_stands(make_observation, rate, sick):
    observation = make_observation(np.zeros(0), outcome=Outcome.DIVERGED, plan={"learning_rate": rate})
    assert (rate_high.find(observation) is not None) is sick


@pytest.mark.parametrize(("last", "sick"), [(0.25, True), (0.19, False)])
def test_a_cost_that_was_low_and_rose(make_observation, last, sick):
    """The best is 0.05, or less than a third of the last; below a fifth of the guess it hardly matters."""
    costs = np.concatenate([np.geomspace(0.8, 0.05, 20), np.full(20, last)])
    assert (rate_high.find(make_observation(costs)) is not None) is sick
    assert rate_high.find(make_observation(costs, objective=np.maximum(costs, last))) is None  # J has not risen
    costs = np.concatenate([np.geomspace(0.8, 0.1, 20), np.full(20, 0.29)])
    assert rate_high.find(make_observation(costs)) is None


@pytest.mark.parametrize(
    ("step", "cost_share", "rate", "sick"),
    [(0.11, 0.21, 3e-3, True), (0.09, 0.21, 3e-3, False), (0.11, 0.19, 3e-3, False), (0.051, 0.21, 0.04, True)],
)
def test_steps_that_leap(make_observation, step, cost_share, rate, sick):
    """The middle layer's step counts: a small output layer alone may move fast. At a high rate less is a leap."""
    update = np.array([0, step, step, 0.3]) * HE
    finding = rate_high.find(make_observation(down_to(cost_share), update=update, plan={"learning_rate": rate}))
    assert (finding is not None) is sick
    only_output = np.array([0, 0.001, 0.001, 0.3]) * HE
    assert (
        rate_high.find(make_observation(down_to(cost_share), update=only_output, plan={"learning_rate": rate})) is None
    )


@pytest.mark.parametrize(
    ("cost_share", "grown", "sick"), [(0.51, 1, True), (0.49, 1, False), (0.1, 3.1, True), (0.1, 2.9, False)]
)
def test_a_rate_that_few_networks_stand(make_observation, cost_share, grown, sick):
    """Adam at 0.04: that little was learned, or that weights grew, is harm enough."""
    weight = np.linspace(1, grown, 4)[:, None] * HE
    finding = rate_high.find(make_observation(down_to(cost_share), weight=weight, plan={"learning_rate": 0.04}))
    assert (finding is not None) is sick
    assert rate_high.find(make_observation(down_to(cost_share), weight=weight)) is None


def test_weight_decay_and_small_weights_are_no_leaps(make_observation):
    costs = np.linspace(1, 0.8, 40)
    decayed = {"weight_decay": 0.02 / 3e-3}
    assert rate_high.find(make_observation(costs, update=0.11 * HE)) is not None
    assert rate_high.find(make_observation(costs, update=0.11 * HE, plan=decayed)) is None
    assert rate_high.find(make_observation(costs, update=0.11 * HE * 0.2, weight=0.2 * HE)) is None


@pytest.mark.parametrize(("grown", "sick"), [(10.1, True), (9.9, False)])
def test_weights_that_grew(make_observation, grown, sick):
    weight = np.linspace(1, grown, 4)[:, None] * HE
    assert (rate_high.find(make_observation(np.linspace(1, 0.5, 40), weight=weight)) is not None) is sick
    large_from_the_first = np.full((4, 4), 15 * HE)
    assert rate_high.find(make_observation(np.linspace(1, 0.5, 40), weight=large_from_the_first)) is None


@pytest.mark.parametrize(("factor", "sick"), [(1.25, True), (1.2, False)])
def test_a_cost_that_leaps_up_and_down(make_observation, factor, sick):
    costs = 0.3 * np.where(np.arange(40) % 2, factor, 1.0)
    finding = rate_high.find(make_observation(costs))
    assert (finding is not None) is sick
    assert rate_high.find(make_observation(costs, plan={"batch_size": 4})) is None  # that is the batches' noise
    assert rate_high.find(make_observation(costs / 10)) is None  # it hardly matters
    # Beside a steady J only batch norm's averages jump, whatever the smaller of the two is.
    assert rate_high.find(make_observation(costs, objective=0.35)) is None
    assert (rate_high.find(make_observation(costs, objective=costs + 0.05)) is not None) is sick


@pytest.mark.parametrize(
    ("step", "steps_per_epoch", "cost_share", "sick"),
    [(4e-4, 18, 0.31, True), (6e-4, 18, 0.31, False), (4e-4, 40, 0.31, False), (4e-4, 18, 0.29, False)],
)
def test_a_rate_that_is_too_low(make_observation, step, steps_per_epoch, cost_share, sick):
    """Forty epochs of 18 steps of 4e-4 are 0.29 of the weights; of 40 steps 0.64, which is more than half."""
    costs = np.linspace(1, cost_share, 40)
    finding = rate_low.find(make_observation(costs, update=step * HE, steps_per_epoch=steps_per_epoch))
    assert (finding is not None) is sick
    if finding is not None:
        assert finding.evidence["way"] == pytest.approx(step * steps_per_epoch * 40)
        assert finding.remedies[0].changes == {"learning_rate": pytest.approx(3e-2)}


def test_small_steps_of_a_cost_that_leaps_or_of_a_dead_network_are_not_the_rates_doing(make_observation):
    update = 1e-5 * HE
    assert rate_low.find(make_observation(np.where(np.arange(40) % 2, 0.9, 0.8), update=update)) is None
    assert rate_low.find(make_observation(STUCK, update=update)) is not None
    assert rate_low.find(make_observation(STUCK, update=update, dead=1.0)) is None


def test_steps_beside_large_weights_are_not_the_rates_doing(make_observation):
    for size, sick in ((1.9, True), (2.1, False)):
        observation = make_observation(STUCK, update=1e-5 * HE, weight=size * HE, steps_per_epoch=300)
        assert (rate_low.find(observation) is not None) is sick


def test_the_rate_of_1e_minus_7_is_raised_to_the_usual_one(make_observation):
    finding = rate_low.find(make_observation(STUCK, update=3e-7 * HE, plan={"learning_rate": 1e-7}))
    assert finding is not None
    assert finding.remedies[0].changes == {"learning_rate": pytest.approx(3e-3)}
    assert finding.remedies[1].changes == {"learning_rate": pytest.approx(9e-3)}
    assert finding.severity == 1


@pytest.mark.parametrize(
    ("share", "cost_share", "strength", "sick"),
    [(0.81, 0.61, 31, True), (0.79, 0.61, 31, False), (0.81, 0.59, 31, False), (0.81, 0.61, 29, False)],
)
def test_a_penalty_that_is_most_of_j(make_observation, share, cost_share, strength, sick):
    """A λ of 30 is a share of 0.05 for 600 examples; less cannot outweigh the cost."""
    observation = make_observation(
        np.linspace(1, cost_share, 40), objective=cost_share / (1 - share), plan={"l2": float(strength)}
    )
    finding = regularization.find(observation)
    assert (finding is not None) is sick
    if finding is not None:
        assert finding.evidence["penalty_share"] == pytest.approx(share)
        assert finding.remedies[0].changes == {"l2": pytest.approx(0.31)}
        assert finding.remedies[1].changes == {"l2": 0.0}


def test_a_penalty_on_weights_that_are_too_large_is_their_doing(make_observation):
    observation = {"objective": 9.0, "plan": {"l2": 60.0}}
    assert regularization.find(make_observation(STUCK, weight=1.4 * HE, **observation)) is not None
    assert regularization.find(make_observation(STUCK, weight=1.6 * HE, **observation)) is None


def test_what_dropout_adds_to_j_is_no_penalty(make_observation):
    plan = {"l2": 60.0, "keep_prob": 0.3}
    assert regularization.find(make_observation(STUCK, objective=9.0, plan=plan)) is None
    assert regularization.find(make_observation(STUCK, objective=9.0)) is None  # there is no penalty


@pytest.mark.parametrize(("shrunk", "sick"), [(0.29, True), (0.31, False)])
def test_weights_that_a_decay_shrinks(make_observation, shrunk, sick):
    weight = np.ones((4, 4)) * HE
    weight[-1, 2] *= shrunk
    finding = regularization.find(make_observation(np.linspace(1, 0.61, 40), weight=weight, plan={"weight_decay": 5.0}))
    assert (finding is not None) is sick
    if finding is not None:
        assert finding.layer == "layer 2"
        assert finding.remedies[0].changes == {"weight_decay": 0.05}
    assert regularization.find(make_observation(np.linspace(1, 0.61, 40), weight=weight)) is None


@pytest.mark.parametrize(
    ("keep_prob", "cost_share", "noise", "sick"),
    [(0.44, 0.21, 1.3, True), (0.46, 0.21, 1.3, False), (0.44, 0.19, 1.3, False), (0.44, 0.21, 1.1, False)],
)
def test_dropout_that_is_too_strong(make_observation, keep_prob, cost_share, noise, sick):
    costs = np.linspace(1, cost_share, 40)
    finding = dropout.find(make_observation(costs, objective=noise * costs, plan={"keep_prob": keep_prob}))
    assert (finding is not None) is sick
    if finding is not None:
        assert finding.remedies[0].changes == {"keep_prob": 0.9}
    inputs = dropout.find(make_observation(costs, objective=noise * costs, plan={"input_keep_prob": keep_prob}))
    assert (inputs is not None) is sick
    if inputs is not None:
        assert "of the inputs" in inputs.sentence
        assert inputs.remedies[0].changes == {"input_keep_prob": 1.0}


@pytest.mark.parametrize(("size", "difference", "sick"), [(7, 0.11, True), (8, 0.11, False), (7, 0.09, False)])
def test_batch_norm_on_small_batches(make_observation, size, difference, sick):
    costs = np.linspace(0.8, 0.4, 40)
    plan = {"batch_norm": "before", "batch_size": size}
    finding = small_batch_norm.find(make_observation(costs, objective=costs + difference, plan=plan))
    assert (finding is not None) is sick
    if finding is not None:
        assert finding.remedies[0].changes == {"batch_size": 64}
    assert small_batch_norm.find(make_observation(costs, objective=costs + 1, plan={"batch_size": 2})) is None


@pytest.mark.parametrize(("ratio", "level", "sick"), [(1.35, 0.4, True), (1.25, 0.4, False), (1.35, 0.1, False)])
def test_training_and_evaluation_that_disagree(make_observation, ratio, level, sick):
    """The train cost with running averages is above J with the batches' own; of little it does not matter."""
    plan = {"batch_norm": "before", "batch_size": 32}
    costs = np.full(40, ratio * level)
    finding = disagreement.find(make_observation(costs, objective=level, plan=plan))
    assert (finding is not None) is sick
    assert disagreement.find(make_observation(np.full(40, level), objective=ratio * level, plan=plan)) is None
    assert (
        disagreement.find(make_observation(costs, objective=level)) is None
    )  # without batch norm it is something else


@pytest.mark.parametrize(("m", "fell", "sick"), [(600, 0.11, True), (600, 0.09, False), (499, 0.11, False)])
def test_batches_that_are_too_large(make_observation, m, fell, sick):
    costs = np.concatenate([np.full(32, 0.8), np.linspace(0.8, 0.8 * (1 - fell), 8)])
    counts = {"m": m, "class_counts": (m // 3,) * 3}
    finding = batch_large.find(make_observation(costs, plan={"batch_size": 0}, data=counts))
    assert (finding is not None) is sick
    if finding is not None:
        assert finding.evidence["steps"] == 40
        assert finding.remedies[0].changes == {"batch_size": 64}
    assert batch_large.find(make_observation(costs, plan={"batch_size": 100}, data=counts)) is None


def test_whole_batches_of_many_examples_have_to_be_done_not_only_slow(make_observation):
    """Beyond the 2,000 examples of the course notes, a cost that still falls by 2 % is enough."""
    costs = np.concatenate([np.full(32, 0.8), np.linspace(0.8, 0.784, 8)])
    for m, sick in ((2001, True), (2000, False)):
        data = {"m": m, "class_counts": (m // 3,) * 3}
        assert (batch_large.find(make_observation(costs, plan={"batch_size": 0}, data=data)) is not None) is sick


@pytest.mark.parametrize(
    ("epochs", "fell", "last", "sick"),
    [(40, 0.016, 1.0, True), (40, 0.014, 1.0, False), (40, 0.016, 1.011, False), (151, 0.016, 1.0, False)],
)
def test_few_steps_in_all_and_a_dev_cost_at_its_lowest(make_observation, epochs, fell, last, sick):
    """A schedule's end is flat, whatever was missed; but where the dev cost rests nothing more was to be learned."""
    half = epochs // 2
    dev = np.concatenate([np.full(half, 0.8), np.linspace(0.8, 0.8 * (1 - fell), epochs - half)])
    dev[-1] *= last
    observation = make_observation(np.full(epochs, 0.5), dev_cost=dev, plan={"batch_size": 0})
    assert (batch_large.find(observation) is not None) is sick


@pytest.mark.parametrize(("size", "factor", "sick"), [(7, 1.2, True), (8, 1.2, False), (7, 1.05, False)])
def test_batches_that_are_too_small(make_observation, size, factor, sick):
    costs = 0.2 * np.where(np.arange(40) % 2, factor, 1.0)
    finding = batch_small.find(make_observation(costs, plan={"batch_size": size}))
    assert (finding is not None) is sick
    if finding is not None:
        assert finding.remedies[0].changes == {"batch_size": 32}
    assert (batch_small.find(make_observation(STUCK, plan={"batch_size": size})) is not None) is (size < 8)


@pytest.mark.parametrize(
    ("fell", "dev_fell", "wrong", "sick"),
    [(0.11, 0.06, 0.3, True), (0.09, 0.06, 0.3, False), (0.11, 0.04, 0.3, False), (0.11, 0.06, 0.2, False)],
)
def test_a_training_that_ends_while_both_costs_fall(make_observation, fell, dev_fell, wrong, sick):
    """A third of the answers wrong is half of what guessing one of three classes gets wrong."""

    def falling(share):
        return np.concatenate([np.full(32, 0.8), np.linspace(0.8, 0.8 * (1 - share), 8)])

    observation = make_observation(falling(fell), dev_cost=falling(dev_fell), train_error=wrong)
    assert (stopped_early.find(observation) is not None) is sick
    going = Observation(
        Signals(observation.signals.history, observation.signals.health), observation.plan, observation.data
    )
    assert stopped_early.find(going) is None


@pytest.mark.parametrize(
    ("epochs", "steps", "wrong", "sick"), [(1, 18, 0.5, True), (1, 200, 0.5, False), (1, 18, 0.05, False)]
)
def test_a_training_of_one_epoch(make_observation, epochs, steps, wrong, sick):
    observation = make_observation(
        np.full(epochs, 0.7), train_error=wrong, steps_per_epoch=steps, looks=1, plan={"epochs": epochs}
    )
    finding = stopped_early.find(observation)
    assert (finding is not None) is sick
    if finding is not None:
        assert finding.remedies[0].changes == {"epochs": 60, "patience": 0}


@pytest.mark.parametrize(
    ("cost_share", "fell", "sick"), [(0.91, 0.031, True), (0.91, 0.033, False), (0.89, 0.031, False)]
)
def test_a_plateau(make_observation, cost_share, fell, sick):
    costs = np.concatenate([np.full(20, cost_share / (1 - fell)), np.linspace(cost_share / (1 - fell), cost_share, 20)])
    assert (plateau.find(make_observation(costs)) is not None) is sick


def test_a_plateau_is_surer_where_its_curvature_was_measured_and_gives_way_to_a_cause(make_observation):
    confidence, sentence = {}, {}
    for shape in ("saddle", "flat", "minimum", None):
        finding = plateau.find(make_observation(STUCK, curvature=shape))
        assert finding is not None
        confidence[shape], sentence[shape] = finding.confidence, finding.sentence
    assert confidence["saddle"] > confidence["flat"] > confidence["minimum"] > confidence[None]
    assert "it is a saddle" in sentence["saddle"]
    assert [finding.id for finding in examine(make_observation(STUCK))] == [plateau.ID]
    assert plateau.ID not in [finding.id for finding in examine(make_observation(STUCK, dead=1.0))]
