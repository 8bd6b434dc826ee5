"""Formats of columns: spelling of numbers and dates, decided once from the training source and kept in the schema."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias


@dataclass(frozen=True)
class NumberFormat:
    """Spelling of a column of numbers.

    Attributes:
        decimal: mark before the fraction, a point or a comma.
        thousands: mark between groups of digits; a space stands for any blank, `'` for any apostrophe.
        before: what stands before each number, such as a currency.
        after: what stands after each number, such as a percent sign or a unit.
        unknown: the one word that stands in place of a number, such as `unknown`, and counts as missing.
    """

    decimal: Literal[".", ","] = "."
    thousands: Literal["", ",", ".", " ", "'"] = ""
    before: str = ""
    after: str = ""
    unknown: str = ""

    def __str__(self) -> str:
        """Return a number in this format.

        >>> str(NumberFormat(",", ".", after="kg")), str(NumberFormat(thousands=",", before="$"))
        ('1.234,5 kg', '$1,234.5')
        """
        before = f"{self.before} " if self.before[-1:].isalpha() else self.before
        after = f" {self.after}" if self.after[:1].isalpha() else self.after
        return f"{before}1{self.thousands}234{self.decimal}5{after}"


@dataclass(frozen=True)
class DateFormat:
    """Spelling of a column of dates.

    Attributes:
        order: of day (d), month (m) and year (y); `digits` for the year first and nothing between, which may be whole
            numbers; `time` for times of day and durations, which are numbers of seconds.
    """

    order: Literal["ymd", "dmy", "mdy", "digits", "time"]

    def __str__(self) -> str:
        """Return the order in words."""
        return _ORDERS[self.order]


_ORDERS = {
    "ymd": "year first",
    "dmy": "day first",
    "mdy": "month first",
    "digits": "year, month and day in 8 digits",
    "time": "time of day",
}

ColumnFormat: TypeAlias = NumberFormat | DateFormat


def format_of_dict(facts: Mapping[str, Any] | None) -> ColumnFormat | None:
    """Return the format whose fields a file has; None for plain numbers and ISO 8601 dates."""
    if facts is None:
        return None
    return DateFormat(**facts) if "order" in facts else NumberFormat(**facts)
