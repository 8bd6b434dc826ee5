"""Change the numbers of a training that is going on, let it pause, go on or end: from another process, without JAX."""

import time
from pathlib import Path
from typing import Any

from goodfit.errors import InputError, PlanError
from goodfit.plan import Plan, canonical_settings
from goodfit.run_folder import archive
from goodfit.run_folder.job import JobRequest, is_live
from goodfit.run_folder.mailbox import Kind, ask, now
from goodfit.run_folder.nudges import nudged

_PATIENCE = 5.0  # seconds in which a training whose epochs are short has answered
_PAUSE = 0.05


def nudge(run: str | Path, /, *, who: str = "python", **changes: Any) -> dict[str, Any]:
    """Change numbers of the plan that a run is training by, from the end of its epoch on.

    Args:
        run: the directory of a training of `train` or `resume` that is going on.
        who: asks, for the run's `nudges.jsonl`; the user's name is added.
        changes: any of `goodfit.plan.Hyperparameters`, such as `learning_rate=3e-4`.

    Returns:
        `run`; `answered`: whether it did so in a few seconds; `epoch`: after which the change was made, or so far; and
        `made`: name, old and new value of each.

    Raises:
        PlanError: what is asked for cannot be, by the plan as it is now; nothing was asked of the run.
        InputError: the run is not training.
    """
    folder = Path(run)
    asked, said = _training(folder)
    if not changes:
        raise PlanError("a nudge has nothing to change; name a number and its value, as in learning_rate=3e-4")
    changes = canonical_settings(changes)
    begun, epoch = Plan.from_dict(asked.plan), said.get("epoch", 0)
    plan = nudged(Plan.from_dict(said["plan"]) if said else begun, begun.structure, changes, epoch + 1)
    values = plan.to_dict()
    return _answered(folder, "nudge", who, {name: values[name] for name in changes})


def pause(run: str | Path, /, *, who: str = "python") -> dict[str, Any]:
    """Let a run that is training wait where it is; it changes none of its numbers.

    Returns:
        `run`; `answered`: whether it did so in a few seconds; and `epoch`, so far.

    Raises:
        InputError: the run is not training.
    """
    return _asked("pause", run, who)


def unpause(run: str | Path, /, to: int | None = None, *, who: str = "python") -> dict[str, Any]:
    """Let a run that was paused train on, until an epoch has ended where one is given; then it pauses again.

    Returns and raises as `pause` does.
    """
    return _asked("unpause", run, who, to)


def rewind(run: str | Path, /, to: int, *, who: str = "python") -> dict[str, Any]:
    """Let a run that is training go back to how it was when an epoch had ended, and pause there.

    Nudges from that epoch's end on are void. 0 is the beginning. Where no checkpoint of that epoch is kept, the
    training goes there from an earlier one, to the same numbers.

    Returns:
        `run`; `answered`: whether it did so in a few seconds; `epoch`: that it went back to; and `back`: from and to.

    Raises:
        PlanError: the training has not come that far.
        InputError: the run is not training.
    """
    return _asked("rewind", run, who, to)


def keep(run: str | Path, /, *, who: str = "python") -> dict[str, Any]:
    """Let a run that is training take a checkpoint now; returns and raises as `pause` does."""
    return _asked("keep", run, who)


def stop(run: str | Path, /, *, who: str = "python") -> dict[str, Any]:
    """End a run's training early: the best parameters so far are kept and diagnosed, as at any other end.

    Before the first epoch has ended there are none, and that one is awaited. Returns and raises as `pause` does.
    """
    return _asked("stop", run, who)


def _asked(kind: Kind, run: str | Path, who: str, to: int | None = None) -> dict[str, Any]:
    folder = Path(run)
    _, said = _training(folder)
    if to is not None and (isinstance(to, bool) or not isinstance(to, int) or to < 0):
        raise PlanError(f"{to!r} is no epoch; give a whole number of at least 0")
    if kind == "rewind" and to is not None and to >= (epoch := said.get("epoch", 0)):
        raise PlanError(
            f"cannot go back to epoch {to}: this training is in epoch {epoch}; it can go back to one before"
        )
    return _answered(folder, kind, who, to=to)


def _training(folder: Path) -> tuple[JobRequest, dict[str, Any]]:
    """What a run was asked, and what it last said of itself.

    Raises:
        InputError: no process is training it; says what to do.
    """
    if is_live(folder):
        return JobRequest.read(folder), now(folder)
    if archive.is_unfinished(folder):
        raise InputError(f"the run {folder} is not training now; `goodfit resume {folder}` goes on with it")
    ended = archive.read_run(folder).result["outcome"]
    raise InputError(f"the run {folder} has ended ({ended}); what it learned cannot be changed, train again")


def _answered(
    folder: Path, kind: Kind, who: str, changes: dict[str, Any] | None = None, to: int | None = None
) -> dict[str, Any]:
    """Ask, and wait a little for the answer.

    Raises:
        PlanError: the plan has changed meanwhile, so that the run refuses.
    """
    request = ask(folder, kind, who, changes, to)
    until = time.monotonic() + _PATIENCE
    while (answer := now(folder).get("answers", {}).get(request)) is None:
        if time.monotonic() > until or not is_live(folder):
            epoch = now(folder).get("epoch")
            return {"run": str(folder), "answered": False, "training": is_live(folder), "epoch": epoch}
        time.sleep(_PAUSE)
    if "refused" in answer:
        raise PlanError(answer["refused"])
    return {"run": str(folder), "answered": True, "training": True} | answer
