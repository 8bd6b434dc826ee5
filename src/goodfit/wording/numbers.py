"""Numbers as people read them: percentages, changes, costs, probabilities, times and settings.

One convention holds everywhere: a space between a number and its unit, a true minus sign, commas at thousands,
intervals in square brackets, and only digits that mean something. Spaces are ordinary ones; a page keeps a number and
its unit on one line with `goodfit.wording.text.no_break`.
"""

import math
from collections.abc import Mapping
from typing import Any, TypeGuard

METRICS = {
    "error_rate": "error rate",
    "balanced_accuracy": "balanced accuracy",
    "log_loss": "log loss",
    "auc": "AUC",
    "ece": "calibration error (ECE)",
    "1-r2": "unexplained variation (1 − R²)",
    "rmse": "root-mean-square error (RMSE)",
    "mae": "mean absolute error (MAE)",
}
UNKNOWN = "–"
_PERCENTAGES = {"error_rate", "balanced_accuracy", "ece", "1-r2"}
_SMALLEST_PERCENTAGE = 1e-6  # 0.0001 %: below it the zeros are harder to count than the digits are worth
_MOST_COMMAS = 1e12  # larger numbers are written with an exponent


def percent(share: float | None, low: float | None = None, high: float | None = None) -> str:
    """Return a share as a percentage, with its interval where there is one.

    >>> percent(0.0139), percent(0.00123), percent(None)
    ('1.4 %', '0.12 %', '–')
    >>> percent(0.1, 0.0871, 0.114)
    '10.0 % [8.7 %, 11.4 %]'
    """
    if not _is_number(share):
        return UNKNOWN
    interval = percent_interval(low, high)
    # The value takes the digits of its interval, so that the three can be compared.
    value = _percentage(share, _decimals(share, low, high)) if interval else _lone_percentage(share)
    return f"{value} {interval}".rstrip()


def percent_interval(low: float | None, high: float | None) -> str:
    """Return the interval of a percentage; empty if an end is unknown.

    >>> percent_interval(0.006, 0.032)
    '[0.6 %, 3.2 %]'
    """
    if not _is_number(low) or not _is_number(high):
        return ""
    decimals = _decimals(low, low, high)
    return f"[{_percentage(low, decimals)}, {_percentage(high, decimals)}]"


def rough_percent(share: float | None) -> str:
    """Return a share as a whole percentage, for confidences and progress.

    >>> rough_percent(0.874), rough_percent(0.999)
    ('87 %', '99 %')
    """
    if not _is_number(share):
        return UNKNOWN
    rounded = round(100 * share)
    return f"{99 if rounded == 100 and share < 1 else rounded} %".replace("-", "−")  # 100 % means all of it


def chance(probability: float | None) -> str:
    """Return a predicted probability, never as certain.

    >>> chance(0.99999), chance(0.3)
    ('> 99.9 %', '30.0 %')
    """
    if not _is_number(probability):
        return UNKNOWN
    if not 0.001 <= probability <= 0.999:
        return "< 0.1 %" if probability < 0.5 else "> 99.9 %"
    return _percentage(probability, 1)


def gap(value: float | None, low: float | None = None, high: float | None = None) -> str:
    """Return the gap between two errors in percentage points, with its interval where there is one.

    >>> gap(0.1, 0.087, 0.115)
    '10.0 points [8.7, 11.5]'
    """
    return _join(gap_parts(value, low, high))


def gap_parts(value: float | None, low: float | None = None, high: float | None = None) -> tuple[str, str]:
    """Return a gap and its interval separately, for a table; the interval is empty if unknown.

    >>> gap_parts(0.021, -0.004, 0.038)
    ('2.1 points', '[−0.4, 3.8]')
    """
    return _points(value, low, high, sign="")


def change(value: float | None, low: float | None = None, high: float | None = None) -> str:
    """Return the change of an error in percentage points, with its interval where there is one.

    >>> change(-0.014, -0.0203, 0.001)
    '−1.4 points [−2.0, +0.1]'
    """
    return _join(change_parts(value, low, high))


def change_parts(value: float | None, low: float | None = None, high: float | None = None) -> tuple[str, str]:
    """Return the change of an error and its interval separately, for a table; the interval is empty if unknown.

    >>> change_parts(-0.0046, -0.0068, -0.0024)
    ('−0.46 points', '[−0.68, −0.24]')
    """
    return _points(value, low, high, sign="+")


def cost_change(value: float | None, low: float | None = None, high: float | None = None) -> str:
    """Return the change of a cost, with its interval where there is one.

    >>> cost_change(-0.0123, -0.02, 0.001)
    '−0.0123 [−0.0200, +0.0010]'
    """
    return _join(cost_change_parts(value, low, high))


def cost_change_parts(value: float | None, low: float | None = None, high: float | None = None) -> tuple[str, str]:
    """Return the change of a cost and its interval separately; the largest number has three significant digits."""
    if not _is_number(value):
        return UNKNOWN, ""
    return _with_interval(value, low, high, _shared_decimals(value, low, high), "+", "")


def amount(value: float | None, low: float | None = None, high: float | None = None) -> str:
    """Return an amount in the unit of the target, with its interval; the largest number has three significant digits.

    >>> amount(0.4213, 0.2, 1.0), amount(8912345.2), amount(2.5e-12, 1e-13, 3e-12)
    ('0.42 [0.20, 1.00]', '8,912,345', '2.50e-12 [0.10e-12, 3.00e-12]')
    """
    return _join(amount_parts(value, low, high))


def amount_parts(value: float | None, low: float | None = None, high: float | None = None) -> tuple[str, str]:
    """Return an amount and its interval separately, for a table; the interval is empty if unknown."""
    if not _is_number(value):
        return UNKNOWN, ""
    largest = max(abs(x) for x in (value, low, high) if _is_number(x))
    if largest == 0 or 1e-4 <= largest < _MOST_COMMAS:
        return _with_interval(value, low, high, _shared_decimals(value, low, high), "", "")
    # Numbers that stand together share their exponent, so that they can be compared.
    exponent = math.floor(math.log10(largest))
    scaled = [f"{_signed(x / 10.0**exponent, 2, '')}e{exponent}" for x in (value, low, high) if _is_number(x)]
    return scaled[0], f"[{', '.join(scaled[1:])}]" if len(scaled) == 3 else ""


def relative(ratio: float | None, reference: str) -> str:
    """Return a size relative to a reference: a percentage, or from twice on a multiple.

    >>> relative(0.984, "a constant guess's cost")
    "98.4 % of a constant guess's cost"
    >>> relative(378548.324, "a constant guess's cost")
    "about 380,000 times a constant guess's cost"
    """
    if _is_number(ratio) and abs(ratio) < 2:
        return f"{percent(ratio)} of {reference}"
    return f"{times(ratio)} {reference}"


def times(factor: float | None) -> str:
    """Return a factor with two significant digits.

    >>> times(3.14159), times(378548.324), times(0.012)
    ('3.1 times', 'about 380,000 times', '0.012 times')
    """
    if not _is_number(factor):
        return f"{UNKNOWN} times"
    return f"{'about ' if abs(factor) >= 100 else ''}{number(_round_to(factor, 2), 2)} times"


def number(value: float | None, digits: int = 4) -> str:
    """Return a number with up to so many significant digits, and commas at thousands.

    >>> number(0.123456), number(1797), number(152.0), number(54123.7), number(0.0000123)
    ('0.1235', '1,797', '152', '54,124', '1.23e-5')
    """
    if not _is_number(value):
        return UNKNOWN
    size = _round_to(abs(value), digits)
    if isinstance(value, int) or 10 ** min(digits, 3) <= size < _MOST_COMMAS:
        return _minus(f"{value:,.0f}")
    if size and not 1e-4 <= size < _MOST_COMMAS:
        return scientific(value, digits)
    return _minus(f"{value:.{digits}g}")


def column_number(value: float | None) -> str:
    """Return a number for a column of numbers: always three significant digits.

    >>> column_number(3.0), column_number(0.01234), column_number(54123.7)
    ('3.00', '0.0123', '54,124')
    """
    if not _is_number(value):
        return UNKNOWN
    size = abs(value)
    if size and not 1e-4 <= size < _MOST_COMMAS:
        return scientific(value)
    return _minus(f"{value:,.0f}" if size >= 1e3 else f"{value:#.3g}".rstrip("."))


def scientific(value: float | None, digits: int = 2) -> str:
    """Return a very small or very large number with an exponent, as it can be typed.

    >>> scientific(1.234e-7), scientific(-0.0)
    ('1.2e-7', '0')
    """
    if not _is_number(value):
        return UNKNOWN
    mantissa, exponent = f"{value:.{digits - 1}e}".split("e")
    if float(mantissa) == 0:
        return "0"
    mantissa = mantissa.rstrip("0").rstrip(".") if "." in mantissa else mantissa
    return f"{mantissa.replace('-', '−')}e{int(exponent)}"


def tick_percent(share: float) -> str:
    """Return a percentage for an axis.

    >>> tick_percent(0.025)
    '2.5 %'
    """
    return f"{_minus(f'{100 * share:.3g}')} %"


def tick_points(change: float) -> str:
    """Return percentage points for an axis of changes.

    >>> tick_points(-0.01), tick_points(0.005), tick_points(0.0)
    ('−1', '+0.5', '0')
    """
    return "0" if change == 0 else _minus(f"{100 * change:+.3g}")


def metric(name: str, value: float | None) -> str:
    """Return a metric's value: a percentage where it is a share, an AUC with the four digits in which good ones differ.

    >>> metric("auc", 0.99812), metric("1-r2", 0.4821), metric("log_loss", 0.1)
    ('0.9981', '48.2 %', '0.100')
    """
    if name == "auc" and _is_number(value):
        return f"{value:.4f}"
    return percent(value) if name in _PERCENTAGES else column_number(value)


def p_value(p: float | None) -> str:
    """Return the probability that chance alone makes so large a difference.

    >>> p_value(0.0312), p_value(1.0), p_value(0.00002)
    ('0.031', '1', '< 0.001')
    """
    if not _is_number(p):
        return UNKNOWN
    return "< 0.001" if p < 0.001 else f"{p:.2g}"


def duration(seconds: float | None) -> str:
    """Return a time span.

    >>> duration(4.24), duration(121.3), duration(7260)
    ('4.2 s', '2 min 1 s', '2 h 1 min')
    """
    if not _is_number(seconds):
        return UNKNOWN
    if seconds < 59.95:
        return f"{max(seconds, 0.001):.1g} s" if 0 < seconds < 0.095 else f"{max(seconds, 0):.1f} s"
    return _minutes(round(seconds))


def time_left(seconds: float | None) -> str:
    """Return the time left in whole seconds; empty if unknown.

    >>> time_left(42.4), time_left(200), time_left(None)
    ('42 s left', '3 min 20 s left', '')
    """
    if not _is_number(seconds):
        return ""
    rounded = round(max(seconds, 0))
    return f"{rounded} s left" if rounded < 60 else f"{_minutes(rounded)} left"


def memory(n_bytes: float) -> str:
    """Return an amount of memory.

    >>> memory(3 * 2**30), memory(5.2 * 2**20)
    ('3.0 GiB', '5.2 MiB')
    """
    unit, size = ("GiB", 2**30) if n_bytes >= 0.1 * 2**30 else ("MiB", 2**20)
    return f"{n_bytes / size:.1f} {unit}"


def setting(value: object) -> str:
    """Return a value of a plan as people type it.

    >>> setting(0.018000000000000002), setting([0.5, 0.8]), setting(3e-7), setting(True), setting("adam")
    ('0.018', '[0.5, 0.8]', '3e-7', 'true', 'adam')
    """
    if isinstance(value, list | tuple):
        return f"[{', '.join(map(setting, value))}]"
    if isinstance(value, bool):
        return str(value).lower()
    if not _is_number(value) or isinstance(value, int):
        return str(value)
    text = f"{value:.6g}"
    # 0.99999995 is no 1: a momentum so near to 1 shows all its digits.
    if float(text).is_integer() and not float(value).is_integer():
        text = f"{value:.12g}"
    return text.replace("e-0", "e-").replace("e+0", "e").replace("e+", "e")


def literal(value: float) -> str:
    """Return a number as programs write it, with all its digits and no commas.

    >>> literal(5307836.0), literal(-0.25), literal(1e20)
    ('5307836', '-0.25', '1e+20')
    """
    return str(int(value)) if value.is_integer() and abs(value) < 1e16 else repr(value)


def settings(values: Mapping[str, Any] | None) -> str:
    """Return changed settings of a plan in one line.

    >>> settings({"keep_prob": 0.7, "hidden_units": [512, 512]})
    'keep_prob 0.7, hidden_units [512, 512]'
    """
    return ", ".join(f"{name} {setting(value)}" for name, value in (values or {}).items())


def _is_number(value: object) -> TypeGuard[float]:
    """True for a finite number; a missing, infinite or undefined one is shown as unknown."""
    return isinstance(value, int | float) and math.isfinite(value)


def _join(parts: tuple[str, str]) -> str:
    return " ".join(filter(None, parts))


def _minutes(seconds: int) -> str:
    minutes, seconds_left = divmod(seconds, 60)
    return f"{minutes} min {seconds_left} s" if minutes < 60 else f"{minutes // 60:,} h {minutes % 60} min"


def _round_to(value: float, digits: int) -> float:
    """Round to significant digits, which `round` does not count."""
    return float(f"{value:.{digits - 1}e}")


def _decimals(share: float, low: float | None = None, high: float | None = None) -> int:
    """Decimals of percentages or points that stand together: as many as the largest and a narrow interval need."""
    largest = _round_to(max(100 * abs(x) for x in (share, low, high) if _is_number(x)), 2)
    if largest == 0:
        return 1
    if largest >= 1000:
        return 0
    # Two significant digits below 1 %, as 0.042 %; the mistakes of a good model would all read 0.0 % otherwise.
    decimals = min(max(1 - math.floor(math.log10(largest)), 1), 6)
    is_narrow = _is_number(low) and _is_number(high) and 0 < high - low < 0.00995
    return max(decimals, 2) if is_narrow else decimals


def _shared_decimals(*values: float | None) -> int:
    """Decimals of numbers that stand together: the largest has three significant digits."""
    largest = max(abs(x) for x in values if _is_number(x))
    return 2 if largest == 0 else min(max(2 - math.floor(math.log10(largest)), 0), 12)


def _lone_percentage(share: float) -> str:
    if 0 < abs(share) < _SMALLEST_PERCENTAGE:
        return "< 0.0001 %" if share > 0 else "> −0.0001 %"
    if 0.9995 <= share < 1:  # one decimal would round it to 100 %
        return "> 99.99 %" if share >= 0.99995 else _percentage(share, 2)
    return _percentage(share, _decimals(share))


def _percentage(share: float, decimals: int) -> str:
    if share in (0, 1):  # exactly none or all
        return f"{100 * share:.0f} %".replace("-", "")
    if abs(share) >= 100:  # only digits that mean something
        share = _round_to(share, 3)
    return f"{_minus(f'{100 * share:,.{decimals}f}')} %"


def _points(value: float | None, low: float | None, high: float | None, sign: str) -> tuple[str, str]:
    """Percentage points and their interval; `sign` is "+" where positive ones are signed."""
    if not _is_number(value):
        return UNKNOWN, ""
    decimals = _decimals(value, low, high)
    low, high = (100 * end if _is_number(end) else None for end in (low, high))
    return _with_interval(100 * value, low, high, decimals, sign, " points")


def _with_interval(
    value: float, low: float | None, high: float | None, decimals: int, sign: str, unit: str
) -> tuple[str, str]:
    interval = ""
    if _is_number(low) and _is_number(high):
        interval = f"[{_signed(low, decimals, sign)}, {_signed(high, decimals, sign)}]"
    return f"{_signed(value, decimals, sign)}{unit}", interval


def _signed(value: float, decimals: int, sign: str) -> str:
    text = f"{value:{sign},.{decimals}f}"
    if not any(digit in text for digit in "123456789"):
        return "0"  # neither +0.0 nor −0.0
    return _minus(text)


def _minus(text: str) -> str:
    """Return the text with a true minus sign, as wide as a plus; none in front of a zero."""
    if not any(digit in text for digit in "123456789"):
        return text.replace("-", "")
    return text.replace("-", "−")
