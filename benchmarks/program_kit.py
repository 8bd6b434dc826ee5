"""Small Keras and PyTorch programs with the doctor attached: the data, a fit, and a loop as people write them.

A program's faults are the IDs of the findings that name them; a program without faults is a mended one. They follow
public questions ("why does my network not learn?"), in our own code and on data that come with scikit-learn.
"""

import os
from collections.abc import Callable, Iterable
from itertools import pairwise
from typing import Any, NamedTuple

os.environ.setdefault("KERAS_BACKEND", "jax")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import numpy as np
from sklearn.datasets import load_breast_cancer, load_digits, load_iris, make_moons

from goodfit.diagnosis.doctor import Doctor
from goodfit.hooks import TorchHooks, keras_callback

Sets = tuple[Any, Any]  # inputs and targets
OUTPUT, LABELS, SHAPES, MODE = "wrong-output", "unusable-labels", "loss-shapes", "wrong-mode"
INPUTS, TARGET, START = "inputs-not-normalized", "target-not-scaled", "bad-initialization"
LOW, HIGH, EARLY = "learning-rate-too-low", "learning-rate-too-high", "stopped-too-early"
STILL, CHANCE, VANISHING = "no-updates", "dev-at-chance", "vanishing-gradient"
DEAD, SATURATED, LINEAR = "dead-relus", "saturated-units", "no-activation"
NORM, DROPOUT, PENALTY = "batch-norm-small-batches", "dropout-too-strong", "regularization-too-strong"
IMBALANCE, KEPT, NON_FINITE = "class-imbalance", "gradients-not-cleared", "non-finite-data"


class Program(NamedTuple):
    """A program that trains a network.

    Attributes:
        name: says what is done.
        faults: IDs of the findings that name what is wrong, any of which is right; empty if it is mended.
        train: trains it, and returns the doctor that watched.
    """

    name: str
    faults: tuple[str, ...]
    train: Callable[[], Doctor]


def keras_program(
    name: str,
    faults: Iterable[str],
    layers: Callable[[Any], list[Any]],
    loss: Any,
    sets: Callable[[], tuple[Sets, Sets | None]],
    *,
    task: str = "classes",
    activation: str | None = "relu",
    optimizer: Any = "adam",
    epochs: int = 15,
    batch_size: int = 32,
    metrics: tuple[str, ...] = ("accuracy",),
    trainable: bool = True,
) -> Program:
    """Return a program that fits a Keras model.

    Args:
        name: of the program.
        faults: of the program.
        layers: from the library to the layers.
        loss: its name, or from the library to the loss.
        sets: returns the training and the validation set.
        task: as the doctor takes it.
        activation: of the hidden layers.
        optimizer: its name, or from the library to the optimizer.
        epochs: of the training.
        batch_size: of the training.
        metrics: none for regressions.
        trainable: False freezes the whole model.
    """

    def train() -> Doctor:
        import keras

        keras.utils.set_random_seed(0)
        doctor = Doctor(activation, task)
        model: Any = keras.Sequential(layers(keras))
        model.trainable = trainable
        model.compile(
            optimizer=optimizer(keras) if callable(optimizer) else optimizer,
            loss=loss(keras) if callable(loss) else loss,
            metrics=list(metrics),
        )
        (x, y), dev = sets()
        callback = keras_callback(doctor, x[:64], y[:64])
        settings = {"epochs": epochs, "batch_size": batch_size, "verbose": 0}
        model.fit(x, y, validation_data=dev, callbacks=[callback], **settings)
        return doctor

    return Program(f"Keras: {name}", tuple(faults), train)


def torch_program(
    name: str,
    faults: Iterable[str],
    model: Callable[[Any], Any],
    loss: Callable[[Any], Callable[[Any, Any], Any]],
    sets: Callable[[], tuple[Sets, Sets | None]],
    *,
    task: str = "classes",
    activation: str | None = "relu",
    optimizer: Callable[[Any, Any], Any] | None = None,
    epochs: int = 15,
    batch_size: int = 32,
    clear: str = "before",
    steps: bool = True,
    modes: tuple[str, ...] = ("train", "eval"),
    decision: Callable[[Any], Any] | None = None,
) -> Program:
    """Return a program that trains a PyTorch model in a loop.

    Args:
        name: of the program.
        faults: of the program.
        model: from the library to the model.
        loss: from the library to the loss.
        sets: returns the training and the validation set.
        task: as the doctor takes it.
        activation: of the hidden layers.
        optimizer: from the library and the model to the optimizer; Adam at 3e-3 if it is not given.
        epochs: of the training.
        batch_size: of the training.
        clear: when gradients are cleared: "before" or "after" backward, or "never".
        steps: False if the step is forgotten.
        modes: "train" if training mode is set in each epoch, "eval" if evaluation mode is set to measure.
        decision: from outputs to classes, to measure errors; none are measured without it.
    """

    def train() -> Doctor:
        import torch

        torch.manual_seed(0)
        (x, y), dev = [tuple(map(torch.as_tensor, part)) for part in sets() if part is not None]
        network, cost, doctor = model(torch), loss(torch), Doctor(activation, task)
        make = optimizer or (lambda torch, network: torch.optim.Adam(network.parameters(), 3e-3))
        stepper = make(torch, network)

        def measure(inputs: Any, targets: Any) -> tuple[float, float | None]:
            if "eval" in modes:
                network.eval()
            with torch.no_grad():
                outputs = network(inputs)
                wrong = None if decision is None else float((decision(outputs) != targets).float().mean())
                return float(cost(outputs, targets)), wrong

        network.train()
        with TorchHooks(network, doctor) as hooks:
            for epoch in range(1, epochs + 1):
                if "train" in modes:
                    network.train()
                for rows in torch.randperm(len(x)).split(batch_size):
                    if clear == "before":
                        stepper.zero_grad()
                    cost(network(x[rows]), y[rows]).backward()
                    if clear == "after":
                        stepper.zero_grad()
                    if steps:
                        stepper.step()
                (train_cost, train_error), (dev_cost, dev_error) = measure(x, y), measure(*dev)
                errors = {} if decision is None else {"train_error": train_error, "dev_error": dev_error}
                hooks.end_epoch(epoch, train_cost=train_cost, dev_cost=dev_cost, **errors)
        return doctor

    return Program(f"PyTorch: {name}", tuple(faults), train)


def mlp(torch: Any, *widths: int, activation: Any = None, last: tuple[Any, ...] = ()) -> Any:
    """Return a PyTorch network of dense layers with an activation between them."""
    activation = activation or torch.nn.ReLU
    layers: list[Any] = []
    for inputs, units in pairwise(widths[:-1]):
        layers += [torch.nn.Linear(inputs, units), activation()]
    return torch.nn.Sequential(*layers, torch.nn.Linear(*widths[-2:]), *last)


def split(x: Any, y: Any, rows: int, shuffled: bool = True) -> tuple[Sets, Sets]:
    """Return the first rows, and the others."""
    if shuffled:
        order = np.random.default_rng(0).permutation(len(x))
        x, y = x[order], y[order]
    return (x[:rows], y[:rows]), (x[rows:], y[rows:])


def scaled(x: Any) -> Any:
    """Return the columns with mean 0 and deviation 1."""
    return ((x - x.mean(axis=0)) / x.std(axis=0)).astype("float32")


def arrays(data: Any) -> Any:
    """Return data of scikit-learn, whose types leave open what they are."""
    return data


def digits(size: float = 1.0, one_hot: bool = False, image: bool = False) -> tuple[Sets, Sets]:
    """Return handwritten digits of 8 × 8 pixels from 0 to `size`, or standardized for a size of 0."""
    x, y = arrays(load_digits(return_X_y=True))
    x = (x - x.mean()) / x.std() if size == 0 else x / 16 * size
    x = x.reshape(-1, 8, 8, 1) if image else x
    return split(x.astype("float32"), np.eye(10, dtype="float32")[y] if one_hot else y.astype("int64"), 1300)


def cancer(is_scaled: bool = True) -> tuple[Sets, Sets]:
    """Return measurements of tumors, of two classes."""
    x, y = arrays(load_breast_cancer(return_X_y=True))
    return split(scaled(x) if is_scaled else x.astype("float32"), y.astype("float32"), 400)


def iris() -> tuple[Sets, Sets]:
    """Return measurements of flowers, of three classes."""
    x, y = arrays(load_iris(return_X_y=True))
    return split(scaled(x), y.astype("int64"), 110)


def moons() -> tuple[Sets, Sets]:
    """Return two interleaving half circles."""
    x, y = arrays(make_moons(800, noise=0.15, random_state=0))
    return split(scaled(x), y.astype("float32"), 600)


def curve(mean: float = 0.0, deviation: float = 1.0, rows: int = 600) -> tuple[Sets, Sets]:
    """Return a smooth function of four columns, with this mean and deviation."""
    generator = np.random.default_rng(0)
    x = generator.normal(size=(rows, 4))
    y = np.sin(x[:, 0]) + x[:, 1] * x[:, 2] / 2 + x[:, 3] / 2 + generator.normal(size=rows) / 10
    return split(x.astype("float32"), (mean + deviation * scaled(y)).astype("float32"), rows * 3 // 4)


def words(rows: int = 1200) -> tuple[Sets, Sets]:
    """Return sequences of 12 numbers of words, of two classes by how many of a few words they hold."""
    x = np.random.default_rng(0).integers(1, 60, size=(rows, 12))
    return split(x, ((x < 15).sum(axis=1) > 2).astype("float32"), rows * 3 // 4)
