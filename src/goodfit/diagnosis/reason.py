"""The reason for a verdict, in one sentence."""

from dataclasses import dataclass

from goodfit.diagnosis.intervals import Interval
from goodfit.wording import numbers

_HOPELESS = 1_000_000  # nobody collects so many examples to settle a gap


@dataclass(frozen=True)
class Facts:
    """What the sentence tells beside the gaps.

    Attributes:
        train_error: measured.
        dev_error: measured.
        test_error: None before the test.
        human_error: None where unknown.
        min_gap: the smallest gap that matters.
        train_size: examples that the train error was measured on; None where unknown.
        dev_size: the same of the dev error.
        assumed: whether the human error was not given but taken as 0.
        bias_shown: without a human error: whether a larger network lowered the train error; None where none was tried.
        seeds: networks whose mean the errors are, where it is these that make the variance's interval wide; else 0.
    """

    train_error: float
    dev_error: float
    test_error: float | None
    human_error: float | None
    min_gap: float
    train_size: int | None
    dev_size: int | None
    assumed: bool = False
    bias_shown: bool | None = None
    seeds: int = 0


def reason(
    facts: Facts, bias: Interval | None, variance: Interval, overfitting: Interval | None, levels: tuple[str, str]
) -> str:
    """The sentence for these gaps; `levels` are those of bias and variance, `overfitting` is given where it is high."""
    told = {"high": [], "unclear": [], "low": []}
    for text, level in zip((_bias(facts, bias), _variance(facts, variance)), levels, strict=True):
        told[level].append(text)
    limit = numbers.gap(facts.min_gap)
    parts = []
    if told["high"]:
        measured = levels[1] == "high" or bias is not None
        parts.append(" and ".join(told["high"]) + (f" (more than {limit})" if measured else ""))
        parts += [f"whether the other gap is high too is unclear: {text}" for text in told["unclear"]]
    elif told["unclear"]:
        parts += told["unclear"] + _settle(facts, bias, variance, levels)
    if len(told["low"]) == 2:
        parts.append(" and ".join(told["low"]) + f": no gap is more than {limit}")
    else:
        parts += [f"the other gap is small: {text}" for text in told["low"]]
    if overfitting is not None and facts.test_error is not None:
        apart = _apart("test error", facts.test_error, overfitting, f"dev error {numbers.percent(facts.dev_error)}")
        parts.append(f"the dev set is overfitted: {apart}")
    if facts.dev_size is None:
        parts.append("no interval is known without the sizes of the sets")
    sentence = "; ".join(parts)
    return sentence[0].upper() + sentence[1:] + "."


def _bias(facts: Facts, bias: Interval | None) -> str:
    if bias is None or facts.human_error is None:
        if facts.bias_shown is None:
            return "the bias is unknown without a human error (--human-error) or a larger network to compare with"
        done = "lowered" if facts.bias_shown else "did not lower"
        return f"a larger network {done} the train error of {numbers.percent(facts.train_error)}"
    level = "a human error taken as 0" if facts.assumed else f"human error {numbers.percent(facts.human_error)}"
    return _apart("train error", facts.train_error, bias, level)


def _variance(facts: Facts, variance: Interval) -> str:
    return _apart("dev error", facts.dev_error, variance, f"train error {numbers.percent(facts.train_error)}")


def _apart(name: str, error: float, gap: Interval, level: str) -> str:
    """Return 'dev error 11.0 % is 10.0 points above train error 1.0 % [8.7, 11.5]'; no interval where none is known."""
    side = "above" if gap.value >= 0 else "below"
    distance, _ = numbers.gap_parts(abs(gap.value), gap.low, gap.high)
    interval = numbers.gap_parts(gap.value, gap.low, gap.high)[1] if gap.high > gap.low else ""
    if interval and gap.value < 0:
        interval = f"(difference {interval})"
    return f"{name} {numbers.percent(error)} is {distance} {side} {level} {interval}".rstrip()


def _settle(facts: Facts, bias: Interval | None, variance: Interval, levels: tuple[str, str]) -> list[str]:
    """What would settle the unclear gaps; nothing where only the bias is, for want of a human error."""
    ways = []
    if levels[1] == "unclear" and facts.dev_size is not None:
        if facts.seeds:
            return [f"the {facts.seeds} seeds differ so much that more seeds, not more examples, would settle it"]
        ways.append(_needed(variance, facts.dev_size, facts.min_gap, "dev"))
    if levels[0] == "unclear" and bias is not None and facts.train_size is not None:
        ways.append(_needed(bias, facts.train_size, facts.min_gap, "training"))
    return [f"--folds K measures on training and dev set together; {' and '.join(ways)}"] if ways else []


def _needed(gap: Interval, size: int, min_gap: float, name: str) -> str:
    """About how many examples would make the gap high or low if its value stayed; both sets growing in proportion."""
    if gap.value > min_gap:
        room, half = gap.value - min_gap, gap.value - gap.low
    else:
        room, half = 2 * min_gap - gap.value, gap.high - gap.value
    examples = size * (half / max(room, 1e-9)) ** 2
    if examples > _HOPELESS:
        return f"the gap is so near to the limit that no number of {name} examples would settle it"
    unit = 10 ** max(len(str(int(examples))) - 2, 0)
    also = " (with training examples in proportion)" if name == "dev" else ""
    return f"about {numbers.number(int(-(-examples // unit) * unit))} {name} examples{also} would settle it"
