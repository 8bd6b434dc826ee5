"""The judgment: avoidable bias, variance and dev-set overfitting, with intervals, and what they say together."""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from jaxtyping import Float, Int

from goodfit.diagnosis.intervals import (
    Interval,
    bootstrap_difference,
    bootstrap_mean,
    difference,
    effective_size,
    newcombe,
    shared_seed_variance,
    widened,
    wilson,
)
from goodfit.diagnosis.reason import Facts
from goodfit.diagnosis.reason import reason as explain
from goodfit.diagnosis.resampling import Groups, enough_groups, seed_parts
from goodfit.errors import InputError

Verdict = Literal["high bias", "high variance", "high bias and high variance", "good fit", "too few examples to tell"]
Level = Literal["high", "low", "unclear"]


@dataclass(frozen=True)
class Gaps:
    """What keeps a network from a good fit.

    Attributes:
        avoidable_bias: train error − human error; None where no human error is known.
        variance: dev error − train error.
        dev_overfitting: test error − dev error; None before the test.
        verdict: in one of five words.
        reason: one sentence.
    """

    avoidable_bias: Interval | None
    variance: Interval
    dev_overfitting: Interval | None
    verdict: Verdict
    reason: str


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
) -> Gaps:
    """Judge bare error rates (0.11 is 11 %), with intervals where the sizes of the sets are given.

    >>> judge(0.01, 0.11, train_size=6000, dev_size=2000).verdict
    'high variance'

    Args:
        train_error: share of wrong training examples.
        dev_error: share of wrong dev examples.
        train_size: number of training examples that the error was measured on.
        dev_size: number of dev examples.
        test_error: share of wrong test examples.
        test_size: number of test examples.
        human_error: the human or Bayes level; None where it is unknown.
        min_gap: the smallest gap that matters.

    Raises:
        InputError: an error outside 0 to 1, a size below 1, or some of the sizes only.
    """
    for name, rate in (("train", train_error), ("dev", dev_error), ("test", test_error), ("human", human_error)):
        if rate is not None and not 0 <= rate <= 1:
            raise InputError(f"the {name} error is {rate:g}; give a share between 0 and 1 (11 % is 0.11)")
    sizes = [train_size, dev_size] + ([] if test_error is None else [test_size])
    known = [size for size in sizes if size is not None]
    if known and len(known) < len(sizes):
        raise InputError("only some of the sizes are given; give the size of every set whose error is given, or none")
    if train_size is None or dev_size is None:
        bias = None if human_error is None else _bare(train_error - human_error)
        variance = _bare(dev_error - train_error)
        overfitting = None if test_error is None else _bare(test_error - dev_error)
    else:
        bias = None if human_error is None else _above(wilson(train_error, train_size), human_error)
        variance = newcombe(dev_error, dev_size, train_error, train_size)
        overfitting = (
            newcombe(test_error, test_size, dev_error, dev_size) if test_error is not None and test_size else None
        )
    facts = Facts(train_error, dev_error, test_error, human_error, min_gap, train_size, dev_size)
    return _conclude(facts, bias, variance, overfitting)


def gaps_from_runs(
    train_errors: Float[np.ndarray, "seeds train"],
    dev_errors: Float[np.ndarray, "seeds dev"],
    *,
    test_errors: Float[np.ndarray, "seeds test"] | None = None,
    human_error: float | None = None,
    min_gap: float = 0.02,
    bias_shown: bool | None = None,
    train_groups: Int[np.ndarray, "train"] | None = None,
    dev_groups: Int[np.ndarray, "dev"] | None = None,
    test_groups: Int[np.ndarray, "test"] | None = None,
) -> Gaps:
    """Judge the same networks' errors on each example; the intervals are over new examples (or groups) and new seeds.

    Rates of wrong answers get Wilson's and Newcombe's intervals (those of a bootstrap have no width where nobody errs),
    with the size that the seeds and groups make of the examples, and the variance between seeds added. Other errors are
    bootstrapped.

    Args:
        train_errors: 0 or 1; for regression the squared error over the training set's variance.
        dev_errors: the same on the dev set.
        test_errors: the same on the test set.
        human_error: the human or Bayes level; None is 0 for classes and unknown for regression.
        min_gap: the smallest gap that matters.
        bias_shown: where no human error is known: whether a larger network lowered the train error.
        train_groups: the group of each training example, where whole groups were drawn.
        dev_groups: of each dev example.
        test_groups: of each test example.

    Raises:
        InputError: a set with fewer than two examples.
    """
    rates = bool(np.isin(dev_errors, (0, 1)).all())
    train = _Measured(train_errors.astype(np.float64), enough_groups(train_groups), rates)
    dev = _Measured(dev_errors.astype(np.float64), enough_groups(dev_groups), rates)
    test = None if test_errors is None else _Measured(test_errors.astype(np.float64), enough_groups(test_groups), rates)
    variance = _gap(dev, train)
    human = 0.0 if human_error is None and rates else human_error
    facts = Facts(
        train.error,
        dev.error,
        None if test is None else test.error,
        human,
        min_gap,
        train.errors.shape[1],
        dev.errors.shape[1],
        assumed=human_error is None,
        bias_shown=bias_shown if human is None else None,
        seeds=len(train_errors) if _seeds_dominate(dev, train, variance) else 0,
    )
    bias = None if human is None else _above(_mean(train), human)
    return _conclude(facts, bias, variance, None if test is None else _gap(test, dev))


@dataclass(frozen=True)
class _Measured:
    """The errors of one set."""

    errors: Float[np.ndarray, "seeds examples"]
    groups: Groups
    rates: bool

    @property
    def error(self) -> float:
        return float(self.errors.mean())

    def wilson(self) -> Interval:
        """Over the examples, with the seeds as they are."""
        return wilson(min(self.error, 1.0), effective_size(self.errors, self.groups))


def _mean(measured: _Measured) -> Interval:
    if not measured.rates:
        return bootstrap_mean(measured.errors, groups=measured.groups)
    between_seeds = seed_parts([measured.errors], measured.groups).variance / len(measured.errors)
    return widened(measured.wilson(), between_seeds)


def _gap(upper: _Measured, lower: _Measured) -> Interval:
    """The interval of one set's error above another's."""
    arguments = (upper.errors, lower.errors)
    if not upper.rates:
        return bootstrap_difference(*arguments, groups_a=upper.groups, groups_b=lower.groups)
    between_seeds = shared_seed_variance(*arguments, upper.groups, lower.groups)
    return widened(difference(upper.wilson(), lower.wilson()), between_seeds)


def _seeds_dominate(dev: _Measured, train: _Measured, variance: Interval) -> bool:
    """Whether more than half of the variance's squared interval comes from the seeds."""
    between_seeds = shared_seed_variance(dev.errors, train.errors, dev.groups, train.groups)
    return between_seeds > ((variance.high - variance.low) / (2 * 1.96)) ** 2 / 2


def _bare(value: float) -> Interval:
    return Interval(value, value, value)


def _above(interval: Interval, level: float) -> Interval:
    return Interval(interval.value - level, interval.low - level, interval.high - level)


def _conclude(facts: Facts, bias: Interval | None, variance: Interval, overfitting: Interval | None) -> Gaps:
    """The verdict: a high gap decides even where the other is unclear."""
    levels = _bias_level(facts, bias), _level(variance, facts.min_gap)
    verdict: Verdict
    if levels == ("high", "high"):
        verdict = "high bias and high variance"
    elif "high" in levels:
        verdict = "high bias" if levels[0] == "high" else "high variance"
    else:
        verdict = "too few examples to tell" if "unclear" in levels else "good fit"
    overfitted = overfitting is not None and _level(overfitting, facts.min_gap) == "high"
    reason = explain(facts, bias, variance, overfitting if overfitted else None, levels)
    return Gaps(bias, variance, overfitting, verdict, reason)


def _bias_level(facts: Facts, bias: Interval | None) -> Level:
    """Without a human error: high when a larger network fitted better, unclear until one was tried."""
    if bias is not None:
        return _level(bias, facts.min_gap)
    return "unclear" if facts.bias_shown is None else "high" if facts.bias_shown else "low"


def _level(gap: Interval, min_gap: float) -> Level:
    """High or low where the interval allows it to be said."""
    if gap.low > min_gap:
        return "high"
    return "low" if gap.value <= min_gap and gap.high <= 2 * min_gap else "unclear"
