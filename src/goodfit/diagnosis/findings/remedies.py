"""Remedies that several findings prescribe; empty if the plan is known to have them already."""

from typing import Any

from goodfit.diagnosis.finding import Observation, Remedy
from goodfit.diagnosis.findings.layers import HIGHEST_RATES
from goodfit.plan import Plan
from goodfit.wording.numbers import setting

DEFAULT_NETWORK = "default-network"  # ID of the remedy that replaces the whole network
DEFAULT_NETWORK_NAME = "start from the default network"  # its name

_FEWEST_EXAMPLES = 16  # in a batch, for batch norm to have usable means and variances
# The settings that decide if a network learns at all; those for the size of the data and the length of training stay.
_NETWORK_SETTINGS = (
    "hidden_units",
    "architecture",
    "activation",
    "initialization",
    "batch_norm",
    "optimizer",
    "decay",
    "decay_rate",
    "learning_rate",
    "beta1",
    "beta2",
    "epsilon",
    "weight_decay",
    "l2",
    "l1",
    "clip_norm",
    "label_smoothing",
    "keep_prob",
    "input_keep_prob",
    "batch_norm_beta",
    "patience",
)


def change_plan(observation: Observation, id: str, name: str, why: str, changes: dict[str, Any]) -> tuple[Remedy, ...]:
    """Return the remedy, or nothing if it would not change the plan.

    Args:
        observation: whose plan is changed.
        id: of the remedy.
        name: of the remedy.
        why: the reason, in a clause.
        changes: settings of the plan by name.
    """
    plan = observation.plan
    if plan is not None and plan.with_(**changes) == plan:
        return ()
    return (Remedy(id, name, why, changes),)


def add_batch_norm(observation: Observation, id: str, name: str, why: str, **more_changes: Any) -> tuple[Remedy, ...]:
    """Return batch norm before the activation, with batches large enough for it; nothing if the plan has batch norm."""
    plan = observation.plan
    if plan is not None and (plan.batch_norm != "none" or not plan.hidden_units):
        return ()
    if plan is not None and 0 < plan.batch_size < _FEWEST_EXAMPLES:
        more_changes["batch_size"] = 2 * _FEWEST_EXAMPLES
    return change_plan(observation, id, name, why, {**more_changes, "batch_norm": "before"})


def lower_rate(observation: Observation, id: str = "lower-learning-rate", further: float = 1.0) -> tuple[Remedy, ...]:
    """Return a tenth of the learning rate, or the usual one if that is lower.

    Args:
        observation: without a plan the remedy is only words.
        id: of the remedy.
        further: divides the rate once more.
    """
    why = "smaller steps do not overshoot the minimum"
    if observation.plan is None:
        return (Remedy(id, f"divide the learning rate by {setting(10 * further)}", why, {}),)
    rate = min(observation.plan.learning_rate / 10, usual_rate(observation.plan)) / further
    return (Remedy(id, f"a learning rate of {setting(rate)}", why, {"learning_rate": rate}),)


def raise_rate(observation: Observation) -> tuple[Remedy, ...]:
    """Return ten times the learning rate, or the usual one if that is higher; and three times that."""
    why = "larger steps get further in the same number of epochs"
    if observation.plan is None:
        name = "multiply the learning rate by 10, until J no longer falls steadily"
        return (Remedy("higher-learning-rate", name, why, {}),)
    rate = max(10 * observation.plan.learning_rate, usual_rate(observation.plan))
    rates = {"higher-learning-rate": rate, "much-higher-learning-rate": 3 * rate}
    return tuple(
        Remedy(id, f"a learning rate of {setting(rate)}", why, {"learning_rate": rate}) for id, rate in rates.items()
    )


def usual_rate(plan: Plan) -> float:
    """Return a learning rate at which most networks learn with the plan's optimizer."""
    return HIGHEST_RATES[plan.optimizer] / 10


def default_network(observation: Observation) -> tuple[Remedy, ...]:
    """Return the default network in place of this one; batches and epochs stay if they are enough."""
    default, plan = Plan(), observation.plan
    changes = {name: getattr(default, name) for name in _NETWORK_SETTINGS}
    if plan is not None:
        changes["epochs"] = max(plan.epochs, default.epochs)
    if plan is not None and plan.layer == "convolutional":
        # Its hidden units are feature maps, which the default for tables says nothing about.
        changes |= {"hidden_units": plan.hidden_units, "depth": 0, "activation": "relu", "batch_norm": "before"}
    why = "it learns on most tables, whatever is wrong with this one"
    return change_plan(observation, DEFAULT_NETWORK, DEFAULT_NETWORK_NAME, why, changes)
