"""Real programs with a fault, and without: the doctor names it by what the hooks hand over."""

import numpy as np
import pytest

from goodfit.diagnosis.doctor import Doctor
from goodfit.hooks import TorchHooks, keras_callback


def first_of_keras(keras, digits, activation, from_logits):
    """The first finding on a small network of digits, and its remedy; None if there is none."""
    (x, y), layers = digits, keras.layers
    keras.utils.set_random_seed(0)
    last = layers.Dense(10, activation=activation)
    model = keras.Sequential([keras.Input((64,)), layers.Dense(32, activation="relu"), last])
    model.compile("adam", keras.losses.SparseCategoricalCrossentropy(from_logits=from_logits), metrics=["accuracy"])
    doctor = Doctor("relu", "classes")
    model.fit(x, y, epochs=6, verbose=0, callbacks=[keras_callback(doctor, x[:64], y[:64])])
    return first_of(doctor)


def first_of(doctor):
    findings = doctor.findings()
    return (findings[0].id, findings[0].remedies[0].id) if findings else None


@pytest.mark.parametrize(
    ("activation", "from_logits", "named"),
    [
        ("softmax", True, ("wrong-output", "loss-before-softmax")),
        (None, False, ("wrong-output", "probabilities")),
        ("softmax", False, None),
        (None, True, None),
    ],
)
def test_the_softmax_of_a_keras_program(keras, digits, activation, from_logits, named):
    assert first_of_keras(keras, digits, activation, from_logits) == named


@pytest.mark.parametrize(
    ("clears", "column", "named"),
    [
        (False, True, ("gradients-not-cleared", "clear-gradients")),
        (True, False, ("loss-shapes", "one-shape")),
    ],
)
def test_gradients_and_shapes_of_a_pytorch_program(clears, column, named):
    torch = pytest.importorskip("torch", reason="PyTorch is not installed: pip install -e '.[torch]'")
    torch.manual_seed(0)
    x = torch.randn(320, 4)
    y = x.sum(dim=1) / np.sqrt(4)
    model = torch.nn.Sequential(torch.nn.Linear(4, 32), torch.nn.ReLU(), torch.nn.Linear(32, 1))
    optimizer, doctor = torch.optim.Adam(model.parameters(), 1e-2), Doctor("relu", "regression")
    cost = torch.zeros(())
    with TorchHooks(model, doctor) as hooks:
        for epoch in range(1, 13):
            for rows in torch.randperm(320).split(16):
                if clears:
                    optimizer.zero_grad()
                targets = y[rows, None] if column else y[rows]
                cost = ((model(x[rows]) - targets) ** 2).mean()
                cost.backward()
                optimizer.step()
            hooks.end_epoch(epoch, train_cost=cost.item())
    assert first_of(doctor) == named
