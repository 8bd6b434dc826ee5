"""One pass of fixed examples through a Keras model of any kind, with what enters and leaves each of its layers.

Functional models know their graph, but subclassed models, models within models and recurrent layers do not show it. So
each layer's `call` is replaced for the time of one pass, outside of any training step, by one that takes notes.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np

from goodfit.hooks.observer import Observer

Layer = Any  # a keras.layers.Layer; Keras is not imported to name it
Variable = Any


@dataclass(frozen=True, eq=False)
class LayerCall:
    """One call of a layer.

    Attributes:
        layer: that was called.
        inputs: the first array that entered it.
        outputs: the first array that left it.
        is_training: True if it was told to behave as in training.
    """

    layer: Layer
    inputs: np.ndarray
    outputs: np.ndarray
    is_training: bool


@dataclass(frozen=True, eq=False)
class Pass:
    """The calls of all layers, in the order in which they ended, and the model's outputs.

    Attributes:
        calls: of the layers.
        outputs: of the model; the first of several.
        output_count: number of the model's outputs.
    """

    calls: list[LayerCall]
    outputs: np.ndarray
    output_count: int


def all_layers(model: Any) -> list[Layer]:
    """Return the layers of a model and of the models and layers in it."""
    flatten = getattr(model, "_flatten_layers", None)
    return list(flatten(include_self=False, recursive=True)) if flatten else list(model.layers)


def run_pass(keras: Any, model: Any, inputs: Any, observer: Observer) -> Pass:
    """Return what enters and leaves the layers of a model for fixed examples, without dropout.

    Args:
        keras: the library.
        model: to call.
        inputs: of the examples, in the structure that the model takes.
        observer: takes note of what cannot be seen.
    """
    calls: list[LayerCall] = []
    # What layers change of their own state in this pass, such as counters, is forgotten.
    with keras.StatelessScope(), _noting(keras, model, calls, observer), _no_gradients(keras):
        arguments = {"training": False} if getattr(model, "_call_has_training_arg", True) else {}
        results = model(inputs, **arguments)
    outputs = first_array(keras, results)
    if outputs is None:
        raise ValueError("the model gives no array")
    return Pass(calls, outputs, len(keras.tree.flatten(results)))


def layer_weight(keras: Any, layer: Layer) -> Variable:
    """Return a layer's own trainable variable of two or more dimensions: the kernel, or else the largest; or None."""
    cell = getattr(layer, "cell", None)  # which has the weights of a recurrent layer
    variables = _own_variables(layer) + ([] if cell is None else _own_variables(cell))
    matrices = [variable for variable in variables if len(variable.shape) > 1 and variable.trainable]
    kernels = [variable for variable in matrices if variable.name == "kernel"]
    return kernels[0] if kernels else max(matrices, key=lambda variable: int(np.prod(variable.shape)), default=None)


def first_array(keras: Any, values: Any) -> np.ndarray | None:
    """Return the first array with an axis in nested values; None if there is none, or if it has no values yet."""
    for value in keras.tree.flatten(values):
        if keras.ops.is_tensor(value) or isinstance(value, np.ndarray):
            if type(value).__name__.endswith("Tracer"):  # JAX's, while a loop over time steps is compiled
                return None
            array = np.asarray(keras.ops.convert_to_numpy(value))
            if array.ndim:
                return array
    return None


def _own_variables(layer: Layer) -> list[Variable]:
    return list(getattr(layer, "_trainable_variables", ()))


@contextmanager
def _noting(keras: Any, model: Any, calls: list[LayerCall], observer: Observer) -> Iterator[None]:
    """Take note of the layers' calls within a block."""
    changed: list[Layer] = []
    try:
        for layer in all_layers(model):
            is_cell = hasattr(layer, "state_size") and not isinstance(layer, keras.layers.RNN)
            if not is_cell and not isinstance(layer, keras.Model):  # cells are called while a loop is compiled
                # Past Keras' own __setattr__, which would take it for a part of the layer.
                vars(layer)["call"] = _noted_call(keras, layer, calls, observer)
                changed.append(layer)
        yield
    finally:
        for layer in changed:
            vars(layer).pop("call", None)


def _noted_call(keras: Any, layer: Layer, calls: list[LayerCall], observer: Observer) -> Any:
    original = layer.call

    def call(*arguments: Any, **named: Any) -> Any:
        outputs = original(*arguments, **named)
        with observer.guard(f"the layer '{layer.name}'"):
            entering, leaving = first_array(keras, (arguments, named)), first_array(keras, outputs)
            if entering is not None and leaving is not None:
                calls.append(LayerCall(layer, entering, leaving, bool(named.get("training"))))
        return outputs

    return call


@contextmanager
def _no_gradients(keras: Any) -> Iterator[None]:
    """Keep PyTorch from recording a graph."""
    if keras.backend.backend() != "torch":
        yield
        return
    import torch  # pyright: ignore[reportMissingImports]

    with torch.no_grad():
        yield
