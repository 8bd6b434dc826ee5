"""The data of a run: written when it starts, and compared when its data is opened again."""

from dataclasses import replace

import numpy as np
import pytest

from goodfit.data.splits import open_splits
from goodfit.plan import Plan
from goodfit.run_folder.source import RunSource, SetRows, write_source
from goodfit.run_folder.version import check_version


@pytest.fixture(scope="module")
def wine():
    return open_splits("wine", seed=3)


def test_it_is_read_back_with_its_version_and_plan(wine, tmp_path):
    plan = Plan(hidden_units=(7, 5), learning_rate=0.0123456789)
    write_source(tmp_path, wine, plan)
    source = RunSource.read(tmp_path)
    assert (source.name, source.fingerprint, source.seed) == ("wine", wine.dataset.fingerprint, 3)
    assert source.schema == wine.dataset.schema
    np.testing.assert_array_equal(np.sort(np.concatenate([*vars(source.rows).values()])), np.arange(178))
    assert Plan.from_yaml((tmp_path / "plan.yaml").read_text()) == plan
    check_version(tmp_path)


def test_the_same_split_has_its_rows_and_another_has_not(wine, tmp_path):
    write_source(tmp_path, wine, Plan())
    source = RunSource.read(tmp_path)
    assert source.has_rows_of(open_splits("wine", seed=3))
    assert not source.has_rows_of(open_splits("wine", seed=4))
    assert not source.has_rows_of(replace(wine, dev=wine.test, test=wine.dev))


@pytest.mark.parametrize("rows", [None, 3, "ab", [1.5], [[1], [2]], ["1"], [True], {"0": 1}])
def test_what_is_no_list_of_rows_is_refused(rows):
    with pytest.raises((ValueError, TypeError), match="'dev' is no list of rows"):
        SetRows.from_dict({"train": [1, 2], "dev": rows, "test": []})


def test_a_set_may_be_empty():
    assert SetRows.from_dict({"train": [1, 2], "dev": [0], "test": []}).test.dtype == np.int64
