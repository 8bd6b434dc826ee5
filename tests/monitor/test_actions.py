"""What a page may ask of a live run, over the whole way: refused with the reason, or written down for the training."""

import json

import pytest
from starlette.testclient import TestClient

from goodfit.api import steering
from goodfit.api.page_actions import PageActions
from goodfit.monitor.web.guard import Guard

PORT = 8123


@pytest.fixture(autouse=True)
def nobody_waits(monkeypatch):
    monkeypatch.setattr(steering, "_PATIENCE", 0.0)


@pytest.fixture
def run(fake):
    run = fake().live()
    return run.say(epoch=7, paused=False)


@pytest.fixture
def ask(run):
    """Asks something of the run; gives status and answer."""
    guard = Guard(PageActions().site(run.folder).application(), PORT)
    client = TestClient(guard, base_url=f"http://127.0.0.1:{PORT}")
    client.get("/", params={"token": guard.token})
    headers = {"Origin": f"http://127.0.0.1:{PORT}", "Content-Type": "application/json"}

    def send(action, body):
        text = body if isinstance(body, str) else json.dumps(body)
        answer = client.post(f"/runs/{run.folder.name}/{action}", content=text.encode(), headers=headers)
        return answer.status_code, answer.json()

    return send


def requests(run):
    path = run.folder / "checkpoint" / "requests.jsonl"
    lines = path.read_text().splitlines() if path.exists() else []
    return [{"changes": {}, "to": None} | json.loads(line) for line in lines]


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ('{"learning_rate": NaN}', "the request is no JSON (NaN is no number)"),
        ({"learning_rate": "NaN"}, "learning_rate is 'NaN'; it must be a number"),
        ({"learning_rate": -1}, "learning_rate is -1.0; it must be a number above 0"),
        ({"learning_rate": "inf"}, "learning_rate is inf; it must be a number above 0"),
        ({"learning_rate": None}, "learning_rate is None; it must be a number above 0"),
        ({"keep_prob": 0}, "keep_prob is 0.0; it must be a number above 0 and at most 1"),
        ({"epochs": 3}, "epochs is 3, but this training is in epoch 8; give 8 or more"),
        ({"epochs": 1e400}, None),
        ({"clip_norm": 1}, "clipping cannot be turned on while a model trains"),
        ({"hidden_units": [9]}, "hidden_units cannot change while a model trains"),
        ({"learning_rat": 1}, "unknown plan key 'learning_rat': did you mean 'learning_rate'?"),
        ({"sender": "root"}, "unknown plan key 'sender'"),
        ({"run": "/etc"}, "unknown plan key 'run'"),
        ({"__class__": 1}, "unknown plan key '__class__'"),
        ({}, "a nudge has nothing to change"),
        ([1], "changes must be an object of names and values"),
        ("x", "the request is no JSON"),
    ],
)
def test_a_nudge_that_cannot_be_is_refused_with_the_reason(ask, run, changes, sentence):
    body = f'{{"changes": {changes}}}' if isinstance(changes, str) else json.dumps({"changes": changes})
    status, answer = ask("nudge", body)
    assert status == 400
    assert answer["error"].startswith(sentence or "the request is no JSON (Infinity")
    assert requests(run) == []


@pytest.mark.parametrize(
    ("changes", "setting"),
    [
        ({"learning_rate": -1}, "learning_rate"),
        ({"l2": 0.1, "keep_prob": 2}, "keep_prob"),
        ({"epochs": 3}, "epochs"),
        ({"learning_rate": "NaN"}, "learning_rate"),
        ({"learning_rat": 1}, None),
    ],
)
def test_a_refusal_names_the_setting_whose_value_is_wrong(ask, changes, setting):
    assert ask("nudge", {"changes": changes})[1].get("setting") == setting


def test_a_number_too_large_for_any_plan_is_refused(ask, run):
    status, answer = ask("nudge", '{"changes": {"learning_rate": 1' + "0" * 400 + "}}")
    assert status == 400
    assert requests(run) == []
    assert "learning_rate" in answer["error"]


def test_a_nudge_is_written_down_with_who_asked(ask, run):
    assert ask("nudge", {"changes": {"learning_rate": "3e-4", "l2": 0.5}})[0] == 200
    (request,) = requests(run)
    assert (request["kind"], request["changes"]) == ("nudge", {"learning_rate": 0.0003, "l2": 0.5})
    assert request["sender"].startswith("page, ")


@pytest.mark.parametrize(
    ("action", "body", "kind", "to"),
    [
        ("pause", {}, "pause", None),
        ("unpause", {}, "unpause", None),
        ("unpause", {"to": 20}, "unpause", 20),
        ("rewind", {"to": 3}, "rewind", 3),
        ("stop", {}, "stop", None),
    ],
)
def test_the_buttons_are_written_down(ask, run, action, body, kind, to):
    status, answer = ask(action, body)
    assert (status, answer["answered"], answer["training"]) == (200, False, True)
    (request,) = requests(run)
    assert (request["kind"], request["to"]) == (kind, to)


@pytest.mark.parametrize(
    ("action", "body", "sentence"),
    [
        ("rewind", {}, "a rewind needs the epoch to go back to"),
        ("rewind", {"to": 7}, "cannot go back to epoch 7: this training is in epoch 7"),
        ("rewind", {"to": -1}, "the epoch is -1; it must be a whole number of at least 0"),
        ("rewind", {"to": "x"}, "the epoch is 'x'"),
        ("rewind", {"to": True}, "the epoch is True"),
        ("unpause", {"to": 1.5}, "the epoch is 1.5"),
        ("unpause", {"until": 9}, "this takes no 'until'"),
        ("pause", {"to": 1}, "this takes no 'to'"),
        ("stop", {"run": "/"}, "this takes no 'run'"),
        ("branch", {"epoch": "x"}, "the epoch is 'x'"),
        ("branch", {"changes": {"run": "/etc"}}, "unknown plan key 'run'"),
        ("branch", {"out": "/tmp"}, "this takes no 'out'"),
        ("nudge", {"changes": {"l2": 1}, "sender": "root"}, "this takes no 'sender'"),
    ],
)
def test_what_it_does_not_take_is_refused(ask, run, action, body, sentence):
    status, answer = ask(action, body)
    assert status == 400
    assert answer["error"].startswith(sentence)
    assert requests(run) == []


def test_a_run_that_has_ended_says_so(ask, run):
    run.finish()
    status, answer = ask("pause", {})
    assert status == 409
    assert "has ended (finished); its network cannot be changed" in answer["error"]
