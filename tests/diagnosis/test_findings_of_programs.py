"""Findings in programs elsewhere, from what a doctor observes and the facts of hooks; both sides of each."""

import math
from typing import Any

import numpy as np
import pytest

from goodfit.diagnosis.doctor import Doctor
from goodfit.diagnosis.program_facts import (
    InputFacts,
    LayerFacts,
    LossFacts,
    NonFinite,
    OutputFacts,
    ProgramFacts,
    TargetFacts,
    UpdateFacts,
)

GUESS = math.log(2)


def trained(
    costs, program=None, task="binary", update=0.01, gradient=0.1, outputs=None, rows=32, first_norm=1.0, **named
):
    """A doctor that saw two layers of 8 units at each of these costs; weights change by `update` each epoch."""
    doctor, generator = Doctor("relu", task), np.random.default_rng(0)
    units = 1 if task == "regression" else 8
    first = {"hidden": generator.standard_normal((8, 8)) / 2, "last": generator.standard_normal((8, units)) / 2}
    inputs, hidden = generator.standard_normal((2, rows, 8))
    outputs = hidden[:, :units] if outputs is None else outputs
    per_epoch = {name: np.broadcast_to(values, len(costs)) for name, values in named.items()}
    for epoch, cost in enumerate(costs):
        doctor.observe(
            epoch + 1,
            train_cost=cost,
            weights={layer: array * first_norm**epoch + update * epoch for layer, array in first.items()},
            gradients={layer: np.full_like(array, gradient) for layer, array in first.items()}
            if gradient is not None
            else None,
            activations={"inputs": inputs, "hidden": hidden, "last": outputs},
            step=18 * (epoch + 1),
            **{name: values[epoch] for name, values in per_epoch.items()},
        )
    if program is not None:
        doctor.describe(program)
    return doctor


def found(doctor):
    return {finding.id: finding for finding in doctor.findings()}


STUCK = np.full(12, 0.99 * GUESS)
FALLING = np.geomspace(0.9, 0.02, 12) * GUESS


def facts_of(doctor):
    """The facts about the data, as findings get them."""
    data = doctor.observation().data
    assert data is not None
    return data


def remedies(finding):
    return [remedy.id for remedy in finding.remedies]


def test_weights_that_never_change_are_no_learning_rate_that_is_too_low():
    finding = trained(STUCK, update=0).findings()[0]
    assert (finding.id, finding.evidence["steps"]) == ("no-updates", 216)
    assert remedies(finding)[0] == "optimize-these-parameters"  # gradients are there
    assert "sigmoid-output" not in remedies(finding)
    assert "learning-rate-too-low" not in found(trained(STUCK, update=0))
    assert "no-updates" not in found(trained(STUCK, update=1e-5))
    assert "learning-rate-too-low" in found(trained(STUCK, update=1e-5))


def test_steps_lost_in_rounding_are_a_learning_rate_that_is_too_low():
    for rate, finding_id in ((1e-9, "learning-rate-too-low"), (1e-3, "no-updates"), (0.0, "no-updates")):
        findings = found(trained(STUCK, update=0, learning_rate=rate))
        assert finding_id in findings
        assert len({"no-updates", "learning-rate-too-low"} & set(findings)) == 1
    assert remedies(found(trained(STUCK, update=0, learning_rate=0.0))["no-updates"]) == ["positive-learning-rate"]


def test_gradients_of_zero_exclude_the_optimizer():
    finding = found(trained(STUCK, update=0, gradient=0))["no-updates"]
    assert remedies(finding) == ["sigmoid-output", "larger-batches", "check-loss-inputs"]
    assert "all their gradients are 0" in finding.sentence


@pytest.mark.parametrize(
    ("facts", "gradient", "remedy"),
    [
        ({"updates": UpdateFacts(optimized_share=0.0, trainable_share=1.0)}, 0.1, "optimize-these-parameters"),
        ({"updates": UpdateFacts(steps=0, backward_passes=90, trainable_share=1.0)}, 0.1, "call-step"),
        ({"updates": UpdateFacts(trainable_share=0.0, steps=90)}, 0.1, "unfreeze"),
        ({"outputs": OutputFacts("softmax", -1, units=1)}, 0, "sigmoid-output"),
        ({"layers": LayerFacts(has_batch_norm=True, batch_size=1)}, None, "larger-batches"),
    ],
)
def test_facts_tell_why_nothing_moves(facts, gradient, remedy):
    finding = found(trained(STUCK, ProgramFacts("torch", **facts), update=0, gradient=gradient))["no-updates"]
    assert remedies(finding) == [remedy]


def test_one_output_for_all_examples_of_inputs_that_differ():
    same, other = np.full((32, 8), 3.0), np.full((32, 8), 3.0)
    other[0, 0] = 3.1
    assert "constant-outputs" in found(trained(STUCK, outputs=same))
    assert "constant-outputs" not in found(trained(STUCK, outputs=other))
    assert "constant-outputs" not in found(trained(STUCK, outputs=same[:4], rows=4))  # too few to tell
    for difference, sick in ((0.0, True), (0.01, False)):
        outputs = OutputFacts(
            "sigmoid", units=1, examples=64, lowest=0.4, highest=0.4 + difference, difference=difference
        )
        program = ProgramFacts("keras", outputs=outputs, inputs=InputFacts(lowest=-1.0, highest=1.0))
        assert ("constant-outputs" in found(trained(STUCK, program))) is sick


def test_units_are_not_dead_because_a_batch_has_one_row():
    for rows, sick in ((8, True), (7, False), (1, False)):
        doctor = Doctor("relu", "binary")
        for epoch in range(1, 9):
            inputs = np.random.default_rng(epoch).standard_normal((rows, 4))
            activations = {"inputs": inputs, "hidden": np.zeros((rows, 4)), "last": inputs[:, :1]}
            doctor.observe(epoch, train_cost=GUESS, activations=activations)
        assert ("dead-relus" in found(doctor)) is sick


def regression(cost_share, mean, deviation, activation: Any = "linear", costs=None):
    program = ProgramFacts(
        "keras",
        loss=LossFacts("squared_error"),
        outputs=OutputFacts(activation, units=1),
        targets=TargetFacts("float32", 1, 400, mean=mean, deviation=deviation, guess_cost=deviation**2),
    )
    costs = np.concatenate([np.linspace(2, cost_share, 6), np.full(6, cost_share)]) if costs is None else costs
    return trained(costs * deviation**2, program, "regression")


@pytest.mark.parametrize(
    ("cost_share", "mean", "deviation", "activation", "sick"),
    [
        (1.0, 2e7, 2.7e7, "linear", True),  # a fourth power
        (0.9, 0.0, 0.001, "linear", True),
        (0.9, 20.0, 2.0, "linear", True),
        (0.03, 300.0, 150.0, "linear", False),  # learned to an R² of 0.97
        (0.9, 0.0, 1.0, "linear", False),
        (0.9, 5.0, 3.0, "linear", False),
        (1.0, 300.0, 150.0, "sigmoid", False),  # the output is the cause there
    ],
)
def test_a_target_far_from_zero_and_one(cost_share, mean, deviation, activation, sick):
    assert ("target-not-scaled" in found(regression(cost_share, mean, deviation, activation=activation))) is sick


def test_a_target_on_its_way_is_no_target_that_hampers():
    falling = found(regression(None, 20.0, 2.0, costs=np.linspace(80, 12, 12)))
    assert list(falling) == ["stopped-too-early"]


def test_the_guess_of_a_regression_is_of_its_own_target():
    assert facts_of(regression(0.5, 300.0, 150.0)).guess_cost == 150.0**2
    assert regression(0.03, 300.0, 150.0).findings() == []
    unknown = trained(np.linspace(2, 0.5, 12) * 150**2, task="regression")
    assert facts_of(unknown).guess_cost is None
    assert unknown.findings() == []


def test_classes_are_counted_from_the_targets_of_the_program():
    targets = TargetFacts(
        "int64", 1, 100, lowest=0, highest=3, is_whole=True, counts={0.0: 60, 1.0: 30, 3.0: 10}, guess_cost=0.9
    )
    facts = facts_of(trained(STUCK, ProgramFacts("torch", targets=targets), "classes"))
    assert (facts.m, facts.class_counts, facts.guess_cost) == (100, (60, 30, 0, 10), 0.9)
    labels = TargetFacts(columns=2, is_whole=True, counts={0.0: 60, 1.0: 70}, row_sums=(0.0, 2.0))  # several at once
    assert facts_of(trained(STUCK, ProgramFacts("torch", targets=labels), "classes")).class_counts is None


@pytest.mark.parametrize("scaling", ["rescaling", "normalization", "batch_norm", "embedding"])
def test_raw_inputs_are_fine_in_front_of_a_layer_that_scales_them(scaling):
    for layer, sick in ((None, True), (scaling, False)):
        doctor = Doctor("relu", "binary")
        inputs = np.random.default_rng(0).uniform(0, 255, (32, 4))
        for epoch, cost in enumerate(FALLING, 1):
            doctor.observe(epoch, train_cost=cost, activations={"inputs": inputs, "a": inputs / 255, "b": inputs / 255})
        doctor.describe(ProgramFacts("keras", inputs=InputFacts(scaling=layer)))
        assert ("inputs-not-normalized" in found(doctor)) is sick


@pytest.mark.parametrize(
    ("penalty", "objective", "shrinks_to", "sick"),
    [
        (1.0, None, 0.01, True),
        (0.0, None, 0.01, False),  # nothing shrinks them on purpose
        (None, None, 0.01, False),
        (None, 5.0, 0.01, True),  # J is far above the train cost
        (1.0, None, 0.5, False),
        (1.0, None, 1.0, False),
    ],
)
def test_regularization_is_never_assumed(penalty, objective, shrinks_to, sick):
    program = ProgramFacts("keras", updates=UpdateFacts(weight_penalty=penalty))
    named = {} if objective is None else {"objective": objective}
    doctor = trained(STUCK, program, update=0, first_norm=shrinks_to ** (1 / 11), **named)
    assert ("regularization-too-strong" in found(doctor)) is sick


def test_small_first_weights_are_fine_where_the_network_learned():
    """N(0, 0.05) in a layer of 64 inputs: 0.28 of He's; the train error of 1.5 % is a twentieth of a guess's."""
    for error, sick in ((0.015, False), (0.25, True)):
        doctor, generator = Doctor("relu", "binary"), np.random.default_rng(0)
        weights = {"a": 0.02 * generator.standard_normal((64, 32)), "b": generator.standard_normal((32, 1))}
        for epoch, cost in enumerate(np.linspace(0.9, 0.15, 12) * GUESS):
            doctor.observe(epoch, train_cost=cost, train_error=error, weights=weights)
        counts = {0.0: 250, 1.0: 150}
        doctor.describe(ProgramFacts("keras", targets=TargetFacts(columns=1, lowest=0, is_whole=True, counts=counts)))
        assert ("bad-initialization" in found(doctor)) is sick


def test_a_flat_cost_is_no_plateau_where_what_was_learned_holds_on_dev():
    for dev_cost, sick in ((0.93 * GUESS, False), (1.0 * GUESS, True)):
        assert ("plateau" in found(trained(np.full(12, 0.93 * GUESS), dev_cost=dev_cost))) is sick


def test_few_steps_in_all_are_a_training_that_stopped_too_early_however_many_epochs():
    for steps, sick in ((7, True), (40, False)):
        doctor = Doctor("relu", "binary")
        for epoch, cost in enumerate(np.linspace(0.7, 0.69, 5), 1):
            doctor.observe(epoch, train_cost=cost, step=steps * epoch)
        assert ("stopped-too-early" in found(doctor)) is sick


LEARNED: dict[str, Any] = {"train_error": np.linspace(0.5, 0.01, 12)}


def test_a_network_that_knows_the_training_set_and_nothing_of_dev():
    finding = found(trained(FALLING, dev_cost=np.linspace(1, 5, 12), dev_error=0.5, **LEARNED))["dev-at-chance"]
    assert remedies(finding) == ["match-labels", "shuffle-before-split", "scale-dev-as-train", "check-signal"]
    overfits = trained(FALLING, dev_cost=np.linspace(0.6, 5, 12), dev_error=np.linspace(0.5, 0.4, 12), **LEARNED)
    assert not {"dev-at-chance", "overfits-later"} & set(found(overfits))  # no epoch is kept in programs elsewhere
    early = trained(FALLING, dev_cost=np.linspace(0.6, 5, 12), dev_error=0.5, **LEARNED)  # dev was below a guess once
    assert "dev-at-chance" not in found(early)
    untrained = trained(STUCK, dev_cost=1.0, dev_error=0.5, train_error=0.5)
    assert "dev-at-chance" not in found(untrained)


@pytest.mark.parametrize(
    ("dev", "remedy"),
    [
        ({"dev_inputs": InputFacts(mean=120.0, deviation=70.0)}, ["scale-dev-as-train"]),
        ({"dev_inputs": InputFacts(mean=0.0, deviation=1 / 255)}, ["scale-dev-as-train"]),
        ({"dev_targets": TargetFacts(columns=1, counts={1.0: 80})}, ["shuffle-before-split"]),
        ({"dev_inputs": InputFacts(mean=0.1, deviation=1.1)}, ["match-labels"]),
    ],
)
def test_facts_about_both_sets_tell_why_nothing_carries_over(dev, remedy):
    program = ProgramFacts(
        "keras",
        inputs=InputFacts(mean=0.0, deviation=1.0),
        targets=TargetFacts(columns=1, lowest=0, is_whole=True, counts={0.0: 200, 1.0: 200}),
        **dev,
    )
    doctor = trained(FALLING, program, dev_cost=np.linspace(1, 5, 12), dev_error=0.5, **LEARNED)
    assert remedies(found(doctor)["dev-at-chance"])[:1] == remedy


def test_values_that_are_not_finite_are_named_before_what_they_cause():
    doctor = Doctor("relu", "binary")
    inputs = np.random.default_rng(0).standard_normal((32, 6))
    inputs[7, 4] = np.nan
    for epoch in (1, 2):
        doctor.observe(epoch, train_cost=math.nan, activations={"inputs": inputs, "a": inputs, "b": inputs})
    first, *others = doctor.findings()
    assert first.id == "non-finite-data"
    assert "column 4 of example 7 (counted from 0)" in first.sentence
    assert ("divergence", "non-finite-data") in [(finding.id, finding.explained_by) for finding in others]


@pytest.mark.parametrize("place", ["inputs", "targets", "dev_inputs", "dev_targets"])
def test_values_that_only_a_hook_saw(place):
    kind = TargetFacts if "targets" in place else InputFacts
    facts: dict[str, Any] = {place: kind(non_finite=NonFinite(2, (900, 901)))}
    finding = trained([math.inf, math.inf], ProgramFacts("torch", **facts)).findings()[0]
    assert finding.id == "non-finite-data"
    assert (
        f"The {place.replace('_', ' ')} hold 2 values that are NaN or infinite, in examples 900, 901"
        in finding.sentence
    )


@pytest.mark.parametrize(
    ("size", "train", "dev", "sick"),
    [
        (1, 1.0, 5.0, True),  # nothing comes through, and evaluation is another network
        (2, 0.5, 0.15, True),
        (2, 0.15, 0.5, False),  # the dev cost of a network that overfits
        (8, 0.5, 0.15, False),
    ],
)
def test_batch_norm_with_small_batches_in_a_program(size, train, dev, sick):
    program = ProgramFacts("keras", layers=LayerFacts(has_batch_norm=True, batch_size=size))
    doctor = trained(np.full(12, train * GUESS), program, dev_cost=dev * GUESS)
    assert ("batch-norm-small-batches" in found(doctor)) is sick
    program = ProgramFacts("keras", layers=LayerFacts(has_batch_norm=False, batch_size=size))
    assert "batch-norm-small-batches" not in found(trained(np.full(12, train * GUESS), program, dev_cost=dev * GUESS))


@pytest.mark.parametrize(
    ("rates", "cost_share", "sick"),
    [((0.0, 0.95), 1.0, True), ((0.8,), 0.6, True), ((0.7,), 1.0, False), ((0.95,), 0.3, False), ((), 1.0, False)],
)
def test_dropout_that_leaves_hardly_any_unit_of_a_program(rates, cost_share, sick):
    program = ProgramFacts("keras", layers=LayerFacts(dropout_rates=rates))
    assert ("dropout-too-strong" in found(trained(np.full(12, cost_share * GUESS), program))) is sick


def test_a_frozen_network_whose_weights_nobody_observes():
    for share, sick in ((0.0, True), (0.1, False), (None, False)):
        doctor = Doctor("relu", "binary")
        for epoch, cost in enumerate(STUCK, 1):
            doctor.observe(epoch, train_cost=cost, step=9 * epoch)
        doctor.describe(ProgramFacts("keras", updates=UpdateFacts(trainable_share=share)))
        assert ("no-updates" in found(doctor)) is sick


def test_labels_learned_by_heart_are_at_chance_where_classes_drawn_by_their_shares_are():
    """Shares of 0.6 and 0.4 are 48 % wrong by chance; always guessing the commonest class is 40 % wrong."""
    targets = TargetFacts(columns=1, lowest=0, is_whole=True, counts={0.0: 60, 1.0: 40})
    for dev_error, sick in ((0.47, True), (0.43, False)):
        program = ProgramFacts("keras", targets=targets)
        doctor = trained(FALLING, program, dev_cost=np.linspace(1, 5, 12), dev_error=dev_error, **LEARNED)
        assert ("dev-at-chance" in found(doctor)) is sick


def test_a_table_of_vectors_has_no_usual_size():
    scalings: tuple[tuple[Any, bool], ...] = (("embedding", False), (None, True))
    for scaling, sick in scalings:
        doctor, generator = Doctor("relu", "binary"), np.random.default_rng(0)
        table = 3 * generator.standard_normal((50, 16))
        weights = {"a": table, "b": generator.standard_normal((16, 16)) / 4, "c": table.T}  # the output shares it
        for epoch, cost in enumerate(np.linspace(0.9, 0.5, 12) * GUESS):
            doctor.observe(epoch, train_cost=cost, weights=weights, step=30 * epoch)
        doctor.describe(ProgramFacts("torch", inputs=InputFacts(scaling=scaling)))
        assert ("bad-initialization" in found(doctor)) is sick
