"""`goodfit improve`: the whole loop, from data to a good fit and its proof."""

from collections.abc import Iterator, Mapping
from typing import Any

import goodfit
from goodfit.api.requests.fit import ImproveRequest
from goodfit.cli import options, output, progress
from goodfit.cli.output import metric_name
from goodfit.wording import numbers


def improve(request: ImproveRequest, as_json: options.Json = False) -> None:
    """Train, diagnose, try what the diagnosis prescribes, keep what helps, and test once.

    Example: goodfit improve customers.csv --target churned --budget 300
    """
    with progress.reporting(quiet=as_json) as callback:
        result = goodfit.improve(**request.arguments(), progress=callback)
    output.show(result, as_json, answers)


def answers(result: Mapping[str, Any]) -> Iterator[str]:
    """Yield warnings, the verdict, the error to expect, what helped, the next steps and the report."""
    final = result["final"]
    yield from output.warning_lines(result)
    if result["outcome"] == "interrupted":
        yield "Stopped early by Ctrl-C; this is the best so far."
        yield f"goodfit resume {result['run']} goes on with it."
    yield f"Good fit? {_VERDICTS.get(final['verdict'], final['verdict'])}"
    yield f"  {final['reason']}"
    yield output.expected_error(final, result["metric"])
    yield from output.metric_lines(final)
    yield from _what_helped(result)
    for sentence in final["next_steps"][:3]:
        yield f"Next: {sentence}"
    yield f"Report: {result['report']}"


_VERDICTS = {
    "good fit": "Yes.",
    "high bias": "Not yet: high bias (the training set itself is not fitted).",
    "high variance": "Not yet: high variance (what was learned does not carry over to new data).",
    "high bias and high variance": "Not yet: high bias and high variance.",
    "too few examples to tell": "Too few examples to tell.",
}


def _what_helped(result: Mapping[str, Any]) -> Iterator[str]:
    """The dev error from baseline to final, and each change that was kept."""
    metric = result["metric"]
    error = f"dev {metric_name(metric)}"
    errors = result["baseline"] | {"now": result["final"]["dev_error"]}
    steps = (f"{name} {numbers.percent(value)}" for name, value in errors.items())
    yield f"{error[0].upper()}{error[1:]}: {', '.join(steps)}."
    tried = [entry for one_round in result["rounds"] for entry in one_round["experiments"]]
    adopted = [entry for entry in tried if entry["adopted"]]
    for entry in adopted:
        cost, effect = entry["cost_effect"], entry["error_effect"]
        helped = "Helped" if cost["significant"] or effect["significant"] else "Adopted"
        change = numbers.change(effect["value"], effect["low"], effect["high"])
        words = f"lower dev cost (p = {numbers.p_value(entry['p_holm'])}), {error} {change}"
        yield f"{helped}: {entry['prescription']}: {words}{'' if effect['significant'] else ', not significant'}."
    ensemble = result.get("ensemble")
    if ensemble and ensemble["adopted"]:
        yield ensemble["sentence"]
    elif not adopted:
        yield f"None of the {len(tried)} experiments measurably helped." if tried else "Experiments: none."
