"""What predicts: outputs by NumPy, averages, calibration, and files that open without running code."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.special import expit, softmax
from sklearn.metrics import r2_score

from goodfit.engine.fit import fit, fit_many
from goodfit.engine.jobs import Job
from goodfit.engine.predictor import Predictor, member_of
from goodfit.record.calibration import UNCALIBRATED, Calibration
from goodfit.record.run import unflatten
from goodfit.run_folder.model import read_model, write_model


def _logits(oracle, run, splits, rows):
    params, running = unflatten({name: leaf.astype(np.float64) for name, leaf in run.best.items()})
    x = run.preparation.transform(splits.dataset.features.take(rows)).astype(np.float64)
    return oracle.forward(run.plan, params, x, running=running)[0]


@pytest.fixture(scope="module")
def predictor(alone, splits):
    return Predictor(splits.dataset.schema, (member_of(alone, "one"),))


def test_probabilities_are_the_softmax_of_the_networks_outputs(predictor, alone, splits, oracle):
    ours = predictor.outputs(splits.dataset.features.take(splits.dev))
    theirs = softmax(_logits(oracle, alone, splits, splits.dev), axis=1)
    np.testing.assert_allclose(ours, theirs, rtol=1e-4, atol=1e-6)


def test_one_example_at_a_time_and_more_than_a_chunk(predictor, splits):
    """Batch norm takes its running averages: a row's prediction does not depend on its neighbors."""
    many = np.resize(np.arange(260), 1200)
    together = predictor.outputs(splits.dataset.features.take(many))
    assert together.shape == (1200, 3)
    for place in (0, 511, 512, 1199):
        alone = predictor.outputs(splits.dataset.features.take(many[place : place + 1]))
        np.testing.assert_array_equal(alone[0], together[place])


def test_a_binary_network_has_one_output_and_two_probabilities(binary_splits, plan, oracle):
    run = fit(Job(plan, 5), binary_splits)
    assert run.best["layers.2.W"].shape == (8, 1)
    ours = Predictor(binary_splits.dataset.schema, (member_of(run, ""),)).outputs(binary_splits.dataset.features)
    positive = expit(_logits(oracle, run, binary_splits, np.arange(260))[:, 0])
    np.testing.assert_allclose(ours, np.stack([1 - positive, positive], axis=1), rtol=1e-4, atol=1e-6)
    error = np.mean((ours[binary_splits.dev, 1] > 0.5) != binary_splits.dataset.target[binary_splits.dev])
    assert error == pytest.approx(run.history["dev_error"][run.best_epoch - 1])


def test_regression_predicts_in_the_targets_own_unit(regression_splits, plan, oracle):
    data = regression_splits.dataset
    shifted = replace(regression_splits, dataset=replace(data, target=1000 + 50 * data.target))
    run = fit(Job(plan.with_(label_smoothing=0.0), 5), shifted)
    ours = Predictor(data.schema, (member_of(run, ""),)).outputs(data.features)[:, 0]
    train, dev = shifted.dataset.target[shifted.train], shifted.dataset.target[shifted.dev]
    theirs = train.mean() + train.std() * _logits(oracle, run, shifted, np.arange(260))[:, 0]
    np.testing.assert_allclose(ours, theirs, rtol=1e-5)
    unexplained = 1 - r2_score(dev, ours[shifted.dev])
    assert run.history["dev_error"][run.best_epoch - 1] == pytest.approx(unexplained, rel=1e-4)
    assert unexplained < 0.5


@pytest.fixture(scope="module")
def ensemble(splits, plan, alone):
    robust = fit(Job(plan.with_(preparation="robust"), 6), splits)
    members = (
        member_of(alone, "first", weight=3.0),
        member_of(robust, "second", weight=1.0, calibration=Calibration(0.5)),
    )
    return Predictor(splits.dataset.schema, members, calibration=Calibration(2.0))


def test_members_are_averaged_by_weight_then_calibrated(ensemble, splits):
    features = splits.dataset.features
    first, second = (member.outputs(features, splits.dataset.schema) for member in ensemble.members)
    mean = 0.75 * first + 0.25 * second
    expected = np.sqrt(mean) / np.sqrt(mean).sum(axis=1, keepdims=True)
    np.testing.assert_allclose(ensemble.outputs(features), expected, rtol=1e-12)


def test_a_member_is_calibrated_before_it_is_averaged(ensemble, splits):
    features, schema = splits.dataset.features, splits.dataset.schema
    member = ensemble.members[1]
    raw = replace(member, calibration=UNCALIBRATED).outputs(features, schema)
    np.testing.assert_allclose(member.outputs(features, schema), raw**2 / (raw**2).sum(axis=1, keepdims=True))


def test_temperature_is_that_of_the_logits():
    """Guo et al. 2017: softmax(z/T)."""
    z = np.random.default_rng(0).normal(scale=3, size=(20, 4))
    np.testing.assert_allclose(Calibration(2.5).apply(softmax(z, axis=1)), softmax(z / 2.5, axis=1), rtol=1e-10)


def test_offsets_are_added_to_the_logits():
    """Alexandari et al. 2020: softmax(z/T + b)."""
    z, b = np.random.default_rng(0).normal(scale=3, size=(20, 4)), (0.5, -1.0, 0.0, 2.0)
    np.testing.assert_allclose(Calibration(2.5, b).apply(softmax(z, axis=1)), softmax(z / 2.5 + b, axis=1), rtol=1e-10)


def test_snapshots_are_members_too(splits, plan):
    run = fit(Job(plan.with_(snapshots=2), 5), splits)
    member = member_of(run, "half way", run.snapshots[0])
    assert member.weights is run.snapshots[0]
    assert member_of(run, "best").weights is run.best


def test_l1_gives_exact_zeros_and_a_smaller_file(splits, plan, tmp_path):
    """Seed: L1 makes many weights zero, which makes the model smaller."""
    wide = plan.with_(hidden_units=(60, 60), batch_norm="none", keep_prob=1.0, label_smoothing=0.0, weight_decay=0.0)
    wide = wide.with_(optimizer="gradient_descent", decay="constant", learning_rate=0.3, epochs=100, l1=1e-9)
    dense, sparse = fit_many([Job(wide, 1), Job(wide.with_(l1=3.0), 1)], splits)
    sizes = []
    for name, run in (("dense", dense), ("sparse", sparse)):
        folder = tmp_path / name
        folder.mkdir()
        write_model(folder, [member_of(run, name)])
        (again,) = read_model(folder).members
        for key, leaf in run.best.items():
            np.testing.assert_array_equal(again.weights[key], leaf)
        sizes.append((folder / "model.safetensors").stat().st_size)
    zeros = [np.mean(run.best["layers.1.W"] == 0) for run in (dense, sparse)]
    assert zeros[0] < 0.05
    assert zeros[1] > 0.8
    assert sizes[1] < 0.5 * sizes[0]
    assert sparse.history["dev_error"].min() < 0.5  # and it has still learned
