"""How often does the doctor name what is wrong with programs that people write?

`programs_given.py` holds rewritten public questions, faulty and mended, that the rules were made on;
`programs_apart.py` holds others that they were not. A fault counts as named first if the first finding names it, and as
named if any does; any finding on a mended program is a false alarm. `doctor_programs.py apart` runs one part.
"""

import sys
from typing import NamedTuple

import programs_apart
import programs_given
from goodfit.diagnosis.finding import Finding
from program_kit import Program

PARTS = {"given": programs_given.PROGRAMS, "apart": programs_apart.PROGRAMS}


class Verdict(NamedTuple):
    """What the doctor says about a program.

    Attributes:
        program: that was trained.
        findings: in their order; None if the training ended with an exception.
        exception: that ended it.
    """

    program: Program
    findings: tuple[Finding, ...] | None
    exception: Exception | None = None

    @property
    def ids(self) -> tuple[str, ...]:
        """IDs of the findings."""
        return tuple(finding.id for finding in self.findings or ())

    @property
    def is_first(self) -> bool:
        """True if the first finding names a true fault."""
        return self.ids[:1] != () and self.ids[0] in self.program.faults

    @property
    def is_named(self) -> bool:
        """True if any finding names a true fault."""
        return bool(set(self.ids) & set(self.program.faults))


def judge(program: Program) -> Verdict:
    try:
        return Verdict(program, tuple(program.train().findings()))
    except Exception as error:
        return Verdict(program, None, error)


def table(name: str, verdicts: list[Verdict]) -> str:
    """Return the figures of a part as a row of a table."""
    faulty = [verdict for verdict in verdicts if verdict.program.faults]
    mended = [verdict for verdict in verdicts if not verdict.program.faults]
    first, named = sum(verdict.is_first for verdict in faulty), sum(verdict.is_named for verdict in faulty)
    alarms, raised = sum(bool(verdict.ids) for verdict in mended), sum(verdict.findings is None for verdict in verdicts)
    return (
        f"| {name} | {first} of {len(faulty)} ({first / len(faulty):.2f}) | {named} of {len(faulty)} "
        f"({named / len(faulty):.2f}) | {alarms} of {len(mended)} | {raised} |"
    )


def main(names: list[str]) -> None:
    rows = ["| programs | fault first | fault named | false alarms | exceptions |", "|---|---|---|---|---|"]
    for name in names or list(PARTS):
        verdicts = []
        for program in PARTS[name]:
            verdicts.append(verdict := judge(program))
            is_right = verdict.is_first if program.faults else verdict.ids == ()
            said = verdict.exception or ", ".join(verdict.ids) or "nothing"
            print(f"{'    ' if is_right else '!!! '}{program.name}: {said}", flush=True)
        rows.append(table(name, verdicts))
    print("\n".join(rows))


if __name__ == "__main__":
    main(sys.argv[1:])
