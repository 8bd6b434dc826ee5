"""`goodfit nudge`, `pause`, `unpause`, `rewind` and `stop`: their requests and their answers."""

from dataclasses import replace
from typing import Any

import pytest

from goodfit.api.result_types.answer import Answer

ANSWERED = Answer(run="runs/a", answered=True, training=True, epoch=12)
WAITING = replace(ANSWERED, answered=False)
STOPPED = "Stopped after epoch 12; its best network is being diagnosed."
GONE = replace(WAITING, training=False)


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
    asked[0] = replace(ANSWERED, changes=(("learning_rate", 0.003, 0.0003), ("keep_prob", [0.8], [0.9])))
    outcome = goodfit("nudge", "runs/a", "learning_rate=3e-4", "keep_prob=[0.9]")
    assert asked[1] == ("nudge", "runs/a", {"sender": "terminal", "learning_rate": "3e-4", "keep_prob": [0.9]})
    assert outcome.stdout.splitlines() == [
        "learning_rate went from 0.003 to 0.0003, from epoch 13 on.",
        "keep_prob went from [0.8] to [0.9], from epoch 13 on.",
    ]
    assert goodfit("nudge", "runs/a", "l2=1", "--json").json == asked[0].to_dict()


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
        ("nudge", "nudge", "", "The numbers will change at the end of the epoch"),
        (
            "pause",
            "pause",
            "Paused after epoch 12; goodfit unpause runs/a lets it go on.",
            "It will pause at its next check",
        ),
        ("unpause", "unpause", "Training goes on after epoch 12.", "It will go on at its next check"),
        (
            "rewind",
            "rewind",
            "Went back from epoch 12 to 7 and paused; goodfit unpause runs/a lets it go on.",
            "It will go back at its next check",
        ),
        (
            "stop",
            "stop",
            "Stopped after epoch 12; its best network is being diagnosed.",
            "It will stop at its next check",
        ),
    ],
)
def test_what_is_done_or_awaited_is_told(goodfit, asked, command, verb, told, waits):
    words = {"nudge": ["l2=1"], "rewind": ["--to", "7"]}.get(command, [])
    asked[0] = replace(ANSWERED, rewind=(12, 7))
    assert goodfit(command, "runs/a", *words).stdout == f"{told}\n"
    assert asked[1][:2] == (verb, "runs/a")
    assert asked[1][2]["sender"] == "terminal"
    asked[0] = WAITING
    assert goodfit(command, "runs/a", *words).stdout == f"Request sent; waiting for a reply. {waits}.\n"
    asked[0] = GONE
    assert goodfit(command, "runs/a", *words).stdout == "The training ended before it could answer.\n"
    assert goodfit(command, "runs/a", *words, "--json").json == GONE.to_dict()
