"""Frozen dataclasses as plain JSON values and back: one mechanism for every file that holds such values."""

import dataclasses
import functools
import math
import types
import typing
from collections.abc import Mapping
from typing import Any, ClassVar, Self, cast

from goodfit.errors import GoodfitError

_NUMBER_TYPES = {"int": int, "float": (int, float), "str": str, "bool": bool}


class PlainData:
    """Base of frozen dataclasses whose fields go to JSON by their names.

    Tuples become lists. A number that is not finite becomes null, and null in a `float` field is read as NaN. A field
    with the default None is left out while it is None.

    >>> @dataclasses.dataclass(frozen=True)
    ... class Share(PlainData):
    ...     value: float
    ...     sizes: tuple[int, ...] = ()
    >>> Share(0.5, (1, 2)).to_dict()
    {'value': 0.5, 'sizes': [1, 2]}
    >>> Share.from_dict({"value": None})
    Share(value=nan, sizes=())
    """

    __dataclass_fields__: ClassVar[dict[str, dataclasses.Field[Any]]]

    def to_dict(self) -> dict[str, Any]:
        """Return the fields as JSON values, in the order in which they are declared."""
        values = self.field_values()
        optional = {field.name for field in dataclasses.fields(self) if field.default is None}
        return {name: plain_value(value) for name, value in values.items() if value is not None or name not in optional}

    @classmethod
    def from_dict(cls, facts: Mapping[str, Any]) -> Self:
        """Read the fields from JSON values; keys of no field are ignored.

        Raises:
            ValueError: a field is missing or holds a value of another type; the message names it.
        """
        values: dict[str, Any] = {}
        hints = _field_types(cls)
        for field in dataclasses.fields(cls):
            if field.name in facts:
                values[field.name] = _typed(hints[field.name], facts[field.name], field.name)
            elif field.default is dataclasses.MISSING and field.default_factory is dataclasses.MISSING:
                raise ValueError(f"it has no '{field.name}'")
        return cls(**values)

    def field_values(self) -> dict[str, Any]:
        """Return the fields by name, as they are: a subclass with more fields is made from them."""
        return {field.name: getattr(self, field.name) for field in dataclasses.fields(self)}


def plain_value(value: Any) -> Any:
    """Return a value as JSON has it.

    >>> plain_value({"low": float("nan"), "sizes": (1, 2)})
    {'low': None, 'sizes': [1, 2]}
    """
    if hasattr(value, "to_dict"):
        return value.to_dict()
    if isinstance(value, Mapping):
        return {str(key): plain_value(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [plain_value(item) for item in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value


@functools.cache
def _field_types(cls: type) -> dict[str, Any]:
    return typing.get_type_hints(cls)


def _typed(kind: Any, value: Any, name: str) -> Any:
    """Return a JSON value as the declared type has it.

    Raises:
        ValueError: it is of another type.
    """
    if kind is Any:
        return value
    origin, arguments = typing.get_origin(kind), typing.get_args(kind)
    if origin in (types.UnionType, typing.Union):  # only `X | None` is declared
        return (
            None if value is None else _typed(next(part for part in arguments if part is not type(None)), value, name)
        )
    if origin is typing.Literal and value in arguments:
        return value
    if origin is tuple and isinstance(value, list | tuple):
        return tuple(_typed(arguments[0], item, name) for item in value)
    if origin is dict and isinstance(value, Mapping):
        return {key: _typed(arguments[1], item, name) for key, item in value.items()}
    if hasattr(kind, "from_dict") and isinstance(value, Mapping):
        return _nested(kind, cast(Mapping[str, Any], value), name)
    if kind is float and value is None:
        return math.nan
    # To Python True is an int, but to JSON it is no number.
    expected = _NUMBER_TYPES.get(getattr(kind, "__name__", ""))
    if expected and isinstance(value, expected) and (kind is bool or not isinstance(value, bool)):
        return value
    raise ValueError(f"'{name}' cannot be {value!r}"[:200])


def _nested(kind: Any, value: Mapping[str, Any], name: str) -> Any:
    try:
        return kind.from_dict(value)
    except KeyError as error:
        raise ValueError(f"in '{name}', it has no {error}") from None
    except (ValueError, TypeError, AttributeError, IndexError, GoodfitError) as error:  # not all refuse in the same way
        raise ValueError(f"in '{name}', {error}") from None
