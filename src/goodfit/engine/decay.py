"""The learning rate at a step: the three decay rules of the course notes, and one-cycle cosine."""

import jax.numpy as jnp
from jaxtyping import Array, Float, Int

from goodfit.plan import Decay, Hyperparameters


def learning_rate(
    decay: Decay, hyperparameters: Hyperparameters, step: Int[Array, ""], steps_per_epoch: Int[Array, ""]
) -> Float[Array, ""]:
    """Return α for the update after `step` earlier ones; epochs count from 1.

    inverse: α₀/(1 + γ·epoch); exponential: γ^epoch·α₀; inverse_sqrt: K·α₀/√epoch (course notes: learning rate decay).
    one_cycle: a linear rise to α₀ over the warm-up share of the steps, then a half cosine to 0 (Smith & Topin 2018,
    with the cosine of Loshchilov & Hutter 2017).
    """
    top = jnp.asarray(hyperparameters.learning_rate)
    rate = jnp.asarray(hyperparameters.decay_rate)  # γ, K or the warm-up share, as the rule has it
    epoch = (step // steps_per_epoch + 1).astype(top.dtype)
    if decay == "inverse":
        return top / (1 + rate * epoch)
    if decay == "exponential":
        return top * rate**epoch
    if decay == "inverse_sqrt":
        return top * rate / jnp.sqrt(epoch)
    if decay == "one_cycle":
        total = hyperparameters.epochs * steps_per_epoch.astype(top.dtype)
        # From 1/(total + 1) to total/(total + 1): neither the first nor the last step has a rate of 0.
        progress = (step.astype(top.dtype) + 1) / (total + 1)
        # Without a warm-up, rate is 0 and the rise is not used, but jnp.where computes it all the same.
        rise = progress / jnp.maximum(rate, 1e-6)
        fall = (1 + jnp.cos(jnp.pi * jnp.clip((progress - rate) / (1 - rate), 0, 1))) / 2
        return top * jnp.where(progress < rate, rise, fall)
    return top
