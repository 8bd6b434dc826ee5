"""Options: help, spelling and allowed values of a request's fields."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from numbers import Integral, Real
from typing import Any

from goodfit.errors import InputError


@dataclass(frozen=True)
class Check:
    """A condition on a number.

    Attributes:
        allows: True for an allowed number.
        allowed: the allowed numbers in words, such as "a number above 0".
        integer: True if only whole numbers are allowed.
    """

    allows: Callable[[Any], bool]
    allowed: str
    integer: bool = False

    def __call__(self, name: str, value: Any) -> None:
        """Raise InputError, which calls the option `name`, for anything but an allowed number."""
        is_number = isinstance(value, Real) and not isinstance(value, bool)
        if not is_number or (self.integer and not isinstance(value, Integral)) or not self.allows(value):
            shown = f"{value:g}" if is_number and not isinstance(value, Integral) else repr(value)
            raise InputError(f"{name} is {shown}; give {self.allowed}")


def integer(least: int, most: float = math.inf) -> Check:
    """Return the check for whole numbers from `least` to `most`."""
    above = f"a whole number of at least {least}"
    allowed = above if most == math.inf else f"a whole number from {least} to {most}"
    return Check(lambda value: least <= value <= most, allowed, integer=True)


POSITIVE = Check(lambda value: 0 < value < math.inf, "a number above 0")
SECONDS = Check(lambda value: 0 < value < math.inf, "a number of seconds above 0")
SHARE = Check(lambda value: 0 <= value <= 1, "a share between 0 and 1 (0.15 for 15 %)")
ERROR = Check(
    lambda value: 0 <= value < math.inf,
    "a share between 0 and 1 (0.15 for 15 %), or for a regression an RMSE in the target's unit",
)
POSITIVE_SHARE = Check(lambda value: 0 < value <= 1, "a share above 0 and at most 1 (0.02 for 2 points)")


@dataclass(frozen=True)
class Option:
    """The description of a request's field, as metadata of its annotation.

    Attributes:
        help: a sentence or two, for `--help` and the docstring of the public function.
        metavar: name of the value in `--help`.
        flag: spelling on the command line; the field's name with hyphens when None.
        check: allowed numbers; None is always allowed.
        command_line_type: type on the command line, where it is narrower than in Python; its values go through `read`.
        read: from the command line's value to the field's.
        write: from the field's value back to the command line's.
        python_only: True if the command line does not have it.
        stored: True if a run keeps it among its options.
    """

    help: str
    metavar: str | None = None
    flag: str | None = None
    check: Check | None = None
    command_line_type: Any = None
    read: Callable[[Any], Any] | None = None
    write: Callable[[Any], Any] | None = None
    python_only: bool = False
    stored: bool = True


@dataclass(frozen=True)
class Alias:
    """Another name for a field: the one that scikit-learn or Optuna has.

    Attributes:
        field: the field's name.
    """

    field: str
