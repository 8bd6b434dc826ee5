"""Decisions of a job: kept a line each, read back as far as they are whole."""

import pytest

from goodfit.run_folder.decisions import Decision, Decisions

DECISIONS = [Decision(id="seeds", value=4, seconds=1.5), Decision(id="training", stopped={"0": 3}, seconds=2.5)]


@pytest.fixture
def run(tmp_path):
    """A run with two of them."""
    (tmp_path / "checkpoint").mkdir()
    decisions = Decisions.read(tmp_path)
    assert (decisions.seconds, decisions.next) == (0.0, None)
    for decision in DECISIONS:
        decisions.take(decision)
    return tmp_path


def test_they_are_taken_again_in_their_order_and_new_ones_follow(run):
    decisions = Decisions.read(run)
    assert decisions.seconds == 2.5
    for decision in DECISIONS:
        assert decisions.next == decision
        decisions.take(Decision(id="whatever", value=0, seconds=9.0))
    assert decisions.next is None
    more = Decision(id="more", value=7, seconds=3.5)
    decisions.take(more)
    again = Decisions.read(run)
    assert again.entries == [*DECISIONS, more]
    assert again.warnings == []


@pytest.mark.parametrize("length", [1, 20, 45])
def test_a_torn_last_line_is_cut_off(run, length):
    path = Decisions.read(run).path
    whole = path.read_bytes()
    path.write_bytes(whole + b'{"id": "more", "value": 7, "seconds": 3.51234}\n'[:length])
    again = Decisions.read(run)
    assert (again.entries, again.warnings) == (DECISIONS, [])
    assert path.read_bytes() == whole


@pytest.mark.parametrize(
    "damage",
    [
        b"{",
        b"[]",
        b"\xff",
        b'{"id": "more", "seconds": 1.0}',
        b'{"value": 1}',
        b'{"id": "more", "value": 1, "stopped": {}, "seconds": 1.0}',
    ],
)
def test_from_a_damaged_line_on_a_warning_says_they_are_made_again(run, damage):
    path = Decisions.read(run).path
    lines = path.read_bytes().splitlines()
    path.write_bytes(b"\n".join([lines[0], damage, lines[1], b""]))
    again = Decisions.read(run)
    assert again.entries == DECISIONS[:1]
    assert again.warnings == [f"line 2 of {path} is damaged, so decisions from there on are made again"]
    assert Decisions.read(run).warnings == []
