"""Nudges: numbers of a plan that changed while its model trained, a line each in the run's `nudges.jsonl`."""

from collections import defaultdict
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from goodfit.errors import InputError, PlanError
from goodfit.plan import Plan, Structure, renumbered
from goodfit.record.nudge import REWIND, Nudge, standing
from goodfit.record.plain import PlainData
from goodfit.run_folder.json_lines import JsonLine, append_lines, cut_torn_line, read_lines
from goodfit.run_folder.names import NUDGES_FILE

_MOST_ENTRIES = 500  # of a log that are shown, the last ones


@dataclass(frozen=True, kw_only=True)
class LogEntry(PlainData):
    """A nudge or a rewind as a page shows it; the fields are those of `Nudge`.

    Attributes:
        void: True if a later rewind cancelled it.
    """

    setting: str
    old: Any
    new: Any
    epoch: int
    sender: str
    when: str
    void: bool


@dataclass(frozen=True, kw_only=True)
class NudgeMark(PlainData):
    """All nudges of one epoch that are in force, as one mark on the curves.

    Attributes:
        epoch: after which they were made.
        number: of the mark, from 1.
        changes: name, old and new value of each.
    """

    epoch: int
    number: int
    changes: tuple[tuple[Any, ...], ...]


def nudged(plan: Plan, structure: Structure, numbers: dict[str, Any], epoch: int) -> Plan:
    """Return the plan with other numbers from the end of an epoch on.

    Raises:
        PlanError: they do not fit, the program was compiled without their work, or so many epochs have passed already.
    """
    changed = renumbered(plan, structure, numbers)
    if changed.epochs < epoch:
        sentence = f"epochs is {changed.epochs}, but this training is in epoch {epoch}; give {epoch} or more"
        raise PlanError(sentence, "epochs")
    return changed


def append(folder: Path, nudges: Sequence[Nudge]) -> None:
    """Add nudges to the run's, in place of a last line that a crash tore; for the process that trains it.

    Raises:
        OSError: they cannot be written.
    """
    path = folder / NUDGES_FILE
    with suppress(FileNotFoundError):
        cut_torn_line(path)
    append_lines(path, [nudge.to_dict() for nudge in nudges])


def read_own(folder: Path) -> list[Nudge]:
    """Return all nudges of a run as they were made; a last line that was torn by a crash is left out.

    Raises:
        InputError: the file cannot be read, or another line is damaged.
    """
    return _read(folder / NUDGES_FILE)


def read_replay(path: str | Path, plan: Plan) -> list[Nudge]:
    """Return the nudges of another run, to be made again in a training by this plan, in the order of their epochs.

    Raises:
        InputError: the file cannot be read, or a line of it, which is named, is damaged or no change of this plan.
    """
    if not Path(path).exists():
        raise InputError(f"there is no file {path} to replay; give the {NUDGES_FILE} of a run")
    nudges = _read(Path(path))
    structure, remaining = plan.structure, standing(nudges)
    for nudge in remaining:
        try:
            plan = nudged(plan, structure, {nudge.setting: nudge.new}, nudge.epoch)
        except PlanError as error:
            raise InputError(f"line {nudges.index(nudge) + 1} of {path} cannot be replayed: {error}") from None
    return remaining


def read_log(folder: Path) -> list[LogEntry]:
    """Return the last nudges and rewinds of a run; a line that holds none is passed over.

    Raises:
        InputError: the file cannot be read.
    """
    nudges = [nudge for line in read_lines(folder / NUDGES_FILE) if (nudge := _parse(line))]
    in_force = {id(nudge) for nudge in standing(nudges)}
    return [
        LogEntry(
            setting=nudge.setting,
            old=nudge.old,
            new=nudge.new,
            epoch=nudge.epoch,
            sender=nudge.sender,
            when=nudge.when,
            void=nudge.setting != REWIND and id(nudge) not in in_force,
        )
        for nudge in nudges
    ][-_MOST_ENTRIES:]


def nudge_marks(log: Sequence[LogEntry]) -> list[NudgeMark]:
    """Return a mark for each epoch with nudges in force, in order."""
    changes: dict[int, list[tuple[Any, ...]]] = defaultdict(list)
    for entry in log:
        if not entry.void and entry.setting != REWIND:
            changes[entry.epoch].append((entry.setting, entry.old, entry.new))
    return [
        NudgeMark(epoch=epoch, number=number, changes=tuple(changes[epoch]))
        for number, epoch in enumerate(sorted(changes), 1)
    ]


def _read(path: Path) -> list[Nudge]:
    """Return the nudges of a file, one for each line."""
    nudges = []
    for line in read_lines(path):
        nudge = _parse(line)
        if nudge is None:
            advice = f"take that line out, or give the {NUDGES_FILE} of a run"
            raise InputError(f"line {line.number} of {path} is no nudge; {advice}")
        nudges.append(nudge)
    return nudges


def _parse(line: JsonLine) -> Nudge | None:
    """Return the nudge in a line; None if there is none."""
    try:
        nudge = Nudge.from_dict(line.facts or {})
    except ValueError:
        return None
    epochs = (nudge.epoch, nudge.new) if nudge.setting == REWIND else (nudge.epoch,)
    is_valid = all(isinstance(epoch, int) and not isinstance(epoch, bool) and epoch >= 0 for epoch in epochs)
    return nudge if is_valid else None
