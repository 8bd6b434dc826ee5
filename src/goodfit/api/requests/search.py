"""The request of `tune`."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from goodfit.api.requests.data import DataRequest, HumanError, MinGap, Out, PlanSource, Progress, TargetTransform
from goodfit.api.requests.option import POSITIVE, Alias, Option, integer

if TYPE_CHECKING:
    import optuna

    from goodfit.search.space_input import SpaceLike


def read_space(words: Sequence[str]) -> list[str] | str:
    """Return the lines of a space, or the name of a file where that is the only word.

    >>> read_space(["space.yaml"]), read_space(["l2=0..1"])
    ('space.yaml', ['l2=0..1'])
    """
    return words[0] if len(words) == 1 and "=" not in words[0] else list(words)


def space_words(space: object) -> list[str] | None:
    """Return the lines of a space; None for a function."""
    if isinstance(space, str | Path):
        return [str(space)]
    return list(space) if isinstance(space, Sequence) else None


@dataclass(frozen=True, kw_only=True)
class TuneRequest(DataRequest):
    """Request of `tune`."""

    trials: Annotated[int, Option("Number of trials in the study when it ends.", check=integer(1))] = 64
    n_trials: Annotated[int | None, Alias("trials")] = None
    space: Annotated[
        "SpaceLike | None",
        Option(
            "A hyperparameter to search and its range, or a YAML file of such lines; repeatable. In Python a list of "
            "lines, a file, or a function from an Optuna trial to a Plan. Default: the most important hyperparameters.",
            metavar="NAME=SCALE:LOW..HIGH",
            command_line_type=list[str] | None,
            read=read_space,
            write=space_words,
        ),
    ] = None
    plan: PlanSource = None
    sampler: Annotated[
        "optuna.samplers.BaseSampler | None",
        Option("Optuna sampler to use instead of GoodfitZoomSampler.", python_only=True, stored=False),
    ] = None
    storage: Annotated[
        str | None,
        Option("URL of an Optuna storage. Default: goodfit.db in the folder of the runs.", metavar="URL"),
    ] = None
    study: Annotated[
        str | None,
        Option("Name of the study in the storage. Default: made of the data and the search.", metavar="NAME"),
    ] = None
    memory: Annotated[
        float | None,
        Option("Memory for one stack of trainings. Default: half of what is free.", metavar="GIB", check=POSITIVE),
    ] = None
    ray: Annotated[
        str | None,
        Option(
            "Train on the nodes of this Ray cluster; without an address, or with `local`, start Ray on this machine.",
            metavar="[HOST:PORT]",
        ),
    ] = None
    target_transform: TargetTransform = None
    human_error: HumanError = None
    min_gap: MinGap = 0.02
    out: Out = "runs"
    progress: Progress = None
