"""A callback for Keras 3 (on its JAX backend the gradients are seen too); Keras is imported when it is used."""

from typing import Any

import numpy as np

from goodfit.diagnosis.doctor import Doctor
from goodfit.errors import InputError

_ACCURACIES = ("accuracy", "acc", "sparse_categorical_accuracy", "categorical_accuracy", "binary_accuracy")


def keras_callback(doctor: Doctor, inputs: Any, targets: Any) -> Any:
    """A `keras.callbacks.Callback` that observes each epoch of `model.fit`; then ask `doctor.findings()`.

    Costs and accuracies are those that Keras reports. Layers with a kernel are looked at on the given examples, without
    dropout; a layer's outputs are what reaches the next such layer.

    Args:
        doctor: is told.
        inputs: of some training examples, the same at each look; 64 will do.
        targets: of the same.

    Raises:
        InputError: Keras is not installed, or, when training begins, the model is not sequential or functional with
            one input.

    Example:
        model.fit(x, y, validation_data=(x_dev, y_dev), callbacks=[keras_callback(doctor, x[:64], y[:64])])
    """
    try:
        import keras  # pyright: ignore[reportMissingImports]
    except ImportError:
        raise InputError("Keras is not installed; pip install 'goodfit[keras]'") from None

    class DoctorCallback(keras.callbacks.Callback):
        """Tells the doctor what an epoch ended with."""

        def on_train_begin(self, logs: Any = None) -> None:
            self.steps = 0
            self.look = _Look(keras, self.model, np.asarray(inputs), np.asarray(targets))
            doctor.observe(0, step=0, **self.look.arrays())

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
                **self.look.arrays(),
            )

    return DoctorCallback()


class _Look:
    """What is seen inside a Keras model on fixed examples."""

    def __init__(self, keras: Any, model: Any, inputs: np.ndarray, targets: np.ndarray) -> None:
        self.keras, self.model, self.inputs, self.targets = keras, model, inputs, targets
        kernels = [(layer, getattr(layer, "kernel", None)) for layer in model.layers]
        self.layers = [(layer, kernel) for layer, kernel in kernels if kernel is not None and len(kernel.shape) > 1]
        try:
            seen = [layer.input for layer, _ in self.layers[1:]] + [model.outputs[0]]
            (one,) = model.inputs
            self.outputs = keras.Model(one, seen)
        except (AttributeError, TypeError, ValueError):
            raise InputError(
                "the Keras model is not sequential or functional with one input; use Doctor.observe itself"
            ) from None

    def arrays(self) -> dict[str, Any]:
        """Activations, weights, and on JAX gradients, by layer."""
        to_numpy = self.keras.ops.convert_to_numpy
        names = [layer.name for layer, _ in self.layers]
        outputs = self.outputs(self.inputs, training=False)
        outputs = outputs if isinstance(outputs, list | tuple) else [outputs]
        found = {
            "activations": {"inputs": self.inputs} | dict(zip(names, map(to_numpy, outputs), strict=True)),
            "weights": {name: to_numpy(kernel.value) for name, (_, kernel) in zip(names, self.layers, strict=True)},
        }
        if self.keras.backend.backend() == "jax":
            found["gradients"] = dict(zip(names, map(np.asarray, self.gradients()), strict=True))
        return found

    def gradients(self) -> list[Any]:
        """dJ/dW of each kernel, by the model's own loss."""
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
            arguments = (trainable, *variables[1:], self.inputs, self.targets, None)
            return self.model.compute_loss_and_updates(*arguments, training=False)[0]

        gradients = jax.grad(cost)(variables[0])
        places = {id(variable): place for place, variable in enumerate(self.model.trainable_variables)}
        return [gradients[places[id(kernel)]] for _, kernel in self.layers]
