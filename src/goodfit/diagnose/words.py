"""The reason for a verdict, in one sentence."""

from dataclasses import dataclass

from goodfit.diagnose.intervals import Interval

_HOPELESS = 1_000_000  # so many examples are never collected to settle a gap


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
        seeds: networks that the errors are the mean of.
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
    seeds: int = 1


def reason(
    facts: Facts, bias: Interval | None, variance: Interval, overfitting: Interval | None, levels: tuple[str, str]
) -> str:
    """The sentence for these gaps; `levels` are those of bias and variance, `overfitting` is given where it is high."""
    limit = percent(facts.min_gap).removesuffix(" %")
    bias_words, variance_words = _bias(facts, bias), _variance(facts, variance)
    parts = []
    high = [text for text, level in zip((bias_words, variance_words), levels, strict=True) if level == "high"]
    low = [text for text, level in zip((bias_words, variance_words), levels, strict=True) if level == "low"]
    unclear = [text for text, level in zip((bias_words, variance_words), levels, strict=True) if level == "unclear"]
    if high:
        parts.append(" and ".join(high) + (f", more than {limit} points" if bias is not None or levels[1] == "high" else ""))
        parts += [f"the other gap is small: {text}" for text in low]
        parts += [f"whether the other gap is high too is unclear: {text}" for text in unclear]
    elif unclear:
        parts += [*unclear, *_settle(facts, bias, variance, levels)]
        parts += [f"the other gap is small: {text}" for text in low]
    else:
        parts.append(" and ".join([variance_words, bias_words]) + f", not more than {limit} points")
    if overfitting is not None and facts.test_error is not None:
        above = _apart("test error", facts.test_error, overfitting, f"dev error {percent(facts.dev_error)}", known=True)
        parts.append(f"the dev set is overfitted: {above}")
    if facts.dev_size is None:
        parts.append("no interval is known without the sizes of the sets")
    sentence = "; ".join(parts)
    return sentence[0].upper() + sentence[1:] + "."


def percent(share: float) -> str:
    """A share in per cent: one decimal, or two digits where that would show next to nothing."""
    value = 100 * share
    return f"{value:.2g} %" if 0 < abs(value) < 0.1 else f"{value:.1f} %"


def _points(share: float) -> str:
    return percent(share).removesuffix(" %").replace("-", "−")


def _bias(facts: Facts, bias: Interval | None) -> str:
    if bias is None or facts.human_error is None:
        if facts.bias_shown is None:
            return "the bias is unknown without a human error (--human-error) or a larger network to compare with"
        return f"a larger network {'lowered' if facts.bias_shown else 'did not lower'} the train error of {percent(facts.train_error)}"
    level = "a human error taken as 0" if facts.assumed else f"human error {percent(facts.human_error)}"
    return _apart("train error", facts.train_error, bias, level, known=facts.train_size is not None)


def _variance(facts: Facts, variance: Interval) -> str:
    level = f"train error {percent(facts.train_error)}"
    return _apart("dev error", facts.dev_error, variance, level, known=facts.dev_size is not None)


def _apart(name: str, error: float, gap: Interval, level: str, *, known: bool) -> str:
    """'dev error 11.0 % is 10.0 points above train error 1.0 % [8.6, 11.5]'."""
    side = "above" if gap.value >= 0 else "below"
    interval = f" [{_points(gap.low)}, {_points(gap.high)}]" if known else ""
    if known and gap.value < 0:
        interval = f" (difference{interval})"
    return f"{name} {percent(error)} is {_points(abs(gap.value))} points {side} {level}{interval}"


def _settle(facts: Facts, bias: Interval | None, variance: Interval, levels: tuple[str, str]) -> list[str]:
    """What would settle the unclear gaps."""
    needed = []
    if levels[1] == "unclear" and facts.dev_size is not None:
        needed.append(_needed(variance, facts.dev_size, facts.min_gap, "dev"))
    if levels[0] == "unclear" and bias is not None and facts.train_size is not None:
        needed.append(_needed(bias, facts.train_size, facts.min_gap, "training"))
    if not needed:
        return []
    return [f"--folds K measures on the training and dev examples together, and {' and '.join(needed)}"]


def _needed(gap: Interval, size: int, min_gap: float, name: str) -> str:
    """About how many examples would make this gap high or low, were its value to stay."""
    if gap.value > min_gap:
        room, half = gap.value - min_gap, gap.value - gap.low
    else:
        room, half = 2 * min_gap - gap.value, gap.high - gap.value
    examples = size * (half / max(room, 1e-9)) ** 2
    if examples > _HOPELESS:
        return f"the gap is so near to the limit that no number of {name} examples would settle it"
    digits = 10 ** max(len(str(int(examples))) - 2, 0)
    return f"about {int(-(-examples // digits) * digits):,} {name} examples would settle it"
