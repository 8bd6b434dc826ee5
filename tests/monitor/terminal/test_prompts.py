"""What is typed at a prompt of the terminal's view, and the words of the answers."""

from pathlib import Path

import pytest

from goodfit.errors import PlanError
from goodfit.monitor.actions import Reply
from goodfit.monitor.terminal.prompts import PROMPTS, answer


@pytest.mark.parametrize(
    ("key", "typed", "asked"),
    [
        ("r", " 40 ", ("unpause", {"to": 40})),
        ("b", "0", ("rewind", {"to": 0})),
        ("n", "learning_rate=3e-4  l2=0.1", ("nudge", {"changes": {"learning_rate": "3e-4", "l2": 0.1}})),
        ("n", "keep_prob=[0.5, 0.8]", ("nudge", {"changes": {"keep_prob": [0.5, 0.8]}})),
        ("B", "12 optimizer=momentum", ("branch", {"epoch": 12, "changes": {"optimizer": "momentum"}})),
        ("B", "best hidden_units=[8, 8]", ("branch", {"changes": {"hidden_units": [8, 8]}})),
        ("B", "batch_size=64", ("branch", {"changes": {"batch_size": 64}})),
        ("s", "y", ("stop", {})),
        ("s", "n", None),
        ("r", " ", None),
        ("n", "", None),
        ("B", "", None),
    ],
)
def test_a_line_asks(key, typed, asked):
    assert PROMPTS[key].read(typed) == asked


@pytest.mark.parametrize(
    ("key", "typed", "sentence"),
    [
        ("r", "-1", "'-1' is no epoch; give a whole number of at least 0"),
        ("b", "x", "'x' is no epoch"),
        ("B", "1.5", r"'1\.5' is no epoch"),
        ("n", "learning_rate", "'learning_rate' is not key=value"),
        ("n", "l2='0.1", "cannot be read"),
        ("n", "l2={", "not valid YAML"),
    ],
)
def test_what_asks_nothing_is_refused_with_the_reason(key, typed, sentence):
    with pytest.raises(PlanError, match=sentence):
        PROMPTS[key].read(typed)


def test_answers_in_words():
    folder = Path("runs/a")

    def words(action, epoch=7, **more):
        return answer(action, Reply(run="runs/a", epoch=epoch, **more), folder)

    assert words("pause") == "Paused after epoch 7."
    assert words("unpause") == "Continues after epoch 7."
    assert words("stop", epoch=1234) == "Stopped after epoch 1,234; its best network is being diagnosed."
    assert words("rewind", rewind=(9, 7)) == "Rewound from epoch 9 to 7, where it is paused."
    changes = (("l2", 0.0, 0.1), ("epochs", 30, 40))
    assert words("nudge", changes=changes) == "l2 went from 0 to 0.1, epochs went from 30 to 40, from epoch 8 on."
    branch = answer("branch", Reply(run="b"), folder)
    assert branch == "The branch trains in its own process: goodfit watch runs/b --terminal"
    assert words("pause", answered=False).startswith("Request sent; waiting for a reply")
    assert words("pause", answered=False, training=False) == "The training ended before it could answer."
