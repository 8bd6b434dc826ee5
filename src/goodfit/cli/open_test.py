"""`goodfit open-test`: open a run's test set, once."""

from collections.abc import Iterator

import goodfit
from goodfit.api.requests.use import OpenTestRequest
from goodfit.api.result_types.diagnosis import TestResult
from goodfit.cli import options, output
from goodfit.record.figures import gap_text


def open_test(request: OpenTestRequest, as_json: options.Json = False) -> None:
    """Measure a trained run on its test set, which opens once.

    Example: goodfit open-test runs/20260101-120000-digits-3f2a
    """
    result = goodfit.open_test(**request.arguments())
    output.show(result, as_json, _answers)


def _answers(test: TestResult) -> Iterator[str]:
    """Yield the error to expect, and how far the dev set was overfitted."""
    yield output.expected_error(test.test_error, test.test_note, test.metric)
    yield output.metric_line("Test", test.test_metrics)
    gap = test.dev_overfitting
    if gap:
        yield f"{'Drift' if test.by_time else 'Dev overfitting'}: {gap_text(gap, test.spread)}"
        if gap.low > 0 and test.reason:
            yield test.reason
