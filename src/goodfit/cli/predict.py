"""`goodfit predict`: what a run's model says of new rows."""

import sys
import warnings

import goodfit
from goodfit.api.requests.use import PredictRequest
from goodfit.cli import options, output
from goodfit.errors import DataWarning


def predict(request: PredictRequest, as_json: options.Json = False) -> None:
    """Predict new rows: a column `prediction` and, for classes, a probability for each.

    Example: goodfit predict runs/20260101-120000-customers-3f2a new.csv --out predictions.csv
    """
    with warnings.catch_warnings(record=True, category=DataWarning, action="always") as remarks:
        frame = goodfit.predict(**request.arguments())
    for remark in remarks:
        print(f"Warning: {remark.message}", file=sys.stderr)
    if as_json:
        facts = {"run": request.run, "rows": len(frame), "out": request.out}
        output.print_json(facts if request.out else facts | {"predictions": frame.to_dicts()})
    elif request.out is None:
        print(frame.write_csv(), end="")
    else:
        print(f"{len(frame):,} predictions are in {request.out}")
