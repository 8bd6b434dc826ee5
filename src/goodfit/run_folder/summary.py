"""Data, gaps, findings and metrics as the result holds them."""

import numpy as np
from jaxtyping import Float, Int

from goodfit.data.dataset import Splits
from goodfit.diagnosis.finding import Finding
from goodfit.diagnosis.gaps import Gaps
from goodfit.diagnosis.intervals import Interval
from goodfit.diagnosis.metrics import metrics
from goodfit.diagnosis.paired_test import PairedEffect
from goodfit.diagnosis.verdict import Guess
from goodfit.record.figures import GapFigures, GuessFigures
from goodfit.record.findings import FindingResult, PlotData, RemedyResult
from goodfit.record.result import DataSummary, SetSizes
from goodfit.record.values import EffectEstimate, Estimate


def estimate(interval: Interval) -> Estimate:
    """Return an interval as the result holds it."""
    return Estimate(float(interval.value), float(interval.low), float(interval.high))


def effect_estimate(effect: PairedEffect) -> EffectEstimate:
    """Return a measured effect as the result holds it."""
    return EffectEstimate(float(effect.effect), float(effect.low), float(effect.high), float(effect.p))


def data_summary(splits: Splits) -> DataSummary:
    """Return name, source and size of the data."""
    dataset = splits.dataset
    return DataSummary(
        name=dataset.name,
        source=dataset.origin.source,
        rows=len(dataset),
        columns=len(dataset.schema.columns),
        fingerprint=dataset.fingerprint,
        image=tuple(dataset.schema.image) if dataset.schema.image else None,
    )


def set_sizes(splits: Splits) -> SetSizes:
    """Return the number of examples in each set."""
    return SetSizes(train=len(splits.train), dev=len(splits.dev), test=len(splits.test))


def error_metric(splits: Splits) -> str:
    """Return the name of the measure that errors are in."""
    return "1-r2" if splits.regression else "error_rate"


def gap_figures(gaps: Gaps) -> GapFigures:
    """Return the verdict, its reason and the gaps with their intervals."""
    bias, overfitting = gaps.avoidable_bias, gaps.dev_overfitting
    return GapFigures(
        verdict=gaps.verdict,
        reason=gaps.reason,
        avoidable_bias=None if bias is None else estimate(bias),
        variance=estimate(gaps.variance),
        dev_overfitting=None if overfitting is None else estimate(overfitting),
        spread=gaps.spread,
        by_time=gaps.by_time,
    )


def guess_figures(guess: Guess) -> GuessFigures:
    """Return the constant prediction beside the network as the result holds it."""
    return GuessFigures(prediction=guess.prediction, error=guess.error, network=estimate(guess.network))


def guess_of(figures: GuessFigures | None) -> Guess | None:
    """Return what `guess_figures` wrote; None where an older run has none."""
    if figures is None:
        return None
    network = Interval(figures.network.value, figures.network.low, figures.network.high)
    return Guess(figures.prediction, figures.error, network)


def finding_result(finding: Finding) -> FindingResult:
    """Return a finding with the plot of its evidence; None stands for what was not measured."""
    plot = finding.plot
    return FindingResult(
        id=finding.id,
        name=finding.name,
        severity=finding.severity,
        layer=finding.layer,
        epoch=finding.epoch,
        confidence=round(finding.confidence, 3),
        sentence=finding.sentence,
        evidence={name: _finite(value) for name, value in finding.evidence.items()},
        prescriptions=tuple(RemedyResult(**remedy._asdict()) for remedy in finding.remedies),
        plot=None
        if plot is None
        else PlotData(
            title=plot.title,
            x_name=plot.x_name,
            y_name=plot.y_name,
            x=_numbers(plot.x),
            lines={name: _numbers(values) for name, values in plot.lines.items()},
            log=plot.log,
        ),
        explained_by=finding.explained_by,
    )


def _numbers(values: Float[np.ndarray, "points"]) -> tuple[float | None, ...]:
    return tuple(_finite(value) for value in values)


def _finite(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None


def set_metrics(
    splits: Splits, outputs: Float[np.ndarray, "rows outputs"], rows: Int[np.ndarray, "rows"]
) -> dict[str, float]:
    """Return every metric of a set's outputs, by name."""
    return metrics(splits.dataset.schema.task, splits.dataset.target[rows], outputs)
