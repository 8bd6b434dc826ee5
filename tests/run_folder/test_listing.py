"""The runs beside the one that is watched."""

import pytest

from goodfit.run_folder import listing
from goodfit.run_folder.listing import Siblings


@pytest.fixture
def runs(fake, monkeypatch):
    monkeypatch.setattr(listing, "_SECONDS", 0.0)
    live, ended, cut = fake("20260101-1-live-aaaa"), fake("20260103-1-ended-bbbb"), fake("20260102-1-cut-cccc")
    live.live()
    ended.finish()
    out = live.folder.parent
    (out / "notes").mkdir()
    (out / "test_openings.jsonl").touch()
    return out, live, ended, cut


def test_live_ones_come_first_then_the_newest(runs):
    out, *_ = runs
    siblings = Siblings(out).listing()
    assert [(run.name, run.status) for run in siblings] == [
        ("20260101-1-live-aaaa", "training"),
        ("20260103-1-ended-bbbb", "finished"),
        ("20260102-1-cut-cccc", "unfinished"),
    ]
    assert siblings[1].summary == "good fit, dev error 3.0 %"


def test_a_damaged_one_is_listed_too(runs):
    out, _, ended, _ = runs
    (ended.folder / "result.json").write_text("{}")
    assert {run.status for run in Siblings(out).listing()} == {"training", "unfinished"}


@pytest.mark.parametrize("name", ["", ".", "..", "notes", "../runs", "20260101-1-live-aaaa/", "20260101-1-live-aaa"])
def test_no_other_name_is_a_run(runs, name):
    out, live, *_ = runs
    assert Siblings(out).folder(name) is None
    assert Siblings(out).folder(live.folder.name) == live.folder


def test_a_folder_that_is_gone_has_no_runs(tmp_path):
    assert Siblings(tmp_path / "gone").listing() == []
