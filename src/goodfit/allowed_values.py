"""The kinds of values that settings take: numbers, whole numbers, numbers by layer, widths and choices."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from goodfit.errors import PlanError, nearest


class Values(Protocol):
    """The values that a setting takes."""

    @property
    def words(self) -> str:
        """The values in words, such as "a number above 0"."""
        ...

    def convert(self, value: Any) -> Any:
        """Return the value as plans keep it; a value that cannot be converted comes back as it is, for `check`."""
        ...

    def check(self, name: str, value: Any) -> None:
        """Raise PlanError where the converted value is not allowed; the sentence calls the setting `name`."""
        ...


@dataclass(frozen=True)
class Numbers:
    """Real numbers from `low` to `high`.

    Attributes:
        low: the lower end.
        high: the upper end.
        low_allowed: True where the range contains `low` itself.
        high_allowed: True where the range contains `high` itself.
    """

    low: float = 0.0
    high: float = math.inf
    low_allowed: bool = True
    high_allowed: bool = False

    @property
    def words(self) -> str:
        """The range in words.

        >>> Numbers(0, 1).words
        'a number of at least 0 and below 1'
        """
        above = f"{'of at least' if self.low_allowed else 'above'} {self.low:g}"
        below = "" if self.high == math.inf else f" and {'at most' if self.high_allowed else 'below'} {self.high:g}"
        return f"a number {above}{below}"

    def convert(self, value: Any) -> Any:
        """Return numbers, and text that is a number, as float: YAML 1.1 reads 1e-3 as text."""
        if isinstance(value, bool):
            return value
        try:
            return float(value)
        except (TypeError, ValueError):
            return value

    def check(self, name: str, value: Any) -> None:
        """Raise PlanError for anything but a number in the range."""
        if not _is_number(value) or not self._contains(value):
            raise PlanError(f"{name} is {value!r}; it must be {self.words}", name)

    def _contains(self, number: float) -> bool:
        above = number > self.low or (self.low_allowed and number == self.low)
        below = number < self.high or (self.high_allowed and number == self.high)
        return above and below


@dataclass(frozen=True)
class LayerNumbers:
    """One number for all hidden layers, or a number for each.

    Attributes:
        numbers: the range of each number.
    """

    numbers: Numbers

    @property
    def words(self) -> str:
        """The range in words."""
        return f"{self.numbers.words}, or one for each hidden layer"

    def convert(self, value: Any) -> Any:
        """A list as a tuple of floats, anything else as `Numbers` has it."""
        if isinstance(value, list | tuple):
            return tuple(map(self.numbers.convert, value))
        return self.numbers.convert(value)

    def check(self, name: str, value: Any) -> None:
        """Raise PlanError for the first number outside the range."""
        for number in value if isinstance(value, tuple) else (value,):
            self.numbers.check(name, number)


@dataclass(frozen=True)
class WholeNumbers:
    """Whole numbers.

    Attributes:
        least: the smallest of them.
    """

    least: int = 0

    @property
    def words(self) -> str:
        """The range in words."""
        return f"a whole number of at least {self.least}"

    def convert(self, value: Any) -> Any:
        """The value as it is: 2.0 epochs are refused like 2.5."""
        return value

    def check(self, name: str, value: Any) -> None:
        """Raise PlanError for anything but a whole number of at least `least`."""
        if not is_whole(value) or value < self.least:
            raise PlanError(f"{name} is {value!r}; it must be {self.words}", name)


@dataclass(frozen=True)
class Widths:
    """A list of whole numbers above 0, one for each hidden layer; it may be empty."""

    @property
    def words(self) -> str:
        """The values in words."""
        return "a list of whole numbers above 0"

    def convert(self, value: Any) -> Any:
        """A list as a tuple."""
        return tuple(value) if isinstance(value, list) else value

    def check(self, name: str, value: Any) -> None:
        """Raise PlanError for anything but a tuple of whole numbers above 0."""
        if not isinstance(value, tuple) or not all(is_whole(width) and width > 0 for width in value):
            raise PlanError(f"{name} is {value!r}; it must be {self.words}", name)


@dataclass(frozen=True)
class Choices:
    """Names to choose from.

    Attributes:
        names: in the order of the documentation.
        synonyms: other spellings, and the name that plans keep for each.
    """

    names: tuple[str, ...]
    synonyms: Mapping[str, str] = field(default_factory=dict)

    @property
    def words(self) -> str:
        """The names, separated by commas."""
        return ", ".join(self.names)

    def convert(self, value: Any) -> Any:
        """The name that plans keep."""
        return self.synonyms.get(value, value) if isinstance(value, str) else value

    def check(self, name: str, value: Any) -> None:
        """Raise PlanError for a name that is not among the choices; the nearest one is suggested."""
        if value not in self.names:
            raise PlanError(f"{name} is {value!r}: {nearest(str(value), (*self.names, *self.synonyms))}", name)


def is_whole(value: object) -> bool:
    """True for whole numbers; True and False are none."""
    return isinstance(value, int) and not isinstance(value, bool)


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
