"""Numbers of any size, with powers of ten."""

from goodfit.wording.numbers import number

_RAISED = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


def power(value: float) -> str:
    """Write a number of at least 0 with two digits and a power of ten, or plainly if it is of a usual size.

    >>> power(6.38e8), power(1e-7), power(0.0012), power(57.66504)
    ('6.4 · 10⁸', '10⁻⁷', '0.0012', '57.67')
    """
    if value == 0 or 1e-3 <= value < 1e5:
        return number(value)
    mantissa, exponent = f"{value:.1e}".split("e")
    raised = f"10{str(int(exponent)).translate(_RAISED)}"
    return raised if mantissa == "1.0" else f"{mantissa.removesuffix('.0')} · {raised}"
