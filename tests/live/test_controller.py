"""The control of a live training: what it reads, makes and answers, whatever stands in the file of requests."""

import json
from typing import Any

import numpy as np
import pytest

from goodfit.engine.control import Change, Progress, Return, Stop, Wait
from goodfit.engine.moment import Moment
from goodfit.engine.task import Model, State
from goodfit.live.controller import LiveControl
from goodfit.live.nudge_effect import DevScorer, EffectTracker
from goodfit.plan import Plan
from goodfit.record.nudge import REWIND, Nudge, standing
from goodfit.run_folder import nudges as nudge_log
from goodfit.run_folder.live_state import LiveState
from goodfit.run_folder.mailbox import send_request
from goodfit.run_folder.names import REQUESTS_FILE, STATE_FILE
from goodfit.run_folder.nudges import read_own

PLAN = Plan(hidden_units=(8,), epochs=20, learning_rate=0.01)


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "checkpoint").mkdir()
    return tmp_path


def visit(live, epoch, between=True):
    """The answer of the control after an epoch, or in the middle of the next."""
    (actions,) = live([Progress(0, epoch, live.plan.epochs, np.zeros((epoch, 6), np.float32), between)]).values()
    return list(actions)


class NoScorer(DevScorer):
    """Scores nothing."""

    def __init__(self):
        return


def control(folder, rewind_moments=None, copies=None, **state):
    tracker = EffectTracker(NoScorer(), copies or {})
    return LiveControl(folder, PLAN, PLAN.structure, tracker, rewind_moments or (lambda *_: []), **state)


def now(folder):
    """The state that the training has written."""
    state = LiveState.read(folder)
    assert state is not None
    return state


def refusal(folder, request):
    """The reason why a request was refused; empty where it was not."""
    return now(folder).answers[request].refused or ""


def write(folder, data):
    with (folder / REQUESTS_FILE).open("ab") as file:
        file.write(data)


def test_a_nudge_is_made_logged_and_answered_when_the_epoch_ends(folder):
    live = control(folder)
    assert visit(live, 0) == []
    request = send_request(folder, "nudge", "terminal", {"learning_rate": 0.1, "l2": 1.0})
    assert live.next_visit(0, 3, 20) is None
    assert visit(live, 3, between=False) == []
    assert live.next_visit(0, 3, 20) == 4
    assert request not in now(folder).answers
    assert visit(live, 4) == [Change({"learning_rate": 0.1, "l2": 1.0})]
    assert live.next_visit(0, 4, 20) is None
    assert now(folder).answers[request].to_dict() == {
        "epoch": 4,
        "changes": [["learning_rate", 0.01, 0.1], ["l2", 0.0, 1.0]],
    }
    assert now(folder).plan == PLAN.with_(learning_rate=0.1, l2=1.0)
    first, second = read_own(folder)
    assert (first.setting, first.old, first.new, first.epoch, first.request) == ("learning_rate", 0.01, 0.1, 4, request)
    assert first.sender.startswith("terminal, ")
    assert live.nudges == [first, second]
    assert visit(live, 5) == []


@pytest.mark.parametrize(
    "garbage",
    [
        b"\n\n",
        b"\xff\xfe\x00\n",
        b"[" * 50_000 + b"\n",
        b"x" * 200_000 + b"\n",
        b'{"id": "a"}\n',
        b'"id"\n',
        b'{"id": "a", "kind": "format", "sender": "me"}\n',
        b'{"id": "a", "kind": [], "sender": "me"}\n',
        b'{"id": "a", "kind": "nudge", "sender": "me", "changes": 7}\n',
        b'{"id": "a", "kind": "nudge", "sender": "me", "changes": {"learning_rat": 1}}\n',
        b'{"id": "a", "kind": "nudge", "sender": "me", "changes": {"learning_rate": NaN}}\n',
        b'{"id": "a", "kind": "nudge", "sender": "me", "changes": {"keep_prob": {"a": [1]}}}\n',
        b'{"id": "a", "kind": "nudge", "sender": "me", "changes": {"epochs": 1' + b"0" * 400 + b"}}\n",
        b'{"id": "a", "kind": "nudge", "sender": "me", "changes": {"batch_size": 2}}\n',
    ],
)
def test_garbage_is_told_and_left(folder, garbage):
    live = control(folder)
    write(folder, garbage)
    request = send_request(folder, "nudge", "python", {"l2": 2.0})
    actions = [action for epoch in range(1, 6) for action in visit(live, epoch)]
    assert actions == [Change({"l2": 2.0})]
    assert live.plan == PLAN.with_(l2=2.0)
    assert now(folder).answers[request].changes
    assert live.requests.problems
    assert all(isinstance(sentence, str) and len(sentence) < 600 for sentence in live.requests.problems)


def test_however_much_garbage_there_is_a_few_lines_are_told(folder):
    live = control(folder)
    write(folder, b"x\n" * 1000)
    visit(live, 1)
    assert len(live.requests.problems) == 20


def test_half_a_line_is_waited_for(folder):
    live = control(folder)
    write(folder, b'{"id": "a", "kind": "nudge", "sender": "me", ')
    assert visit(live, 1) == []
    write(folder, b'"changes": {"l2": 3}}\n')
    assert visit(live, 2) == [Change({"l2": 3})]


def test_a_file_that_is_written_anew_is_read_anew_and_nothing_is_made_twice(folder):
    live = control(folder)
    write(folder, b"a line of no use\n")
    send_request(folder, "nudge", "python", {"l2": 1.0})
    assert visit(live, 1) == [Change({"l2": 1.0})]
    (folder / REQUESTS_FILE).write_bytes((folder / REQUESTS_FILE).read_bytes().partition(b"\n")[2])
    assert visit(live, 2) == []
    send_request(folder, "nudge", "python", {"l2": 2.0})
    assert visit(live, 3) == [Change({"l2": 2.0})]


def test_what_is_no_file_is_not_opened(folder):
    (folder / REQUESTS_FILE).mkdir()
    assert visit(control(folder), 1) == []


def test_epochs_that_have_passed_meanwhile_are_refused(folder):
    live = control(folder)
    request = send_request(folder, "nudge", "python", {"epochs": 5})
    assert visit(live, 6) == []
    assert refusal(folder, request).startswith("epochs is 5, but this training is in epoch 6")
    send_request(folder, "nudge", "python", {"epochs": 7})
    assert visit(live, 7) == [Change({"epochs": 7})]


def test_without_room_for_its_line_a_nudge_is_not_made(folder, monkeypatch):
    def full(folder, nudges):
        raise OSError(28, "No space left on device")

    live = control(folder)
    monkeypatch.setattr(nudge_log, "append", full)
    request = send_request(folder, "nudge", "python", {"l2": 5.0})
    assert visit(live, 1) == []
    assert live.plan == PLAN
    assert live.nudges == []
    assert "No space left" in refusal(folder, request)


def test_it_pauses_in_the_middle_of_an_epoch_and_goes_on(folder):
    live = control(folder)
    send_request(folder, "pause", "python")
    assert visit(live, 2, between=False) == [Wait()]
    assert visit(live, 2, between=False) == [Wait()]
    assert now(folder).paused
    send_request(folder, "unpause", "python")
    assert visit(live, 2, between=False) == []


def test_it_stops_when_there_is_a_network_to_keep_paused_or_not(folder):
    live = control(folder)
    send_request(folder, "pause", "python")
    send_request(folder, "stop", "python")
    assert visit(live, 0, between=False) == []
    assert live.next_visit(0, 0, 20) == 1
    (stop,) = visit(live, 1)
    assert isinstance(stop, Stop)
    assert stop.reason.startswith("stopped after epoch 1 (python, ")


def nudge(what, new, epoch, request="r"):
    return Nudge(what, 0.0, new, epoch, "python, ada", "2026-01-01T12:00:00+00:00", request)


def test_what_was_made_before_a_cut_is_made_again_and_then_comes_what_is_asked(folder):
    logged = [nudge("l2", 1.0, 2), nudge("l2", 2.0, 5), nudge("l2", 3.0, 5), nudge("l2", 4.0, 8)]
    nudge_log.append(folder, logged)
    live = control(folder, nudges=list(logged))
    send_request(folder, "nudge", "python", {"l2": 9.0})
    assert visit(live, 5) == [Change({"l2": 2.0}), Change({"l2": 3.0})]  # that of epoch 2 is in the checkpoint's plan
    assert live.next_visit(0, 5, 20) in (6, 8)
    assert visit(live, 6) == []
    assert visit(live, 8) == [Change({"l2": 4.0}), Change({"l2": 9.0})]
    assert [entry.new for entry in read_own(folder)] == [1.0, 2.0, 3.0, 4.0, 9.0]


def test_in_the_middle_of_an_epoch_the_checkpoint_has_what_was_made_at_its_start(folder):
    live = control(folder, nudges=[nudge("l2", 1.0, 5)])
    assert visit(live, 5, between=False) == []
    assert visit(live, 6) == []


def test_a_replay_is_made_at_its_epochs_and_logged(folder):
    live = control(folder, replay=[nudge("l2", 1.0, 0), nudge("l2", 2.0, 4)])
    assert visit(live, 0) == [Change({"l2": 1.0})]
    assert live.next_visit(0, 0, 20) == 4
    assert visit(live, 4) == [Change({"l2": 2.0})]
    assert [(entry.sender, entry.old, entry.new) for entry in read_own(folder)] == [
        ("replay", 0.0, 1.0),
        ("replay", 1.0, 2.0),
    ]


def test_a_nudge_that_was_asked_for_before_a_cut_and_not_made_is_made_after_it(folder):
    live = control(folder)
    done = send_request(folder, "nudge", "python", {"l2": 1.0})
    refused = send_request(folder, "nudge", "python", {"epochs": 1})
    visit(live, 3)
    send_request(folder, "pause", "python")
    send_request(folder, "nudge", "python", {"l2": 2.0})
    visit(live, 3, between=False)
    assert set(now(folder).answers) >= {done, refused}
    resumed = control(folder, nudges=read_own(folder))
    assert visit(resumed, 2) == []
    assert visit(resumed, 3) == [Change({"l2": 1.0}), Change({"l2": 2.0})]  # and it is not paused


@pytest.mark.parametrize("paused", [False, True])
def test_it_goes_back_further_than_asked_and_pauses_where_it_was_asked_to(folder, paused):
    """From the newest moment that is kept, over what was nudged on the way, and whatever was nudged later is void."""
    early, late = nudge("l2", 1.0, 2), nudge("l2", 2.0, 5)
    nothing: Any = ()
    state = State(Model(nothing, nothing), nothing, *[nothing] * 8)
    moment = Moment(PLAN, np.zeros((1, 6), np.float32), (), state)
    asked = []
    live = control(folder, lambda *given: asked.append(given) or [moment], nudges=[early, late], paused=paused)
    request = send_request(folder, "rewind", "python", to=3)
    assert visit(live, 7) == [Return(moment), Wait()]
    assert asked == [(3, [early])]
    assert now(folder).answers[request].to_dict() == {"epoch": 3, "rewind": [7, 3]}
    assert (live.plan, live.paused, live.pause_epoch) == (PLAN, False, 3)
    assert live.next_visit(0, 1, 20) == 2
    assert visit(live, 1) == []
    assert visit(live, 2) == [Change({"l2": 1.0})]
    assert live.next_visit(0, 2, 20) == 3
    assert visit(live, 3) == [Wait()]
    assert live.paused
    assert [entry.setting for entry in live.nudges] == ["l2", "l2", REWIND]
    assert standing(live.nudges) == [early]


@pytest.mark.parametrize("to", [7, 8])
def test_it_does_not_go_back_to_what_has_not_ended(folder, to):
    live = control(folder)
    request = send_request(folder, "rewind", "python", to=to)
    assert visit(live, 7, between=False) == []
    assert refusal(folder, request).startswith(f"cannot rewind to epoch {to}: this training is in")


def test_where_only_copies_train_on_what_is_asked_of_the_model_is_refused(folder):
    live = control(folder, copies={0: 1})
    requests = [send_request(folder, "nudge", "python", {"l2": 1.0}), send_request(folder, "rewind", "python", to=1)]
    live([Progress(1, 5, 20, np.zeros((5, 6), np.float32), True)])
    for request in requests:
        assert "only its untouched copies train on" in refusal(folder, request)
    assert live.plan == PLAN


@pytest.mark.parametrize("text", ["", "{", "[]", json.dumps({"answers": 7})])
def test_a_training_goes_on_though_its_last_state_is_damaged(folder, text):
    (folder / STATE_FILE).write_text(text)
    assert visit(control(folder), 1) == []
    assert now(folder).epoch == 1
