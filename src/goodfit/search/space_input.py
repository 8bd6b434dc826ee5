"""The space as people give it, and the identity of a search, by which its study is found again."""

from collections.abc import Sequence
from pathlib import Path

import optuna

from goodfit.errors import InputError
from goodfit.plan import Plan
from goodfit.search.space import Space
from goodfit.search.trials import SpaceFunction

SpaceLike = SpaceFunction | Sequence[str] | str | Path


def read(space: SpaceLike | None, trials: int, base: Plan) -> SpaceFunction:
    """Return the space from nothing, from lines, from a YAML file or from a function.

    Raises:
        InputError: a file that cannot be read, or an invalid space.
    """
    if space is None:
        return Space.default(trials, base)
    if callable(space):
        return space
    if isinstance(space, str | Path):
        try:
            text = Path(space).read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise InputError(f"cannot read the space {space} ({error}); give a YAML file") from None
        return Space.from_yaml(text, base)
    return Space.parse(space, base)


def identity(
    space: SpaceFunction, base: Plan, sampler: optuna.samplers.BaseSampler | None, seed: int
) -> tuple[str, ...]:
    """Return texts that are equal for equal searches: the space, its base plan, the sampler and the random seed.

    Args:
        space: read as its lines, or as a function's code.
        base: the plan that trials differ from.
        sampler: its class counts; None is coarse to fine.
        seed: random seed of the search.
    """
    code, sampler_name = getattr(space, "__code__", None), type(sampler).__name__ if sampler else "coarse to fine"
    # A function's text may be unknown; its instructions, constants and names change where its meaning does.
    text = repr((code.co_code, code.co_consts, code.co_names)) if code else repr(type(space))
    return space.to_yaml() if isinstance(space, Space) else text, base.to_yaml(), sampler_name, str(seed)


def description(space: SpaceFunction) -> str:
    """Return one or two sentences on what is searched."""
    return (
        space.description()
        if isinstance(space, Space)
        else "Searched: the parameters that the given function asks for."
    )


def lines(space: SpaceLike | None) -> list[str] | None:
    """Return the space's lines where it was given as lines."""
    return list(space) if isinstance(space, Sequence) and not isinstance(space, str) else None
