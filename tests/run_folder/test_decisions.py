"""Decisions of a job: kept a line each, read back as far as they are whole."""

import numpy as np
import pytest

from goodfit.run_folder.decisions import Decisions

LINES = [{"what": "seeds", "value": 4, "seconds": 1.5}, {"what": "training", "stopped": {"0": 3}, "seconds": 2.5}]


@pytest.fixture
def run(tmp_path):
    """A run with two of them."""
    (tmp_path / "checkpoint").mkdir()
    decisions = Decisions.read(tmp_path)
    assert (decisions.seconds, decisions.next) == (0.0, None)
    for line in LINES:
        decisions.take(**line)
    return tmp_path


def test_they_are_taken_again_in_their_order_and_new_ones_follow(run):
    decisions = Decisions.read(run)
    assert decisions.seconds == 2.5
    for line in LINES:
        assert decisions.next == line
        decisions.take(what="whatever", value=0, seconds=9.0)
    assert decisions.next is None
    decisions.take(what="more", value=np.int64(7), seconds=3.5)
    again = Decisions.read(run)
    assert again.lines == [*LINES, {"what": "more", "value": 7, "seconds": 3.5}]
    assert again.told == []


@pytest.mark.parametrize("length", [1, 20, 47])
def test_a_torn_last_line_is_cut_off(run, length):
    path = Decisions.read(run).path
    whole = path.read_bytes()
    path.write_bytes(whole + b'{"what": "more", "value": 7, "seconds": 3.51234}\n'[:length])
    again = Decisions.read(run)
    assert (again.lines, again.told) == (LINES, [])
    assert path.read_bytes() == whole


@pytest.mark.parametrize("damage", [b"{", b"[]", b"\xff", b'{"what": "more", "seconds": 1.0}', b'{"value": 1}'])
def test_from_a_damaged_line_on_they_are_told_to_be_lost(run, damage):
    path = Decisions.read(run).path
    lines = path.read_bytes().splitlines()
    path.write_bytes(b"\n".join([lines[0], damage, lines[1], b""]))
    again = Decisions.read(run)
    assert again.lines == LINES[:1]
    assert again.told == [f"line 2 of {path} is damaged, so what was decided from there on is decided anew"]
    assert Decisions.read(run).told == []
