"""Numbers and names as people read them: one place, so that every page says the same thing alike.

A number and its unit, and the two ends of an interval, are held on one line by no-break spaces.
"""

import math
import re
from collections.abc import Mapping
from typing import Any

METRICS = {
    "error_rate": "error rate",
    "balanced_accuracy": "balanced accuracy",
    "log_loss": "log loss",
    "auc": "AUC",
    "ece": "calibration error (ECE)",
    "1-r2": "unexplained variation (1 − R²)",
    "rmse": "root-mean-square miss",
    "mae": "mean absolute miss",
}
UNKNOWN = "–"
_SHARES = {"error_rate", "balanced_accuracy", "ece", "1-r2"}
_SPACE = "\u00a0"
_TO = f"{_SPACE}to{_SPACE}"


def percent(share: float | None) -> str:
    """A share as a percentage.

    >>> percent(0.0139).split(), percent(0.00123).split(), percent(None)
    (['1.4', '%'], ['0.12', '%'], '–')
    """
    if (share := _known(share)) is None:
        return UNKNOWN
    return _percentage(share, _decimals(share))


def chance(probability: float | None) -> str:
    """A predicted probability: never told as certain.

    >>> chance(0.99999).split(), chance(0.3).split()
    (['>', '99.9', '%'], ['30.0', '%'])
    """
    if (probability := _known(probability)) is None:
        return UNKNOWN
    if not 0.001 <= probability <= 0.999:
        return f"<{_SPACE}0.1{_SPACE}%" if probability < 0.5 else f">{_SPACE}99.9{_SPACE}%"
    return _percentage(probability, 1)


def share_range(low: float | None, high: float | None) -> str:
    """An interval of a percentage; empty when it is not known.

    >>> share_range(0.006, 0.032).split()
    ['0.6', '%', 'to', '3.2', '%']
    """
    low, high = _known(low), _known(high)
    if low is None or high is None:
        return ""
    decimals = _decimals(low, high)
    return f"{_percentage(low, decimals)}{_TO}{_percentage(high, decimals)}"


def points(value: float | None, low: float | None = None, high: float | None = None) -> tuple[str, str]:
    """A change of a percentage in percentage points, and its interval (empty when it is not known).

    >>> [text.split() for text in points(-0.014, -0.0203, 0.001)]
    [['−1.4', 'points'], ['−2.0', 'to', '+0.1']]
    """
    if (value := _known(value)) is None:
        return UNKNOWN, ""
    ends = [end for end in (_known(low), _known(high)) if end is not None]
    decimals = 1 if max(abs(share) for share in (value, *ends)) >= 0.005 else 2
    said = f"{_signed(100 * value, decimals)}{_SPACE}points"
    return said, _TO.join(_signed(100 * end, decimals) for end in ends) if len(ends) == 2 else ""


def gap(estimate: Mapping[str, Any] | None) -> str:
    """A gap with its interval, in percentage points.

    >>> gap({"value": 0.021, "low": 0.004, "high": 0.038}).split()
    ['+2.1', 'points', '(+0.4', 'to', '+3.8)']
    """
    if not estimate:
        return "not known"
    value, interval = points(estimate.get("value"), estimate.get("low"), estimate.get("high"))
    return f"{value} ({interval})" if interval else value


def change(value: float | None, low: float | None = None, high: float | None = None) -> tuple[str, str]:
    """A change of a cost with three significant digits, and its interval (empty when it is not known).

    >>> [text.split() for text in change(-0.0123, -0.02, 0.001)]
    [['−0.0123'], ['−0.0200', 'to', '+0.0010']]
    """
    if (value := _known(value)) is None:
        return UNKNOWN, ""
    ends = [end for end in (_known(low), _known(high)) if end is not None]
    largest = max(abs(number) for number in (value, *ends))
    decimals = 2 if largest == 0 else min(max(2 - math.floor(math.log10(largest)), 0), 12)
    return _signed(value, decimals), _TO.join(_signed(end, decimals) for end in ends) if len(ends) == 2 else ""


def number(value: float | None) -> str:
    """A number with up to four significant digits, large ones with commas.

    >>> number(0.123456), number(1797), number(152.0), number(54123.7)
    ('0.1235', '1,797', '152', '54,124')
    """
    if (value := _known(value)) is None:
        return UNKNOWN
    whole = isinstance(value, int) or 1e4 <= abs(value) < 1e12
    return _minus(f"{value:,.0f}" if whole else f"{value:.4g}")


def fixed(value: float | None) -> str:
    """A number for a column: always three significant digits.

    >>> fixed(3.0), fixed(0.01234), fixed(54123.7)
    ('3.00', '0.0123', '54,124')
    """
    if (value := _known(value)) is None:
        return UNKNOWN
    return _minus(f"{value:,.0f}" if 1e3 <= abs(value) < 1e12 else f"{value:#.3g}".rstrip("."))


def tick_percent(share: float) -> str:
    """A percentage on an axis.

    >>> tick_percent(0.025).split()
    ['2.5', '%']
    """
    return _minus(f"{100 * share:.3g}{_SPACE}%")


def tick_points(change: float) -> str:
    """Percentage points on an axis.

    >>> tick_points(-0.01), tick_points(0.005)
    ('−1', '+0.5')
    """
    return "0" if change == 0 else _minus(f"{100 * change:+.3g}")


def metric(name: str, value: float | None) -> str:
    """A measured metric: a percentage where it is a share, and an AUC with the digits in which good ones differ."""
    if name == "auc" and (auc := _known(value)) is not None:
        return f"{auc:.4f}"
    return percent(value) if name in _SHARES else fixed(value)


def p_value(p: float | None) -> str:
    """A probability of chance.

    >>> p_value(0.0312), p_value(1.0)
    ('0.031', '1')
    """
    if (p := _known(p)) is None:
        return UNKNOWN
    return f"<{_SPACE}0.001" if p < 0.001 else f"{p:.2g}"


def duration(seconds: float | None) -> str:
    """A time span.

    >>> duration(4.24).split(), duration(121.3).split()
    (['4.2', 's'], ['2', 'min', '1', 's'])
    """
    if (seconds := _known(seconds)) is None:
        return UNKNOWN
    if seconds < 59.95:
        return f"{seconds:.1f}{_SPACE}s"
    minutes, rest = divmod(round(seconds), 60)
    if minutes < 60:
        return f"{minutes}{_SPACE}min {rest}{_SPACE}s"
    return f"{minutes // 60}{_SPACE}h {minutes % 60}{_SPACE}min"


def count(n: int, one: str, many: str | None = None) -> str:
    """A number of things.

    >>> count(1, "round"), count(3, "round")
    ('1 round', '3 rounds')
    """
    return f"{n:,} {one if n == 1 else many or one + 's'}"


def sentence(text: str) -> str:
    """Text with a capital letter and a full stop.

    >>> sentence("the test set stays closed")
    'The test set stays closed.'
    """
    return text if not text else text[0].upper() + text[1:] + ("" if text[-1] in ".!?" else ".")


def masked(text: str) -> str:
    """Text whose addresses have lost their passwords: pages are passed on.

    >>> masked("--storage postgresql://ann:s3@cret@host/db --trials 8")
    '--storage postgresql://ann:***@host/db --trials 8'
    """
    return re.sub(r"(://[^:/@\s]*):\S*@", r"\1:***@", text)


def settings(changes: Mapping[str, Any] | None) -> str:
    """Changed settings of a plan in one line.

    >>> settings({"keep_prob": 0.7, "hidden_units": [512, 512]})
    'keep_prob 0.7, hidden_units [512, 512]'
    """
    return ", ".join(f"{key} {value}" for key, value in (changes or {}).items())


def error_figure(error: float, regression: bool) -> str:
    """An error in the journal: a percentage, or 1−R² for a regression."""
    return f"{error:.3f}" if regression else f"{error:.1%}"


def error_change(effect: float, low: float, high: float, regression: bool) -> str:
    """A change of an error with its interval in the journal: in percentage points, or 1−R² for a regression."""
    scale, digits, unit = (1, 3, "") if regression else (100, 2, " points")
    value, lowest, highest = (f"{x * scale:+.{digits}f}" for x in (effect, low, high))
    return f"{value}{unit} [{lowest}, {highest}]"


def _known(value: object) -> float | None:
    """The number, or None for what is missing, infinite or no number."""
    return value if isinstance(value, int | float) and math.isfinite(value) else None


def _decimals(*shares: float) -> int:
    """Decimals of percentages that stand together: two below 1 %, one up to 100 %."""
    size = max(abs(share) for share in shares)
    return 2 if size < 0.00995 else 1 if size < 0.9995 else 0


def _percentage(share: float, decimals: int) -> str:
    return f"0{_SPACE}%" if share == 0 else _minus(f"{100 * share:.{decimals}f}{_SPACE}%")


def _signed(value: float, decimals: int) -> str:
    text = f"{value:+.{decimals}f}"
    return "0" if float(text) == 0 else _minus(text)


def _minus(text: str) -> str:
    """With a true minus sign, as wide as a plus."""
    return text.replace("-", "−")
