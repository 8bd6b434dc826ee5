"""Remedies that several findings prescribe."""

import numpy as np

from goodfit.diagnosis.finding import DataFacts, Observation, Signals
from goodfit.diagnosis.findings.remedies import default_network
from goodfit.plan import Plan


def test_a_convolutional_network_is_reset_to_one_of_its_own_feature_maps():
    plan = Plan(layer="convolutional", hidden_units=(16, 32), depth=56, activation="tanh", learning_rate=5.0)
    (remedy,) = default_network(
        Observation(Signals({"epoch": np.arange(1, 3)}, None), plan, DataFacts(m=100, task="classes"))
    )
    cured = plan.with_(**remedy.changes)
    assert (cured.layer, cured.hidden_units, cured.depth) == ("convolutional", (16, 32), 0)
    assert (cured.activation, cured.batch_norm, cured.learning_rate) == ("relu", "before", Plan().learning_rate)
