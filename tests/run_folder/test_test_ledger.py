import json
from dataclasses import replace

import numpy as np
import polars as pl
import pytest

from goodfit.data.content import content_fingerprint
from goodfit.data.dataset import Splits
from goodfit.data.open import open_data
from goodfit.data.splits import open_splits
from goodfit.errors import InputError, TestSetLockedError
from goodfit.run_folder.test_ledger import open_test_set


@pytest.fixture
def ledger(tmp_path):
    return tmp_path / "runs" / "test_openings.jsonl"


@pytest.fixture(scope="module")
def wine():
    return open_splits("wine")


def lines(ledger):
    return [json.loads(line) for line in ledger.read_text().splitlines()]


def test_the_first_opening_is_recorded(ledger, wine):
    assert open_test_set(wine, ledger=ledger, run="runs/1", model="m1") == []
    (line,) = lines(ledger)
    assert line["run"] == "runs/1"
    assert line["model"] == "m1"
    assert line["rows"] == len(wine.test)
    assert line["opening"] == "first"
    assert line["test_set"] == content_fingerprint(wine.dataset, wine.test)
    assert line["when"].endswith("+00:00")


def test_a_second_model_is_refused_and_leaves_no_line(ledger, wine):
    open_test_set(wine, ledger=ledger, run="runs/1", model="m1")
    when = lines(ledger)[0]["when"]
    with pytest.raises(TestSetLockedError) as refusal:
        open_test_set(wine, ledger=ledger, run="runs/2", model="m2")
    assert str(refusal.value) == (
        f"this test set was opened on {when} by run runs/1, and a second model measured on it would make it a dev set; "
        "bring new test data, or open it all the same with --force (--force-test in improve)"
    )
    assert len(lines(ledger)) == 1


def test_the_same_model_may_open_it_again(ledger, wine):
    open_test_set(wine, ledger=ledger, run="runs/1", model="m1")
    earlier = open_test_set(wine, ledger=ledger, run="runs/2", model="m1")
    assert [opening.run for opening in earlier] == ["runs/1"]
    assert [line["opening"] for line in lines(ledger)] == ["first", "repetition"]


def test_a_forced_opening_is_recorded_as_such(ledger, wine):
    open_test_set(wine, ledger=ledger, run="runs/1", model="m1")
    earlier = open_test_set(wine, ledger=ledger, run="runs/2", model="m2", force=True)
    assert len(earlier) == 1
    assert [line["opening"] for line in lines(ledger)] == ["first", "forced"]
    with pytest.raises(TestSetLockedError):
        open_test_set(wine, ledger=ledger, run="runs/3", model="m3")
    assert len(open_test_set(wine, ledger=ledger, run="runs/4", model="m2")) == 2


def test_other_test_rows_have_a_lock_of_their_own(ledger, wine):
    open_test_set(wine, ledger=ledger, run="runs/1", model="m1")
    other_splits = open_splits("wine", seed=1)
    assert open_test_set(other_splits, ledger=ledger, run="runs/2", model="m2") == []
    assert open_test_set(open_splits("iris"), ledger=ledger, run="runs/3", model="m3") == []


def test_the_lock_knows_the_content_whatever_the_file_and_the_order(ledger, tmp_path):
    frame = pl.DataFrame(
        {
            "size": [None if i % 9 == 0 else i * 7 % 23 for i in range(60)],
            "town": [["a", "b", "c", None][i % 4] for i in range(60)],
            "kind": ["u", "v"] * 30,
        }
    )
    test = frame.tail(20)
    test.write_csv(tmp_path / "test.csv")
    first = open_splits(frame.head(40), target="kind", test=tmp_path / "test.csv")
    open_test_set(first, ledger=ledger, run="runs/1", model="m1")
    shuffled = test.sample(fraction=1, shuffle=True, seed=1).select(reversed(test.columns))
    more = pl.concat([frame.head(40), pl.DataFrame({"size": [99], "town": ["aa"], "kind": ["u"]}, frame.schema)])
    second = open_splits(more, target="kind", test=shuffled)
    with pytest.raises(TestSetLockedError):
        open_test_set(second, ledger=ledger, run="runs/2", model="m2")
    changed = test.with_columns(test["size"].scatter(3, 22))
    third = open_splits(frame.head(40), target="kind", test=changed)
    assert open_test_set(third, ledger=ledger, run="runs/3", model="m3") == []


def test_the_content_counts_rows_that_come_twice():
    dataset = open_data("iris")[0]
    once, twice = np.array([0, 60]), np.array([0, 0, 60])
    assert content_fingerprint(dataset, once) != content_fingerprint(dataset, twice)
    assert content_fingerprint(dataset, once) == content_fingerprint(dataset, once[::-1])
    relabelled = replace(dataset, target=(dataset.target + 1) % 3)
    assert content_fingerprint(dataset, once) != content_fingerprint(relabelled, once)


def test_a_line_cut_off_by_a_crash_is_passed_over(ledger, wine):
    open_test_set(wine, ledger=ledger, run="runs/1", model="m1")
    with ledger.open("ab") as file:
        file.write(b'{"when": "2024-01-01T00:00:00+00:00", "run": "\xc3')
    with pytest.raises(TestSetLockedError):
        open_test_set(wine, ledger=ledger, run="runs/2", model="m2")
    open_test_set(wine, ledger=ledger, run="runs/3", model="m1")
    text = ledger.read_bytes().split(b"\n")
    assert len(text) == 4
    assert json.loads(text[2])["run"] == "runs/3"
    assert len(open_test_set(wine, ledger=ledger, run="runs/4", model="m1")) == 2


def test_without_a_test_set_there_is_nothing_to_open(ledger):
    with pytest.raises(InputError, match=r"^there is no test set to open: the data was divided without one$"):
        open_test_set(open_splits("wine", no_test=True), ledger=ledger, run="r", model="m")
    assert not ledger.exists()


def test_a_ledger_that_cannot_be_written(tmp_path, wine):
    (tmp_path / "runs").write_text("a file where a folder should be")
    with pytest.raises(InputError, match=r"^the ledger of test openings .*openings\.jsonl cannot be written: "):
        open_test_set(wine, ledger=tmp_path / "runs" / "openings.jsonl", run="r", model="m")


def test_splits_of_the_same_rows_share_the_lock(ledger, wine):
    open_test_set(wine, ledger=ledger, run="runs/1", model="m1")
    again = Splits(wine.dataset, wine.dev, wine.train, wine.test, (), 5)
    with pytest.raises(TestSetLockedError):
        open_test_set(again, ledger=ledger, run="runs/2", model="m2")
