"""Convolutional networks in the engine: the same bits in any company, and what they need."""

from dataclasses import replace

import jax
import numpy as np
import pytest
from jax.sharding import Mesh, NamedSharding, PartitionSpec

from goodfit.data.dataset import Dataset, Features, Origin, Schema, Splits
from goodfit.engine import predictor as predictor_module
from goodfit.engine.active_job import enter
from goodfit.engine.control import Change
from goodfit.engine.fit import fit, fit_many
from goodfit.engine.jobs import Job
from goodfit.engine.machine import devices
from goodfit.engine.packing import stacks
from goodfit.engine.pool import Pool
from goodfit.engine.predictor import Member, Predictor, member_of
from goodfit.errors import InputError, PlanError
from goodfit.plan import Plan
from goodfit.run_folder.model import read_model, write_model

pytestmark = pytest.mark.usefixtures("compiled_for_users")

SMALL = Plan(
    layer="convolutional", hidden_units=(4, 8), batch_norm="before", batch_size=16, epochs=6, learning_rate=0.02,
    keep_prob=0.9, decay="constant", preparation="standard",
)  # fmt: skip

_MESH = Mesh(np.array(devices()), ("models",))
OFF = Change({"augmentation": 0.0})


@pytest.fixture(scope="module")
def pictures():
    """Bars that stand or lie, anywhere in a noisy picture."""
    generator = np.random.default_rng(0)
    pixels = generator.integers(0, 60, (160, 8, 8, 1))
    target = np.arange(160) % 2
    for picture, lies, place in zip(pixels, target, generator.integers(0, 8, 160), strict=True):
        (picture if lies else picture.swapaxes(0, 1))[place] += 150
    schema = Schema((), "label", "binary", ("stands", "lies"), (), (8, 8, 1))
    features = Features(np.zeros((160, 0)), np.zeros((160, 0), np.int32), pixels.astype(np.uint8))
    rows = np.arange(160)
    return Splits(Dataset("bars", features, target, schema, (), Origin()), rows[:96], rows[96:128], rows[128:], (), 0)


@pytest.fixture(scope="module")
def alone(pictures):
    return fit(Job(SMALL, 1), pictures)


def test_it_learns_what_it_predicts_and_is_saved(pictures, alone, tmp_path):
    assert alone.history["dev_error"][-1] <= 0.05
    predictor = Predictor(pictures.dataset.schema, (member_of(alone, "one"),))
    outputs = predictor.outputs(pictures.dataset.features.take(pictures.dev))
    assert (outputs.argmax(axis=1) != pictures.dataset.target[pictures.dev]).mean() == pytest.approx(
        alone.history["dev_error"][alone.best_epoch - 1]
    )
    write_model(tmp_path, predictor.members, predictor.calibration)
    members, calibration = read_model(tmp_path)
    again = Predictor(pictures.dataset.schema, tuple(Member(**vars(member)) for member in members), calibration)
    np.testing.assert_array_equal(again.outputs(pictures.dataset.features.take(pictures.dev)), outputs)


@pytest.mark.parametrize("settings", [{}, {"depth": 8, "architecture": "residual", "epochs": 2}])
def test_the_same_bits_in_any_company(pictures, tools, settings):
    plan = SMALL.with_(**settings)
    jobs = [Job(plan.with_(learning_rate=0.01), 7), Job(plan, 1), Job(plan.with_(l2=1.0), 2)]
    assert tools.same_bits(fit_many(jobs, pictures)[1], fit(Job(plan, 1), pictures))


def test_looks_have_a_row_for_each_part(pictures, alone):
    assert alone.health.layers == ("inputs", "layer 1", "layer 2", "output")
    assert (alone.health.of("gradient")[:, 1:] > 0).all()
    deep = fit(Job(SMALL.with_(depth=8, architecture="residual", epochs=2), 1), pictures)
    assert deep.health is not None
    assert len(deep.health.layers) == 5


def test_a_table_has_no_pictures(splits):
    with pytest.raises(PlanError, match="need images, and this data is a table; set layer to dense"):
        fit(Job(Plan(layer="convolutional"), 0), splits)


def test_a_perceptron_takes_the_pixels(pictures):
    run = fit(Job(SMALL.with_(layer="dense", hidden_units=(16,)), 1), pictures)
    assert run.best["layers.0.W"].shape == (64, 16)


def test_augmentation_is_of_the_training_alone_and_can_be_nudged(pictures, tools):
    """With no strength left it trains as without, and what it is judged on is never changed."""
    still = fit(Job(SMALL.with_(augmentation=0.5, epochs=3), 1), pictures, tools.Watcher(1, {(0, 0): [OFF]}))
    plain = fit(Job(SMALL.with_(epochs=3), 1), pictures)
    np.testing.assert_allclose(still.history["dev_cost"], plain.history["dev_cost"], rtol=1e-3)
    augmented = fit(Job(SMALL.with_(augmentation=1.0, learning_rate=1e-12, epochs=1), 1), pictures)
    left = fit(Job(SMALL.with_(learning_rate=1e-12, epochs=1), 1), pictures)
    assert augmented.history["objective"] != pytest.approx(left.history["objective"], rel=1e-3)
    assert member_of(augmented, "").structure.augmentation


def test_a_table_cannot_be_augmented(splits):
    with pytest.raises(PlanError, match="augmentation and flip need images, and this data is a table; set them to 0"):
        fit(Job(Plan(augmentation=1.0), 0), splits)


def test_pixels_are_standardized_as_they_are_taken_and_never_copied(pictures, tmp_path):
    """Two folds with moments of their own share the bytes of a mapped file, on every device."""
    np.save(tmp_path / "pixels.npy", pictures.dataset.features.pixels)
    pixels = np.load(tmp_path / "pixels.npy", mmap_mode="r")
    dataset = replace(pictures.dataset, features=pictures.dataset.features._replace(pixels=np.asarray(pixels)))
    splits = replace(pictures, dataset=dataset)
    folds = [Job(SMALL, 1, np.arange(0, 60), np.arange(60, 70)), Job(SMALL, 1, np.arange(40, 100), np.arange(10, 20))]
    entered = [enter(place, job, splits) for place, job in enumerate(folds)]
    (loaded,) = stacks(entered[0][1], [member for member, _ in entered], Pool(splits))
    assert np.shares_memory(loaded.data.inputs, pixels)
    for shard in jax.device_put(loaded.data.inputs, NamedSharding(_MESH, PartitionSpec())).addressable_shards:
        assert shard.data.unsafe_buffer_pointer() == pixels.ctypes.data
    for task, job in zip(loaded.tasks, folds, strict=True):
        data, place, rows = jax.device_put((loaded.data, task.set, np.array([3, 130])))
        own = pixels[job.train].astype(float)
        expected = (pixels[[3, 130]].reshape(2, -1) - own.mean()) / own.std()
        inputs, targets = data.take(place, rows)
        np.testing.assert_allclose(inputs, expected, rtol=1e-5, atol=1e-5)
        np.testing.assert_array_equal(targets, [1, 0])


def test_rows_of_the_test_set_stay_closed(pictures):
    with pytest.raises(InputError, match="outside the training and dev sets"):
        fit(Job(SMALL, 1, train=np.arange(0, 130)), pictures)


def test_predictions_part_by_part_are_those_of_the_whole(pictures, alone, monkeypatch):
    """The last part is an incomplete one, and rows come in the order that was asked for."""
    predictor = Predictor(pictures.dataset.schema, (member_of(alone, "one"),))
    whole = predictor.outputs(pictures.dataset.features)
    monkeypatch.setattr(predictor_module, "_ROWS_AT_ONCE", 48)
    rows = np.random.default_rng(0).permutation(160)[:100]
    np.testing.assert_array_equal(predictor.outputs(pictures.dataset.features, rows), whole[rows])
    member = predictor.members[0]
    of_member = member.outputs(pictures.dataset.features, pictures.dataset.schema, rows)
    np.testing.assert_allclose(of_member, whole[rows], rtol=1e-6)
