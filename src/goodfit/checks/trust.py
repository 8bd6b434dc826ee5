"""Where a gradient check itself cannot be trusted, a sentence each."""

import numpy as np
from jaxtyping import Bool

from goodfit.checks.differences import EPSILON, Differences
from goodfit.checks.parameters import Parameters
from goodfit.checks.verdict import GREAT, Judged
from goodfit.wording.numbers import scientific

LOW_COST = (
    "the cost computes with fewer than 64 bits, so differences see little; let it keep the type of its parameters, "
    "and its data too"
)
LOW_GRADIENTS = (
    "the gradients have fewer than 64 bits: expect relative errors about 1e-7 from that alone; give a function, so "
    "that they are computed from parameters of 64 bits"
)
_VANISHING = 1e-3  # of epsilon: where neighboring numbers are wider apart, the step is not what was asked for


def vanishing(parameters: Parameters, differences: Differences, places: list[slice]) -> list[str]:
    """Values so large that epsilon is rounded away beside them."""
    told = []
    for name, block, at in zip(parameters.names, parameters.blocks, places, strict=True):
        largest = float(np.max(np.abs(parameters.values[block]), initial=0.0))
        step = float(np.max(differences.widths[at], initial=0.0)) / 2
        if np.spacing(largest) > _VANISHING * step:
            words = f"{name} holds values up to {scientific(largest)}, beside which so small an epsilon is rounded away"
            told.append(f"{words}; take a larger epsilon, or none to have it scaled to the values")
    return told


def at_kinks(
    parameters: Parameters, kinks: Bool[np.ndarray, "probes"], places: list[slice], sample: int | None
) -> list[str]:
    """Kinks within epsilon."""
    count = int(kinks.sum())
    if not count:
        return []
    first = int(np.flatnonzero(kinks)[0])
    what = "random directions" if sample else "entries"
    if sample:
        where = next(name for name, at in zip(parameters.names, places, strict=True) if at.start <= first < at.stop)
    else:
        name, index = parameters.place(first)
        where = f"{name}{list(index)}" if index else name
    words = f"the cost has a kink within epsilon, as ReLU has at 0, for {count} of {len(kinks)} {what}"
    return [f"{words} (the first in {where}); those, and blocks with many, count for nothing"]


def of_epsilon(
    differences: Differences, left_out: Bool[np.ndarray, "probes"], whole: Judged, epsilon: float | None
) -> list[str]:
    """An epsilon that does not suit the values."""
    if whole.resolution < GREAT or whole.sound < GREAT or left_out.all():
        return []
    seen = f"the differences see relative errors above {scientific(whole.resolution, 1)} only"
    if differences.rounding_rules(~left_out):
        remedy = (
            f"take a larger epsilon (scaled to the values it is {scientific(EPSILON, 1)} or more)"
            if epsilon
            else ("check nearer to fresh parameters, where gradients are larger")
        )
        return [f"{seen}, since rounding rules at so small an epsilon; {remedy}"]
    return [f"{seen}, since the cost bends within epsilon: the values are small beside it; take a smaller epsilon"]
