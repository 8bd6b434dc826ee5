"""Facts about a Keras program: its loss, its layers and its optimizer."""

from typing import Any

import numpy as np

from goodfit.diagnosis.program_facts import (
    ActivationName,
    LayerFacts,
    LossFacts,
    LossName,
    Mode,
    OutputFacts,
    Scaling,
    UpdateFacts,
)
from goodfit.hooks.keras_pass import Layer, LayerCall, Pass, all_layers
from goodfit.hooks.outputs_seen import output_facts

_LOSSES: dict[str, LossName] = {  # by the name of the function or, in small letters without _, of the class
    "sparsecategoricalcrossentropy": "cross_entropy",
    "categoricalcrossentropy": "cross_entropy",
    "binarycrossentropy": "binary_cross_entropy",
    "meansquarederror": "squared_error",
    "meanabsoluteerror": "absolute_error",
    "huber": "huber",
    "hinge": "hinge",
    "squaredhinge": "hinge",
    "categoricalhinge": "hinge",
    "kldivergence": "kl_divergence",
    "poisson": "poisson",
}
_ACTIVATIONS: dict[str, ActivationName] = {
    "linear": "linear", "softmax": "softmax", "logsoftmax": "log_softmax", "sigmoid": "sigmoid",
    "logsigmoid": "log_sigmoid", "tanh": "tanh", "relu": "relu", "relu6": "relu", "elu": "elu", "selu": "selu",
    "gelu": "gelu", "silu": "silu", "swish": "silu", "softplus": "softplus", "leakyrelu": "leaky_relu",
}  # fmt: skip
_SCALING: dict[str, Scaling] = {
    "Rescaling": "rescaling",
    "Normalization": "normalization",
    "BatchNormalization": "batch_norm",
    "LayerNormalization": "layer_norm",
    "Embedding": "embedding",
}
# Layers that are linear, or as good as linear when the network is used.
_LINEAR = {
    "InputLayer", "Dense", "EinsumDense", "Conv1D", "Conv2D", "Conv3D", "DepthwiseConv2D", "SeparableConv2D", "Flatten",
    "Reshape", "Permute", "Dropout", "BatchNormalization", "Normalization", "Rescaling", "Activation", "Add", "Average",
    "Concatenate", "AveragePooling1D", "AveragePooling2D", "GlobalAveragePooling1D", "GlobalAveragePooling2D",
    "ZeroPadding2D", "Identity",
}  # fmt: skip
_WITH_RATES = ("rate", "dropout", "recurrent_dropout")
_STATISTICS = ("moving_mean", "moving_variance", "mean", "variance", "count")  # of the data: no parameters
_CLIPPING = ("clipnorm", "clipvalue", "global_clipnorm")


def loss_facts(keras: Any, model: Any, sample_pass: Pass, targets: Any) -> LossFacts:
    """Return the facts about the loss that a model was compiled with, if it has one output.

    Args:
        keras: the library.
        model: compiled.
        sample_pass: of fixed examples.
        targets: of the same examples.
    """
    loss = getattr(model, "loss", None)
    while isinstance(loss, list | tuple | dict) and len(loss) == 1:
        loss = next(iter(loss.values())) if isinstance(loss, dict) else loss[0]
    targets = [part for part in keras.tree.flatten(targets) if part is not None]
    if loss is None or isinstance(loss, list | tuple | dict) or sample_pass.output_count != 1 or len(targets) != 1:
        return LossFacts()
    outputs, loss = sample_pass.outputs, keras.losses.get(loss)
    name = _LOSSES.get(_plain(getattr(loss, "__name__", type(loss).__name__)))
    from_logits = None
    if name in ("cross_entropy", "binary_cross_entropy"):
        from_logits = bool(loss.get_config().get("from_logits", False)) if hasattr(loss, "get_config") else False
    shape = tuple(np.shape(targets[0]))
    # Keras brings (n,) and (n, 1) to the same number of axes.
    if abs(len(shape) - outputs.ndim) == 1 and outputs.shape[-1] == 1 and np.prod(shape) == outputs.size:
        shape = outputs.shape
    return LossFacts(name, from_logits, outputs.shape, shape)


def is_plain_mean(keras: Any, model: Any) -> bool:
    """Return True if a model's loss is the mean over the examples."""
    loss = getattr(model, "loss", None)
    reduction = getattr(loss, "reduction", "sum_over_batch_size")
    return reduction in ("sum_over_batch_size", "mean") and not getattr(loss, "label_smoothing", 0)


def outputs_facts(sample_pass: Pass) -> OutputFacts:
    """Return the facts about the outputs of a model on fixed examples."""
    activation, softmax_axis = _last_activation(sample_pass)
    return output_facts(sample_pass.outputs, activation, softmax_axis)


def layer_facts(model: Any, sample_pass: Pass, sizes: list[int]) -> LayerFacts:
    """Return the facts about the layers.

    Args:
        model: that was trained.
        sample_pass: of fixed examples.
        sizes: numbers of examples of the training batches.
    """
    layers = all_layers(model)
    rates = [getattr(layer, name, 0.0) for layer in layers for name in _WITH_RATES]
    usual = max(set(sizes), key=sizes.count) if sizes else None
    changing = [call for call in sample_pass.calls if _kind(call.layer) in ("Dropout", "BatchNormalization")]
    mode: Mode = "train" if any(call.is_training for call in changing) else "eval"
    return LayerFacts(
        hidden_activations=_hidden_activations(sample_pass),
        dropout_rates=tuple(float(rate) for rate in rates if isinstance(rate, float) and rate > 0),
        has_batch_norm=any(_kind(layer) == "BatchNormalization" for layer in layers),
        smallest_batch=min(sizes, default=None),
        batch_size=usual,
        mode_in_training="train",
        mode_in_evaluation=mode,
    )


def scaling(sample_pass: Pass) -> Scaling | None:
    """Return the layer that brings the inputs to scale, before the first layer with other weights."""
    for call in sample_pass.calls:
        kind = _kind(call.layer)
        if kind in _SCALING:
            return _SCALING[kind]
        if call.layer.weights:
            return None
    return None


def update_facts(model: Any, steps: int) -> UpdateFacts:
    """Return the facts about the updates.

    Args:
        model: compiled.
        steps: made so far.
    """
    parameters = [variable for variable in model.weights if variable.name not in _STATISTICS]
    trainable = {id(variable): int(np.prod(variable.shape)) for variable in model.trainable_variables}
    total, size = sum(int(np.prod(variable.shape)) for variable in parameters), sum(trainable.values())
    optimizer = getattr(model, "optimizer", None)
    optimizer = getattr(optimizer, "inner_optimizer", optimizer)  # of one that scales the loss
    optimized = getattr(optimizer, "_trainable_variables", None)
    share = None
    if optimized is not None and size:
        share = sum(trainable.get(id(variable), 0) for variable in optimized) / size
    return UpdateFacts(
        optimizer=None if optimizer is None else type(optimizer).__name__.lower(),
        trainable_share=size / total if total else None,
        optimized_share=share,
        steps=steps,
        weight_penalty=_weight_penalty(model, optimizer),
        clipping=any(getattr(optimizer, name, None) is not None for name in _CLIPPING),
    )


def _weight_penalty(model: Any, optimizer: Any) -> float | None:
    coefficients = [float(getattr(optimizer, "weight_decay", None) or 0.0)]
    for layer in all_layers(model):
        for name, regularizer in vars(layer).items():
            if name.endswith("_regularizer") and name != "activity_regularizer" and regularizer is not None:
                values = [getattr(regularizer, part, None) for part in ("l1", "l2")]
                if values == [None, None]:
                    return None  # of another kind
                coefficients += [float(value) for value in values if value is not None]
    return max(coefficients)


def _last_activation(sample_pass: Pass) -> tuple[ActivationName | None, int | None]:
    """Return the activation of the layer whose outputs are the model's, and the axis of its softmax in a table."""
    for call in sample_pass.calls:
        activation = _activation(call.layer)
        if activation is None or not _is_output(call, sample_pass):
            continue
        if activation != "softmax" or call.outputs.ndim != 2:
            return activation, None
        axis = getattr(call.layer, "axis", -1)
        return activation, axis - 2 if axis >= 0 else axis
    return None, None


def _hidden_activations(sample_pass: Pass) -> tuple[ActivationName, ...] | None:
    hidden = [call for call in sample_pass.calls if not _is_output(call, sample_pass)]
    activations: list[ActivationName] = []
    for call in hidden:
        activation = _activation(call.layer)
        if activation is not None and activation != "linear":
            activations.append(activation)
    return tuple(activations) if activations or {_kind(call.layer) for call in hidden} <= _LINEAR else None


def _is_output(call: LayerCall, sample_pass: Pass) -> bool:
    return call.outputs.shape == sample_pass.outputs.shape and np.array_equal(
        call.outputs, sample_pass.outputs, equal_nan=True
    )


def _activation(layer: Layer) -> ActivationName | None:
    """Return the activation that ends a layer; None for layers that have none, and if it is unknown."""
    function = getattr(layer, "activation", None)
    if function is not None:
        return _ACTIVATIONS.get(_plain(getattr(function, "__name__", type(function).__name__)))
    activation = _ACTIVATIONS.get(_plain(_kind(layer)))
    return "linear" if activation is None and hasattr(layer, "kernel") else activation


def _kind(layer: Layer) -> str:
    """Return the name of the Keras class that a layer is of, or derives from."""
    classes = (kind for kind in type(layer).__mro__ if kind.__module__.startswith("keras."))
    return next(classes, type(layer)).__name__


def _plain(name: str) -> str:
    return name.lower().replace("_", "")
