"""`goodfit predict`: what a run's model says of new rows."""

import sys
from pathlib import Path
from typing import Annotated

import typer

import goodfit
from goodfit.cli import options, output

_SHOWN = 5  # files that cannot be read


def predict(
    run: options.Run,
    data: Annotated[str, typer.Argument(metavar="DATA", help="The rows to predict.", show_default=False)],
    out: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Write a CSV here; without it, it goes to stdout.")
    ] = None,
    as_json: options.Json = False,
) -> None:
    """Predict new rows: a column `prediction` and, for classes, a probability for each.

    Example: goodfit predict runs/20260101-120000-customers-3f2a new.csv --out predictions.csv
    """
    frame = goodfit.predict(run, data, out=out)
    lost = frame["prediction"].is_null()
    if lost.any():  # of image files alone
        files = ", ".join(frame["file"].filter(lost).head(_SHOWN)) + (", …" if lost.sum() > _SHOWN else "")
        told = f"{lost.sum():,} of {len(frame):,} images cannot be read and have no prediction: {files}"
        print(f"Warning: {told}.", file=sys.stderr)
    if as_json:
        facts = {"run": run, "rows": len(frame), "out": out}
        output.print_json(facts if out else facts | {"predictions": frame.to_dicts()})
    elif out is None:
        print(frame.write_csv(), end="")
    else:
        print(f"{len(frame):,} predictions are in {out}")
