"""Warnings about a gradient check that cannot be trusted, a sentence each."""

import numpy as np
from jaxtyping import Bool

from goodfit.checks.differences import EPSILON, Differences
from goodfit.checks.parameters import Parameters
from goodfit.checks.verdict import GREAT, Judged
from goodfit.wording.numbers import scientific

LOW_COST = (
    "the cost computes with fewer than 64 bits, so differences are coarse; let it keep the type of its parameters, and "
    "give its data in 64 bits"
)
LOW_GRADIENTS = (
    "the gradients have fewer than 64 bits, which alone makes relative errors of about 1e-7; pass a function, so that "
    "they are computed from 64-bit parameters"
)
_VANISHING = 1e-3  # share of epsilon: if neighboring floating-point numbers are wider apart, the step is inexact


def vanishing(parameters: Parameters, differences: Differences, places: list[slice]) -> list[str]:
    """Return a warning for each block whose values are so large that epsilon is rounded away."""
    warnings = []
    for name, block, probes in zip(parameters.names, parameters.blocks, places, strict=True):
        largest = float(np.max(np.abs(parameters.values[block]), initial=0.0))
        step = float(np.max(differences.widths[probes], initial=0.0)) / 2
        if np.spacing(largest) > _VANISHING * step:
            words = (
                f"{name} holds values up to {scientific(largest)}, next to which so small an epsilon is rounded away"
            )
            warnings.append(f"{words}; pass a larger epsilon, or none to scale it to the values")
    return warnings


def at_kinks(
    parameters: Parameters, kinks: Bool[np.ndarray, "probes"], places: list[slice], sample: int | None
) -> list[str]:
    """Return a warning if the cost has kinks within epsilon; empty if it has none."""
    count = int(kinks.sum())
    if not count:
        return []
    first = int(np.flatnonzero(kinks)[0])
    probes_name = "random directions" if sample else "entries"
    if sample:
        where = next(
            name for name, probes in zip(parameters.names, places, strict=True) if probes.start <= first < probes.stop
        )
    else:
        name, index = parameters.place(first)
        where = f"{name}{list(index)}" if index else name
    words = f"the cost has a kink within epsilon, as ReLU has at 0, for {count} of {len(kinks)} {probes_name}"
    return [f"{words} (the first in {where}); these, and blocks with many of them, are ignored"]


def unsuitable_epsilon(
    differences: Differences, left_out: Bool[np.ndarray, "probes"], overall: Judged, epsilon: float | None
) -> list[str]:
    """Return a warning if epsilon does not suit the values; empty if it does."""
    if overall.resolution < GREAT or overall.sound < GREAT or left_out.all():
        return []
    words = f"the differences only resolve relative errors above {scientific(overall.resolution, 1)}"
    if differences.rounding_dominates(~left_out):
        remedy = (
            f"pass a larger epsilon (scaled to the values it is {scientific(EPSILON, 1)} or more)"
            if epsilon
            else ("check closer to fresh parameters, where gradients are larger")
        )
        return [f"{words}, since rounding dominates at so small an epsilon; {remedy}"]
    return [f"{words}, since the cost bends within epsilon, which is large next to the values; pass a smaller epsilon"]
