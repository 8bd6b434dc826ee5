"""Changes of plan that several findings prescribe; none where the plan is not known or has it already."""

from typing import Any

from goodfit.diagnosis.finding import Observation, Remedy
from goodfit.diagnosis.findings.looks import SENSIBLE
from goodfit.plan import Plan
from goodfit.wording.numbers import setting

DEFAULT_NETWORK = "default-network"  # ID of the remedy that replaces the whole network
REPLACEMENT = "start from the default network"  # its name

# What decides whether a network learns at all; what is said of the data's size and length of training stays.
_LEAST = 16  # examples in a batch whose mean and variance batch norm takes
_NETWORK = (
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


def changed(case: Observation, id: str, name: str, why: str, changes: dict[str, Any]) -> tuple[Remedy, ...]:
    """The remedy, unless the plan is known to be so already."""
    if case.plan is not None and case.plan.with_(**changes) == case.plan:
        return ()
    return (Remedy(id, name, why, changes),)


def batch_norm(case: Observation, id: str, name: str, why: str, **others: Any) -> tuple[Remedy, ...]:
    """Batch norm before the activation, with batches that are large enough for it; none where it is there already."""
    if case.plan is not None and (case.plan.batch_norm != "none" or not case.plan.hidden_units):
        return ()
    if case.plan is not None and 0 < case.plan.batch_size < _LEAST:
        others["batch_size"] = 2 * _LEAST
    return changed(case, id, name, why, {**others, "batch_norm": "before"})


def lower_rate(case: Observation, id: str = "lower-learning-rate", further: float = 1.0) -> tuple[Remedy, ...]:
    """A tenth of the learning rate or the usual one, whichever is lower; without a plan only in words."""
    why = "smaller steps do not leap over the valley's other side"
    if case.plan is None:
        return (Remedy(id, f"divide the learning rate by {setting(10 * further)}", why, {}),)
    rate = min(case.plan.learning_rate / 10, usual_rate(case.plan)) / further
    return (Remedy(id, f"a learning rate of {setting(rate)}", why, {"learning_rate": rate}),)


def higher_rate(case: Observation) -> tuple[Remedy, ...]:
    """Ten times the learning rate or the usual one, whichever is higher; and three times that."""
    why = "larger steps cover more ground in the same epochs"
    if case.plan is None:
        return (
            Remedy(
                "higher-learning-rate", "multiply the learning rate by 10, until J no longer falls steadily", why, {}
            ),
        )
    rate = max(10 * case.plan.learning_rate, usual_rate(case.plan))
    rates = {"higher-learning-rate": rate, "much-higher-learning-rate": 3 * rate}
    return tuple(
        Remedy(id, f"a learning rate of {setting(each)}", why, {"learning_rate": each}) for id, each in rates.items()
    )


def usual_rate(plan: Plan) -> float:
    """A rate at which most networks learn with the plan's optimizer."""
    return SENSIBLE[plan.optimizer] / 10


def reset(case: Observation) -> tuple[Remedy, ...]:
    """The default network in place of this one; batches and epochs stay where they are enough."""
    usual = Plan()
    changes = {name: getattr(usual, name) for name in _NETWORK}
    if case.plan is not None:
        changes["epochs"] = max(case.plan.epochs, usual.epochs)
    if case.plan is not None and case.plan.layer == "convolutional":  # feature maps are no units of a table's network
        maps = {"hidden_units": case.plan.hidden_units, "depth": 0}
        changes |= maps | {"activation": "relu", "batch_norm": "before"}
    return changed(case, DEFAULT_NETWORK, REPLACEMENT, "it learns on most tables, whatever ails this one", changes)
