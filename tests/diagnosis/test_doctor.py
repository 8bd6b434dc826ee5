"""The doctor for trainings elsewhere: the engine's own numbers from raw arrays, and every kind of bad input."""

import itertools
import math

import numpy as np
import pytest

import goodfit
from goodfit.data.splits import open_splits
from goodfit.diagnosis.doctor import Doctor
from goodfit.diagnosis.finding import DataFacts
from goodfit.diagnosis.program_facts import LossFacts, ProgramFacts
from goodfit.engine.fit import fit
from goodfit.engine.health import PROBE
from goodfit.engine.jobs import Job
from goodfit.errors import InputError
from goodfit.plan import Plan
from goodfit.record.run import LAYER_STATISTICS


def history(doctor):
    """The observed numbers by epoch, as findings get them."""
    return doctor.observation().signals.history


def guess(doctor):
    """The cost of a constant guess that findings compare with."""
    data = doctor.observation().data
    assert data is not None
    return data.guess_cost


def health_of(doctor):
    """The looks, as findings get them."""
    health = doctor.observation().signals.health
    assert health is not None
    return health


def test_it_is_what_the_package_exports():
    assert goodfit.Doctor is Doctor


def test_it_takes_the_engines_numbers_of_an_engines_network():
    """One epoch of two hidden tanh layers; outputs and gradients are worked out here, in NumPy."""
    splits = open_splits("iris")
    plan = Plan(
        hidden_units=(7, 5), activation="tanh", optimizer="gradient_descent", decay="constant", learning_rate=3.0,
        epochs=1, batch_size=16, keep_prob=1.0, weight_decay=0.0,
    )  # fmt: skip
    run = fit(Job(plan, seed=3), splits)
    dataset, rows = splits.dataset, splits.train[np.arange(PROBE) * len(splits.train) // PROBE]
    outputs = [run.preparation.transform(dataset.features.take(rows)).astype(np.float64)]
    weights = [run.best[f"layers.{i}.W"].astype(np.float64) for i in range(3)]
    for i, w in enumerate(weights):
        z = outputs[-1] @ w + run.best[f"layers.{i}.b"]
        outputs.append(np.tanh(z) if i < 2 else z)
    probabilities = np.exp(outputs[-1]) / np.exp(outputs[-1]).sum(axis=1, keepdims=True)
    back = (probabilities - np.eye(3)[dataset.target[rows]]) / PROBE
    gradients = []
    for w, a in zip(reversed(weights), reversed(outputs[:-1]), strict=True):
        gradients.insert(0, a.T @ back)
        back = (back @ w.T) * (1 - a**2)
    names = ["first", "second", "out"]
    doctor = Doctor(activation="tanh", task="classes")
    doctor.observe(
        1,
        activations={"inputs": outputs[0]} | dict(zip(names, outputs[1:], strict=True)),
        weights=dict(zip(names, weights, strict=True)),
        gradients=dict(zip(names, gradients, strict=True)),
    )
    assert run.health is not None
    finding, expected = health_of(doctor).statistics, run.health.statistics
    places = [place for place, name in enumerate(LAYER_STATISTICS) if name != "update"]
    np.testing.assert_allclose(finding[:, 1:, places], expected[:, 1:, places], rtol=2e-4, atol=1e-6)
    np.testing.assert_allclose(finding[:, 0, :4], expected[:, 0, :4], rtol=2e-4, atol=1e-6)
    assert health_of(doctor).layers == ("inputs", "first", "second", "out")


def test_the_step_is_the_change_of_the_weights_over_the_steps_between():
    doctor = Doctor()
    start = np.zeros((3, 2))
    start[0, 0] = 1.0
    for epoch, step in ((1, 10), (2, 30)):
        doctor.observe(epoch, weights={"a": start * (1 + epoch), "b": start}, step=step)
    health = health_of(doctor)
    assert np.isnan(health.of("update")[0, 1])
    assert health.of("update")[1, 1] == pytest.approx(1 / 20)
    assert health.of("update")[1, 2] == 0
    np.testing.assert_array_equal(history(doctor)["step"], [10, 30])


def test_a_healthy_training_is_left_alone():
    doctor = Doctor("relu", "binary")
    for epoch, cost in enumerate(np.geomspace(0.6, 0.05, 20), 1):
        doctor.observe(epoch, train_cost=cost, dev_cost=cost + 0.05, train_error=cost / 4, dev_error=cost / 3)
    assert doctor.findings() == []


def test_vanishing_gradients_from_raw_arrays():
    """Ten layers of 8 units; dJ/dW a tenth of the next layer's: 1e-9 over all."""
    doctor = Doctor("sigmoid", "classes", guess_cost=math.log(8))
    generator = np.random.default_rng(0)
    weights = {f"layer {i}": generator.standard_normal((8, 8)) / 2 for i in range(10)}
    outputs = {name: generator.standard_normal((32, 8)) for name in ("inputs", *weights)}
    for epoch in range(1, 9):
        gradients = {f"layer {i}": np.full((8, 8), 0.1 ** (9 - i)) for i in range(10)}
        doctor.observe(epoch, train_cost=math.log(8), activations=outputs, gradients=gradients, weights=weights)
    finding = doctor.findings()[0]
    assert finding.id == "vanishing-gradient"
    assert finding.evidence["rate"] == pytest.approx(0.1, rel=0.1)
    assert finding.layer == "layer 0"


def test_the_guess_comes_from_the_outputs_the_task_or_the_cost_before_training():
    doctor = Doctor(task="classes")
    assert guess(doctor) is None
    doctor.observe(1, weights={"a": np.ones((4, 8)), "b": np.ones((8, 5))})
    assert guess(doctor) == pytest.approx(math.log(5))
    assert guess(Doctor(task="binary")) == pytest.approx(math.log(2))
    doctor = Doctor(task="regression")
    doctor.observe(0, train_cost=7.5)
    doctor.observe(1, train_cost=3.0)
    assert guess(doctor) == 7.5
    assert guess(Doctor(task="regression", guess_cost=2.0)) == 2.0
    facts = DataFacts(m=4, task="classes", class_counts=(2, 2))
    assert guess(Doctor(data=facts)) is None  # the counts say it


def test_columns_that_are_not_normalized_are_seen_in_the_inputs():
    generator = np.random.default_rng(0)
    inputs = generator.standard_normal((40, 3)) * np.array([1.0, 300.0, 1.0])
    doctor = Doctor()
    doctor.observe(1, train_cost=1.0, activations={"inputs": inputs, "a": inputs, "b": inputs})
    finding = doctor.findings()[0]
    assert (finding.id, finding.layer) == ("inputs-not-normalized", "inputs")
    assert finding.evidence["largest"] == pytest.approx(inputs[:, 1].std())


def test_a_plan_makes_remedies_changes_of_it():
    doctor = Doctor(plan=Plan(learning_rate=0.5))
    for epoch, cost in enumerate((1.0, 9.0, 30.0), 1):
        doctor.observe(epoch, train_cost=cost, weights={"a": np.ones((2, 3))})
    high = next(finding for finding in doctor.findings() if finding.id == "learning-rate-too-high")
    assert high.remedies[0].changes == {"learning_rate": pytest.approx(3e-3)}  # the usual, below a tenth of it
    without = Doctor()
    for epoch, cost in enumerate((1.0, 9.0, 30.0), 1):
        without.observe(epoch, train_cost=cost, learning_rate=0.5, weights={"a": np.ones((2, 3))})
    high = next(finding for finding in without.findings() if finding.id == "learning-rate-too-high")
    assert high.remedies[0].changes == {}
    assert "learning rate" in high.remedies[0].name


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
@pytest.mark.parametrize("kind", ["train_cost", "dev_cost", "activations", "gradients", "weights"])
def test_what_is_no_number_is_a_finding_not_a_crash(kind, value):
    doctor, generator = Doctor("relu"), np.random.default_rng(0)
    for epoch in (1, 2):
        arrays = {
            kind: {layer: generator.standard_normal((4, 3)) for layer in ("a", "b")}
            for kind in ("activations", "gradients", "weights")
        }
        costs = {"train_cost": 1.0, "dev_cost": 1.0}
        if epoch == 2 and kind in arrays:
            arrays[kind]["b"][1, 1] = value
        elif epoch == 2:
            costs[kind] = value
        doctor.observe(epoch, **costs, **arrays)
    finding = doctor.findings()[0]
    assert (finding.id, finding.epoch) == ("divergence", 2)
    assert finding.layer == ("b" if kind in ("activations", "gradients", "weights") else None)


def test_layers_that_are_missing_in_some_epochs_keep_their_place():
    doctor = Doctor("relu")
    doctor.observe(1, weights={"c": np.ones((2, 2))})
    doctor.observe(2, train_cost=1.0)
    doctor.observe(3, weights={"a": np.ones((2, 2)), "b": np.ones((2, 2)), "c": np.ones((2, 2))})
    doctor.observe(4, weights={"a": np.ones((2, 2)), "d": np.ones((2, 2))}, activations={"b": np.ones((3, 2))})
    health = health_of(doctor)
    assert health.layers == ("inputs", "a", "d", "b", "c")
    np.testing.assert_array_equal(health.epochs, [1, 3, 4])
    np.testing.assert_array_equal(np.isnan(health.of("weight")[:, 1:]), [[1, 1, 1, 0], [0, 1, 0, 0], [0, 0, 1, 1]])
    doctor.findings()


@pytest.mark.parametrize(
    "kinds", [p for n in range(4) for p in itertools.combinations(("activations", "gradients", "weights"), n)]
)
def test_any_part_may_be_left_out(kinds):
    generator = np.random.default_rng(0)
    doctor = Doctor("tanh", "regression", guess_cost=0.5)
    for epoch in range(1, 10):
        arrays = {kind: {name: generator.standard_normal((6, 6)) for name in ("a", "b", "c")} for kind in kinds}
        doctor.observe(epoch, train_cost=0.4, **arrays)
    assert all(finding.sentence for finding in doctor.findings())


def test_epochs_out_of_order_and_other_nonsense_are_refused_in_a_sentence():
    doctor = Doctor()
    doctor.observe(5, train_cost=1.0)
    with pytest.raises(InputError, match="epoch 5 was observed after epoch 5; observe epochs in order"):
        doctor.observe(5, train_cost=1.0)
    with pytest.raises(InputError, match="epoch 3 was observed after epoch 5"):
        doctor.observe(3)
    for epoch in (-1, 1.5, "six", True):
        with pytest.raises(InputError, match="must be a whole number from 0"):
            doctor.observe(epoch)
    with pytest.raises(InputError, match="dev_cost is 'low'; it must be a number"):
        doctor.observe(6, dev_cost="low")
    with pytest.raises(InputError, match="weights of layer 'a' cannot be read as numbers"):
        doctor.observe(6, weights={"a": [[1, 2], [3]]})
    with pytest.raises(InputError, match="activations of layer 'a' is empty or a single number"):
        doctor.observe(6, activations={"a": np.zeros((0, 3))})
    with pytest.raises(InputError, match="that name is reserved for the network's inputs"):
        doctor.observe(6, weights={"inputs": np.ones((2, 2))})
    with pytest.raises(InputError, match="did you mean 'sigmoid'"):
        Doctor(activation="sigmod")
    with pytest.raises(InputError, match="task is 'class'"):
        Doctor(task="class")
    doctor.observe(6)  # what was refused left no trace
    assert list(history(doctor)["epoch"]) == [5, 6]


def test_another_shape_than_before_is_refused_in_a_sentence():
    doctor = Doctor()
    doctor.observe(1, weights={"a": np.ones((3, 2))}, activations={"a": np.ones((8, 2))})
    doctor.observe(2, activations={"a": np.ones((5, 2))})  # another batch is none
    with pytest.raises(InputError, match=r"weights of layer 'a' have the shape \(2, 3\) and had \(3, 2\)"):
        doctor.observe(3, weights={"a": np.ones((2, 3))})
    with pytest.raises(InputError, match=r"gradients of layer 'a' have the shape \(2, 3\) and had \(3, 2\)"):
        doctor.observe(3, gradients={"a": np.ones((2, 3))})
    with pytest.raises(
        InputError, match=r"activations of layer 'a' have the shape \(4,\) and had \(2,\) \(without the"
    ):
        doctor.observe(3, activations={"a": np.ones((8, 4))})


def test_nothing_is_said_of_stopping_too_early_while_it_goes_on():
    doctor = Doctor(task="binary")
    for epoch, cost in enumerate(np.linspace(0.69, 0.3, 10), 1):
        doctor.observe(epoch, train_cost=cost, train_error=cost / 2)
    assert [finding.id for finding in doctor.findings()] == ["stopped-too-early"]
    assert doctor.findings(finished=False) == []


def test_arrays_of_any_kind_of_layer():
    """Images: [batch, height, width, channels] and kernels of four dimensions."""
    doctor = Doctor("relu")
    images = np.maximum(np.random.default_rng(0).standard_normal((8, 4, 4, 3)), 0)
    images[..., 0] = 0
    doctor.observe(1, activations={"conv": images, "out": np.ones((8, 2))}, weights={"conv": np.ones((3, 3, 1, 3))})
    health = health_of(doctor)
    assert health.of("dead")[0, 1] == pytest.approx(1 / 3)
    assert health.of("weight")[0, 1] == pytest.approx(math.sqrt(27))


def test_the_last_facts_about_a_program_reach_the_findings():
    doctor = Doctor()
    assert doctor.observation().program is None
    for name in ("squared_error", "cross_entropy"):
        doctor.describe(ProgramFacts("keras", loss=LossFacts(name, from_logits=True)))
    program = doctor.observation().program
    assert program is not None
    assert (program.loss.name, program.loss.from_logits, program.outputs.activation) == ("cross_entropy", True, None)
