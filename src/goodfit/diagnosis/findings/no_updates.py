"""Nothing moves: all weights stay exactly as they were, so nothing is learned at any learning rate.

The evidence is steps that changed no weight by a single bit. Its causes are told apart by the gradients: if they are 0
as well, then the output or a layer passes none; if they are not, no optimizer makes steps with these weights.
"""

from typing import NamedTuple

import numpy as np
from jaxtyping import Float

from goodfit.diagnosis.finding import Finding, Observation, Remedy
from goodfit.diagnosis.findings.costs import cost_plot, series
from goodfit.diagnosis.findings.layers import recorded_health
from goodfit.wording.numbers import number

ID = "no-updates"
NAME = "nothing moves"
_LOST_RATE = 1e-6  # at lower rates steps are lost in the rounding of float32, whose weights have seven digits


class _Alternative(NamedTuple):
    """A possible cause: a clause, its remedy, and True if it is proven, False if excluded, None if it is open."""

    clause: str
    remedy: Remedy
    proof: bool | None


def find(observation: Observation) -> Finding | None:
    """Return the finding if no step changed any weight, although the learning rate is not too small to be seen."""
    updates, gradient = _updates(observation), _largest_gradient(observation)
    is_still = bool((updates == 0).all()) if len(updates) else _is_known_to_be_still(observation)
    if not is_still or (is_rate_lost(observation) and gradient != 0):
        return None
    steps = series(observation, "step").values
    alternatives = [
        alternative for alternative in _alternatives(observation, gradient) if alternative.proof is not False
    ]
    proven = [alternative for alternative in alternatives if alternative.proof]
    seen = {None: "", True: ", and all their gradients are 0", False: ", although their gradients are not 0"}
    if proven:
        reason = f": {proven[0].clause}"
    else:
        reason = f"{seen[None if gradient is None else gradient == 0]}. Possible causes: " + "; ".join(
            alternative.clause for alternative in alternatives
        )
    after = f" in {number(steps[-1])} steps" if len(steps) else ""
    return Finding(
        ID,
        NAME,
        severity=1,
        confidence=0.99 if proven else 0.95,
        sentence=f"Nothing moves: no weight changed at all{after}{reason}.",
        evidence={
            "steps": float(steps[-1]) if len(steps) else np.nan,
            "gradient": np.nan if gradient is None else gradient,
        },
        remedies=tuple(alternative.remedy for alternative in proven or alternatives),
        plot=cost_plot(observation),
    )


def _updates(observation: Observation) -> Float[np.ndarray, "steps"]:
    """Return the sizes of all steps that were measured."""
    health = recorded_health(observation)
    updates = np.zeros(0) if health is None else health.of("update")[:, 1:]
    return updates[~np.isnan(updates)]


def _is_known_to_be_still(observation: Observation) -> bool:
    """Return True if a hook saw that nothing may change, or that no optimizer has what may."""
    updates = observation.program.updates if observation.program else None
    return updates is not None and 0 in (updates.trainable_share, updates.optimized_share)


def _largest_gradient(observation: Observation) -> float | None:
    """Return the largest norm of a layer's gradient; None if none was measured."""
    health = recorded_health(observation)
    gradients = np.zeros(0) if health is None else health.of("gradient")[:, 1:]
    gradients = gradients[~np.isnan(gradients)]
    return float(gradients.max()) if len(gradients) else None


def is_rate_lost(observation: Observation) -> bool:
    """Return True for a positive learning rate whose steps are smaller than the rounding of the weights."""
    rates = series(observation, "learning_rate").values
    rate = observation.plan.learning_rate if observation.plan else float(rates.max()) if len(rates) else 0.0
    return 0 < rate < _LOST_RATE


def _alternatives(observation: Observation, gradient: float | None) -> list[_Alternative]:
    """Return the possible causes, those first that the gradients speak for."""
    passes_none = None if gradient in (None, 0) else False  # a gradient that is not 0 excludes them
    makes_none = None if gradient != 0 else False
    blocked = [
        alternative._replace(proof=passes_none if alternative.proof is None else alternative.proof)
        for alternative in _blocked_gradients(observation)
    ]
    unused = [
        alternative._replace(proof=makes_none if alternative.proof is None else alternative.proof)
        for alternative in _unused_gradients(observation)
    ]
    return unused + blocked


def _unused_gradients(observation: Observation) -> list[_Alternative]:
    """Return the causes for which gradients are there, but no step is made with them."""
    updates = observation.program.updates if observation.program else None
    steps, share = (updates.steps, updates.optimized_share) if updates else (None, None)
    rates = series(observation, "learning_rate").values
    return [
        _Alternative(
            "the optimizer has the parameters of another model",
            Remedy(
                "optimize-these-parameters",
                "make the optimizer with the parameters of the model that is trained, after the model is complete",
                "an optimizer only changes the parameters that it was given",
                {},
            ),
            None if share is None else share == 0,
        ),
        _Alternative(
            "the optimizer's step() is never called",
            Remedy(
                "call-step",
                "call the optimizer's step() after each backward()",
                "backward() only computes gradients",
                {},
            ),
            True if steps == 0 and share is None else None if steps is None else False,
        ),
        _Alternative(
            "all parameters are frozen",
            Remedy(
                "unfreeze",
                "let the parameters that should learn be trained (trainable = True, requires_grad = True)",
                "frozen parameters stay as they are",
                {},
            ),
            None if updates is None or updates.trainable_share is None else updates.trainable_share == 0,
        ),
        _Alternative(
            "the learning rate is 0",
            Remedy(
                "positive-learning-rate",
                "set a learning rate above 0, and check its schedule",
                "steps are then made",
                {},
            ),
            bool((rates == 0).all()) if len(rates) else None,
        ),
    ]


def _blocked_gradients(observation: Observation) -> list[_Alternative]:
    """Return the causes for which no gradient comes through."""
    outputs = observation.program.outputs if observation.program else None
    layers = observation.program.layers if observation.program else None
    is_softmax = None if outputs is None or outputs.activation is None else outputs.activation.endswith("softmax")
    return [
        _Alternative(
            "the output is a softmax over one unit, which is always 1",
            Remedy(
                "sigmoid-output",
                "a sigmoid in place of the softmax over one unit, or one unit for each class",
                "a softmax over one unit is 1 whatever its input is, so its gradient is 0",
                {},
            ),
            None
            if is_softmax is None or outputs is None or outputs.units is None
            else is_softmax and outputs.units == 1,
        ),
        _Alternative(
            "batch norm sees batches of one example, which it turns into zeros",
            Remedy(
                "larger-batches",
                "batches of 16 examples or more, or no batch norm",
                "one example minus its own mean is 0, so that nothing of it is left",
                {},
            ),
            None
            if layers is None or layers.has_batch_norm is None
            else layers.has_batch_norm and layers.batch_size == 1,
        ),
        _Alternative(
            "the cost does not depend on the weights (units that are all dead, or outputs detached from the loss)",
            Remedy(
                "check-loss-inputs",
                "check that the loss is computed from the network's own outputs, without argmax, rounding or detach()",
                "gradients only come through operations that can be differentiated",
                {},
            ),
            None,
        ),
    ]
