"""The verdict in words: each gap with its numbers, and what would settle an unclear one."""

from dataclasses import dataclass
from typing import Literal, NamedTuple

from goodfit.diagnosis.intervals import Interval
from goodfit.wording import numbers

Level = Literal["high", "low", "unclear"]
_MOST_EXAMPLES = 1_000_000  # nobody collects more to settle a gap


class GapIntervals(NamedTuple):
    """The gaps with their intervals.

    Attributes:
        avoidable_bias: train error − human error; None if no human error is known.
        variance: dev error − train error.
        dev_overfitting: test error − dev error; None before the test set is opened.
    """

    avoidable_bias: Interval | None
    variance: Interval
    dev_overfitting: Interval | None


class GapLevels(NamedTuple):
    """The judgment on each gap; None if the gap is not known."""

    bias: Level
    variance: Level
    dev_overfitting: Level | None


@dataclass(frozen=True)
class MeasuredErrors:
    """The errors that the gaps lie between: rates, or for a regression RMSEs over the target's spread.

    Attributes:
        train_error: on the training set.
        dev_error: on the dev set.
        test_error: on the test set; None before it is opened.
        human_error: the human or Bayes error; None if unknown.
        min_gap: the smallest gap that counts.
        train_size: number of examples that the train error was measured on; None if unknown.
        dev_size: number of examples that the dev error was measured on; None if unknown.
        human_assumed: True if no human error was given and 0 is assumed.
        bias_shown: without a human error: True if a larger network lowered the train error, False if it did not, None
            if none was tried.
        kept_train_error: of the kept parameters, where `train_error` is the lowest that the training reached.
        seeds: number of networks whose mean the errors are, if it is their spread that makes the variance's interval
            wide; otherwise 0.
        spread: of the target of a regression, in its unit; None for classes.
        by_time: True if the sets follow each other in time.
    """

    train_error: float
    dev_error: float
    test_error: float | None
    human_error: float | None
    min_gap: float
    train_size: int | None
    dev_size: int | None
    human_assumed: bool = False
    bias_shown: bool | None = None
    kept_train_error: float | None = None
    seeds: int = 0
    spread: float | None = None
    by_time: bool = False

    @property
    def measure(self) -> str:
        """Name of the measure of a set, which follows "train" or "dev"."""
        return "error" if self.spread is None else "RMSE"

    def text(self, error: float | None) -> str:
        """Return an error as people read it: a percentage, or an RMSE in the target's unit."""
        if self.spread is None or error is None:
            return numbers.percent(error)
        return numbers.number(error * self.spread, 3)

    def gap_text(self, *gap: float) -> str:
        """Return a gap, and its interval where that is given, in percentage points or in the target's unit."""
        if self.spread is None:
            return numbers.gap(*gap)
        return numbers.amount(*(value * self.spread for value in gap))

    @property
    def limit(self) -> str:
        """The smallest gap that counts, as people read it."""
        if self.spread is None:
            return numbers.gap(self.min_gap)
        return f"{numbers.percent(self.min_gap)} of the target's spread of {numbers.number(self.spread, 3)}"


def reason(errors: MeasuredErrors, gaps: GapIntervals, levels: GapLevels) -> str:
    """Return the reason for a verdict, in a few sentences.

    Args:
        errors: between which the gaps lie.
        gaps: with their intervals.
        levels: the judgment on each gap.
    """
    if levels.bias == levels.variance == "low" and gaps.avoidable_bias is not None:
        gap_clauses = f"{_bias_clause(errors, gaps.avoidable_bias)}, and {_variance_clause(errors, gaps.variance)}"
        sentences = [f"Neither gap exceeds {errors.limit}: {gap_clauses}."]
    else:
        by_level: dict[Level, list[str]] = {"high": [], "unclear": [], "low": []}
        by_level[levels.bias].append(_bias_sentence(errors, gaps.avoidable_bias, levels.bias))
        by_level[levels.variance].append(_variance_sentence(errors, gaps.variance, levels.variance))
        sentences = by_level["high"] + by_level["unclear"] + by_level["low"]
        if not by_level["high"]:  # a high gap decides the verdict, so nothing is left to settle
            sentences += _ways_to_settle(errors, gaps, levels)
    if levels.dev_overfitting == "high" and gaps.dev_overfitting is not None and errors.test_error is not None:
        dev_level = f"dev {errors.measure} {errors.text(errors.dev_error)}"
        clause = _gap_clause(errors, "test", errors.test_error, gaps.dev_overfitting, dev_level)
        cause = "The data drifts, as later rows are predicted worse" if errors.by_time else "The dev set is overfitted"
        sentences.append(f"{cause}: {clause}.")
    if errors.kept_train_error is not None:
        kept, lowest = errors.text(errors.kept_train_error), errors.text(errors.train_error)
        subject = f"The kept epoch has a train {errors.measure} of {kept}"
        sentences.append(f"{subject}, but the training reached {lowest}: it can fit.")
    if errors.dev_size is None:
        sentences.append("Without the sizes of the sets, the gaps have no intervals.")
    return " ".join(sentences)


def _bias_sentence(errors: MeasuredErrors, bias: Interval | None, level: Level) -> str:
    if bias is not None:
        return f"Avoidable bias is {level}: {_bias_clause(errors, bias)}{_doubt(bias, level, errors, 'train')}."
    if errors.bias_shown is None:
        return (
            "Avoidable bias is unknown: give the RMSE of a person or the best known method (--human-error), or compare "
            "with a larger network."
        )
    effect = "lowered" if errors.bias_shown else "did not lower"
    train_level = f"the train {errors.measure} of {errors.text(errors.train_error)}"
    return f"Avoidable bias is {level}: a larger network {effect} {train_level}."


def _variance_sentence(errors: MeasuredErrors, variance: Interval, level: Level) -> str:
    return f"Variance is {level}: {_variance_clause(errors, variance)}{_doubt(variance, level, errors, 'dev')}."


def _bias_clause(errors: MeasuredErrors, bias: Interval) -> str:
    human_level = "an assumed human error of 0 %"
    if not errors.human_assumed:
        human_level = f"human {errors.measure} {errors.text(errors.human_error)}"
    return _gap_clause(errors, "train", errors.train_error, bias, human_level)


def _variance_clause(errors: MeasuredErrors, variance: Interval) -> str:
    if errors.dev_error == errors.train_error:
        return f"dev and train {errors.measure} are both {errors.text(errors.dev_error)}"
    train_level = f"train {errors.measure} {errors.text(errors.train_error)}"
    return _gap_clause(errors, "dev", errors.dev_error, variance, train_level)


def _gap_clause(errors: MeasuredErrors, set_name: str, error: float, gap: Interval, level: str) -> str:
    """Return 'dev error 11.0 % is 10.0 points [8.7, 11.5] above train error 1.0 %'; no interval if it has no width."""
    limits = (gap.low, gap.high) if gap.high > gap.low else ()
    upper, gap_text = f"{set_name} {errors.measure} {errors.text(error)}", errors.gap_text(gap.value, *limits)
    if gap.value == 0:
        return f"{upper} is no higher than {level}"
    if gap.value > 0:
        return f"{upper} is {gap_text} above {level}"
    return f"{upper} is below {level} (difference {gap_text})"


def _doubt(gap: Interval, level: Level, errors: MeasuredErrors, set_name: Literal["train", "dev"]) -> str:
    """Return the clause on what the examples cannot tell about an unclear gap, or on the limit a high one exceeds."""
    if level == "high":
        return f", more than {errors.limit}"
    size = errors.dev_size if set_name == "dev" else errors.train_size
    if level == "low" or size is None:
        return ""
    if set_name == "dev" and errors.seeds:
        return f", but the {errors.seeds} seeds differ so much that more seeds, not more examples, would settle it"
    examples = f"{numbers.number(size)} {'dev' if set_name == 'dev' else 'training'} examples"
    if gap.value > errors.min_gap:
        return f", but {examples} cannot prove that it exceeds {errors.limit}"
    return f", but {examples} cannot rule out a gap of {errors.gap_text(gap.high)}"


def _ways_to_settle(errors: MeasuredErrors, gaps: GapIntervals, levels: GapLevels) -> list[str]:
    """Return sentences on what would settle the unclear gaps; none if only a human error is missing, or seeds."""
    variance_unclear = levels.variance == "unclear" and errors.dev_size is not None
    if variance_unclear and errors.seeds:
        return []
    ways = []
    if variance_unclear and errors.dev_size is not None:
        examples = _examples_needed(gaps.variance, errors.dev_size, errors.min_gap)
        ways.append(_more_examples(examples, "dev examples (with training examples in proportion)", "variance"))
    if levels.bias == "unclear" and gaps.avoidable_bias is not None and errors.train_size is not None:
        examples = _examples_needed(gaps.avoidable_bias, errors.train_size, errors.min_gap)
        ways.append(_more_examples(examples, "training examples", "bias"))
    return ["Try --folds 5, which measures on training and dev set together.", *ways] if ways else []


def _more_examples(examples: int | None, kind: str, gap_name: str) -> str:
    if examples is None:
        return f"The {gap_name} is so close to the limit that no number of {kind} would settle it."
    return f"About {numbers.number(examples)} {kind} would settle the {gap_name}."


def _examples_needed(gap: Interval, size: int, min_gap: float) -> int | None:
    """Return about how many examples would make a gap high or low if its value stayed; None for too many to collect."""
    if gap.value > min_gap:  # high once the lower limit is above the smallest gap
        room, half_width = gap.value - min_gap, gap.value - gap.low
    else:  # low once the upper limit is at most twice the smallest gap
        room, half_width = 2 * min_gap - gap.value, gap.high - gap.value
    examples = size * (half_width / max(room, 1e-9)) ** 2  # an interval's width falls with the root of the size
    if examples > _MOST_EXAMPLES:
        return None
    unit = 10 ** max(len(str(int(examples))) - 2, 0)  # rounded up to two digits
    return int(-(-examples // unit) * unit)
