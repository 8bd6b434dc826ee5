"""The optimizers of the course notes on Optax, built inside traced code from traced hyperparameters."""

from typing import Any

import jax
import jax.numpy as jnp
import optax
from jaxtyping import Array, Float

from goodfit.nets.architectures import Params
from goodfit.nets.layers import Layer, Leaf
from goodfit.plan import Hyperparameters, Structure


def optimizer(structure: Structure, hyperparameters: Hyperparameters) -> optax.GradientTransformation:
    """Return the transformation of gradients into the direction that is multiplied by −α.

    Momentum is the exponentially weighted average of the course notes (with 1 − β in front of the gradient), not the
    running sum of PyTorch and Optax's `trace`. RMSprop has ε outside the root, like Adam. Decoupled weight decay
    (Loshchilov & Hutter 2019) touches weights, never biases, γ or β.
    """
    h = hyperparameters
    kinds = {
        "gradient_descent": optax.identity,
        "momentum": lambda: optax.ema(h.beta1, debias=False),
        "rmsprop": lambda: optax.scale_by_rms(h.beta2, h.epsilon, eps_in_sqrt=False),
        "adam": lambda: optax.scale_by_adam(h.beta1, h.beta2, h.epsilon),
    }
    # Weight decay comes last: added to the gradient, it would be divided by √s as well.
    parts = [kinds[structure.optimizer](), optax.add_decayed_weights(h.weight_decay, weights_only)]
    if structure.clipping:
        # First, so that it limits the gradient and not the optimizer's step. A nudge to 0 must not recompile, so the
        # limit becomes infinite instead.
        parts.insert(0, optax.clip_by_global_norm(jnp.where(h.clip_norm > 0, h.clip_norm, jnp.inf)))
    return optax.chain(*parts)


def weights_only(params: Params) -> Any:
    """Return a mask that is True at each W and False at biases, γ and β."""
    return tuple({name: name == "W" for name in layer} for layer in params)


def add_l2(gradients: Params, params: Params, share: Float[Array, ""]) -> Params:
    """Add the gradient of the L2 penalty: dW + (λ/m)·W (course notes: regularization back prop).

    Args:
        gradients: of the cost.
        params: parameters.
        share: λ/m.
    """

    def penalized(gradient: Layer, layer: Layer) -> Layer:
        return {**gradient, "W": gradient["W"] + share * layer["W"]}

    return tuple(penalized(*pair) for pair in zip(gradients, params, strict=True))


def descend(params: Params, direction: Any, rate: Float[Array, ""]) -> Params:
    """Return θ − α·direction."""
    return jax.tree.map(lambda p, d: (p - rate * d).astype(p.dtype), params, direction)


def shrink(params: Params, threshold: Float[Array, ""]) -> Params:
    """Take the proximal step of L1: weights move toward 0 by `threshold` and stop there (Parikh & Boyd 2014, 6.5.2).

    The subgradient (λ/2m)·sign(w) of the course notes alone only hovers around zero.

    Args:
        params: parameters.
        threshold: α·λ/2m.
    """

    def soft(w: Leaf) -> Array:
        return jnp.sign(w) * jnp.maximum(jnp.abs(w) - threshold, 0).astype(w.dtype)

    return tuple({**layer, "W": soft(layer["W"])} for layer in params)
