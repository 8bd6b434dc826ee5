"""Public questions on networks that do not learn, rewritten: each with its fault, and mended."""

from collections.abc import Callable
from typing import Any

import numpy as np
from sklearn.datasets import make_multilabel_classification

from program_kit import (
    CHANCE,
    DEAD,
    DROPOUT,
    EARLY,
    HIGH,
    IMBALANCE,
    INPUTS,
    KEPT,
    LABELS,
    LINEAR,
    LOW,
    NON_FINITE,
    NORM,
    OUTPUT,
    PENALTY,
    SATURATED,
    START,
    STILL,
    TARGET,
    VANISHING,
    Sets,
    arrays,
    cancer,
    curve,
    digits,
    iris,
    keras_program,
    mlp,
    moons,
    scaled,
    split,
    torch_program,
    words,
)

SPARSE, CATEGORICAL, BINARY = (
    "sparse_categorical_crossentropy",
    "categorical_crossentropy",
    "binary_crossentropy",
)
NO_METRICS: Any = {"task": "regression", "metrics": ()}


def dense(inputs: int, *hidden: int, last: tuple[int, str | None], activation: str | None = "relu", **more: Any) -> Any:
    """Return what makes dense Keras layers: hidden ones with an activation, and a last one with units and its own."""

    def layers(keras: Any) -> list[Any]:
        k = keras.layers
        return [
            keras.Input((inputs,)),
            *[k.Dense(units, activation=activation, **more) for units in hidden],
            k.Dense(last[0], activation=last[1], **more),
        ]

    return layers


def sgd(rate: float, **more: Any) -> Callable[[Any], Any]:
    return lambda keras: keras.optimizers.SGD(rate, **more)


def adam(rate: float) -> Callable[[Any], Any]:
    return lambda keras: keras.optimizers.Adam(rate)


def logits(name: str) -> Callable[[Any], Any]:
    return lambda keras: getattr(keras.losses, name)(from_logits=True)


def standard_digits() -> tuple[Sets, Sets]:
    return digits(0)


def rising_line() -> tuple[Sets, Sets]:
    generator = np.random.default_rng(1)
    x = generator.uniform(0, 10, size=(300, 1))
    return split(scaled(x), (3 * x[:, 0] + 2 + generator.normal(size=300)).astype("float32"), 225)


def fourth_power(scales_target: bool) -> tuple[Sets, Sets]:
    x = np.arange(-100, 100, 0.5).reshape(-1, 1)
    y = x[:, 0] ** 4
    return split(scaled(x), scaled(y) if scales_target else y.astype("float32"), 300)


def several_labels() -> tuple[Sets, Sets]:
    x, y = arrays(make_multilabel_classification(n_samples=1500, n_features=20, n_classes=3, random_state=0))
    return split(scaled(x), y.astype("float32"), 1100)


def labels_by_255() -> tuple[Sets, Sets]:
    (x, y), dev = standard_digits()
    return (x, y / 255), dev


def labels_shuffled() -> tuple[Sets, Sets]:
    (x, y), dev = standard_digits()
    return (x, np.random.default_rng(5).permutation(y)), dev


def rare() -> tuple[Sets, Sets]:
    generator = np.random.default_rng(3)
    x = generator.normal(size=(3000, 8)).astype("float32")
    return split(x, ((x[:, 0] + x[:, 1] + 1.5 * generator.normal(size=3000)) > 4.2).astype("float32"), 2200)


def with_a_hole() -> tuple[Sets, Sets]:
    (x, y), dev = standard_digits()
    x = x.copy()
    x[900, 5] = np.nan
    return (x, y), dev


def clouds() -> tuple[Sets, None]:
    generator = np.random.default_rng(0)
    x = np.concatenate([generator.uniform(0.2, 0.4, (100, 2)), generator.uniform(0.5, 0.7, (100, 2))])
    return split(x.astype("float32"), np.eye(2, dtype="float32")[np.repeat([0, 1], 100)], 200)[0], None


def xor() -> tuple[Sets, None]:
    x = np.array([[1, 1], [1, 0], [0, 0], [0, 1]], "float32")
    return (x, np.array([0, 1, 0, 1], "float32")), None


def parabola(is_scaled: bool) -> tuple[Sets, None]:
    x = np.arange(0, 5, 0.05, dtype="float32").reshape(-1, 1)
    y = (5 * x[:, 0] ** 2 + np.random.default_rng(7).normal(size=100) ** 3).astype("float32")
    return ((x - x.mean(), scaled(y)) if is_scaled else (x, y)), None


def three_classes() -> tuple[Sets, Sets]:
    (x, y), (x_dev, y_dev) = iris()
    return (x, y.astype("float32")), (x_dev, y_dev.astype("float32"))


def batch_norm(keras: Any) -> list[Any]:
    k = keras.layers
    parts = [k.Dense(64), k.BatchNormalization(), k.Activation("relu"), k.Dense(10, activation="softmax")]
    return [keras.Input((64,)), *parts]


def dropping(rate: float) -> Callable[[Any], list[Any]]:
    def layers(keras: Any) -> list[Any]:
        k = keras.layers
        hidden = [part for units in (64, 32) for part in (k.Dense(units, activation="relu"), k.Dropout(rate))]
        return [keras.Input((64,)), *hidden, k.Dense(10, activation="softmax")]

    return layers


def penalized(strength: float) -> Callable[[Any], list[Any]]:
    return lambda keras: dense(64, 64, last=(10, "softmax"), kernel_regularizer=keras.regularizers.L2(strength))(keras)


def convolutions(keras: Any) -> list[Any]:
    k = keras.layers
    blocks = [
        part
        for maps in (16, 32)
        for part in (
            k.Conv2D(maps, 3, activation="relu", kernel_initializer="he_normal", padding="same"),
            k.MaxPooling2D(),
        )
    ]
    return [keras.Input((8, 8, 1)), *blocks, k.Flatten(), k.Dense(10, activation="softmax")]


def embedding(keras: Any) -> list[Any]:
    k = keras.layers
    end = (k.GlobalAveragePooling1D(), k.Dense(16, activation="relu"), k.Dense(1, activation="sigmoid"))
    return [keras.Input((12,), dtype="int32"), k.Embedding(60, 16), *end]


def frozen_first(keras: Any) -> list[Any]:
    layers = dense(64, 64, 32, last=(10, "softmax"))(keras)
    layers[1].trainable = False
    return layers


def network(torch: Any) -> Any:
    return mlp(torch, 64, 64, 64, 10)


def frozen(torch: Any) -> Any:
    model = network(torch)
    model[0].requires_grad_(False)
    return model


def of_another_model(torch: Any, _: Any) -> Any:
    return torch.optim.Adam(network(torch).parameters(), 3e-3)


def torch_sgd(rate: float) -> Callable[[Any, Any], Any]:
    return lambda torch, model: torch.optim.SGD(model.parameters(), rate)


def torch_digits(name: str, faults: list[str], model: Any = network, **more: Any) -> Any:
    return torch_program(
        name,
        faults,
        model,
        lambda torch: torch.nn.CrossEntropyLoss(),
        standard_digits,
        decision=lambda outputs: outputs.argmax(1),
        **more,
    )


SOFTMAX = dense(64, 64, last=(10, "softmax"))
SIGMOIDS: Any = {"activation": "sigmoid"}
ONE: Any = {"task": "binary"}

PROGRAMS = (
    keras_program("softmax over one unit", [OUTPUT], dense(30, 32, last=(1, "softmax")), BINARY, cancer, **ONE),
    keras_program("sigmoid over one unit", [], dense(30, 32, last=(1, "sigmoid")), BINARY, cancer, **ONE),
    keras_program(
        "sigmoid for a number to 32", [OUTPUT], dense(1, 5, last=(1, "sigmoid"), activation="sigmoid"), "mse",
        rising_line, optimizer="sgd", epochs=40, **SIGMOIDS, **NO_METRICS,
    ),
    keras_program(
        "linear output for a number to 32", [], dense(1, 5, last=(1, None), activation="sigmoid"), "mse",
        rising_line, optimizer="sgd", epochs=60, **SIGMOIDS, **NO_METRICS,
    ),
    keras_program("ReLU before a log loss", [OUTPUT], dense(30, 12, 12, last=(1, "relu")), BINARY, cancer, **ONE),
    keras_program(
        "ReLU before a log loss, small weights", [OUTPUT],
        dense(30, 12, 12, last=(1, "relu"), kernel_initializer="random_normal"), BINARY, cancer, **ONE,
    ),
    keras_program("sigmoid before a log loss", [], dense(30, 12, 12, last=(1, "sigmoid")), BINARY, cancer, **ONE),
    keras_program("one sigmoid for three classes", [OUTPUT], dense(4, 16, last=(1, "sigmoid")), BINARY, three_classes),
    keras_program(
        "three classes, taken for two", [OUTPUT], dense(4, 16, last=(1, "sigmoid")), BINARY, three_classes, **ONE
    ),
    keras_program(
        "softmax for three classes", [], dense(4, 16, last=(3, "softmax")), SPARSE, iris, optimizer=adam(1e-2),
        epochs=40,
    ),
    keras_program(
        "several labels, softmax and squared error", [OUTPUT], dense(20, 20, last=(3, "softmax")), "mse",
        several_labels, optimizer="sgd",
    ),
    keras_program(
        "several labels, softmax and log loss", [OUTPUT], dense(20, 20, last=(3, "softmax")), CATEGORICAL,
        several_labels,
    ),
    keras_program(
        "several labels, sigmoids", [], dense(20, 20, last=(3, "sigmoid")), BINARY, several_labels,
        metrics=("binary_accuracy",), **ONE,
    ),
    keras_program("labels divided by 255", [LABELS], SOFTMAX, SPARSE, labels_by_255),
    keras_program(
        "pixels to 255, SGD at 1e-4", [INPUTS, LOW], dense(64, 50, last=(10, "sigmoid")), CATEGORICAL,
        lambda: digits(255.0, one_hot=True), optimizer=sgd(1e-4),
    ),
    keras_program(
        "pixels to 1", [], dense(64, 50, last=(10, "softmax")), CATEGORICAL, lambda: digits(one_hot=True),
        optimizer=sgd(0.1),
    ),
    keras_program(
        "columns of very different size", [INPUTS],
        dense(30, 12, 3, last=(1, "sigmoid"), kernel_initializer="random_uniform"), BINARY, lambda: cancer(False),
        **ONE,
    ),
    keras_program(
        "columns of one size, small weights", [],
        dense(30, 12, 3, last=(1, "sigmoid"), kernel_initializer="random_uniform"), BINARY, cancer, epochs=30, **ONE,
    ),
    keras_program(
        "target of up to 1e8", [TARGET], dense(1, 50, 50, last=(1, None)), "mse", lambda: fourth_power(False),
        epochs=40, **NO_METRICS,
    ),
    keras_program(
        "the same target standardized", [], dense(1, 50, 50, last=(1, None)), "mse", lambda: fourth_power(True),
        optimizer=adam(3e-3), epochs=60, **NO_METRICS,
    ),
    keras_program(
        "SGD at 0.1 diverges", [HIGH], dense(1, 50, 30, last=(1, None)), "mse", lambda: parabola(False),
        optimizer=sgd(0.1), epochs=20, **NO_METRICS,
    ),
    keras_program(
        "SGD at 0.05, scaled", [], dense(1, 50, 30, last=(1, None)), "mse", lambda: parabola(True),
        optimizer=sgd(0.05), epochs=100, **NO_METRICS,
    ),
    keras_program("Adam at 1e-6", [LOW], SOFTMAX, SPARSE, standard_digits, optimizer=adam(1e-6)),
    keras_program(
        "sigmoids, SGD at 1e-3", [LOW], dense(64, 64, last=(10, "softmax"), activation="sigmoid"), SPARSE,
        standard_digits, optimizer=sgd(1e-3), **SIGMOIDS,
    ),
    keras_program("Adam at 1", [HIGH], SOFTMAX, SPARSE, standard_digits, optimizer=adam(1.0)),
    keras_program("Adam at 1e-3", [], SOFTMAX, SPARSE, standard_digits),
    keras_program(
        "sigmoids, SGD at 0.5", [], dense(64, 64, last=(10, "softmax"), activation="sigmoid"), SPARSE,
        standard_digits, optimizer=sgd(0.5), **SIGMOIDS,
    ),
    keras_program(
        "raw target of 300 ± 150 that is learned", [], dense(4, 64, 64, last=(1, None)), "mse",
        lambda: curve(300, 150, 2000), optimizer=adam(1e-2), epochs=30, **NO_METRICS,
    ),
    keras_program("labels shuffled apart from their rows", [CHANCE], SOFTMAX, SPARSE, labels_shuffled),
    keras_program(
        "shuffled labels learned by heart", [CHANCE], dense(64, 256, 256, last=(10, "softmax")), SPARSE,
        labels_shuffled, epochs=30,
    ),
    keras_program(
        "softmax taken twice", [OUTPUT], SOFTMAX, logits("SparseCategoricalCrossentropy"), standard_digits, epochs=20
    ),
    keras_program("no softmax", [OUTPUT], dense(64, 64, last=(10, None)), SPARSE, standard_digits),
    keras_program(
        "sigmoid taken twice", [OUTPUT], dense(30, 64, last=(1, "sigmoid")), logits("BinaryCrossentropy"), cancer,
        **ONE,
    ),
    keras_program("no sigmoid", [OUTPUT], dense(30, 64, last=(1, None)), BINARY, cancer, **ONE),
    keras_program(
        "softmax in the loss", [], dense(64, 64, last=(10, None)), logits("SparseCategoricalCrossentropy"),
        standard_digits,
    ),
    keras_program(
        "sigmoid in the loss", [], dense(30, 64, last=(1, None)), logits("BinaryCrossentropy"), cancer, **ONE
    ),
    keras_program("batch norm, batches of 1", [NORM], batch_norm, SPARSE, standard_digits, epochs=4, batch_size=1),
    keras_program("batch norm, batches of 2", [NORM], batch_norm, SPARSE, standard_digits, epochs=5, batch_size=2),
    keras_program("batch norm, batches of 32", [], batch_norm, SPARSE, standard_digits),
    keras_program(
        "ten layers of sigmoids", [VANISHING], dense(64, *[32] * 10, last=(10, "softmax"), activation="sigmoid"),
        SPARSE, standard_digits, **SIGMOIDS,
    ),
    keras_program(
        "twelve layers of tanh, small weights", [VANISHING, START],
        dense(64, *[32] * 12, last=(10, "softmax"), activation="tanh", kernel_initializer="random_normal"),
        SPARSE, standard_digits, optimizer=sgd(0.1), activation="tanh",
    ),
    keras_program(
        "twenty layers of ReLUs by Glorot", [VANISHING], dense(64, *[32] * 20, last=(10, "softmax")), SPARSE,
        standard_digits, optimizer=sgd(0.1),
    ),
    keras_program(
        "three layers of ReLUs", [], dense(64, 32, 32, 32, last=(10, "softmax"), kernel_initializer="he_normal"),
        SPARSE, standard_digits,
    ),
    keras_program("everything frozen", [STILL], SOFTMAX, SPARSE, standard_digits, epochs=5, trainable=False),
    keras_program("first layer frozen", [], frozen_first, SPARSE, standard_digits),
    keras_program("embedding", [], embedding, BINARY, words, optimizer=adam(1e-2), **ONE),
    keras_program("2.5 % of one class", [IMBALANCE], dense(8, 16, last=(1, "sigmoid")), BINARY, rare, **ONE),
    keras_program("dropout of 0.95", [DROPOUT], dropping(0.95), SPARSE, standard_digits),
    keras_program("dropout of 0.3", [], dropping(0.3), SPARSE, standard_digits),
    keras_program("L2 of 1", [PENALTY], penalized(1.0), SPARSE, standard_digits),
    keras_program("L2 of 1e-3", [], penalized(1e-3), SPARSE, standard_digits),
    keras_program(
        "dead ReLUs", [DEAD], dense(64, 64, last=(10, "softmax"), bias_initializer=lambda shape, dtype=None:
                                    np.full(shape, -20.0, "float32")),
        SPARSE, standard_digits,
    ),
    keras_program(
        "weights of deviation 2 before sigmoids", [SATURATED, START],
        lambda keras: dense(
            64, 64, last=(10, "softmax"), activation="sigmoid",
            kernel_initializer=keras.initializers.RandomNormal(stddev=2.0),
        )(keras),
        SPARSE, standard_digits, optimizer=sgd(0.01), **SIGMOIDS,
    ),
    keras_program(
        "moons without activation", [LINEAR], dense(2, 32, 32, last=(1, "sigmoid"), activation=None), BINARY, moons,
        optimizer=adam(1e-2), task="binary", activation=None, epochs=30,
    ),
    keras_program(
        "moons with ReLUs", [], dense(2, 32, 32, last=(1, "sigmoid")), BINARY, moons, optimizer=adam(1e-2), epochs=40,
        **ONE,
    ),
    keras_program("NaN among the inputs", [NON_FINITE], SOFTMAX, SPARSE, with_a_hole, epochs=4),
    keras_program(
        "five epochs of seven steps", [EARLY, LOW], dense(2, 2, last=(2, "softmax"), activation="sigmoid"),
        CATEGORICAL, clouds, epochs=5, **SIGMOIDS,
    ),
    keras_program(
        "a hundred epochs at 0.05", [], dense(2, 2, last=(2, "softmax"), activation="sigmoid"), CATEGORICAL, clouds,
        optimizer=adam(0.05), epochs=100, **SIGMOIDS,
    ),
    keras_program(
        "XOR with the absolute error", [LOW, OUTPUT], dense(2, 4, last=(1, "sigmoid"), activation="sigmoid"), "mae",
        xor, optimizer=sgd(0.05), epochs=150, batch_size=4, task="binary", activation="sigmoid",
    ),
    keras_program(
        "XOR with the log loss", [], dense(2, 8, last=(1, "sigmoid"), activation="tanh"), BINARY, xor,
        optimizer=adam(0.1), epochs=150, batch_size=4, task="binary", activation="tanh",
    ),
    keras_program(
        "convolutions, pixels to 255", [INPUTS], convolutions, SPARSE, lambda: digits(255.0, image=True),
        optimizer=sgd(0.01), epochs=5, batch_size=100,
    ),
    keras_program(
        "convolutions, pixels to 1", [], convolutions, SPARSE, lambda: digits(image=True), optimizer=adam(3e-3)
    ),
    torch_digits("no zero_grad, Adam", [KEPT], clear="never"),
    torch_digits("no zero_grad, SGD at 0.1", [KEPT], clear="never", optimizer=torch_sgd(0.1)),
    torch_digits("no zero_grad, SGD at 0.01", [KEPT], clear="never", optimizer=torch_sgd(0.01)),
    torch_digits("zero_grad, Adam", []),
    torch_digits("zero_grad, SGD at 0.1", [], optimizer=torch_sgd(0.1)),
    torch_digits("the optimizer of another model", [STILL], optimizer=of_another_model),
    torch_digits("step() forgotten", [STILL], steps=False),
    torch_digits("first layer frozen", [], frozen),
)  # fmt: skip
