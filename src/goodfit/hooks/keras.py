"""A callback for Keras 3. Keras is imported only when the callback is made."""

from dataclasses import replace
from typing import Any

import numpy as np

from goodfit.diagnosis.doctor import Doctor
from goodfit.diagnosis.program_facts import ProgramFacts
from goodfit.errors import InputError
from goodfit.hooks.keras_data import BatchesSeen, SeenFunction
from goodfit.hooks.keras_facts import is_plain_mean, layer_facts, loss_facts, outputs_facts, scaling, update_facts
from goodfit.hooks.keras_gradients import cost_gradients
from goodfit.hooks.keras_pass import Pass, layer_weight, run_pass
from goodfit.hooks.observer import Observer

_ACCURACIES = ("accuracy", "acc", "sparse_categorical_accuracy", "categorical_accuracy", "binary_accuracy")


def keras_callback(doctor: Doctor, inputs: Any, targets: Any) -> Any:
    """Return a callback that lets a doctor observe each epoch of `model.fit`.

    Costs and accuracies are those that Keras reports. After each epoch the callback looks at every layer with a
    trainable kernel, on fixed examples and without dropout. The outputs of a layer are the inputs of the next such
    layer, so they include the activation between them. In the first epoch it counts the batches' inputs and targets.

    The callback never ends a training: what it cannot see is logged once by the logger `goodfit.hooks`, and left out.

    Args:
        doctor: observes the training; afterwards `doctor.findings()` returns the problems.
        inputs: of some training examples, in the form that the model takes; 64 are enough.
        targets: of the same examples, in the form that the model's loss takes.

    Returns:
        A `keras.callbacks.Callback`.

    Raises:
        InputError: Keras is not installed.

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
    watch = _Watch(keras, doctor, inputs, targets)

    class DoctorCallback(keras.callbacks.Callback):
        """Lets the doctor observe the end of each epoch."""

        def on_train_begin(self, logs: Any = None) -> None:
            with watch.observer.guard("the model before training"):
                watch.begin(self.model)

        def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
            watch.batches += getattr(self.model, "steps_per_execution", 1)

        def on_test_begin(self, logs: Any = None) -> None:
            with watch.observer.guard("the batches of validation"):
                watch.replace_function(self.model, "test_function", watch.dev)

        def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
            with watch.observer.guard("the epoch"):
                watch.end_epoch(self.model, epoch + 1, dict(logs or {}))

        def on_train_end(self, logs: Any = None) -> None:
            with watch.observer.guard("the end of training"):
                watch.end(self.model)

    return DoctorCallback()


class _Watch:
    """Everything that the callback has seen of a model."""

    def __init__(self, keras: Any, doctor: Doctor, inputs: Any, targets: Any) -> None:
        self.keras, self.observer = keras, Observer(doctor)
        self.inputs, self.targets = inputs, targets
        with self.observer.guard("the fixed examples"):
            self.inputs = keras.tree.map_structure(np.asarray, inputs)
            self.targets = None if targets is None else keras.tree.map_structure(np.asarray, targets)
        self.train, self.dev = BatchesSeen(keras, self.observer), BatchesSeen(keras, self.observer)
        self.batches = 0

    def begin(self, model: Any) -> None:
        """Observe the first weights as epoch 0, and count batches from now on."""
        self.replace_function(model, "train_function", self.train)
        if self.observer.last_epoch < 0:
            sample_pass = self.look(model)
            self.observer.observe(0, {"step": 0}, self.arrays(model, sample_pass))

    def end_epoch(self, model: Any, epoch: int, logs: dict[str, Any]) -> None:
        """Observe an epoch: the costs that Keras reports, and a pass of the fixed examples."""
        self.train.is_open = self.dev.is_open = False
        accuracy = next((name for name in _ACCURACIES if name in logs), "")
        measurements: dict[str, Any] = {
            "train_cost": logs.get("loss"),
            "dev_cost": logs.get("val_loss"),
            "train_error": 1 - logs[accuracy] if accuracy else None,
            "dev_error": 1 - logs[f"val_{accuracy}"] if f"val_{accuracy}" in logs else None,
            "step": self.batches,
        }
        with self.observer.guard("the learning rate"):
            rate = model.optimizer.learning_rate
            measurements["learning_rate"] = float(self.keras.ops.convert_to_numpy(getattr(rate, "value", rate)))
        sample_pass = self.look(model)
        arrays = self.arrays(model, sample_pass)
        self.describe(model, sample_pass)
        self.observer.observe(epoch, measurements, arrays)

    def end(self, model: Any) -> None:
        """Leave the model as it was."""
        for name in ("train_function", "test_function"):
            function = getattr(model, name, None)
            if isinstance(function, SeenFunction):
                setattr(model, name, function.function)

    def replace_function(self, model: Any, name: str, batches: BatchesSeen) -> None:
        """Put in the place of a function of the trainer one that counts the batches."""
        function = getattr(model, name, None)
        function = function.function if isinstance(function, SeenFunction) else function
        # A function of TensorFlow's compiles the iterator that it is called with.
        if function is not None and batches.is_open and self.keras.backend.backend() in ("jax", "torch"):
            setattr(model, name, batches.watch(function))

    def look(self, model: Any) -> Pass | None:
        """Return a pass of the fixed examples; None if they do not go through the model."""
        with self.observer.guard("the layers"):
            return run_pass(self.keras, model, self.inputs, self.observer)
        return None

    def arrays(self, model: Any, sample_pass: Pass | None) -> dict[str, dict[str, Any]]:
        """Return activations, gradients and weights of the layers, as `Doctor.observe` takes them."""
        if sample_pass is None:
            return {}
        calls = {}  # the last of each layer, in the order in which they first ended
        for call in sample_pass.calls:
            if layer_weight(self.keras, call.layer) is not None:
                calls[id(call.layer)] = call
        names: dict[str, Any] = {}
        for call in calls.values():
            name = call.layer.name if call.layer.name != "inputs" else "layer inputs"  # the network's have that name
            names[name if name not in names else call.layer.path] = call
        outputs = [call.inputs for call in names.values()] + [sample_pass.outputs]
        weights = {name: layer_weight(self.keras, call.layer) for name, call in names.items()}
        arrays: dict[str, dict[str, Any]] = {
            "activations": dict(zip(("inputs", *names), outputs, strict=True)) if names else {},
            "weights": {name: self.keras.ops.convert_to_numpy(weight.value) for name, weight in weights.items()},
        }
        with self.observer.guard("the gradients"):
            gradients = cost_gradients(self.keras, model, self.inputs, self.targets, list(weights.values()))
            pairs = zip(names, gradients, strict=True)
            arrays["gradients"] = {name: gradient for name, gradient in pairs if gradient is not None}
        return arrays

    def describe(self, model: Any, sample_pass: Pass | None) -> None:
        """Hand over the facts about the program."""
        program = ProgramFacts("keras")
        with self.observer.guard("the optimizer"):
            program = replace(program, updates=update_facts(model, self.batches))
        with self.observer.guard("the loss"):
            if sample_pass is not None:
                program = replace(program, loss=loss_facts(self.keras, model, sample_pass, self.targets))
            is_mean = is_plain_mean(self.keras, model) and not self.train.is_weighted
            name = program.loss.name if is_mean else None
            program = replace(program, targets=self.train.targets.facts(name), dev_targets=self.dev.targets.facts(name))
        with self.observer.guard("the layers"):
            if sample_pass is not None:
                layers = layer_facts(model, sample_pass, self.train.sizes)
                program = replace(program, layers=layers, outputs=outputs_facts(sample_pass))
            entering = None if sample_pass is None else scaling(sample_pass)
            program = replace(
                program, inputs=self.train.inputs.facts(entering), dev_inputs=self.dev.inputs.facts(entering)
            )
        self.observer.describe(program)
