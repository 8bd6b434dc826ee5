"""Decisions of a job that depend on the time left: a resumed job and a replay take them again."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

from goodfit.errors import InputError
from goodfit.record.plain import PlainData
from goodfit.run_folder.journal import damaged_line, read_journal
from goodfit.run_folder.json_lines import append_lines, cut_after, read_lines
from goodfit.run_folder.names import DECISIONS_FILE

EVENTS = ("decision", "training")  # lines of the journal that hold one


@dataclass(frozen=True, kw_only=True)
class Decision(PlainData):
    """A number that depended on the time left, or the models that the deadline stopped in a training.

    Attributes:
        id: of the decision or the training, by which a replay compares.
        value: the number; None for a training.
        stopped: epochs after which models were stopped, by job; None for a number.
        seconds: of the job so far.
    """

    id: str
    value: int | None = None
    stopped: dict[str, int] | None = None
    seconds: float

    def __post_init__(self) -> None:
        """Refuse a decision of nothing.

        Raises:
            ValueError: it has no value and no stopped models, or both.
        """
        if (self.value is None) == (self.stopped is None):
            raise ValueError("it has no value and no stopped models, or both")


@dataclass
class Decisions:
    """Decisions of a job so far, one line each in the checkpoint of its run.

    Attributes:
        path: of the file.
        entries: the decisions, in their order.
        warnings: a sentence, if lines were damaged.
    """

    path: Path
    entries: list[Decision] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    _repeated: int = 0

    @classmethod
    def read(cls, folder: Path) -> Self:
        """Read the decisions of a run, and cut off what follows the last intact line, such as one torn by a crash."""
        decisions = cls(folder / DECISIONS_FILE)
        lines = read_lines(decisions.path)
        for line in lines:
            decision = _parse(line.facts)
            if decision is None:
                place = f"line {line.number} of {decisions.path}"
                decisions.warnings.append(f"{place} is damaged, so decisions from there on are made again")
                break
            decisions.entries.append(decision)
        # A decision made after a damaged one may have followed from it, so it goes as well.
        if decisions.path.exists():
            cut_after(decisions.path, len(decisions.entries))
        return decisions

    @property
    def seconds(self) -> float:
        """Seconds that the job had taken at the last decision."""
        return self.entries[-1].seconds if self.entries else 0.0

    @property
    def next(self) -> Decision | None:
        """The decision to repeat now; None where a new one is due."""
        return self.entries[self._repeated] if self._repeated < len(self.entries) else None

    def take(self, decision: Decision) -> None:
        """Go on to the next decision; a new one is written down.

        Raises:
            OSError: it cannot be written.
        """
        if self.next is None:
            append_lines(self.path, [decision.to_dict()])
            self.entries.append(decision)
        self._repeated += 1


def read_decisions(folder: Path) -> tuple[Decision, ...]:
    """Return the decisions in the journal of a run that has ended.

    Raises:
        InputError: the journal cannot be read, a line is damaged, or it has no decision.
    """
    decisions = []
    for number, facts in enumerate(read_journal(folder), 1):
        if facts["event"] in EVENTS:
            decision = _parse(facts)
            if decision is None:
                raise damaged_line(folder, number, "it is no decision")
            decisions.append(decision)
    if not decisions:
        raise InputError(f"the journal of {folder} has no decisions; replay another run")
    return tuple(decisions)


def _parse(facts: dict[str, Any] | None) -> Decision | None:
    try:
        return None if facts is None else Decision.from_dict(facts)
    except ValueError:
        return None
