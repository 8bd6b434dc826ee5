"""Data, gaps and metrics as plain values: what `--json` prints, and what the report shows."""

from typing import Any

import numpy as np
from jaxtyping import Float, Int

from goodfit.data.dataset import Splits
from goodfit.diagnose.gaps import Gaps, Interval
from goodfit.diagnose.metrics import metrics
from goodfit.improve.verify import Paired


def interval(value: Interval | Paired | None) -> dict[str, float] | None:
    """An interval as JSON has it."""
    if value is None:
        return None
    middle = value.effect if isinstance(value, Paired) else value.value
    return {"value": float(middle), "low": float(value.low), "high": float(value.high)}


def of_data(splits: Splits) -> dict[str, Any]:
    """The part of a summary that tells of the data."""
    dataset = splits.dataset
    schema = dataset.schema
    return {
        "data": {
            "name": dataset.name,
            "source": dataset.origin.get("source", dataset.name),
            "rows": len(dataset),
            "columns": len(schema.columns),
            "fingerprint": dataset.fingerprint,
        },
        "task": schema.task,
        "target": schema.target,
        "classes": list(schema.classes),
        "metric": "1-r2" if schema.task == "regression" else "error_rate",
        "notes": list(splits.notes),
        "sizes": {"train": len(splits.train), "dev": len(splits.dev), "test": len(splits.test)},
    }


def of_gaps(gaps: Gaps) -> dict[str, Any]:
    """Verdict, its reason, and the gaps with their intervals."""
    return {
        "verdict": gaps.verdict,
        "reason": gaps.reason,
        "avoidable_bias": interval(gaps.avoidable_bias),
        "variance": interval(gaps.variance),
        "dev_overfitting": interval(gaps.dev_overfitting),
    }


def of_metrics(
    splits: Splits, outputs: Float[np.ndarray, "rows outputs"], rows: Int[np.ndarray, "rows"]
) -> dict[str, float]:
    """Every metric of these outputs."""
    return metrics(splits.dataset.schema.task, splits.dataset.target[rows], outputs, splits.target_scale**2)


def advice(gaps: Gaps, splits: Splits, doubled: dict[str, Any] | None) -> list[str]:
    """What to do next, in sentences."""
    lines = []
    if gaps.verdict == "too few examples to tell":
        lines.append("Judge by cross-validation: run again with --folds 5.")
    if gaps.verdict in ("high variance", "high bias and high variance"):
        lines.append(doubled["sentence"] if doubled else "Collect more data, the first cure for variance.")
    if gaps.verdict in ("high bias", "high bias and high variance"):
        lines.append(
            "Give it longer with --budget, add columns that tell more, or set --human-error to what is possible."
        )
    if gaps.verdict == "good fit":
        lines.append("Use it: `goodfit predict` takes the run and a file of new rows.")
    if not len(splits.test):
        lines.append("Keep a test set next time: without one the expected error is only known on the dev set.")
    return lines
