"""`goodfit rewind`: take a training back to an earlier epoch."""

from collections.abc import Iterator

import goodfit
from goodfit.api.requests.steering import RewindRequest
from goodfit.api.result_types.answer import Answer
from goodfit.cli import options, output


def rewind(request: RewindRequest, as_json: options.Json = False) -> None:
    """Take a run that is training back to the end of an epoch, and pause it there; later nudges are discarded.

    Example: goodfit rewind runs/20260101-120000-digits-3f2a --to 10
    """
    output.show(goodfit.rewind(**request.arguments(), sender="terminal"), as_json, _answers)


def _answers(answer: Answer) -> Iterator[str]:
    if answer.rewind:
        start, end = answer.rewind
        yield f"Went back from epoch {start} to {end} and paused; goodfit unpause {answer.run} lets it go on."
    else:
        yield output.waiting_line(answer, "It will go back at its next check")
