"""Layer health: a separate pass over a fixed probe batch, which never changes the training."""

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int

from goodfit.engine.decay import learning_rate
from goodfit.engine.optimizers import add_l2, optimizer
from goodfit.engine.task import Data, Program, State, Task, steps_per_epoch
from goodfit.nets.architectures import Params, layer_by_layer, probed_layers
from goodfit.nets.layers import Leaf
from goodfit.nets.losses import losses
from goodfit.plan import Activation

PROBE = 48  # training examples, evenly spaced in the training set
LOOKS = 16  # per training, and one after the first epoch: 1 to 2 % of its time (benchmarks/looks.py)
_ENDS = {"tanh": (-1.0, 1.0), "sigmoid": (0.0, 1.0)}
_MARGIN = 0.01  # fraction of the activation's range; values nearer to an end are saturated
_DEAD = 1e-6  # a unit whose output varies by less than this fraction of the largest output is dead


def look_due(task: Task, epoch: Int[Array, ""]) -> Array:
    """True if health is measured after this epoch (from 1): after the first, then LOOKS times, evenly spaced."""
    epochs = jnp.asarray(task.hyperparameters.epochs).astype(jnp.int32)
    # The quotient rises by 1 at LOOKS evenly spaced epochs, and at every epoch where there are fewer.
    return (epoch == 1) | (epoch * LOOKS // epochs != (epoch - 1) * LOOKS // epochs)


def look(program: Program, data: Data, task: Task, state: State) -> Float[Array, "layers statistics"]:
    """Return the statistics named in LAYER_STATISTICS for the inputs, each hidden layer and the output.

    Dropout is off, and batch norm uses the moments of the probe batch.
    """
    structure, h, params = program.structure, task.hyperparameters, state.model.params
    rows = task.rows[jnp.arange(PROBE) * task.m // PROBE]
    inputs, targets = data.take(task.set, rows)

    def cost(params: Params) -> tuple[Float[Array, ""], list[Float[Array, "batch _"]]]:
        logits, _, hidden = layer_by_layer(structure, params, inputs, None, None)
        return losses(program.output, logits, targets, h.label_smoothing).mean(), [inputs, *hidden, logits]

    # The gradient is that of the cost alone, since the findings judge the signal that the data sends; the update is the
    # one that the optimizer would make of it, penalty included.
    gradients, signals = jax.grad(cost, has_aux=True)(params)
    penalized = add_l2(gradients, params, h.l2 / task.m)
    direction: Any = optimizer(structure, h).update(penalized, state.optimizer, params)[0]
    rate = learning_rate(structure.decay, h, state.step - 1, steps_per_epoch(program, task))
    moves = [jnp.zeros(3)] + [  # the inputs have no weights
        jnp.stack([_norm(g["W"]), _norm(layer["W"]), rate * _norm(d["W"])])
        for g, layer, d in ((gradients[place], params[place], direction[place]) for place in probed_layers(structure))
    ]
    return jnp.concatenate([_signals(signals, structure.activation), jnp.stack(moves).astype(inputs.dtype)], axis=1)


def _signals(layers: list[Float[Array, "batch _"]], activation: Activation) -> Float[Array, "layers 5"]:
    """Return each layer's mean, deviation, root mean square, share of dead units and share of saturated values.

    All layers are concatenated, because one segmented sum compiles faster than a program for each layer.
    """
    widths = np.array([a.shape[1] for a in layers])
    layer = np.repeat(np.arange(len(layers)), widths)
    a = jnp.concatenate(layers, axis=1)

    def mean(values: Float[Array, "batch units"]) -> Float[Array, "layers"]:
        return jax.ops.segment_sum(values.mean(axis=0), layer, len(layers), indices_are_sorted=True) / widths

    dead = a.max(axis=0, keepdims=True) - a.min(axis=0, keepdims=True) <= _DEAD * jnp.abs(a).max(axis=0, keepdims=True)
    low, high = _ENDS.get(activation, (-jnp.inf, jnp.inf))
    margin = _MARGIN * (high - low) if activation in _ENDS else 0.0
    outside = (a < low + margin) | (a > high - margin)
    saturated = outside & (layer[None] < len(layers) - 1)  # outputs have no activation
    average = mean(a)
    deviation, size = jnp.sqrt(mean(jnp.square(a - average[layer][None]))), jnp.sqrt(mean(jnp.square(a)))
    parts = [average, deviation, size, mean(dead.astype(a.dtype)), mean(saturated.astype(a.dtype))]
    return jnp.stack(parts, axis=1).astype(a.dtype)


def _norm(w: Leaf) -> Float[Array, ""]:
    return jnp.sqrt(jnp.square(w).sum())
