"""Speed of training and compilation on this machine, learned from the trainings of a job."""

from dataclasses import dataclass, field
from typing import NamedTuple

from goodfit.engine.task import Program

_LEAST_WORK = 0.3  # seconds of estimated work; shorter trainings say little about this machine's speed
_LEAST_RATIO = 0.4  # models that a GPU trains side by side would make a single one look too fast
_COMPILE_SECONDS = 1.5  # of the first program, measured on 2 cores; convolutions take longer, a warm cache less


class Timing(NamedTuple):
    """Estimated seconds of work, and the seconds that it took."""

    work: float
    seconds: float


@dataclass
class Speed:
    """Speed of training and compilation on this machine, learned from every training.

    Attributes:
        work: estimated seconds of the trainings so far, each weighted half as much as the next.
        seconds: measured seconds, weighted in the same way.
        compiling: recent seconds to compile a program; None before it was measured.
        compiled: programs compiled so far, with their number of inputs.
    """

    work: float = 0.0
    seconds: float = 0.0
    compiling: float | None = None
    compiled: set[tuple[Program, int]] = field(default_factory=set)

    @property
    def ratio(self) -> float:
        """Measured over estimated training time; long and late trainings count most."""
        return max(self.seconds / self.work, _LEAST_RATIO) if self.work else 1.0

    def compile_seconds(self, programs: set[tuple[Program, int]]) -> float:
        """Return about how long it takes to compile those of the programs that are new."""
        per_program = _COMPILE_SECONDS if self.compiling is None else self.compiling
        return per_program * len(programs - self.compiled)

    def learn(self, programs: set[tuple[Program, int]], total: Timing, after_compilation: Timing) -> None:
        """Learn from a training.

        If programs were compiled, the speed is that after compilation, and the rest of the time is the compiler's.

        Args:
            programs: that were trained.
            total: the whole training, with compilation.
            after_compilation: the part of it after compilation.
        """
        new = len(programs - self.compiled)
        training = after_compilation if new else total
        # Halved each time: the machine may be shared, so the latest trainings say most about its speed now.
        if training.work > _LEAST_WORK:
            self.work, self.seconds = self.work / 2 + training.work, self.seconds / 2 + training.seconds
        if new:
            # The first epochs, before the stopwatch ran, were training as well; the rest of that time was compiling.
            unexplained = total.seconds - training.seconds - (total.work - training.work) * self.ratio
            compiling = max(0.0, unexplained) / new
            self.compiling = compiling if self.compiling is None else (self.compiling + compiling) / 2
        self.compiled |= programs
