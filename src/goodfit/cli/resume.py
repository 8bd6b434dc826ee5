"""`goodfit resume`: go on with a training or a whole job that was cut off."""

from collections.abc import Iterator

import goodfit
from goodfit.api.requests.fit import ResumeRequest
from goodfit.api.result_types.fit import Fit
from goodfit.cli import improve, options, output, progress, train


def resume(request: ResumeRequest, as_json: options.Json = False) -> None:
    """Go on with a run of train or improve that was killed or interrupted; it ends as if it had never stopped.

    Example: goodfit resume runs/20260101-120000-digits-3f2a
    """
    with progress.reporting(quiet=as_json) as callback:
        result = goodfit.resume(**request.arguments(), progress=callback)
    output.show(result, as_json, _answers)


def _answers(fit: Fit) -> Iterator[str]:
    """Yield the point at which it went on, then what the command itself says."""
    for sentence in fit.resumed:
        yield f"{sentence[0].upper()}{sentence[1:]}."
    yield from {"train": train, "improve": improve}[fit.result.command].answers(fit)
