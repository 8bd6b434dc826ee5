"""The base of requests, and the public functions that are made from them."""

import functools
import inspect
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import MISSING, Field, dataclass, fields
from pathlib import Path
from typing import Annotated, Any, ParamSpec, Self, TypeVar, cast, get_args, get_origin

from goodfit.api.requests.option import Alias, Option
from goodfit.errors import InputError, nearest
from goodfit.plan import SETTINGS
from goodfit.settings import setting_called

P = ParamSpec("P")
SomeRequest = TypeVar("SomeRequest")
Result = TypeVar("Result")
_PLAIN = (str, int, float, bool, Path)  # types whose values JSON or a command line can hold
_SECTION = re.compile(r"^    (Returns|Raises|Example):$", re.MULTILINE)


@dataclass(frozen=True)
class Request:
    """Base of requests: each field is an option, annotated as `Annotated[type, Option(...)]`."""

    def __post_init__(self) -> None:
        """Move the value of an alias to the field that it stands for."""
        for alias, name in aliases(type(self)).items():
            value = getattr(self, alias)
            if value is not None:
                # Frozen, so set past the dataclass; without its value, the alias is no argument of its own any more.
                object.__setattr__(self, name, value)
                object.__setattr__(self, alias, None)

    def arguments(self) -> dict[str, Any]:
        """Return the values that differ from their defaults, by name, as arguments of the public function."""
        return {
            field.name: getattr(self, field.name)
            for field in fields(self)
            if field.default is MISSING or not _equal(getattr(self, field.name), field.default)
        }

    def to_dict(self) -> dict[str, Any]:
        """Return the options that a run keeps, by the command line's names and as JSON has them."""
        stored = [(name, option) for name, option in options(type(self)) if option.stored]
        values = {stored_name(name, option): _plain(getattr(self, name), option) for name, option in stored}
        return {name: value for name, value in values.items() if value is not None}

    @classmethod
    def from_dict(cls, facts: Mapping[str, Any], **values: Any) -> Self:
        """Return the request of `to_dict`; `values` are fields that it does not hold.

        Names of other requests are ignored, so that a narrower request can be read from a wider one. Options that the
        command line reads in a form of its own (`--set`, `--space`) are left out: a run keeps the plans made of them.
        """
        for name, option in options(cls):
            value = facts.get(stored_name(name, option))
            if option.stored and option.read is None and value is not None:
                values[name] = value
        return cls(**values)

    @classmethod
    def command_words(cls, facts: Mapping[str, Any]) -> list[str]:
        """Return the words that `--help` lists for the options of `to_dict`; defaults are left out."""
        words: list[str] = []
        for name, option in options(cls):
            value = facts.get(stored_name(name, option)) if option.stored else None
            if value is None or value == _default(cls, name):
                continue
            for part in value if isinstance(value, list) else [value]:
                words += [flag(name, option)] if part is True else [flag(name, option), str(part)]
        return words

    def shared_with(self, request: type["Request"]) -> dict[str, Any]:
        """Return those `arguments` that another kind of request takes, too."""
        names = dict(options(request))
        return {name: value for name, value in self.arguments().items() if name in names}


def flag(name: str, option: Option) -> str:
    """Return a field's spelling on the command line."""
    return option.flag or "--" + name.replace("_", "-")


def stored_name(name: str, option: Option) -> str:
    """Return the name under which a run keeps a field: that of the command line."""
    return flag(name, option).removeprefix("--").replace("-", "_")


def options(request: type) -> Iterator[tuple[str, Option]]:
    """Yield name and description of each field, without aliases."""
    for field in _fields(request):
        description = _metadata(field)
        if isinstance(description, Option):
            yield field.name, description


def aliases(request: type) -> dict[str, str]:
    """Return the names of fields by their aliases."""
    descriptions = {field.name: _metadata(field) for field in _fields(request)}
    return {alias: target.field for alias, target in descriptions.items() if isinstance(target, Alias)}


def _hint(name: str, names: list[str]) -> str:
    setting = setting_called(name, SETTINGS) if "plan" in names else None
    return f"it is a setting: give plan=goodfit.Plan({setting}=…)" if setting else nearest(name, names)


def build(
    request: Callable[..., SomeRequest],
    function: str,
    arguments: tuple[Any, ...],
    keywords: Mapping[str, Any],
    spell: Callable[[str], str] = str,
) -> SomeRequest:
    """Return the request of a call, checked.

    Args:
        request: its class.
        function: name of the public function, for errors.
        arguments: positional ones.
        keywords: the others, by name.
        spell: gives a field's name in errors.

    Raises:
        TypeError: an argument is unknown, missing or given twice.
        InputError: a value is not allowed, or a field and its alias are both given.
    """
    cls = cast(type, request)
    names = [field.name for field in _fields(cls)]
    for name in keywords:
        if name not in names:
            raise TypeError(f"{function}() has no argument '{name}'; {_hint(name, names)}")
    for alias, name in aliases(cls).items():
        if keywords.get(alias) is not None and name in keywords:
            raise InputError(f"{spell(alias)} is another name for {spell(name)}; give only one of the two")
    # Bound first, because a constructor's own message would call it by the name of the request.
    try:
        inspect.signature(request).bind(*arguments, **keywords)
    except TypeError as error:
        raise TypeError(f"{function}(): {error}") from None
    result = request(*arguments, **keywords)
    for name, option in options(cls):
        value = getattr(result, name)
        if option.check is not None and value is not None:
            option.check(spell(name), value)
    return result


def takes(request: Callable[P, SomeRequest]) -> Callable[[Callable[[SomeRequest], Result]], Callable[P, Result]]:
    """Let a function that takes a request be called with the request's fields as arguments.

    The public function has the signature of the request's constructor, and its docstring lists the options as `Args`.
    """

    def decorate(function: Callable[[SomeRequest], Result]) -> Callable[P, Result]:
        @functools.wraps(function)
        def public(*arguments: P.args, **keywords: P.kwargs) -> Result:
            return function(build(request, function.__name__, arguments, keywords))

        signature = inspect.signature(function)
        parameters = [
            parameter.replace(annotation=_bare(parameter.annotation))
            for parameter in inspect.signature(request).parameters.values()
        ]
        # What help() and editors read; type checkers have it from the decorator's own annotation.
        vars(public)["__signature__"] = signature.replace(parameters=parameters)
        public.__annotations__ = {parameter.name: parameter.annotation for parameter in parameters}
        public.__annotations__["return"] = signature.return_annotation
        public.__doc__ = _docstring(function.__doc__ or "", cast(type, request))
        return public

    return decorate


def _docstring(text: str, request: type) -> str:
    """Return a docstring with a section `Args` in front of `Returns`, or at the end."""
    declared = {field.name: field for field in _fields(request)}
    lines = [f"        {name}: {_help(declared[name])}" for name in inspect.signature(request).parameters]
    section = "\n".join(["    Args:", *lines])
    following = _SECTION.search(text)
    place = following.start() if following else len(text)
    return f"{text[:place].rstrip()}\n\n{section}\n\n{text[place:]}"


def _help(field: Field[Any]) -> str:
    description = _metadata(field)
    return f"Another name for `{description.field}`." if isinstance(description, Alias) else description.help


def _fields(request: type) -> tuple[Field[Any], ...]:
    return fields(cast(Any, request))


def _metadata(field: Field[Any]) -> Option | Alias:
    if get_origin(field.type) is not Annotated:
        raise TypeError(f"the option {field.name} has no description")
    return get_args(field.type)[1]


def _bare(annotation: Any) -> Any:
    """Return the type in an annotation: a string where it is not imported at run time."""
    inner = get_args(annotation)[0] if get_origin(annotation) is Annotated else annotation
    return getattr(inner, "__forward_arg__", inner)


def _equal(value: Any, default: Any) -> bool:
    """True for the default itself; data in memory is never compared with it element by element."""
    return value is default or (isinstance(value, _PLAIN) and value == default)


def _default(request: type, name: str) -> Any:
    return next(field.default for field in _fields(request) if field.name == name)


def _plain(value: Any, option: Option) -> Any:
    """Return a value as JSON has it; None if it is no plain value."""
    if value is not None and option.write is not None:
        return option.write(value)
    if getattr(value, "ndim", None) == 0:  # a number of NumPy
        value = cast(Any, value).item()
    if not isinstance(value, _PLAIN):
        return None
    return str(value) if isinstance(value, Path) else value
