"""A heavy tail of a regression's target: a few large values hold most of its variance.

The evidence is 1 % of the values that hold a third or more of the squared distances from the median; of a normal target
they hold a twelfth, of an exponential one a quarter. The remedy is to fit a transformed target (Box & Cox 1964).
"""

from goodfit.diagnosis.finding import Finding, Observation
from goodfit.diagnosis.findings.remedies import change_plan
from goodfit.wording.numbers import number, percent

ID = "heavy-tail"
NAME = "heavy tail of the target"


def find(observation: Observation) -> Finding | None:
    """Return the finding if few values hold most of the target's variance, and the plan does nothing against it."""
    tail, plan = observation.data.target_tail if observation.data else None, observation.plan
    if tail is None or tail.transform is None:
        return None
    if plan is not None and (plan.target_transform, plan.loss) != ("none", "squared"):
        return None
    why = "on the transformed scale every example counts, not only the largest"
    return Finding(
        ID,
        NAME,
        severity=2,
        confidence=0.9,
        sentence=f"1 % of the values hold {percent(tail.share)} of the target's variance, such as "
        f"{tail.listed(tail.largest)}; half of the values lie between {number(tail.lower)} and {number(tail.upper)}.",
        evidence={"share": tail.share, "lower": tail.lower, "upper": tail.upper},
        remedies=(
            *change_plan(
                observation,
                "target-transform",
                f"fit the target's {'logarithm' if tail.transform == 'log' else 'Yeo-Johnson transform'} "
                f"(--target-transform {tail.transform})",
                why,
                {"target_transform": tail.transform},
            ),
            *change_plan(
                observation, "robust-loss", "a robust loss (Huber)", "large misses pull less", {"loss": "huber"}
            ),
        ),
    )
