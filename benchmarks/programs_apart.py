"""Programs that no rule of the doctor was made on: other networks, losses and slips than `programs_given.py` has."""

from typing import Any

import numpy as np

from program_kit import (
    CHANCE,
    DROPOUT,
    HIGH,
    IMBALANCE,
    INPUTS,
    LABELS,
    MODE,
    OUTPUT,
    PENALTY,
    SHAPES,
    START,
    STILL,
    TARGET,
    VANISHING,
    Sets,
    curve,
    digits,
    keras_program,
    mlp,
    scaled,
    split,
    torch_program,
    words,
)

SPARSE, BINARY = "sparse_categorical_crossentropy", "binary_crossentropy"


def dense(keras: Any) -> list[Any]:
    return [
        keras.Input((64,)),
        keras.layers.Dense(32, activation="relu"),
        keras.layers.Dense(10, activation="softmax"),
    ]


def images(size: float = 1.0) -> tuple[Sets, Sets]:
    return digits(size, image=True)


def rows_of_pixels() -> tuple[Sets, Sets]:
    (x, y), (x_dev, y_dev) = digits()
    return (x.reshape(-1, 8, 8), y), (x_dev.reshape(-1, 8, 8), y_dev)


def channels_first() -> tuple[Sets, Sets]:
    (x, y), (x_dev, y_dev) = digits()
    return (x.reshape(-1, 1, 8, 8), y), (x_dev.reshape(-1, 1, 8, 8), y_dev)


def from_one() -> tuple[Sets, Sets]:
    (x, y), (x_dev, y_dev) = images()
    return (x, y + 1), (x_dev, y_dev + 1)


def sorted_by_class() -> tuple[Sets, Sets]:
    (x, y), (x_dev, y_dev) = digits()
    x, y = np.concatenate([x, x_dev]), np.concatenate([y, y_dev])
    order = np.argsort(y, kind="stable")
    return split(x[order], y[order], 1437, shuffled=False)


def dev_unscaled() -> tuple[Sets, Sets]:
    return digits(0)[0], digits(255)[1]


def sequences(deviation: float) -> tuple[Sets, Sets]:
    x = np.random.default_rng(1).normal(size=(600, 6, 2)).astype("float32")
    return split(x, deviation * scaled(x.sum(axis=(1, 2))), 450)


def rare(share: float) -> tuple[Sets, Sets]:
    generator = np.random.default_rng(2)
    x = generator.normal(size=(2000, 6)).astype("float32")
    score = x[:, 0] + 1.5 * generator.normal(size=2000)
    return split(x, (score > np.quantile(score, 1 - share)).astype("float32"), 1500)


def column(sets: tuple[Sets, Sets]) -> tuple[Sets, Sets]:
    (x, y), (x_dev, y_dev) = sets
    return (x, y[:, None]), (x_dev, y_dev[:, None])


def cnn(keras: Any, *last: Any, first: tuple[Any, ...] = ()) -> list[Any]:
    k = keras.layers
    convolution = k.Conv2D(16, 3, activation="relu", padding="same")
    return [keras.Input((8, 8, 1)), *first, convolution, k.MaxPooling2D(), k.Flatten(), *last]


def reader(keras: Any, *last: Any) -> list[Any]:
    k = keras.layers
    return [keras.Input((12,), dtype="int32"), k.Embedding(60, 8), k.GlobalAveragePooling1D(), *last]


def small_cnn(torch: Any, *last: Any) -> Any:
    nn = torch.nn
    return nn.Sequential(nn.Conv2d(1, 8, 3), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(), nn.Linear(72, 10), *last)


def normalized(torch: Any) -> Any:
    nn = torch.nn
    return nn.Sequential(nn.Linear(64, 64), nn.BatchNorm1d(64), nn.ReLU(), nn.Dropout(0.3), nn.Linear(64, 10))


def deep_sigmoid(torch: Any) -> Any:
    return mlp(torch, 64, *[24] * 9, 10, activation=torch.nn.Sigmoid)


def zeros(torch: Any) -> Any:
    network = mlp(torch, 64, 32, 10)
    for parameter in network.parameters():
        torch.nn.init.zeros_(parameter)
    return network


def of_class(outputs: Any) -> Any:
    return outputs.argmax(1)


def positive(outputs: Any) -> Any:
    return (outputs > 0).float()


def cross_entropy(torch: Any) -> Any:
    return torch.nn.CrossEntropyLoss()


def logits_loss(torch: Any) -> Any:
    return torch.nn.BCEWithLogitsLoss()


def squared(torch: Any) -> Any:
    return torch.nn.MSELoss()


PROGRAMS = (
    keras_program(
        "convolutions, softmax twice",
        [OUTPUT],
        lambda keras: cnn(keras, keras.layers.Dense(10, activation="softmax")),
        lambda keras: keras.losses.SparseCategoricalCrossentropy(from_logits=True),
        images,
    ),
    keras_program(
        "convolutions, softmax once",
        [],
        lambda keras: cnn(keras, keras.layers.Dense(10)),
        lambda keras: keras.losses.SparseCategoricalCrossentropy(from_logits=True),
        images,
    ),
    keras_program(
        "LSTM, tanh for a number of deviation 5",
        [OUTPUT],
        lambda keras: [keras.Input((6, 2)), keras.layers.LSTM(16), keras.layers.Dense(1, activation="tanh")],
        "mae",
        lambda: sequences(5.0),
        task="regression",
        activation="tanh",
        metrics=(),
    ),
    keras_program(
        "LSTM, a linear output",
        [],
        lambda keras: [keras.Input((6, 2)), keras.layers.LSTM(16), keras.layers.Dense(1)],
        "mae",
        lambda: sequences(1.0),
        task="regression",
        activation="tanh",
        metrics=(),
        optimizer=lambda keras: keras.optimizers.Adam(1e-2),
    ),
    keras_program(
        "words, no sigmoid before the log loss",
        [OUTPUT],
        lambda keras: reader(keras, keras.layers.Dense(1)),
        BINARY,
        words,
        task="binary",
    ),
    keras_program(
        "words, a sigmoid before the log loss",
        [],
        lambda keras: reader(keras, keras.layers.Dense(1, activation="sigmoid")),
        BINARY,
        words,
        task="binary",
        optimizer=lambda keras: keras.optimizers.Adam(2e-2),
    ),
    keras_program(
        "convolutions, pixels from 0 to 255",
        [INPUTS],
        lambda keras: cnn(keras, keras.layers.Dense(10, activation="softmax")),
        SPARSE,
        lambda: images(255.0),
        optimizer=lambda keras: keras.optimizers.SGD(1e-2),
    ),
    keras_program(
        "convolutions, pixels from 0 to 255 behind Rescaling",
        [],
        lambda keras: cnn(
            keras, keras.layers.Dense(10, activation="softmax"), first=(keras.layers.Rescaling(1 / 255),)
        ),
        SPARSE,
        lambda: images(255.0),
        optimizer=lambda keras: keras.optimizers.SGD(1e-1),
    ),
    keras_program(
        "convolutions, classes numbered from 1",
        [LABELS],
        lambda keras: cnn(keras, keras.layers.Dense(10, activation="softmax")),
        SPARSE,
        from_one,
    ),
    keras_program(
        "rows sorted by class before the split",
        [CHANCE],
        dense,
        SPARSE,
        sorted_by_class,
    ),
    keras_program(
        "dev set that was not scaled",
        [CHANCE],
        dense,
        SPARSE,
        dev_unscaled,
    ),
    keras_program(
        "GRU, frozen as a whole",
        [STILL],
        lambda keras: [keras.Input((8, 8)), keras.layers.GRU(16), keras.layers.Dense(10, activation="softmax")],
        SPARSE,
        rows_of_pixels,
        activation="tanh",
        epochs=4,
        trainable=False,
    ),
    keras_program(
        "convolutions, dropout of 0.97",
        [DROPOUT],
        lambda keras: cnn(keras, keras.layers.Dropout(0.97), keras.layers.Dense(10, activation="softmax")),
        SPARSE,
        images,
    ),
    keras_program(
        "convolutions, dropout of 0.2",
        [],
        lambda keras: cnn(keras, keras.layers.Dropout(0.2), keras.layers.Dense(10, activation="softmax")),
        SPARSE,
        images,
    ),
    torch_program(
        "outputs (n, 1) against targets (n,)",
        [SHAPES],
        lambda torch: mlp(torch, 4, 32, 1),
        squared,
        curve,
        task="regression",
    ),
    torch_program(
        "outputs (n, 1) against targets (n, 1)",
        [],
        lambda torch: mlp(torch, 4, 32, 1),
        squared,
        lambda: column(curve()),
        task="regression",
        epochs=40,
    ),
    torch_program(
        "NLLLoss of a softmax",
        [OUTPUT],
        lambda torch: mlp(torch, 64, 32, 10, last=(torch.nn.Softmax(dim=1),)),
        lambda torch: torch.nn.NLLLoss(),
        digits,
        decision=of_class,
    ),
    torch_program(
        "NLLLoss of a log-softmax",
        [],
        lambda torch: mlp(torch, 64, 32, 10, last=(torch.nn.LogSoftmax(dim=1),)),
        lambda torch: torch.nn.NLLLoss(),
        digits,
        decision=of_class,
    ),
    torch_program(
        "convolutions, log-softmax over the batch",
        [OUTPUT],
        lambda torch: small_cnn(torch, torch.nn.LogSoftmax(dim=0)),
        lambda torch: torch.nn.NLLLoss(),
        channels_first,
        decision=of_class,
    ),
    torch_program(
        "convolutions, log-softmax over the classes",
        [],
        lambda torch: small_cnn(torch, torch.nn.LogSoftmax(dim=1)),
        lambda torch: torch.nn.NLLLoss(),
        channels_first,
        decision=of_class,
    ),
    torch_program(
        "sigmoid before BCEWithLogitsLoss",
        [OUTPUT],
        lambda torch: mlp(torch, 6, 16, 1, last=(torch.nn.Sigmoid(),)),
        logits_loss,
        lambda: column(rare(0.4)),
        task="binary",
    ),
    torch_program(
        "evaluation mode from the second epoch on",
        [MODE],
        normalized,
        cross_entropy,
        digits,
        modes=("eval",),
        decision=of_class,
    ),
    torch_program(
        "evaluation in training mode", [MODE], normalized, cross_entropy, digits, modes=("train",), decision=of_class
    ),
    torch_program("both modes in their places", [], normalized, cross_entropy, digits, decision=of_class),
    torch_program(
        "Huber loss of a target of 5,000 ± 2,000",
        [TARGET],
        lambda torch: mlp(torch, 4, 32, 1),
        lambda torch: torch.nn.HuberLoss(),
        lambda: column(curve(5000.0, 2000.0)),
        task="regression",
    ),
    torch_program(
        "weight decay of 1",
        [PENALTY],
        lambda torch: mlp(torch, 64, 32, 10),
        cross_entropy,
        digits,
        optimizer=lambda torch, network: torch.optim.SGD(network.parameters(), 0.1, weight_decay=1.0),
        decision=of_class,
    ),
    torch_program(
        "weight decay of 1e-4",
        [],
        lambda torch: mlp(torch, 64, 32, 10),
        cross_entropy,
        digits,
        optimizer=lambda torch, network: torch.optim.SGD(network.parameters(), 0.3, weight_decay=1e-4),
        decision=of_class,
    ),
    torch_program(
        "convolutions, momentum at a learning rate of 5",
        [HIGH],
        small_cnn,
        cross_entropy,
        channels_first,
        optimizer=lambda torch, network: torch.optim.SGD(network.parameters(), 5.0, momentum=0.9),
        decision=of_class,
    ),
    torch_program(
        "gradients cleared between backward and step",
        [STILL],
        small_cnn,
        cross_entropy,
        channels_first,
        clear="after",
        epochs=6,
        decision=of_class,
    ),
    torch_program(
        "2 % of one class",
        [IMBALANCE],
        lambda torch: mlp(torch, 6, 16, 1),
        logits_loss,
        lambda: column(rare(0.02)),
        task="binary",
        decision=positive,
    ),
    torch_program(
        "ten layers of sigmoids",
        [VANISHING],
        deep_sigmoid,
        cross_entropy,
        digits,
        activation="sigmoid",
        decision=of_class,
    ),
    torch_program("all weights zero", [START], zeros, cross_entropy, digits, decision=of_class),
)
