"""Commands made of requests: the fields of a request become the options of a Typer command."""

import functools
import inspect
from collections.abc import Callable, Iterator
from dataclasses import MISSING, fields
from typing import Annotated, Any, get_args

import typer

from goodfit.api.requests.option import Option
from goodfit.api.requests.request import Request, aliases, build, flag, options


def command(function: Callable[..., None]) -> Callable[..., None]:
    """Return a function for Typer that fills the request which `function` takes first.

    Its other parameters stay as they are. Errors call a field by its flag, as people typed it.
    """
    parameters = list(inspect.signature(function).parameters.values())
    request = parameters[0].annotation
    if not (isinstance(request, type) and issubclass(request, Request)):
        return function

    def run(context: Any, **values: Any) -> None:
        # Only what people typed: defaults are the request's business, and a default beside an alias is no conflict.
        names = [name for name in (*dict(_visible(request)), *aliases(request)) if name in values]
        explicit = {name: _read(request, name, values.pop(name)) for name in names if _is_given(context, name)}
        other_values = {name: value for name, value in values.items() if name not in names}
        spell = functools.partial(_spelling, request)
        function(build(request, function.__name__, (), explicit, spell), **other_values)

    context = inspect.Parameter("context", inspect.Parameter.KEYWORD_ONLY, annotation=typer.Context)
    filled = [context, *_parameters(request), *parameters[1:]]
    filled = [parameter.replace(kind=inspect.Parameter.KEYWORD_ONLY) for parameter in filled]
    # Typer makes a command of what it finds in a function's signature and annotations, so both are given to it.
    run.__name__, run.__doc__ = function.__name__, function.__doc__
    vars(run)["__signature__"] = inspect.Signature(filled)
    run.__annotations__ = {parameter.name: parameter.annotation for parameter in filled}
    return run


def _visible(request: type) -> Iterator[tuple[str, Option]]:
    return ((name, option) for name, option in options(request) if not option.python_only)


def _parameters(request: Any) -> list[inspect.Parameter]:
    """Return a parameter for each field, positional ones first, and a hidden one for each alias."""
    declared = {field.name: field for field in fields(request)}
    parameters = {}
    # Positional arguments first; the sort is stable, so the others keep the order of the declaration.
    for name, option in sorted(_visible(request), key=lambda item: declared[item[0]].kw_only is True):
        field = declared[name]
        kind = option.command_line_type or get_args(field.type)[0]
        if field.kw_only or option.flag:
            details: Any = typer.Option(flag(name, option), help=option.help, metavar=option.metavar)
        else:
            details = typer.Argument(help=option.help, metavar=option.metavar, show_default=False)
        parameters[name] = _parameter(name, Annotated[kind, details], field.default)
    for alias, name in aliases(request).items():
        spelling = "--" + alias.replace("_", "-")
        details = typer.Option(spelling, help=f"The same as {_spelling(request, name)}.", hidden=True)
        parameters[alias] = _parameter(alias, Annotated[get_args(declared[alias].type)[0], details], None)
    return list(parameters.values())


def _parameter(name: str, annotation: Any, default: Any) -> inspect.Parameter:
    default = inspect.Parameter.empty if default is MISSING else default
    return inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, annotation=annotation, default=default)


def _is_given(context: Any, name: str) -> bool:
    source = context.get_parameter_source(name)
    return source is not None and source.name != "DEFAULT"


def _read(request: type, name: str, value: Any) -> Any:
    option = dict(options(request)).get(name)
    return option.read(value) if option and option.read and value is not None else value


def _spelling(request: type, name: str) -> str:
    option = dict(options(request)).get(name)
    return flag(name, option) if option else "--" + name.replace("_", "-")
