"""The gradient of a Keras model's cost on fixed examples."""

from typing import Any

import numpy as np

from goodfit.hooks.keras_pass import Variable


def cost_gradients(
    keras: Any, model: Any, inputs: Any, targets: Any, variables: list[Variable]
) -> list[np.ndarray | None]:
    """Return dJ/dW of each variable, J being the model's own loss on the examples, without dropout.

    Args:
        keras: the library, on the backend JAX or PyTorch.
        model: compiled.
        inputs: of the examples.
        targets: of the examples.
        variables: trainable ones of the model.

    Returns:
        The gradients; None for a variable that the loss does not depend on, and for all on another backend.
    """
    backend = keras.backend.backend()
    if backend == "jax":
        return _by_jax(model, inputs, targets, variables)
    if backend == "torch":
        return _by_torch(keras, model, inputs, targets, variables)
    return [None] * len(variables)


def _by_jax(model: Any, inputs: Any, targets: Any, variables: list[Variable]) -> list[np.ndarray | None]:
    import jax

    kinds = (model.trainable_variables, model.non_trainable_variables, model.metrics_variables)
    values = [[variable.value for variable in kind] for kind in kinds]

    def cost(trainable: list[Any]) -> Any:
        # The loss as Keras' own JAX trainer computes it: a function of the variables' values; None is for weights
        # of examples.
        return model.compute_loss_and_updates(trainable, *values[1:], inputs, targets, None, training=False)[0]

    gradients = jax.grad(cost)(values[0])
    # By identity, because == compares the values of variables.
    places = {id(variable): place for place, variable in enumerate(model.trainable_variables)}
    return [np.asarray(gradients[places[id(variable)]]) for variable in variables]


def _by_torch(keras: Any, model: Any, inputs: Any, targets: Any, variables: list[Variable]) -> list[np.ndarray | None]:
    import torch  # pyright: ignore[reportMissingImports]

    if not variables:
        return []
    inputs = keras.tree.map_structure(keras.ops.convert_to_tensor, inputs)
    targets = None if targets is None else keras.tree.map_structure(keras.ops.convert_to_tensor, targets)
    # Outside of a scope the metrics of several losses would count these examples.
    values = [(variable, variable.value) for variable in model.variables]
    with torch.enable_grad(), keras.StatelessScope(values, collect_losses=True):
        arguments = {"training": False} if model._call_has_training_arg else {}
        cost = model.compute_loss(inputs, targets, model(inputs, **arguments), training=False)
        gradients = torch.autograd.grad(cost, [variable.value for variable in variables], allow_unused=True)
    return [None if gradient is None else keras.ops.convert_to_numpy(gradient) for gradient in gradients]
