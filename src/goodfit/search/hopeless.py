"""Early stop of hopeless trials: what learnt nothing in a good part of its training is given up, and its place is free.

Divergence ends a training by itself; here the doctor's other three verdicts do: dead, vanishing, no progress.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from goodfit.data.dataset import Splits
from goodfit.diagnose.finding import Case, DataFacts, Signals
from goodfit.diagnose.findings import dead, vanishing
from goodfit.diagnose.findings.signs import falls, series, stuck
from goodfit.plan import Plan
from goodfit.record import Outcome, health_of
from goodfit.train.control import Progress, Stop
from goodfit.train.step import RECORDED

_SHARES = (0.25, 0.5, 0.75)  # of its epochs, after which a training is judged
_FEWEST = 6  # epochs before the first judgement
_NOTHING = 0.95  # of the constant guess's cost: above it nothing was learnt
_STILL = 0.005  # a fall in the last fifth of the epochs that gives hope


@dataclass
class Hopeless:
    """Stops models that the doctor gives up.

    Attributes:
        plans: of the jobs.
        facts: of the data.
        stopped: the reason by job.
    """

    plans: Sequence[Plan]
    facts: DataFacts
    stopped: dict[int, str] = field(default_factory=dict)

    def next_visit(self, job: int, epoch: int, epochs: int) -> int | None:
        """The next epoch of judgement."""
        return next((due for due in _judgements(epochs) if due > epoch), None)

    def __call__(self, progress: list[Progress]) -> Mapping[int, Iterable[Stop]]:
        """Stop what is hopeless, at the epochs of judgement alone."""
        for each in progress:
            if each.epoch in _judgements(each.epochs) and (reason := self._verdict(each)):
                self.stopped[each.job] = reason
        return {job: [Stop(reason, Outcome.HOPELESS)] for job, reason in self.stopped.items()}

    def _verdict(self, progress: Progress) -> str | None:
        plan, records = self.plans[progress.job], progress.records
        history: dict[str, np.ndarray] = {name: records[:, column] for column, name in enumerate(RECORDED)}
        history["epoch"] = np.arange(1, len(records) + 1)
        health = health_of(records[:, len(RECORDED) :], plan.structure.hidden_layers)
        case = Case(Signals(history, health), plan, self.facts)
        if not stuck(case, _NOTHING) or falls(series(case, "train_cost").values, _STILL):
            return None
        finding = dead.find(case) or vanishing.find(case)
        name = finding.name if finding else "no progress"
        return f"{name}: nothing was learnt in {progress.epoch} of {progress.epochs} epochs"


def facts_of(splits: Splits) -> DataFacts:
    """What the verdict needs to know of the data."""
    schema, target = splits.dataset.schema, splits.dataset.target[splits.train]
    counts = tuple(np.bincount(target, minlength=len(schema.classes)).tolist()) if schema.classes else None
    return DataFacts(m=len(target), task=schema.task, class_counts=counts)


def _judgements(epochs: int) -> list[int]:
    due = (round(share * epochs) for share in _SHARES)
    return [epoch for epoch in due if epoch >= _FEWEST]
