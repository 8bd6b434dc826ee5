"""`goodfit check`: gradients, growth by layer, monotone descent and curvature of a plan's network."""

from collections.abc import Iterator
from typing import Literal

import goodfit
from goodfit.api.requests.inspection import CheckRequest
from goodfit.api.result_types.check import CheckResult, GradientChecks, NetworkGrowth
from goodfit.cli import options, output, progress
from goodfit.wording import numbers

_MOST_BLOCKS = 12
_POINTS = {"fresh": "fresh parameters", "run": "the run's parameters"}


def check(request: CheckRequest, as_json: options.Json = False) -> None:
    """Check the gradients of a run's or a plan's network, and how signals grow with its depth.

    Example: goodfit check digits --plan plan.yaml --descent
    """
    with progress.reporting(quiet=as_json) as callback:
        result = goodfit.check(**request.arguments(), progress=callback)
    output.show(result, as_json, _answers)


def _answers(result: CheckResult) -> Iterator[str]:
    """Yield the findings of the checks that were requested."""
    if result.gradients is not None and result.growth is not None:
        yield from _gradient_lines("fresh", result.gradients, result.growth.fresh)
        if result.growth.run is not None:
            yield from _gradient_lines("run", result.gradients, result.growth.run)
    if result.descent is not None:
        yield f"Descent: {result.descent.reason}."
        yield f"Next: {result.descent.next}."
        yield f"Page: {result.descent.page}"
    if result.curvature is not None:
        plateau = "" if result.curvature.plateau else ", not at a plateau"
        yield f"Curvature at {_POINTS[result.curvature.parameters]}: {result.curvature.verdict}{plateau}"
        yield f"  {result.curvature.reason}"


def _gradient_lines(point: Literal["fresh", "run"], gradients: GradientChecks, growth: NetworkGrowth) -> Iterator[str]:
    """Yield the verdict at a point, the blocks that are not great, the warnings, and the growth."""
    check = gradients.run if point == "run" and gradients.run else gradients.fresh
    yield f"Gradients at {_POINTS[point]}: {check.verdict}"
    yield f"  {check.reason}"
    for block in [block for block in check.blocks if block.verdict != "great"][-_MOST_BLOCKS:]:
        yield f"  {block.name}: {block.verdict}, relative error {numbers.scientific(block.error)}"
    for entry in check.worst[:3] if check.verdict == "wrong" else ():
        values = f"gradient {numbers.number(entry.gradient, 6)}, differences {numbers.number(entry.numerical, 6)}"
        yield f"  {entry.name}{list(entry.index)}: {values}"
    if check.directions:
        missed = numbers.scientific(check.chance_of_missing, 1)
        chance = f"one wrong entry of typical size is missed with a chance of {missed}"
        yield f"  {check.directions} random directions per block: {chance}"
    for warning in check.warnings:
        yield f"  Note: {warning}"
    for signal in (growth.activations, growth.gradients):
        yield f"  {signal.reason.capitalize()}"
