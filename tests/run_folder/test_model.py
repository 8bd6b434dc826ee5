"""The model of a run: what is written is read back, and networks that share a preparation share it again."""

from dataclasses import replace

import numpy as np
import pytest

from goodfit.data.preparation import Preparation
from goodfit.data.splits import open_splits
from goodfit.plan import Plan
from goodfit.record.calibration import Calibration
from goodfit.record.member import MemberData
from goodfit.run_folder.model import read_model, write_model


@pytest.fixture
def members():
    splits = open_splits("wine")
    standard, robust = (Preparation.fit(kind, splits.dataset, splits.train) for kind in ("standard", "robust"))
    generator = np.random.default_rng(0)
    sparse = np.where(generator.random((13, 20)) < 0.1, generator.normal(size=(13, 20)), 0.0).astype(np.float32)
    structure = Plan(hidden_units=(20,)).structure
    weights = {"layers.0.W": sparse, "layers.0.b": np.arange(20, dtype=np.float32)}
    transposed = {"layers.0.W": np.asfortranarray(generator.normal(size=(13, 20)))}
    return (
        MemberData("first", structure, weights, standard, 0.75),
        MemberData("second", structure, transposed, robust, 0.25, Calibration(1.5, (0.1, -0.1, 0.0))),
        MemberData("third", structure, weights, standard, 0.0, residuals=(0.5, -0.25)),
    )


def test_a_model_is_read_back(members, tmp_path):
    write_model(tmp_path, members, Calibration(2.0, (0.5, 0.0, -0.5)))
    again, calibration = read_model(tmp_path)
    assert calibration == Calibration(2.0, (0.5, 0.0, -0.5))
    for member, copy in zip(members, again, strict=True):
        assert replace(copy, weights={}, preparation=member.preparation) == replace(member, weights={})
        assert copy.weights.keys() == member.weights.keys()
        for name, array in member.weights.items():
            np.testing.assert_array_equal(copy.weights[name], array)
        np.testing.assert_array_equal(copy.preparation.center, member.preparation.center)
    assert again[0].preparation is again[2].preparation
    assert again[0].preparation is not again[1].preparation
