"""Findings on output, loss, labels and layers of programs elsewhere, from facts of hooks; both sides of each."""

import math
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from goodfit.diagnosis.finding import DataFacts, Observation, Signals
from goodfit.diagnosis.findings import examine
from goodfit.diagnosis.program_facts import (
    InputFacts,
    LayerFacts,
    LossFacts,
    OutputFacts,
    ProgramFacts,
    TargetFacts,
    UpdateFacts,
)
from goodfit.record.run import Outcome

STUCK, LEARNED = 1.0, 0.02  # last train cost over the guess's


def label_facts(*counts):
    """Targets 0, 1, 2 … with these counts."""
    codes = {float(code): count for code, count in enumerate(counts) if count}
    return TargetFacts("int64", 1, sum(counts), min(codes), max(codes), is_whole=True, counts=codes)


def one_hot(*counts, row_sums=(1.0, 1.0)):
    columns = {float(code): count for code, count in enumerate(counts)}
    return TargetFacts("float32", len(counts), sum(counts), 0, 1, is_whole=True, counts=columns, row_sums=row_sums)


def numbers(low, high):
    return TargetFacts("float32", 1, 300, low, high, (low + high) / 2, (high - low) / 4, is_whole=False)


def outputs_of(activation, units=1, low=0.1, high=0.9, axis=None):
    return OutputFacts(activation, axis, units, 64, low, high, (1.0, 1.0), high - low)


def program_of(loss, from_logits, outputs, targets, framework: Any = "keras", **named):
    facts = named.pop("shapes", {})
    return ProgramFacts(framework, LossFacts(loss, from_logits, **facts), outputs, targets=targets, **named)


def found(program, share=STUCK, **named):
    """The findings by ID, of a training that fell to this share of the guess's cost."""
    history = {"epoch": np.arange(1, 13), "train_cost": np.linspace(max(1.0, share), share, 12)}
    history |= {name: np.broadcast_to(np.float64(value), 12) for name, value in named.items()}
    weights = {f"layers.{layer}.W": np.eye(4, program.outputs.units or 1) for layer in range(2)}
    signals = Signals(history, outcome=Outcome.FINISHED, weights=weights)
    task = "regression" if program.loss.name == "squared_error" else "classes"
    counts = program.targets.class_counts
    data = DataFacts(m=300, task=task, class_counts=counts, guess_cost=1.0)
    return {finding.id: finding for finding in examine(Observation(signals, None, data, program))}


BINARY, THREE = label_facts(60, 40), label_facts(40, 40, 40)
SEVERAL = one_hot(90, 60, 50, row_sums=(0, 3))
SCALED = replace(numbers(0, 1 / 255), counts={0: 9, 1 / 255: 9})
BCE, CE, NLL, MSE = "binary_cross_entropy", "cross_entropy", "negative_log_likelihood", "squared_error"


@pytest.mark.parametrize(
    ("program", "remedy"),
    [
        (program_of(BCE, False, outputs_of("softmax"), BINARY), "sigmoid-output"),
        (program_of(CE, True, outputs_of("linear"), BINARY, "torch"), "sigmoid-output"),
        (program_of(CE, False, outputs_of("sigmoid"), BINARY), "sigmoid-output"),
        (program_of(NLL, None, outputs_of("log_softmax", 1, 0, 0), BINARY, "torch"), "sigmoid-output"),
        (program_of(CE, True, outputs_of("softmax", 3), THREE), "loss-before-softmax"),
        (program_of(CE, True, outputs_of("sigmoid", 3), THREE, "torch"), "loss-before-softmax"),
        (program_of(CE, True, outputs_of("relu", 3, 0, 7), THREE, "torch"), "loss-before-softmax"),
        (program_of(CE, True, outputs_of("tanh", 3, -1, 1), THREE), "loss-before-softmax"),
        (program_of(BCE, True, outputs_of("sigmoid"), BINARY), "loss-before-softmax"),
        (program_of(CE, False, outputs_of("linear", 3, -4, 5), THREE), "probabilities"),
        (program_of(CE, False, outputs_of(None, 3, -4, 5), THREE), "probabilities"),
        (program_of(BCE, False, outputs_of("relu", 1, 0, 3), BINARY), "probabilities"),
        (program_of(BCE, False, outputs_of("tanh", 1, -0.9, 0.9), BINARY), "probabilities"),
        (program_of(NLL, None, outputs_of("softmax", 3), THREE, "torch"), "log-softmax"),
        (program_of(NLL, None, outputs_of("linear", 3, -2, 3), THREE, "torch"), "log-softmax"),
        (program_of(CE, True, outputs_of("softmax", 3, axis=-2), THREE, "torch"), "softmax-over-classes"),
        (program_of(CE, False, outputs_of("softmax", 3), SEVERAL), "sigmoid-for-each-label"),
        (program_of(MSE, None, outputs_of("softmax", 3), SEVERAL), "sigmoid-for-each-label"),
        (program_of(BCE, False, outputs_of("sigmoid"), THREE), "matching-loss"),
        (program_of(BCE, False, outputs_of("sigmoid"), label_facts(0, 40, 40)), "matching-loss"),
        (program_of(BCE, False, outputs_of("sigmoid"), numbers(-3, 40)), "matching-loss"),
        (program_of(BCE, False, outputs_of("softmax", 3), one_hot(40, 30, 30)), "matching-loss"),
        (program_of(MSE, None, outputs_of("sigmoid"), numbers(2, 34)), "linear-output"),
        (program_of(MSE, None, outputs_of("tanh", 1, -1, 1), numbers(-3, 3)), "linear-output"),
        (program_of(MSE, None, outputs_of("relu", 1, 0, 2), numbers(-3, 3), "torch"), "linear-output"),
        (program_of(MSE, None, outputs_of("softmax", 3), one_hot(40, 30, 30)), "log-loss"),
        (program_of(MSE, None, outputs_of("sigmoid"), BINARY), "log-loss"),
    ],
)  # fmt: skip
def test_output_and_loss_that_do_not_belong_together(program, remedy):
    finding = found(program)["wrong-output"]
    assert finding.remedies[0].id == remedy


@pytest.mark.parametrize(
    "program",
    [
        program_of(BCE, False, outputs_of("sigmoid"), BINARY),
        program_of(BCE, True, outputs_of("linear", 1, -9, 9), BINARY),
        program_of(BCE, True, outputs_of("linear", 1, -9, 9), BINARY, "torch"),
        program_of(BCE, False, outputs_of(None), BINARY),
        program_of(BCE, False, outputs_of("sigmoid", 3), SEVERAL),
        program_of(CE, False, outputs_of("softmax", 3, axis=-1), THREE),
        program_of(CE, False, outputs_of("softmax", 3, axis=-1), one_hot(40, 30, 30)),
        program_of(CE, True, outputs_of("linear", 3, -9, 9, axis=-1), THREE, "torch"),
        program_of(CE, True, outputs_of("log_softmax", 3, -9, 0), THREE, "torch"),  # taken twice it is the same
        program_of(NLL, None, outputs_of("log_softmax", 3, -9, 0), THREE, "torch"),
        program_of(MSE, None, outputs_of("linear", 1, -2, 2), numbers(-3, 3)),
        program_of(MSE, None, outputs_of("relu", 1, 0, 2), numbers(0, 3)),
        program_of(MSE, None, outputs_of("sigmoid"), numbers(0, 1)),
        program_of(MSE, None, outputs_of("tanh", 1, -1, 1), numbers(-1, 1)),
        ProgramFacts("torch"),
    ],
)
def test_outputs_and_losses_that_belong_together(program):
    assert "wrong-output" not in found(program, LEARNED)


def test_a_distance_for_classes_is_only_named_where_it_does_not_learn():
    program = program_of(MSE, None, outputs_of("sigmoid"), BINARY)
    assert "wrong-output" in found(program, 0.95)
    assert "wrong-output" not in found(program, 0.5)


def test_bounds_of_a_softmax_and_a_sigmoid_taken_twice():
    softmax = found(program_of(CE, True, outputs_of("softmax", 10), THREE))["wrong-output"]
    assert softmax.evidence["highest_probability"] == pytest.approx(math.e / (math.e + 9))
    sigmoid = found(program_of(BCE, True, outputs_of("sigmoid"), BINARY))["wrong-output"]
    assert sigmoid.evidence["highest_probability"] == pytest.approx(math.e / (math.e + 1))
    assert "above 73.1 % or below 50 %" in sigmoid.sentence.replace("50.0 %", "50 %")


@pytest.mark.parametrize(
    ("program", "remedy"),
    [
        (program_of(CE, False, outputs_of("softmax", 10), label_facts(300)), "check-labels"),
        (program_of(BCE, True, outputs_of("linear"), label_facts(0, 300), "torch"), "check-labels"),
        (program_of(CE, False, outputs_of("softmax", 3), one_hot(0, 300, 0)), "check-labels"),
        (program_of(CE, False, outputs_of("softmax", 10), numbers(0, 9 / 255)), "unscaled-labels"),
        (program_of(CE, False, outputs_of("softmax", 10), numbers(-1.5, 1.6)), "unscaled-labels"),
        (program_of(BCE, False, outputs_of("sigmoid"), SCALED), "unscaled-labels"),
        (program_of(CE, False, outputs_of("softmax", 3), label_facts(0, 30, 30, 30)), "labels-from-0"),
        (program_of(CE, True, outputs_of("linear", 3, -5, 5), label_facts(30, 30, 30, 30, 30)), "labels-from-0"),
    ],
)  # fmt: skip
def test_labels_that_cannot_be_learned_from(program, remedy):
    assert found(program)["unusable-labels"].remedies[0].id == remedy


@pytest.mark.parametrize(
    "program",
    [
        program_of(CE, False, outputs_of("softmax", 3), THREE),
        program_of(CE, False, outputs_of("softmax", 5), THREE),  # more outputs than classes
        program_of(CE, True, outputs_of("linear", 3, -5, 5), replace(THREE, lowest=-100, counts=None), "torch"),
        program_of(CE, False, outputs_of("softmax", 3), one_hot(40, 30, 0)),
        program_of(BCE, False, outputs_of("sigmoid"), replace(numbers(0.05, 0.95), counts={0.05: 9, 0.95: 9})),
        program_of(MSE, None, outputs_of("linear", 1, -5, 5), label_facts(300)),
    ],
)
def test_labels_that_can_be_learned_from(program):
    assert "unusable-labels" not in found(program, LEARNED)


@pytest.mark.parametrize(
    ("outputs", "targets", "sick"),
    [
        ((32, 1), (32,), True),
        ((32,), (32, 1), True),
        ((32, 10), (32, 1), True),  # numbers of classes against outputs
        ((32, 1), (32, 1), False),
        ((32, 5, 1), (32, 5, 1), False),
        ((32, 1), (), False),
        ((1, 1), (1,), False),
        ((1, 32), (32,), False),
    ],
)
def test_shapes_that_the_loss_brings_together(outputs, targets, sick):
    shapes = {"outputs_shape": outputs, "targets_shape": targets}
    program = program_of(MSE, None, outputs_of("linear", 1, -2, 2), numbers(-3, 3), "torch", shapes=shapes)
    findings = found(program)
    assert ("loss-shapes" in findings) is sick
    if sick:
        assert findings["loss-shapes"].evidence["differences"] == np.broadcast(np.ones(outputs), np.ones(targets)).size


@pytest.mark.parametrize(("cleared", "sick"), [(False, True), (True, False), (None, False)])
def test_gradients_that_are_never_cleared(cleared, sick):
    updates = UpdateFacts("adam", steps=200, backward_passes=200, gradients_cleared=cleared, gradient_growth=2.4)
    program = program_of(CE, True, outputs_of("linear", 3, -5, 5), THREE, "torch", updates=updates)
    findings = found(program, LEARNED)
    assert ("gradients-not-cleared" in findings) is sick
    if sick:
        assert "2.4 times" in findings["gradients-not-cleared"].sentence


@pytest.mark.parametrize(
    ("training", "evaluation", "has_batch_norm", "remedy"),
    [
        ("eval", "eval", True, "train-mode"),
        ("both", "eval", True, "train-mode"),
        ("train", "train", True, "eval-mode"),
        ("train", "eval", True, None),
        ("train", "both", True, None),
        ("train", None, True, None),
        ("eval", "train", False, None),  # nothing behaves differently
    ],
)
def test_layers_in_the_wrong_mode(training, evaluation, has_batch_norm, remedy):
    layers = LayerFacts(
        has_batch_norm=has_batch_norm,
        dropout_rates=(),
        batch_size=32,
        mode_in_training=training,
        mode_in_evaluation=evaluation,
    )
    finding = found(program_of(CE, True, outputs_of("linear", 3, -5, 5), THREE, "torch", layers=layers)).get(
        "wrong-mode"
    )
    assert (finding.remedies[0].id if finding else None) == remedy


@pytest.mark.parametrize(
    ("activations", "scaling", "share", "sick"),
    [
        ((), None, 0.5, True),
        (("relu",), None, 0.5, False),
        (None, None, 0.5, False),
        ((), "embedding", 0.5, False),
        ((), None, 0.05, False),  # a linear network is enough
    ],
)
def test_layers_without_activation(activations, scaling, share, sick):
    program = program_of(
        CE, True, outputs_of("linear", 3, -5, 5), THREE, "torch",
        layers=LayerFacts(hidden_activations=activations), inputs=InputFacts(scaling=scaling),
    )  # fmt: skip
    assert ("no-activation" in found(program, share)) is sick


def test_imbalance_is_counted_from_the_targets_of_a_program():
    for counts, sick in (((970, 30), True), ((600, 400), False)):
        program = program_of(BCE, False, outputs_of("sigmoid"), label_facts(*counts))
        assert ("class-imbalance" in found(program, 0.9, train_error=0.03)) is sick
        assert "class-imbalance" not in found(program, 0.1, train_error=0.001)


def test_a_model_that_is_frozen_as_a_whole_is_named_though_no_layer_is_looked_at():
    for share, sick in ((0.0, True), (0.1, False)):
        updates = UpdateFacts("adam", trainable_share=share, steps=90)
        program = program_of(CE, False, outputs_of("softmax", 3), THREE, updates=updates)
        findings = found(program)
        assert ("no-updates" in findings) is sick
    assert (
        found(replace(program, updates=replace(updates, trainable_share=0)))["no-updates"].remedies[0].id == "unfreeze"
    )


def test_labels_explain_the_cost_that_they_make_impossible():
    program = program_of(CE, False, outputs_of("softmax", 10), numbers(0, 9 / 255))
    findings = found(program, 0.001, train_error=0.9)
    assert findings["wrong-output"].explained_by == "unusable-labels"
    assert next(iter(findings)) == "unusable-labels"
