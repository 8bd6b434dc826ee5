"""What a search is asked: its space as people give it, and what tells one question from another."""

from collections.abc import Sequence
from pathlib import Path

import optuna

from goodfit.errors import InputError
from goodfit.plan import Plan
from goodfit.search.space import Space
from goodfit.search.trials import SpaceFunction

SpaceLike = SpaceFunction | Sequence[str] | str | Path


def read(space: SpaceLike | None, trials: int, base: Plan) -> SpaceFunction:
    """The space as it is given: nothing, lines, a YAML file, or a function.

    Raises:
        InputError: a file that cannot be read, or a space that is wrong.
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
    """The same for the same question: the space's lines or a function's code, the plan beneath, how it is searched."""
    code, searched = getattr(space, "__code__", None), type(sampler).__name__ if sampler else "coarse to fine"
    text = repr((code.co_code, code.co_consts, code.co_names)) if code else repr(type(space))
    return space.to_yaml() if isinstance(space, Space) else text, base.to_yaml(), searched, str(seed)


def words(space: SpaceFunction) -> str:
    """What is searched, in a sentence or two."""
    return space.told() if isinstance(space, Space) else "Searched: what the given function asks for."


def lines(space: SpaceLike | None) -> list[str] | None:
    """The lines, where it was given as such."""
    return list(space) if isinstance(space, Sequence) and not isinstance(space, str) else None
