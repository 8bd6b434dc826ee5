"""Data, gaps and metrics as plain values: what `--json` prints, and what the report shows."""

from typing import Any

import numpy as np
from jaxtyping import Float, Int

from goodfit.data.dataset import Splits
from goodfit.diagnosis.finding import Finding
from goodfit.diagnosis.gaps import Gaps, Interval
from goodfit.diagnosis.metrics import metrics
from goodfit.diagnosis.paired_test import PairedEffect
from goodfit.record.result import FindingResult, GapFigures
from goodfit.record.values import EffectEstimate, Estimate


def interval(value: Interval | PairedEffect | None) -> dict[str, float] | None:
    """An interval as JSON has it."""
    if value is None:
        return None
    middle = value.effect if isinstance(value, PairedEffect) else value.value
    return {"value": float(middle), "low": float(value.low), "high": float(value.high)}


def estimate(measured: Interval) -> Estimate:
    """Return a value and its interval as a result holds them."""
    return Estimate(float(measured.value), float(measured.low), float(measured.high))


def effect_estimate(measured: PairedEffect) -> EffectEstimate:
    """Return a measured effect as a result holds it."""
    return EffectEstimate(measured.effect, measured.low, measured.high, measured.p)


def gap_figures(gaps: Gaps) -> GapFigures:
    """Return verdict and gaps as a result holds them."""
    bias, overfitting = gaps.avoidable_bias, gaps.dev_overfitting
    return GapFigures(
        verdict=gaps.verdict,
        reason=gaps.reason,
        avoidable_bias=None if bias is None else estimate(bias),
        variance=estimate(gaps.variance),
        dev_overfitting=None if overfitting is None else estimate(overfitting),
    )


def finding_result(finding: Finding) -> FindingResult:
    """Return a finding as a result holds it."""
    return FindingResult.from_dict(of_finding(finding))


def of_data(splits: Splits) -> dict[str, Any]:
    """The part of a summary that tells of the data."""
    dataset = splits.dataset
    schema = dataset.schema
    return {
        "data": {
            "name": dataset.name,
            "source": dataset.origin.source,
            "rows": len(dataset),
            "columns": len(schema.columns),
            "fingerprint": dataset.fingerprint,
        }
        | ({"image": list(schema.image)} if schema.image else {}),
        "task": schema.task,
        "target": schema.target,
        "classes": list(schema.classes),
        "metric": "1-r2" if schema.task == "regression" else "error_rate",
        "notes": [note.to_dict() for note in splits.notes],
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
