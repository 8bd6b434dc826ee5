"""Data, gaps and metrics as plain values: what `--json` prints, and what the report shows."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Float, Int

from goodfit.data.dataset import Splits
from goodfit.diagnose.finding import Finding
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
        }
        | ({"image": list(schema.image)} if schema.image else {}),
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


def of_finding(finding: Finding) -> dict[str, Any]:
    """A finding with the plot of its evidence; what was not measured is null."""

    def numbers(values: Float[np.ndarray, "points"]) -> list[float | None]:
        return [float(value) if np.isfinite(value) else None for value in values]

    plot = finding.plot
    if plot is None:
        return finding.to_dict() | {"plot": None}
    lines = {name: numbers(values) for name, values in plot.lines.items()}
    return finding.to_dict() | {"plot": plot._asdict() | {"x": numbers(plot.x), "lines": lines}}


def of_metrics(
    splits: Splits, outputs: Float[np.ndarray, "rows outputs"], rows: Int[np.ndarray, "rows"]
) -> dict[str, float]:
    """Every metric of these outputs."""
    return metrics(splits.dataset.schema.task, splits.dataset.target[rows], outputs, splits.target_scale**2)


@dataclass(frozen=True)
class Told:
    """What advice depends on, beside the gaps.

    Attributes:
        command: that made the run.
        run: its folder.
        min_gap: the smallest gap that matters.
        folds: that it was judged by; None by the dev set.
        doubled: what the learning curve says of more data.
    """

    command: str
    run: Path
    min_gap: float
    folds: int | None = None
    doubled: dict[str, Any] | None = None


def advice(gaps: Gaps, splits: Splits, told: Told) -> list[str]:
    """What to do next, in sentences."""
    lines = []
    if gaps.verdict == "too few examples to tell":
        lines += _to_tell(gaps, told)
    if gaps.verdict in ("high variance", "high bias and high variance"):
        lines.append(told.doubled["sentence"] if told.doubled else "Collect more data, the first cure for variance.")
    if gaps.verdict in ("high bias", "high bias and high variance"):
        longer = "Give it longer with --budget" if told.command == "improve" else "Run `goodfit improve` on the data"
        columns = "" if splits.dataset.schema.image else "add columns that tell more, "
        lines.append(f"{longer}, {columns}or set --human-error to what is possible.")
    if gaps.verdict == "good fit":
        lines.append("Use it: `goodfit predict` takes the run and a file of new rows.")
    if not len(splits.test):
        lines.append("Keep a test set next time: without one the expected error is only known on the dev set.")
    return lines


def _to_tell(gaps: Gaps, told: Told) -> list[str]:
    """What would settle the gaps: a human error where only that is missing, folds where there were none, or data."""
    lines = []
    if gaps.avoidable_bias is None:
        lines.append("Give --human-error, the 1−R² that is possible: it tells whether there is bias.")
        if gaps.variance.value <= told.min_gap and gaps.variance.high <= 2 * told.min_gap:
            return lines
    if told.folds:
        lines.append("Collect more examples: training and dev set together are too few to tell.")
    elif told.command != "improve":
        lines.append(f"Judge by cross-validation: goodfit diagnose {told.run} --folds 5.")
    else:
        lines.append("Judge by cross-validation: run again with --folds 5.")
    return lines
