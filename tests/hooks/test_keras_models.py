"""The callback on every kind of Keras model and training: it sees what it can, and never ends the training.

The backend is JAX; `test_keras_on_torch.py` runs this file again on PyTorch's.
"""

from typing import Any

import numpy as np
import pytest

from goodfit.diagnosis.doctor import Doctor
from goodfit.hooks import keras_callback


def floats(*shape, dtype=np.float32):
    return np.random.default_rng(0).normal(size=(16, *shape)).astype(dtype)


def whole(*shape):
    return np.random.default_rng(0).integers(0, 9, size=(16, *shape))


def sequential(keras, *parts):
    return keras.Sequential(list(parts))


def functional(keras, make, *shapes, names=None):
    inputs = [keras.Input(shape, name=names[place] if names else None) for place, shape in enumerate(shapes)]
    structure = dict(zip(names, inputs, strict=True)) if names else inputs if len(inputs) > 1 else inputs[0]
    return keras.Model(structure, make(*inputs))


def subclassed(keras, function, with_training=False, **parts):
    class Subclassed(keras.Model):
        def __init__(self):
            super().__init__()
            for name, part in parts.items():
                setattr(self, name, part)

        def call(self, inputs):
            return function(self, inputs)

    class WithTraining(Subclassed):
        def call(self, inputs, training=False):
            return function(self, inputs, training)

    return WithTraining() if with_training else Subclassed()


def composite(keras):
    class Block(keras.layers.Layer):
        def __init__(self, units):
            super().__init__()
            self.inner = keras.layers.Dense(units, activation="relu", name="inner")

        def call(self, inputs):
            return self.inner(inputs)

    return sequential(keras, Block(4), keras.layers.Dense(3, name="out"))


def own_weight(keras):
    class Own(keras.layers.Layer):
        def build(self, shape):
            self.table = self.add_weight(shape=(shape[-1], 3), name="table")

        def call(self, inputs):
            return keras.ops.matmul(inputs, self.table)

    return sequential(keras, Own(name="own"))


def with_loss(keras):
    class Penalty(keras.layers.Layer):
        def call(self, inputs):
            self.add_loss(0.01 * keras.ops.mean(keras.ops.square(inputs)))
            return inputs

    return sequential(keras, keras.layers.Dense(4, name="a"), Penalty(), keras.layers.Dense(3, name="b"))


def frozen(model, *names):
    for layer in model.layers:
        layer.trainable = layer.name not in names
    return model


def base_as_layer(keras):
    layers = keras.layers
    base = sequential(keras, keras.Input((8,)), layers.Dense(4, activation="relu", name="base"))
    base.trainable = False
    return functional(keras, lambda x: layers.Dense(3, name="head")(base(x, training=False)), (8,))


def twice(layers):
    layer = layers.Dense(8, name="a")
    return lambda x: layers.Dense(3, name="b")(layer(layer(x)))


def own_step(keras):
    """A model with a loss and a step of its own, as autoencoders have."""

    class Auto(keras.Model):
        def __init__(self):
            super().__init__()
            self.a, self.b = keras.layers.Dense(4, name="a"), keras.layers.Dense(8, name="b")

        def call(self, inputs):
            return self.b(self.a(inputs))

        def compute_loss(self, x, y, y_pred, sample_weight=None, training=True):
            return keras.ops.mean(keras.ops.square(y_pred - x))

    return Auto()


# By name: a function that makes the model, its inputs, the shape of its targets, and the layers that are seen, or how
# many.
MODELS: dict[str, tuple[Any, Any, Any, Any]] = {
    "sequential": (
        lambda k, nn: sequential(k, nn.Dense(4, activation="relu", name="a"), nn.Dense(3, name="b")),
        floats(8), (3,), ["a", "b"],
    ),
    "subclassed": (
        lambda k, nn: subclassed(k, lambda m, x: m.b(m.a(x)), a=nn.Dense(4, name="a"), b=nn.Dense(3, name="b")),
        floats(8), (3,), ["a", "b"],
    ),
    "subclassed with training": (
        lambda k, nn: subclassed(
            k, lambda m, x, training: m.b(m.d(m.a(x), training=training)), with_training=True,
            a=nn.Dense(4, name="a"), d=nn.Dropout(0.5), b=nn.Dense(3, name="b"),
        ),
        floats(8), (3,), ["a", "b"],
    ),
    "layers in a layer": (lambda k, nn: composite(k), floats(8), (3,), ["inner", "out"]),
    "a layer of its own": (lambda k, nn: own_weight(k), floats(8), (3,), ["own"]),
    "a model in a model": (
        lambda k, nn: sequential(k, sequential(k, nn.Dense(4, name="a")), nn.Dense(3, name="b")),
        floats(8), (3,), ["a", "b"],
    ),
    "frozen layer": (
        lambda k, nn: frozen(sequential(k, nn.Dense(4, name="a"), nn.Dense(3, name="b")), "a"), floats(8), (3,), ["b"]
    ),
    "frozen base": (lambda k, nn: base_as_layer(k), floats(8), (3,), ["head"]),
    "all frozen": (lambda k, nn: frozen(sequential(k, nn.Dense(3, name="a")), "a"), floats(8), (3,), []),
    "no weights": (lambda k, nn: sequential(k, nn.Flatten()), floats(3), (3,), []),
    "LSTM alone": (lambda k, nn: sequential(k, nn.LSTM(3, name="r")), floats(5, 4), (3,), ["r"]),
    "GRU both ways": (
        lambda k, nn: sequential(k, nn.Bidirectional(nn.GRU(3, name="r")), nn.Dense(3, name="b")), floats(5, 4), (3,),
        ["forward_r", "backward_r", "b"],
    ),
    "attention alone": (
        lambda k, nn: functional(k, lambda x: nn.MultiHeadAttention(2, 4)(x, x), (5, 4)), floats(5, 4), (5, 4),
        ["query", "key", "value", "attention_output"],
    ),
    "embedding": (
        lambda k, nn: sequential(k, nn.Embedding(9, 4, name="e"), nn.GlobalAveragePooling1D(), nn.Dense(3, name="b")),
        whole(5), (3,), ["e", "b"],
    ),
    "images": (
        lambda k, nn: sequential(
            k, nn.Rescaling(0.1), nn.Conv2D(4, 3, name="c"), nn.BatchNormalization(), nn.ReLU(),
            nn.SeparableConv2D(2, 2, name="s"), nn.Flatten(), nn.Dropout(0.5), nn.Dense(3, name="b"),
        ),
        floats(6, 6, 1), (3,), ["c", "s", "b"],
    ),
    "each time step": (
        lambda k, nn: sequential(k, nn.TimeDistributed(nn.Dense(4, name="a")), nn.Flatten(), nn.Dense(3, name="b")),
        floats(5, 4), (3,), ["a", "b"],
    ),
    "a layer called twice": (
        lambda k, nn: functional(k, twice(nn), (8,)),
        floats(8), (3,), ["a", "b"],
    ),
    "two layers of one name": (
        lambda k, nn: sequential(k, sequential(k, nn.Dense(4, name="a")), sequential(k, nn.Dense(3, name="a"))),
        floats(8), (3,), 2,
    ),
    "two inputs": (
        lambda k, nn: functional(k, lambda x, z: nn.Dense(3, name="b")(nn.Concatenate()([x, z])), (8,), (5,)),
        [floats(8), floats(5)], (3,), ["b"],
    ),
    "inputs by name": (
        lambda k, nn: functional(
            k, lambda x, z: nn.Dense(3, name="b")(nn.Concatenate()([x, z])), (8,), (5,), names=["x", "z"]
        ),
        {"x": floats(8), "z": floats(5)}, (3,), ["b"],
    ),
    "two outputs": (
        lambda k, nn: functional(k, lambda x: [nn.Dense(3, name="a")(x), nn.Dense(1, name="b")(x)], (8,)),
        floats(8), [(3,), (1,)], 2,
    ),
    "a loss added by a layer": (lambda k, nn: with_loss(k), floats(8), (3,), ["a", "b"]),
    "bfloat16": (
        lambda k, nn: sequential(k, nn.Dense(4, dtype="mixed_bfloat16", name="a"), nn.Dense(3, name="b")),
        floats(8), (3,), ["a", "b"],
    ),
    "float16": (
        lambda k, nn: sequential(k, nn.Dense(4, dtype="mixed_float16", name="a"), nn.Dense(3, name="b")),
        floats(8), (3,), ["a", "b"],
    ),
    "whole numbers": (lambda k, nn: sequential(k, nn.Dense(3, name="a")), whole(8), (3,), ["a"]),
    "a layer called inputs": (
        lambda k, nn: sequential(k, nn.Dense(3, name="inputs")), floats(8), (3,), ["layer inputs"]
    ),
    "a loss of its own": (lambda k, nn: own_step(k), floats(8), None, ["a", "b"]),
    "a penalty and dropout": (
        lambda k, nn: sequential(
            k, nn.Dense(4, kernel_regularizer="l2", name="a"), nn.GaussianDropout(0.2), nn.Dense(3, name="b")
        ),
        floats(8), (3,), ["a", "b"],
    ),
}  # fmt: skip


def targets_of(shape):
    return [floats(*part) for part in shape] if isinstance(shape, list) else None if shape is None else floats(*shape)


def head(data, rows):
    if isinstance(data, dict):
        return {name: array[:rows] for name, array in data.items()}
    return [array[:rows] for array in data] if isinstance(data, list) else data if data is None else data[:rows]


@pytest.mark.parametrize("name", MODELS)
def test_every_kind_of_model_is_seen_and_trains_as_it_does_alone(keras, name):
    make_model, inputs, shape, layers = MODELS[name]
    targets, doctor = targets_of(shape), Doctor(task="regression")
    weights = []
    for is_watched in (False, True):
        keras.utils.set_random_seed(0)
        model = make_model(keras, keras.layers)
        loss = None if shape is None else ["mse"] * len(shape) if isinstance(shape, list) else "mse"
        model.compile(optimizer=keras.optimizers.SGD(0.01), loss=loss, run_eagerly=True)
        callback = keras_callback(doctor, head(inputs, 12), head(targets, 12))
        model.fit(inputs, targets, epochs=2, batch_size=8, verbose=0, callbacks=[callback] if is_watched else [])
        weights.append([keras.ops.convert_to_numpy(variable.value) for variable in model.weights])
    for alone, watched in zip(*weights, strict=True):
        np.testing.assert_array_equal(watched, alone)
    observation = doctor.observation()
    np.testing.assert_array_equal(observation.signals.history["epoch"], [0, 1, 2])
    health, program = observation.signals.health, observation.program
    seen = list(health.layers[1:]) if health else []
    assert (len(seen) if isinstance(layers, int) else seen) == layers
    if health:
        assert np.isfinite(health.of("gradient")[-1, 1:]).any()
        assert (health.of("update")[-1, 1:] > 0).any()
    assert program is not None
    assert program.layers.batch_size == 8
    assert program.targets.examples == (
        16 if isinstance(shape, tuple) and len(shape) == 1 else program.targets.examples
    )
