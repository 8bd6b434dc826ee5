"""The verdict on a fit: avoidable bias, variance and dev-set overfitting, each with a confidence interval."""

from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from jaxtyping import Float, Int

from goodfit.diagnosis.error_sample import error_sample, gap_between, mean_interval, seeds_dominate
from goodfit.diagnosis.intervals import Interval, newcombe, wilson
from goodfit.diagnosis.reason import GapIntervals, GapLevels, Level, MeasuredErrors, reason
from goodfit.errors import InputError

Verdict = Literal[
    "high bias",
    "high variance",
    "high bias and high variance",
    "good fit",
    "too few examples to tell",
    "no better than a guess",
    "not to be trusted",
]


@dataclass(frozen=True)
class Gaps:
    """The gaps between errors that keep a network from a good fit (course notes: bias and variance).

    Attributes:
        avoidable_bias: train error − human error; None if no human error is known.
        variance: dev error − train error.
        dev_overfitting: test error − dev error; None before the test set is opened.
        verdict: on the gaps alone, or as `verdict.conclude` leaves it.
        reason: the verdict in words, with its numbers.
        spread: of the target, in its unit. The gaps of a regression are differences of RMSEs over it; None for classes.
        by_time: True if the sets follow each other in time: what separates test from dev is then drift.
    """

    avoidable_bias: Interval | None
    variance: Interval
    dev_overfitting: Interval | None
    verdict: Verdict
    reason: str
    spread: float | None = None
    by_time: bool = False


def judge(
    train_error: float,
    dev_error: float,
    *,
    train_size: int | None = None,
    dev_size: int | None = None,
    test_error: float | None = None,
    test_size: int | None = None,
    human_error: float | None = 0.0,
    min_gap: float = 0.02,
    fit_share: float = 1.0,
) -> Gaps:
    """Judge bare error rates (0.11 is 11 %), with intervals if the sizes of the sets are given.

    >>> judge(0.01, 0.11, train_size=6000, dev_size=2000).verdict
    'high variance'

    Args:
        train_error: share of wrong training examples.
        dev_error: share of wrong dev examples.
        train_size: number of training examples that the error was measured on.
        dev_size: number of dev examples.
        test_error: share of wrong test examples.
        test_size: number of test examples.
        human_error: the human or Bayes error; None if unknown.
        min_gap: the smallest gap that counts.
        fit_share: the lowest train error that the training reached, as a share of the train error.

    Returns:
        Each gap with its 95 % interval (Wilson's for the bias, Newcombe's for the difference of two sets), and the
        verdict; without sizes the intervals have no width.

    Raises:
        InputError: an error is outside 0 to 1, a size is below 1, or only some of the sizes are given.
    """
    for name, rate in (("train", train_error), ("dev", dev_error), ("test", test_error), ("human", human_error)):
        if rate is not None and not 0 <= rate <= 1:
            raise InputError(f"the {name} error is {rate:g}; give a share between 0 and 1 (11 % is 0.11)")
    sizes = [train_size, dev_size] + ([] if test_error is None else [test_size])
    if any(size is not None for size in sizes) and None in sizes:
        raise InputError("only some of the sizes are given; give the size of every set whose error is given, or none")
    if train_size is None or dev_size is None:
        bias = None if human_error is None else _without_width(train_error - human_error)
        variance = _without_width(dev_error - train_error)
        overfitting = None if test_error is None else _without_width(test_error - dev_error)
    else:
        bias = None if human_error is None else _above_level(wilson(train_error, train_size), human_error)
        variance = newcombe(dev_error, dev_size, train_error, train_size)
        overfitting = (
            newcombe(test_error, test_size, dev_error, dev_size) if test_error is not None and test_size else None
        )
    errors = MeasuredErrors(train_error, dev_error, test_error, human_error, min_gap, train_size, dev_size)
    return _conclude(*_at_best_fit(errors, GapIntervals(bias, variance, overfitting), fit_share))


def gaps_from_runs(
    train_misses: Float[np.ndarray, "seeds train"],
    dev_misses: Float[np.ndarray, "seeds dev"],
    *,
    test_misses: Float[np.ndarray, "seeds test"] | None = None,
    spread: float | None = None,
    human_error: float | None = None,
    min_gap: float = 0.02,
    bias_shown: bool | None = None,
    fit_share: float = 1.0,
    by_time: bool = False,
    train_groups: Int[np.ndarray, "train"] | None = None,
    dev_groups: Int[np.ndarray, "dev"] | None = None,
    test_groups: Int[np.ndarray, "test"] | None = None,
) -> Gaps:
    """Judge the misses of the same networks on each example; intervals are over new examples (or groups) and new seeds.

    Rates of wrong answers get Wilson's and Newcombe's intervals, since a bootstrap has no width if nobody errs. Their
    sample size is the effective number of examples, and the variance between seeds is added. A regression is judged by
    its RMSEs, all divided by one spread of the target and bootstrapped: R² would measure each set by its own variance.

    Args:
        train_misses: 0 or 1; for a regression the squared miss over the squared spread.
        dev_misses: the same on the dev set.
        test_misses: the same on the test set.
        spread: of the target of a regression, in its unit; None for classes.
        human_error: the human or Bayes error, for a regression an RMSE in the target's unit; None means 0 for classes
            and unknown for a regression.
        min_gap: the smallest gap that counts, for a regression as a share of the spread.
        bias_shown: without a human error: True if a larger network lowered the train error, False if it did not.
        fit_share: the lowest train error that the training reached, as a share of that of the kept parameters.
        by_time: True if the sets follow each other in time, so that a gap may be drift.
        train_groups: group of each training example, if whole groups were drawn.
        dev_groups: group of each dev example.
        test_groups: group of each test example.

    Returns:
        Each gap with its 95 % interval, and the verdict.

    Raises:
        InputError: a set has fewer than two examples.
    """
    rates = spread is None
    train = error_sample(train_misses, train_groups, rates)
    dev = error_sample(dev_misses, dev_groups, rates)
    test = None if test_misses is None else error_sample(test_misses, test_groups, rates)
    variance = gap_between(dev, train)
    human_level = 0.0 if human_error is None and rates else human_error
    if human_level is not None and spread is not None:
        human_level /= spread
    errors = MeasuredErrors(
        train.mean,
        dev.mean,
        None if test is None else test.mean,
        human_level,
        min_gap,
        train.errors.shape[1],
        dev.errors.shape[1],
        human_assumed=human_error is None,
        bias_shown=bias_shown if human_level is None else None,
        seeds=len(train_misses) if seeds_dominate(dev, train, variance) else 0,
        spread=spread,
        by_time=by_time,
    )
    bias = None if human_level is None else _above_level(mean_interval(train), human_level)
    gaps = GapIntervals(bias, variance, None if test is None else gap_between(test, dev))
    return _conclude(*_at_best_fit(errors, gaps, fit_share))


def _without_width(value: float) -> Interval:
    return Interval(value, value, value)


def _above_level(interval: Interval, level: float) -> Interval:
    """Return the interval of the distance above a level that is known exactly."""
    return _shifted(interval, -level)


def _at_best_fit(errors: MeasuredErrors, gaps: GapIntervals, fit_share: float) -> tuple[MeasuredErrors, GapIntervals]:
    """Measure the gaps from the lowest train error where only the kept epoch has a high bias, and the network none.

    Early stopping may keep an epoch before the network has fitted: more units would not help it, since it can fit.
    """
    bias = gaps.avoidable_bias
    # Shares of 1 − R² are shares of the squared RMSE. What a network learns below the human error is no better fit.
    lowest_error = errors.train_error * fit_share ** (1 if errors.spread is None else 0.5)
    fitted = max(lowest_error, errors.human_error or 0.0)
    if bias is None or _level(bias, errors.min_gap) != "high":
        return errors, gaps
    shift = fitted - errors.train_error
    best_bias = _shifted(bias, shift)
    if _level(best_bias, errors.min_gap) == "high":
        return errors, gaps
    lowest = replace(errors, train_error=fitted, kept_train_error=errors.train_error)
    return lowest, gaps._replace(avoidable_bias=best_bias, variance=_shifted(gaps.variance, -shift))


def _shifted(interval: Interval, shift: float) -> Interval:
    return Interval(interval.value + shift, interval.low + shift, interval.high + shift)


def _conclude(errors: MeasuredErrors, gaps: GapIntervals) -> Gaps:
    """Return the gaps with verdict and reason; a high gap decides even if the other is unclear."""
    overfitting = gaps.dev_overfitting
    levels = GapLevels(
        _bias_level(errors, gaps.avoidable_bias),
        _level(gaps.variance, errors.min_gap),
        None if overfitting is None else _level(overfitting, errors.min_gap),
    )
    verdict: Verdict
    if levels.bias == levels.variance == "high":
        verdict = "high bias and high variance"
    elif "high" in (levels.bias, levels.variance):
        verdict = "high bias" if levels.bias == "high" else "high variance"
    else:
        verdict = "too few examples to tell" if "unclear" in (levels.bias, levels.variance) else "good fit"
    return Gaps(*gaps, verdict, reason(errors, gaps, levels), errors.spread, errors.by_time)


def _bias_level(errors: MeasuredErrors, bias: Interval | None) -> Level:
    """Return the level of the bias; without a human error, a larger network's train error shows it."""
    if bias is not None:
        return _level(bias, errors.min_gap)
    return "unclear" if errors.bias_shown is None else "high" if errors.bias_shown else "low"


def _level(gap: Interval, min_gap: float) -> Level:
    """Return high if the whole interval is above the smallest gap, low if the gap is not and cannot be twice it."""
    if gap.low > min_gap:
        return "high"
    return "low" if gap.value <= min_gap and gap.high <= 2 * min_gap else "unclear"
