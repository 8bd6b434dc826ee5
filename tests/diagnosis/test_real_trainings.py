"""Findings in real trainings of the engine, healthy and with one fault, which the first remedy cures."""

import numpy as np
import pytest

from goodfit.data.splits import open_splits
from goodfit.diagnosis.finding import DataFacts, Observation, Signals
from goodfit.diagnosis.findings import examine
from goodfit.engine.fit import fit
from goodfit.engine.jobs import Job
from goodfit.plan import Plan
from goodfit.record.run import Outcome

ADAM = Plan(
    hidden_units=(24, 24), activation="relu", decay="constant", epochs=30, batch_size=64, keep_prob=1.0,
    weight_decay=0.0, preparation="standard",
)  # fmt: skip
DESCENT = ADAM.with_(optimizer="gradient_descent", learning_rate=0.1)


@pytest.fixture(scope="module")
def train():
    """A function that trains a plan on the digits; returns the observation and the best train error."""
    splits = open_splits("digits")
    counts = np.bincount(splits.dataset.target[splits.train])
    facts = DataFacts(m=len(splits.train), task="classes", class_counts=tuple(counts.tolist()), dev=len(splits.dev))

    def run(plan):
        trained = fit(Job(plan, seed=1), splits)
        signals = Signals(trained.history, trained.health, trained.outcome, trained.best)
        errors = trained.history["train_error"]
        return Observation(signals, plan, facts), float(np.min(errors, initial=1.0, where=np.isfinite(errors)))

    return run


@pytest.mark.parametrize(
    "plan",
    [
        ADAM,
        DESCENT,
        ADAM.with_(activation="silu", decay="one_cycle", keep_prob=0.85, weight_decay=0.01, label_smoothing=0.05),
        ADAM.with_(batch_norm="before", batch_size=32, l2=0.5),
    ],
)
def test_healthy_trainings_are_left_alone(train, plan):
    observation, error = train(plan)
    assert error < 0.02
    assert examine(observation) == []


@pytest.mark.parametrize(
    ("plan", "finding_id"),
    [
        (DESCENT.with_(activation="sigmoid", hidden_units=(16,) * 8), "vanishing-gradient"),
        (DESCENT.with_(learning_rate=1e3), "learning-rate-too-high"),
        (ADAM.with_(learning_rate=1.0), "learning-rate-too-high"),
        (ADAM.with_(learning_rate=1e-7), "learning-rate-too-low"),
        (ADAM.with_(l2=3e3), "regularization-too-strong"),
        (ADAM.with_(keep_prob=0.05), "dropout-too-strong"),
        (ADAM.with_(batch_norm="before", batch_size=2, epochs=10), "batch-norm-small-batches"),
        (ADAM.with_(decay="one_cycle", epochs=1), "stopped-too-early"),
    ],
)
def test_the_fault_is_named_first_and_the_first_remedy_cures_it(train, plan, finding_id):
    observation, error = train(plan)
    assert error > 0.1
    findings = examine(observation)
    assert findings[0].id == finding_id
    cured, error = train(plan.with_(**findings[0].remedies[0].changes))
    assert error < 0.05
    assert cured.signals.outcome is Outcome.FINISHED
    assert finding_id not in [finding.id for finding in examine(cured)]
