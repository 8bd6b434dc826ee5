"""The callback in real trainings of Keras 3 on its JAX backend."""

import numpy as np
import pytest

from goodfit.diagnosis.doctor import Doctor
from goodfit.hooks import keras_callback


@pytest.fixture
def train(keras, digits):
    """A function that trains dense layers with a callback; returns the model, Keras's own history and the doctor."""
    inputs, targets = digits

    def run(hidden=(32, 32), activation="relu", rate=3e-3, epochs=6, initializer="he_normal", optimizer="Adam"):
        keras.utils.set_random_seed(0)
        dense = [
            part
            for units in hidden
            for part in (
                keras.layers.Dense(units, kernel_initializer=initializer),
                keras.layers.Activation(activation),
            )
        ]
        model = keras.Sequential([keras.layers.Input((64,)), *dense, keras.layers.Dense(10, activation="softmax")])
        stepper = getattr(keras.optimizers, optimizer)(rate)
        model.compile(optimizer=stepper, loss="sparse_categorical_crossentropy", metrics=["accuracy"])
        doctor = Doctor(activation=activation, task="classes")
        history = model.fit(
            inputs[:1200], targets[:1200], validation_data=(inputs[1200:], targets[1200:]), epochs=epochs,
            batch_size=32, verbose=0, callbacks=[keras_callback(doctor, inputs[:64], targets[:64])],
        )  # fmt: skip
        return model, history.history, doctor

    return run


def test_the_doctor_observes_what_keras_reports_and_what_is_in_the_model(train, digits, softmax):
    model, reported, doctor = train(hidden=(16,), epochs=2)
    signals = doctor.observation().signals
    np.testing.assert_array_equal(signals.history["epoch"], [0, 1, 2])
    np.testing.assert_array_equal(signals.history["step"], [0, 38, 76])
    np.testing.assert_allclose(signals.history["train_cost"][1:], reported["loss"])
    np.testing.assert_allclose(signals.history["dev_cost"][1:], reported["val_loss"])
    np.testing.assert_allclose(signals.history["train_error"][1:], 1 - np.array(reported["accuracy"]))
    np.testing.assert_allclose(signals.history["dev_error"][1:], 1 - np.array(reported["val_accuracy"]))
    np.testing.assert_allclose(signals.history["learning_rate"][1:], 3e-3, rtol=1e-6)
    x, y = digits[0][:64].astype(np.float64), digits[1][:64]
    first, last = (np.float64(layer.kernel.value) for layer in model.layers if hasattr(layer, "kernel"))
    biases = [np.float64(layer.bias.value) for layer in model.layers if hasattr(layer, "kernel")]
    a = np.maximum(x @ first + biases[0], 0)
    probabilities = softmax(a @ last + biases[1])
    back = (probabilities - np.eye(10)[y]) / 64
    health = signals.health
    assert len(health.layers) == 3
    look = dict(zip(health.layers, health.statistics[-1], strict=True))
    hidden, output = health.layers[1:]
    assert look["inputs"][:3] == pytest.approx([x.mean(), x.std(), np.sqrt((x**2).mean())], rel=1e-4)
    assert look[hidden][:3] == pytest.approx([a.mean(), a.std(), np.sqrt((a**2).mean())], rel=1e-4)
    assert look[output][0] == pytest.approx(0.1, rel=1e-4)
    assert look[hidden][6] == pytest.approx(np.linalg.norm(first), rel=1e-5)
    assert look[output][5] == pytest.approx(np.linalg.norm(a.T @ back), rel=1e-3)
    assert look[hidden][5] == pytest.approx(np.linalg.norm(x.T @ (back @ last.T * (a > 0))), rel=1e-3)


def test_a_healthy_training_is_left_alone(train):
    assert train()[2].findings() == []


@pytest.mark.parametrize(
    ("settings", "finding_id"),
    [
        ({"rate": 1e-6}, "learning-rate-too-low"),
        ({"rate": 3.0}, "learning-rate-too-high"),
        ({"initializer": "zeros"}, "bad-initialization"),
        (
            {
                "hidden": (16,) * 8,
                "activation": "sigmoid",
                "initializer": "glorot_normal",
                "optimizer": "SGD",
                "rate": 0.1,
            },
            "vanishing-gradient",
        ),
    ],
)
def test_a_sick_training_is_named_first(train, settings, finding_id):
    findings = train(**settings)[2].findings()
    assert findings[0].id == finding_id
