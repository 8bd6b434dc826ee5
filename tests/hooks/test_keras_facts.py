"""What the Keras callback hands over, and trainings of every kind that it must not end.

The backend is JAX; `test_keras_on_torch.py` runs this file again on PyTorch's.
"""

import logging

import numpy as np
import pytest

from goodfit.diagnosis.doctor import Doctor
from goodfit.diagnosis.program_facts import NonFinite
from goodfit.hooks import keras_callback

RANDOM = np.random.default_rng(0)
INPUTS = RANDOM.normal(size=(48, 8)).astype(np.float32)
LABELS = np.arange(48) % 3
NUMBERS = RANDOM.normal(size=48).astype(np.float32)
ONE_HOT = np.eye(3, dtype=np.float32)[LABELS]


@pytest.fixture
def program_of(keras):
    """A function that fits a model of some last layers; returns the facts."""

    def run(last, loss, targets, inputs=INPUTS, optimizer="sgd", epochs=1, doctor=None, **settings):
        layers = [keras.layers.Dense(6, activation="relu"), *(last if isinstance(last, list) else [last])]
        model = keras.Sequential(layers)
        model.compile(optimizer=optimizer, loss=loss, run_eagerly=True)
        doctor = doctor or Doctor(task="regression")
        callback = keras_callback(doctor, inputs[:20], targets[:20])
        model.fit(inputs, targets, epochs=epochs, batch_size=16, verbose=0, callbacks=[callback], **settings)
        return facts(doctor)

    return run


def facts(doctor):
    program = doctor.observation().program
    assert program is not None
    return program


def history(doctor):
    return doctor.observation().signals.history


@pytest.mark.parametrize(
    ("units", "activation", "loss", "targets", "expected"),
    [
        (3, "softmax", "sparse_categorical_crossentropy", LABELS, ("cross_entropy", False, "softmax")),
        (3, None, ("SparseCategoricalCrossentropy", True), LABELS, ("cross_entropy", True, "linear")),
        (3, "softmax", ("CategoricalCrossentropy", True), ONE_HOT, ("cross_entropy", True, "softmax")),
        (3, "sigmoid", "binary_crossentropy", ONE_HOT, ("binary_cross_entropy", False, "sigmoid")),
        (1, None, ("BinaryCrossentropy", False), LABELS > 1, ("binary_cross_entropy", False, "linear")),
        (1, "relu", "mse", NUMBERS, ("squared_error", None, "relu")),
        (1, "tanh", "mean_absolute_error", NUMBERS, ("absolute_error", None, "tanh")),
        (1, None, "huber", NUMBERS, ("huber", None, "linear")),
        (1, None, "own", NUMBERS, (None, None, "linear")),
    ],
)
def test_the_loss_and_the_last_activation(keras, program_of, units, activation, loss, targets, expected):
    if isinstance(loss, tuple):
        loss = getattr(keras.losses, loss[0])(from_logits=loss[1])
    elif loss == "own":
        loss = lambda y, outputs: keras.ops.mean(keras.ops.abs(y - outputs) ** 3)  # noqa: E731

    program = program_of(keras.layers.Dense(units, activation=activation), loss, targets)
    assert (program.loss.name, program.loss.from_logits, program.outputs.activation) == expected
    assert program.outputs.units == units
    # Keras itself brings both to the same number of axes.
    assert program.loss.outputs_shape == (20, units)
    assert program.loss.targets_shape == ((20,) if units == 3 and targets.ndim == 1 else (20, units))


@pytest.mark.filterwarnings("ignore:You are using a softmax over axis -1")
def test_an_activation_that_is_a_layer_or_unknown(keras, program_of):
    layers = keras.layers
    outputs = program_of([layers.Dense(3), layers.Softmax(axis=0)], "mse", ONE_HOT).outputs
    assert (outputs.activation, outputs.softmax_axis) == ("softmax", -2)
    outputs = program_of([layers.Dense(3), layers.Activation("sigmoid"), layers.Dropout(0.5)], "mse", ONE_HOT).outputs
    assert outputs.activation == "sigmoid"
    outputs = program_of([layers.Dense(3), layers.Lambda(lambda a: a * 2)], "mse", ONE_HOT).outputs
    assert outputs.activation is None
    outputs = program_of(layers.Dense(1, activation="softmax"), "binary_crossentropy", LABELS > 1).outputs
    assert (outputs.units, outputs.lowest, outputs.highest, outputs.difference) == (1, 1, 1, 0)


def test_all_targets_of_training_and_validation_are_counted(keras, program_of):
    last = keras.layers.Dense(3, activation="softmax")
    dev = (INPUTS[:9] + 5, np.zeros(9, int))
    program = program_of(last, "sparse_categorical_crossentropy", LABELS, validation_data=dev, epochs=2)
    assert (program.targets.class_counts, program.targets.examples) == ((16, 16, 16), 48)
    assert program.targets.guess_cost == pytest.approx(np.log(3))
    assert (program.dev_targets.class_counts, program.dev_targets.examples) == ((9,), 9)
    assert program.inputs.mean == pytest.approx(INPUTS.mean(), abs=1e-5)
    assert program.inputs.deviation == pytest.approx(INPUTS.std(), rel=1e-5)
    assert program.dev_inputs.mean == pytest.approx(INPUTS[:9].mean() + 5, rel=1e-5)
    assert (program.layers.batch_size, program.layers.smallest_batch) == (16, 16)
    weighted = program_of(keras.layers.Dense(3), "mse", ONE_HOT, sample_weight=np.ones(48))
    assert weighted.targets.guess_cost is None
    one_hot = program_of(keras.layers.Dense(3), "mse", ONE_HOT)
    assert one_hot.targets.guess_cost == pytest.approx(ONE_HOT.var(axis=0).mean())
    assert (one_hot.targets.row_sums, one_hot.targets.class_counts) == ((1, 1), (16, 16, 16))


def test_values_that_are_not_finite_are_told_though_they_are_not_among_the_fixed_examples(keras, program_of):
    inputs, numbers = INPUTS.copy(), NUMBERS.copy()
    inputs[40, 2], numbers[30] = np.nan, np.inf
    program = program_of(keras.layers.Dense(1), "mse", numbers, inputs=inputs, shuffle=False)
    assert program.inputs.non_finite == NonFinite(1, (40,), (2,))
    assert program.targets.non_finite == NonFinite(1, (30,), (0,))


def test_the_optimizer_and_the_penalties(keras, program_of):
    adam = keras.optimizers.Adam(clipnorm=1.0)
    updates = program_of(
        keras.layers.Dense(1, kernel_regularizer=keras.regularizers.L2(0.5)), "mse", NUMBERS, optimizer=adam
    ).updates
    assert (updates.optimizer, updates.steps, updates.weight_penalty, updates.clipping) == ("adam", 3, 0.5, True)
    assert (updates.trainable_share, updates.optimized_share) == (1, 1)
    frozen = keras.layers.Dense(3, trainable=False)  # of 54 + 21 + 4 parameters
    updates = program_of(
        [frozen, keras.layers.BatchNormalization(center=False, scale=False), keras.layers.Dense(1)], "mse", NUMBERS
    ).updates
    assert updates.trainable_share == pytest.approx(58 / 79)
    assert (updates.weight_penalty, updates.clipping) == (0, False)


def test_layers_that_scale_drop_and_normalize(keras, program_of):
    layers = keras.layers
    program = program_of(
        [layers.Dropout(0.3), layers.BatchNormalization(), layers.LeakyReLU(), layers.Dense(1)], "mse", NUMBERS
    )
    assert (program.layers.dropout_rates, program.layers.has_batch_norm) == ((0.3,), True)
    assert program.layers.hidden_activations == ("relu", "leaky_relu")
    assert (program.layers.mode_in_training, program.layers.mode_in_evaluation) == ("train", "eval")
    assert program.inputs.scaling is None

    class AlwaysDropping(keras.Model):
        def __init__(self):
            super().__init__()
            self.a, self.drop, self.b = layers.Rescaling(0.1), layers.Dropout(0.3), layers.Dense(1)

        def call(self, inputs):
            return self.b(self.drop(self.a(inputs), training=True))

    doctor, model = Doctor(task="regression"), AlwaysDropping()
    model.compile("sgd", "mse", run_eagerly=True)
    model.fit(INPUTS, NUMBERS, verbose=0, callbacks=[keras_callback(doctor, INPUTS[:20], NUMBERS[:20])])
    assert facts(doctor).inputs.scaling == "rescaling"
    assert facts(doctor).layers.mode_in_evaluation == "train"
    assert facts(doctor).layers.hidden_activations == ()


def test_fit_twice_with_one_callback_is_counted_on(keras, caplog):
    model, doctor = keras.Sequential([keras.layers.Dense(1)]), Doctor(task="regression")
    model.compile("sgd", "mse", run_eagerly=True)
    callback = keras_callback(doctor, INPUTS[:20], NUMBERS[:20])
    for _ in range(2):
        model.fit(INPUTS, NUMBERS, epochs=2, batch_size=16, verbose=0, callbacks=[callback])
    np.testing.assert_array_equal(history(doctor)["epoch"], [0, 1, 2, 3, 4])
    np.testing.assert_array_equal(history(doctor)["step"], [0, 3, 6, 9, 12])
    assert len(caplog.records) == 1
    functions = (model.train_function, model.test_function)
    assert not any(type(function).__module__.startswith("goodfit") for function in functions)


def test_another_model_with_the_same_callback_leaves_the_costs(keras, caplog):
    doctor = Doctor(task="regression")
    callback = keras_callback(doctor, INPUTS[:20], NUMBERS[:20])
    for units in (4, 5):
        layers = [keras.layers.Dense(units, name="a"), keras.layers.Dense(1, name="b")]
        model = keras.Sequential(layers)
        model.compile("sgd", "mse", run_eagerly=True)
        model.fit(INPUTS, NUMBERS, verbose=0, callbacks=[callback])
    assert np.isfinite(history(doctor)["train_cost"][1:]).all()
    assert 0 < len(caplog.records) <= 3


@pytest.mark.parametrize(
    ("inputs", "targets"),
    [
        (INPUTS[:20, :5], NUMBERS[:20]),
        (None, None),
        (INPUTS[:20], NUMBERS[:7]),
        (["a", "b"], NUMBERS[:2]),
        (INPUTS[:0], NUMBERS[:0]),
    ],
)
def test_fixed_examples_that_do_not_fit_leave_the_costs(keras, caplog, inputs, targets):
    model, doctor = keras.Sequential([keras.Input((8,)), keras.layers.Dense(1)]), Doctor(task="regression")
    model.compile("sgd", "mse", run_eagerly=True)
    reported = model.fit(INPUTS, NUMBERS, epochs=3, verbose=0, callbacks=[keras_callback(doctor, inputs, targets)])
    np.testing.assert_allclose(history(doctor)["train_cost"][-3:], reported.history["loss"])
    sentences = [record.getMessage() for record in caplog.records]
    assert len(sentences) == len(set(sentences)) > 0
    assert facts(doctor).targets.examples == 48


def test_a_training_without_a_loss_of_keras(keras):
    class OwnStep(keras.Model):
        def call(self, inputs):
            return inputs

        def train_step(self, *arguments):
            return ({"loss": 1.5}, arguments[0]) if len(arguments) == 2 else {"loss": 1.5}

    model, doctor = OwnStep(), Doctor(task="regression")
    model.compile("sgd", run_eagerly=True)
    model.fit(INPUTS, NUMBERS, verbose=0, callbacks=[keras_callback(doctor, INPUTS[:20], NUMBERS[:20])])
    assert history(doctor)["epoch"][-1] == 1


def test_a_callback_that_fails_is_silent_after_the_first_time(keras, caplog, monkeypatch):
    def fail(*_, **__):
        raise ZeroDivisionError("a fault of ours")

    for part in ("run_pass", "update_facts", "is_plain_mean", "cost_gradients"):
        monkeypatch.setattr(f"goodfit.hooks.keras.{part}", fail)
    monkeypatch.setattr("goodfit.hooks.keras_data.InputsSeen.add", fail)
    model, doctor = keras.Sequential([keras.layers.Dense(1)]), Doctor(task="regression")
    model.compile("sgd", "mse", run_eagerly=True)
    callback = keras_callback(doctor, INPUTS[:20], NUMBERS[:20])
    with caplog.at_level(logging.WARNING):
        model.fit(INPUTS, NUMBERS, epochs=3, batch_size=16, verbose=0, callbacks=[callback])
    sentences = [record.getMessage() for record in caplog.records]
    assert len(sentences) == len(set(sentences)) > 0
    assert np.isfinite(history(doctor)["train_cost"][-3:]).all()


def test_an_error_of_the_program_itself_passes_through(keras):
    class Stop(keras.callbacks.Callback):
        def on_train_batch_end(self, batch, logs=None):
            raise KeyboardInterrupt

    model, doctor = keras.Sequential([keras.layers.Dense(1)]), Doctor(task="regression")
    model.compile("sgd", "mse", run_eagerly=True)
    callback = keras_callback(doctor, INPUTS[:20], NUMBERS[:20])
    with pytest.raises(KeyboardInterrupt):
        model.fit(INPUTS, NUMBERS, verbose=0, callbacks=[callback, Stop()])
    model.fit(INPUTS, NUMBERS, batch_size=16, verbose=0, callbacks=[callback])
    assert facts(doctor).layers.batch_size == 16
