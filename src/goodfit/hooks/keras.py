"""A callback for Keras 3. Keras is imported only when the callback is made."""

from typing import Any

import numpy as np

from goodfit.diagnosis.doctor import Doctor
from goodfit.errors import InputError

_ACCURACIES = ("accuracy", "acc", "sparse_categorical_accuracy", "categorical_accuracy", "binary_accuracy")


def keras_callback(doctor: Doctor, inputs: Any, targets: Any) -> Any:
    """Return a callback that lets a doctor observe each epoch of `model.fit`.

    Costs and accuracies are those that Keras reports. After each epoch the callback looks at every layer with a kernel,
    on fixed examples and without dropout. The outputs of a layer are the inputs of the next layer with a kernel, so
    they include the activation between them. Gradients are only observed on the JAX backend.

    Args:
        doctor: observes the training; afterwards `doctor.findings()` returns the problems.
        inputs: of some training examples, `[examples, …]`; 64 are enough.
        targets: of the same examples, in the form that the model's loss takes.

    Returns:
        A `keras.callbacks.Callback`.

    Raises:
        InputError: Keras is not installed; or, when training begins, the model is neither sequential nor functional
            with one input.

    Example::

        doctor = goodfit.Doctor(activation="relu", task="classes")
        callback = keras_callback(doctor, x[:64], y[:64])
        model.fit(x, y, validation_data=(x_dev, y_dev), callbacks=[callback])
        for finding in doctor.findings():
            print(finding.sentence, finding.remedies[0].name)
    """
    try:
        import keras  # pyright: ignore[reportMissingImports]
    except ImportError:
        raise InputError("Keras is not installed; pip install 'goodfit[keras]'") from None

    class DoctorCallback(keras.callbacks.Callback):
        """Lets the doctor observe the end of each epoch."""

        def on_train_begin(self, logs: Any = None) -> None:
            self.steps = 0
            self.inside = _InsideModel(keras, self.model, np.asarray(inputs), np.asarray(targets))
            doctor.observe(0, step=0, **self.inside.arrays())

        def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
            self.steps += 1

        def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
            logs, rate = dict(logs or {}), self.model.optimizer.learning_rate
            accuracy = next((name for name in _ACCURACIES if name in logs), "")
            doctor.observe(
                epoch + 1,
                train_cost=logs.get("loss"),
                dev_cost=logs.get("val_loss"),
                train_error=1 - logs[accuracy] if accuracy else None,
                dev_error=1 - logs[f"val_{accuracy}"] if f"val_{accuracy}" in logs else None,
                learning_rate=float(keras.ops.convert_to_numpy(getattr(rate, "value", rate))),
                step=self.steps,
                **self.inside.arrays(),
            )

    return DoctorCallback()


class _InsideModel:
    """The layers with kernels of a Keras model, and their arrays on fixed examples.

    Raises:
        InputError: the outputs of a layer cannot be reached from the model's inputs.
    """

    def __init__(self, keras: Any, model: Any, inputs: np.ndarray, targets: np.ndarray) -> None:
        self.keras, self.model, self.inputs, self.targets = keras, model, inputs, targets
        kernels = [(layer, getattr(layer, "kernel", None)) for layer in model.layers]
        self.layers = [(layer, kernel) for layer, kernel in kernels if kernel is not None and len(kernel.shape) > 1]
        try:
            # A layer's outputs are taken where they enter the next layer with a kernel: behind the activation.
            outputs = [layer.input for layer, _ in self.layers[1:]] + [model.outputs[0]]
            (model_input,) = model.inputs  # ValueError where there are several
            self.outputs = keras.Model(model_input, outputs)
        except (AttributeError, TypeError, ValueError):
            raise InputError(
                "the Keras model is neither sequential nor functional with one input; call Doctor.observe yourself"
            ) from None

    def arrays(self) -> dict[str, dict[str, np.ndarray]]:
        """Return activations and weights by layer, and gradients on the JAX backend, as `Doctor.observe` takes them."""
        to_numpy = self.keras.ops.convert_to_numpy
        names = [layer.name for layer, _ in self.layers]
        outputs = self.outputs(self.inputs, training=False)
        outputs = outputs if isinstance(outputs, list | tuple) else [outputs]
        arrays = {
            "activations": {"inputs": self.inputs} | dict(zip(names, map(to_numpy, outputs), strict=True)),
            "weights": {name: to_numpy(kernel.value) for name, (_, kernel) in zip(names, self.layers, strict=True)},
        }
        if self.keras.backend.backend() == "jax":
            arrays["gradients"] = dict(zip(names, map(np.asarray, self.gradients()), strict=True))
        return arrays

    def gradients(self) -> list[Any]:
        """Return dJ/dW of each kernel, J being the model's own loss on the fixed examples."""
        import jax

        variables = [
            [variable.value for variable in kind]
            for kind in (
                self.model.trainable_variables,
                self.model.non_trainable_variables,
                self.model.metrics_variables,
            )
        ]

        def cost(trainable: list[Any]) -> Any:
            # The loss as Keras' own JAX trainer computes it: a function of the variables' values; None is for weights
            # of examples.
            arguments = (trainable, *variables[1:], self.inputs, self.targets, None)
            return self.model.compute_loss_and_updates(*arguments, training=False)[0]

        gradients = jax.grad(cost)(variables[0])
        # By identity, because == compares the values of variables.
        places = {id(variable): place for place, variable in enumerate(self.model.trainable_variables)}
        return [gradients[places[id(kernel)]] for _, kernel in self.layers]
