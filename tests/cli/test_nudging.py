"""`goodfit nudge`, `pause`, `continue`, `back` and `stop`: how they are asked, and what people are told."""

from typing import Any

import pytest

ANSWERED = {"run": "runs/a", "answered": True, "training": True, "epoch": 12}
WAITING = {"run": "runs/a", "answered": False, "training": True, "epoch": 12}
STOPPED = "Stopped after epoch 12; its best network is being diagnosed."
GONE = WAITING | {"training": False}


@pytest.fixture
def asked(functions):
    """What the functions were asked; each answers `asked[0]`."""
    calls: list[Any] = [ANSWERED]

    def verb(name):
        return lambda run, **given: calls.append((name, run, given)) or calls[0]

    for name in ("nudge", "pause", "unpause", "rewind", "stop"):
        setattr(functions, name, verb(name))
    return calls


def test_a_nudge_is_read_as_yaml_and_told_with_old_and_new(goodfit, asked):
    asked[0] = ANSWERED | {"changes": [["learning_rate", 0.003, 0.0003], ["keep_prob", [0.8], [0.9]]]}
    outcome = goodfit("nudge", "runs/a", "learning_rate=3e-4", "keep_prob=[0.9]")
    assert asked[1] == ("nudge", "runs/a", {"sender": "terminal", "learning_rate": "3e-4", "keep_prob": [0.9]})
    assert outcome.stdout.splitlines() == [
        "learning_rate went from 0.003 to 0.0003, from epoch 13 on.",
        "keep_prob went from [0.8] to [0.9], from epoch 13 on.",
    ]
    assert goodfit("nudge", "runs/a", "l2=1", "--json").json == asked[0]


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        ([], "Missing argument 'KEY=VALUE…'."),
        (["l2"], "'l2' is not key=value, as in learning_rate=0.01"),
        (["l2=[1"], "'l2=[1' has a value that is not valid YAML; write it as in 'hidden_units=[64, 64]'"),
    ],
)
def test_a_nudge_that_cannot_be_read_is_refused(goodfit, asked, words, sentence):
    assert goodfit("nudge", "runs/a", *words) == (2, "", f"goodfit: {sentence}\n")
    assert asked == [ANSWERED]


@pytest.mark.parametrize(
    ("command", "verb", "told", "waits"),
    [
        ("nudge", "nudge", "", "the numbers change at the end of the epoch"),
        ("pause", "pause", "Paused after epoch 12; goodfit unpause runs/a goes on.", "it pauses where it looks next"),
        ("unpause", "unpause", "The training goes on after epoch 12.", "it goes on where it looks next"),
        (
            "rewind",
            "rewind",
            "Went back from epoch 12 to 7, where it pauses; goodfit unpause runs/a goes on.",
            "it goes back where it looks next",
        ),
        (
            "stop",
            "stop",
            "Stopped after epoch 12; its best network is being diagnosed.",
            "it stops where it looks next",
        ),
    ],
)
def test_what_is_done_or_awaited_is_told(goodfit, asked, command, verb, told, waits):
    words = {"nudge": ["l2=1"], "rewind": ["--to", "7"]}.get(command, [])
    asked[0] = ANSWERED | {"rewind": [12, 7]}
    assert goodfit(command, "runs/a", *words).stdout == f"{told}\n"
    assert asked[1][:2] == (verb, "runs/a")
    assert asked[1][2]["sender"] == "terminal"
    asked[0] = WAITING
    assert goodfit(command, "runs/a", *words).stdout == f"Asked, and not answered yet: {waits}.\n"
    asked[0] = GONE
    assert goodfit(command, "runs/a", *words).stdout == "The training ended before it could answer.\n"
    assert goodfit(command, "runs/a", *words, "--json").json == GONE
