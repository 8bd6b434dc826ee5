"""`goodfit check`: gradients, growth by layer, monotone descent and curvature of a plan's network."""

from collections.abc import Iterator
from typing import Any

import goodfit
from goodfit.api.requests.inspection import CheckRequest
from goodfit.cli import options, output, progress
from goodfit.wording.numbers import number, scientific

_MOST_BLOCKS = 12
_POINTS = {"fresh": "fresh parameters", "run": "the run's parameters"}


def check(request: CheckRequest, as_json: options.Json = False) -> None:
    """Check the gradients of a run's or a plan's network, and how signals grow with its depth.

    Example: goodfit check digits --plan plan.yaml --descent
    """
    with progress.shown(quiet=as_json) as callback:
        result = goodfit.check(**request.arguments(), progress=callback)
    output.show(result, as_json, _answers)


def _answers(result: dict[str, Any]) -> Iterator[str]:
    """What was found, by what was asked for."""
    if result["gradients"] is not None:
        for at in _POINTS:
            if at in result["gradients"]:
                yield from _gradient_lines(at, result["gradients"][at], result["growth"][at])
    if result["descent"] is not None:
        found = result["descent"]
        yield f"Descent: {found['reason']}."
        yield f"Next: {found['next']}."
        yield f"Page: {found['page']}"
    if result["curvature"] is not None:
        found = result["curvature"]
        still = "" if found["plateau"] else ", not at a plateau"
        yield f"Curvature at {_POINTS[found['parameters']]}: {found['verdict']}{still}"
        yield f"  {found['reason']}"


def _gradient_lines(at: str, check: dict[str, Any], growth: dict[str, Any]) -> Iterator[str]:
    """The verdict, the blocks that are not great, warnings, and growth."""
    yield f"Gradients at {_POINTS[at]}: {check['verdict']}"
    yield f"  {check['reason']}"
    for block in [block for block in check["blocks"] if block["verdict"] != "great"][-_MOST_BLOCKS:]:
        yield f"  {block['name']}: {block['verdict']}, relative error {scientific(block['error'])}"
    for entry in check["worst"][:3] if check["verdict"] == "wrong" else ():
        where = f"{entry['name']}{entry['index']}"
        yield f"  {where}: gradient {number(entry['gradient'], 6)}, differences {number(entry['numerical'], 6)}"
    if check["directions"]:
        chance = f"one wrong entry of typical size is missed with a chance of {number(check['chance_of_missing'], 1)}"
        yield f"  {check['directions']} random directions a block: {chance}"
    for warning in check["warnings"]:
        yield f"  Mind: {warning}"
    for what in ("activations", "gradients"):
        yield f"  {growth[what]['reason'].capitalize()}"
