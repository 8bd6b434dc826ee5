"""`goodfit improve`: the whole loop, from data to a good fit and its proof."""

from collections.abc import Iterator

import goodfit
from goodfit.api.requests.fit import ImproveRequest
from goodfit.api.result_types.fit import Fit
from goodfit.cli import options, output, progress
from goodfit.cli.output import metric_name
from goodfit.record.result import RunResult
from goodfit.wording import numbers


def improve(request: ImproveRequest, as_json: options.Json = False) -> None:
    """Train, diagnose, try what the diagnosis prescribes, keep what helps, and test once.

    Example: goodfit improve customers.csv --target churned --budget 300
    """
    with progress.reporting(quiet=as_json) as callback:
        result = goodfit.improve(**request.arguments(), progress=callback)
    output.show(result, as_json, answers)


def answers(fit: Fit) -> Iterator[str]:
    """Yield findings, notes on the data, the verdict, the error to expect, what helped, the next steps, the report."""
    result, final = fit.result, fit.result.final
    yield from output.finding_lines(final.findings)
    yield from output.note_lines(result.notes)
    if fit.outcome == "interrupted":
        yield "Stopped early by Ctrl-C; this is the best so far."
        yield f"goodfit resume {fit.run} goes on with it."
    yield f"Good fit? {_VERDICTS.get(fit.verdict, fit.verdict)}"
    yield f"  {fit.reason}"
    yield output.expected_error(fit.test_error, final.test_note, result.metric)
    dataset, metrics = ("Test", final.test_metrics) if final.test_metrics else ("Dev", final.dev_metrics)
    yield output.metric_line(dataset, metrics)
    yield from _what_helped(result)
    yield from (f"Next: {sentence}" for sentence in fit.next_steps[:3])
    yield f"Report: {fit.report}"


_VERDICTS = {
    "good fit": "Yes.",
    "high bias": "Not yet: high bias (the training set itself is not fitted).",
    "high variance": "Not yet: high variance (what was learned does not carry over to new data).",
    "high bias and high variance": "Not yet: high bias and high variance.",
    "no better than a guess": "No: it is no better than a guess.",
    "not to be trusted": "No: its error is not to be trusted.",
    "too few examples to tell": "Too few examples to tell.",
}


def _what_helped(result: RunResult) -> Iterator[str]:
    """Yield the dev error from baseline to final, and each change that was kept."""
    error = f"dev {metric_name(result.metric)}"
    errors = result.baseline | {"now": result.final.dev_error}
    steps = (f"{name} {numbers.percent(value)}" for name, value in errors.items())
    yield f"{error[0].upper()}{error[1:]}: {', '.join(steps)}."
    experiments = [experiment for loop_round in result.rounds for experiment in loop_round.experiments]
    adopted = [experiment for experiment in experiments if experiment.adopted]
    for experiment in adopted:
        cost, effect = experiment.cost_effect, experiment.error_effect
        helped = "Helped" if cost.significant or effect.significant else "Adopted"
        change = numbers.change(effect.value, effect.low, effect.high)
        words = f"lower dev cost (p = {numbers.p_value(experiment.p_holm)}), {error} {change}"
        yield f"{helped}: {experiment.prescription}: {words}{'' if effect.significant else ', not significant'}."
    if result.ensemble and result.ensemble.adopted:
        yield result.ensemble.sentence
    elif not adopted:
        count = len(experiments)
        yield f"None of the {count} experiments measurably helped." if count else "Experiments: none."
