"""`goodfit test`: open a run's test set, once."""

from typing import Annotated

import typer

from goodfit.cli import options, output


def test(
    run: options.Run,
    data: options.Moved = None,
    force: Annotated[
        bool, typer.Option("--force", help="Open the test set though it was opened before; this is recorded.")
    ] = False,
    as_json: options.Json = False,
) -> None:
    """Measure a trained run on its test set, which opens once.

    Example: goodfit test runs/20260101-120000-digits-3f2a
    """
    from goodfit import verbs

    result = verbs.test(run, data, force=force)
    output.show(result, as_json, lambda facts: [output.expected_error(facts, facts["metric"])])
