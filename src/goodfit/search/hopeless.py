"""Early stop of hopeless trials: those that learn nothing are given up, and their places in the stack are freed.

Divergence ends a training by itself; the doctor's other three verdicts end it here: dead, vanishing, no progress.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from goodfit.diagnosis.finding import DataFacts, Observation, Signals
from goodfit.diagnosis.findings import dead, vanishing
from goodfit.diagnosis.findings.costs import is_stuck, series, still_falls
from goodfit.engine.control import Progress, Stop
from goodfit.engine.step import RECORDED
from goodfit.plan import Plan
from goodfit.record.run import Outcome, health_of

# With these, 11 of 200 random plans are stopped; had they gone on, the best would have ranked 26th of 40
# (benchmarks/hopeless.py).
_SHARES = (0.25, 0.5, 0.75)  # of its epochs after which a training is judged
_FEWEST = 6  # epochs before the first judgment
_NOTHING_LEARNED = 0.95  # of the constant guess's cost; a cost above it
_HOPEFUL_FALL = 0.005  # of the cost in the last fifth of the epochs


@dataclass
class Hopeless:
    """Stops models that the doctor gives up.

    Attributes:
        plans: of the jobs.
        facts: of the data.
        stopped: reasons of the stops, by job.
    """

    plans: Sequence[Plan]
    facts: DataFacts
    stopped: dict[int, str] = field(default_factory=dict)

    def next_visit(self, job: int, epoch: int, epochs: int) -> int | None:
        """Return the next epoch at which the job is judged."""
        return next((judgment for judgment in _judgments(epochs) if judgment > epoch), None)

    def __call__(self, progress: list[Progress]) -> Mapping[int, Iterable[Stop]]:
        """Stop hopeless models, only at their epochs of judgment: a replay then stops the same ones."""
        for model in progress:
            if model.epoch in _judgments(model.epochs) and (reason := self._verdict(model)):
                self.stopped[model.job] = reason
        return {job: [Stop(reason, Outcome.HOPELESS)] for job, reason in self.stopped.items()}

    def _verdict(self, progress: Progress) -> str | None:
        """Return why this model is hopeless, or None."""
        plan, records = self.plans[progress.job], progress.records
        history: dict[str, np.ndarray] = {name: records[:, column] for column, name in enumerate(RECORDED)}
        history["epoch"] = np.arange(1, len(records) + 1)
        health = health_of(records[:, len(RECORDED) :], plan.structure.hidden_layers)
        observation = Observation(Signals(history, health), plan, self.facts.of_plan(plan))
        # A cost above 95 % of a constant guess's may still be on its way down, as with a small learning rate.
        falling = still_falls(series(observation, "train_cost").values, _HOPEFUL_FALL)
        if not is_stuck(observation, _NOTHING_LEARNED) or falling:
            return None
        finding = dead.find(observation) or vanishing.find(observation)
        name = finding.name if finding else "no progress"
        return f"{name}: nothing was learned in {progress.epoch} of {progress.epochs} epochs"


def _judgments(epochs: int) -> list[int]:
    """Return the epochs at which a training of so many epochs is judged."""
    judgments = (round(share * epochs) for share in _SHARES)
    return [epoch for epoch in judgments if epoch >= _FEWEST]
