"""Observations made by hand: a healthy training of a small network, of which a test changes what it is about."""

import math

import numpy as np
import pytest

from goodfit.diagnosis.finding import DataFacts, Observation, Signals
from goodfit.diagnosis.findings import examine
from goodfit.plan import Plan
from goodfit.record.run import LAYER_STATISTICS, Health, Outcome

WIDTH = 16
GUESS = math.log(3)  # cost of always guessing, with three classes of one size
USUAL = {
    "mean": 0.0,
    "deviation": 1.0,
    "size": 1.0,
    "dead": 0.0,
    "saturated": 0.0,
    "gradient": 0.1,
    "weight": math.sqrt(2 * WIDTH),  # He's
    "update": 0.001 * math.sqrt(2 * WIDTH),
}
PLAN = Plan(
    hidden_units=(WIDTH, WIDTH), activation="relu", decay="constant", keep_prob=1.0, weight_decay=0.0, batch_size=32
)
FACTS = DataFacts(m=600, task="classes", class_counts=(200, 200, 200), dev=200)


@pytest.fixture
def make_observation():
    """A function that makes an observation, healthy except for its arguments.

    `costs` and the other costs are shares of the constant guess's cost; a name of LAYER_STATISTICS is a number, or
    an array that broadcasts to looks × layers (inputs, hidden, output).
    """

    def make(
        costs=None, plan=None, data=None, hidden=2, outcome=Outcome.FINISHED, curvature=None, weights=None, **named
    ):
        costs = np.geomspace(0.8, 0.02, 40) if costs is None else np.asarray(costs, np.float64)
        shares = {name: named.pop(name) for name in ("dev_cost", "objective") if name in named}
        errors = {name: named.pop(name) for name in ("train_error", "dev_error") if name in named}
        history = {"epoch": np.arange(1, len(costs) + 1), "train_cost": costs * GUESS}
        history["step"] = history["epoch"] * named.pop("steps_per_epoch", 18)
        history |= {name: np.broadcast_to(value, costs.shape) * GUESS for name, value in shares.items()}
        history |= {name: np.broadcast_to(np.float64(value), costs.shape) for name, value in errors.items()}
        layers = ("inputs", *(f"layer {number}" for number in range(1, hidden + 1)), "output")
        looks = named.pop("looks", 4)
        statistics = np.stack(
            [np.broadcast_to(named.pop(name, USUAL[name]), (looks, len(layers))) for name in LAYER_STATISTICS], axis=-1
        ).astype(np.float64)
        statistics[:, 0, 5:] = 0
        statistics[:, 0, LAYER_STATISTICS.index("dead")] = 0  # the inputs differ from example to example
        assert not named, f"unknown: {named}"
        generator = np.random.default_rng(0)
        usual = {f"layers.{i}.W": generator.standard_normal((WIDTH, WIDTH)) for i in range(hidden + 1)}
        health = Health(np.linspace(1, len(costs), looks).astype(np.int64), layers, statistics)
        signals = Signals(history, health, outcome, usual if weights is None else weights, curvature)
        settings = PLAN.with_(hidden_units=(WIDTH,) * hidden).with_(**(plan or {}))
        facts = DataFacts(**(vars(FACTS) | (data or {})))
        return Observation(signals, settings, facts)

    return make


@pytest.fixture
def finding_ids():
    """A function that returns the IDs of the findings in an observation."""
    return lambda observation: [finding.id for finding in examine(observation)]
