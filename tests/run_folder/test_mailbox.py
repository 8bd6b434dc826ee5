"""Requests to a training: what one process appends, the other reads once."""

import json

import pytest

from goodfit.errors import InputError
from goodfit.run_folder import mailbox
from goodfit.run_folder.mailbox import Inbox, Request, send_request
from goodfit.run_folder.names import REQUESTS_FILE


@pytest.fixture
def run(tmp_path):
    (tmp_path / "checkpoint").mkdir()
    return tmp_path


def read(inbox):
    return [Request.from_dict(line.facts) for line in inbox.lines() if line.facts]


def test_each_request_is_read_once_in_order(run):
    inbox = Inbox(run)
    assert inbox.lines() == []
    first = send_request(run, "nudge", "python", {"l2": 0.5, "keep_prob": [0.5, 1.0]})
    second = send_request(run, "rewind", "page", to=3)
    one, two = read(inbox)
    assert (one.id, one.kind, one.changes, one.to) == (first, "nudge", {"l2": 0.5, "keep_prob": [0.5, 1.0]}, None)
    assert (two.id, two.kind, two.changes, two.to) == (second, "rewind", {}, 3)
    assert one.sender.startswith("python, ")
    assert inbox.lines() == []
    send_request(run, "stop", "python")
    assert [request.kind for request in read(inbox)] == ["stop"]


def test_a_line_that_is_being_written_is_read_when_it_is_whole(run):
    path, inbox = run / REQUESTS_FILE, Inbox(run)
    line = json.dumps({"id": "a", "kind": "pause", "sender": "ann"}).encode() + b"\n"
    path.write_bytes(line[:10])
    assert inbox.lines() == []
    path.write_bytes(line)
    assert [request.id for request in read(inbox)] == ["a"]


def test_a_line_too_long_for_a_request_does_not_block_what_follows(run):
    (run / REQUESTS_FILE).write_bytes(b"z" * 200_000 + b"\n")
    send_request(run, "pause", "python")
    inbox, kinds = Inbox(run), []
    for _ in range(6):
        kinds += [request.kind for request in read(inbox)]
    assert kinds == ["pause"]


def test_a_file_that_was_written_anew_is_read_from_its_beginning(run):
    inbox = Inbox(run)
    for _ in range(3):
        send_request(run, "pause", "python")
    assert len(read(inbox)) == 3
    (run / REQUESTS_FILE).unlink()
    assert inbox.lines() == []
    send_request(run, "unpause", "python")
    assert [request.kind for request in read(inbox)] == ["unpause"]


@pytest.mark.parametrize(
    "changes",
    [
        {"kind": "shutdown"},
        {"kind": None},
        {"kind": "rewind"},
        {"to": -1},
        {"to": True},
        {"to": 1.5},
        {"changes": [1]},
        {"sender": "a" * 200},
        {"sender": 7},
        {"id": 7},
    ],
)
def test_what_is_no_request_is_refused(changes):
    valid = {"id": "a", "kind": "nudge", "sender": "ann", "changes": {"l2": 1}, "to": None}
    assert Request.from_dict(valid).to_dict() == {"id": "a", "kind": "nudge", "sender": "ann", "changes": {"l2": 1}}
    with pytest.raises(ValueError, match=r"cannot be|needs|not negative|too long"):
        Request.from_dict(valid | changes)


def test_a_long_name_is_cut_and_a_folder_without_a_checkpoint_is_a_sentence(run, tmp_path, monkeypatch):
    monkeypatch.setattr(mailbox, "_user", lambda: "u" * 300)
    send_request(run, "pause", "python")
    (request,) = read(Inbox(run))
    assert len(request.sender) == 100
    with pytest.raises(InputError, match=r"nowhere \(No such file or directory\); nothing was asked of its training$"):
        send_request(tmp_path / "nowhere", "pause", "python")
