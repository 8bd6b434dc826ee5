"""Nudges: numbers of a plan that changed while its model trained, a line each in the run's `nudges.jsonl`."""

import json
import os
from collections import defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from goodfit.errors import InputError, PlanError
from goodfit.plan import Plan, Structure, renumbered
from goodfit.record.nudge import REWIND, Nudge, standing

NUDGES_FILE = "nudges.jsonl"


def nudged(plan: Plan, structure: Structure, numbers: dict[str, Any], epoch: int) -> Plan:
    """The plan with other numbers from the end of an epoch on.

    Raises:
        PlanError: they do not fit, the program was compiled without their work, or so many epochs have passed already.
    """
    changed = renumbered(plan, structure, numbers)
    if changed.epochs < epoch:
        raise PlanError(f"epochs is {changed.epochs}, but this training is in epoch {epoch}; give {epoch} or more")
    return changed


def append(folder: Path, nudges: Sequence[Nudge]) -> None:
    """Add lines to the run's nudges, in one write.

    Raises:
        OSError: it cannot be written.
    """
    text = "".join(json.dumps(nudge.to_dict()) + "\n" for nudge in nudges)
    with (folder / NUDGES_FILE).open("a", encoding="utf-8") as file:
        file.write(text)


def read_own(folder: Path) -> list[Nudge]:
    """All nudges of a run as they were made; a last line that was torn by a crash is taken off.

    Raises:
        InputError: another line is damaged.
    """
    path = folder / NUDGES_FILE
    if not path.exists():
        return []
    data = path.read_bytes()
    length = data.rfind(b"\n") + 1
    if length < len(data):
        os.truncate(path, length)
    return _read(path)


def read_replay(path: str | Path, plan: Plan) -> list[Nudge]:
    """The nudges of another run, to be made again in a training by this plan; in the order of their epochs.

    Raises:
        InputError: the file cannot be read, or a line of it, which is named, is damaged or no change of this plan.
    """
    every = _read(Path(path))
    structure, remaining = plan.structure, standing(every)
    for nudge in remaining:
        try:
            plan = nudged(plan, structure, {nudge.what: nudge.new}, nudge.epoch)
        except PlanError as error:
            raise InputError(f"line {every.index(nudge) + 1} of {path} cannot be replayed: {error}") from None
    return remaining


def _read(path: Path) -> list[Nudge]:
    """The nudges of a file, one a line."""
    try:
        lines = path.read_bytes().splitlines()
    except OSError as error:
        raise InputError(f"cannot read the nudges in {path} ({error.strerror})") from None
    nudges = []
    for number, line in enumerate(lines, 1):
        try:
            nudge = Nudge.from_dict(json.loads(line))
            for epoch in (nudge.epoch, nudge.new) if nudge.what == REWIND else (nudge.epoch,):
                if not isinstance(epoch, int) or isinstance(epoch, bool) or epoch < 0:
                    raise ValueError
        except Exception:  # whatever damage does to a reader
            wish = "take that line out, or give the nudges.jsonl of a run"
            raise InputError(f"line {number} of {path} is no nudge; {wish}") from None
        nudges.append(nudge)
    return nudges


_MOST_LINES = 500  # of a log that are shown, the last ones


def read_nudges(data: bytes) -> list[dict[str, Any]]:
    """The log, a change each: its facts as the file has them, `void` where the training went back before it.

    A line that is half written, or is no change, is passed over.
    """
    log: list[dict[str, Any]] = []
    for line in data[: data.rfind(b"\n") + 1].splitlines():
        try:
            facts = json.loads(line)
            entry = {name: facts[name] for name in ("what", "old", "new", "epoch", "who", "when")}
            entry["epoch"] = int(entry["epoch"])
            returned = int(entry["new"]) if entry["what"] == REWIND else None
        except Exception:  # whatever damage does to a reader
            continue
        if returned is not None:
            for earlier in log:
                earlier["void"] |= earlier["what"] != REWIND and earlier["epoch"] >= returned
        log.append(entry | {"void": False})
    return log[-_MOST_LINES:]


def marks(log: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """The nudges that stand, all changes of one epoch as one, in order: epoch, number from 1, and what changed."""
    groups: dict[int, list[list[Any]]] = defaultdict(list)
    for entry in log:
        if not entry["void"] and entry["what"] != REWIND:
            groups[entry["epoch"]].append([entry["what"], entry["old"], entry["new"]])
    return [{"epoch": epoch, "number": number, "what": groups[epoch]} for number, epoch in enumerate(sorted(groups), 1)]
