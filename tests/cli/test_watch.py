"""`goodfit watch`: how it is asked, and what people are told."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from goodfit.api.result_types.listing import WatchedRun

WATCHED = WatchedRun(run="runs/a", address="http://127.0.0.1:8123/?token=abc")


@pytest.fixture
def asked(functions):
    """What the verb was asked; its second item says whether the training goes on."""
    calls: list[Any] = [True]

    def watch(source, *, started, **given):
        calls.append((source, given))
        started(WATCHED)
        return replace(WATCHED, training=calls[0])

    functions.watch = watch
    return calls


def test_the_address_comes_first_and_in_the_end_what_goes_on(goodfit, asked):
    lines = goodfit("watch", "digits").stdout.splitlines()
    assert lines == [
        "Open http://127.0.0.1:8123/?token=abc",
        "The address works in one browser. Ctrl-C closes the page; the training goes on.",
        "The page has ended, the training goes on: goodfit watch runs/a shows it again, goodfit stop runs/a ends it.",
    ]
    asked[0] = False
    assert (
        goodfit("watch", "digits").stdout.splitlines()[2] == "The page has ended. goodfit watch runs/a shows it again."
    )


def test_as_json_it_is_one_object_on_one_line(goodfit, asked):
    out = goodfit("watch", "runs/a", "--json").stdout
    assert out.count("\n") == 1
    assert json.loads(out) == WATCHED.to_dict()


def test_its_options_are_those_of_train_and_its_own(goodfit, asked):
    words = [
        "--target",
        "y",
        "--seed",
        "3",
        "--plan",
        "p.yaml",
        "--set",
        "l2=0.5",
        "--untouched-copies",
        "2",
        "--port",
        "8080",
    ]
    goodfit("watch", "data.csv", *words, "--out", "elsewhere", "--min-gap", "0.1", "--human-error", "0.01", "--no-test")
    source, given = asked[1]
    assert source == "data.csv"
    expected = {
        "target": "y",
        "seed": 3,
        "plan": Path("p.yaml"),
        "changes": {"l2": 0.5},
        "untouched_copies": 2,
        "port": 8080,
    }
    expected |= {"out": "elsewhere", "min_gap": 0.1, "human_error": 0.01, "no_test": True}
    assert expected.items() <= given.items()


def test_in_a_terminal_it_says_how_to_see_it_again(goodfit, asked):
    lines = goodfit("watch", "digits", "--terminal").stdout.splitlines()
    again = "goodfit watch runs/a --terminal shows it again, goodfit stop runs/a ends it"
    assert lines[-1] == f"The view has ended, the training goes on: {again}."
    assert asked[1][1]["terminal"] is True


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["--terminal", "--json"], "--terminal shows no page and prints no facts; leave --port and --json out"),
        (["--terminal", "--port", "8080"], "--terminal shows no page"),
        (["--untouched-copies", "-1"], "--untouched-copies is -1; give a whole number from 0 to 8"),
        (["--port", "-1"], "--port is -1; give a whole number of at least 0"),
        (["--set", "l3=1"], "unknown plan key 'l3'"),
    ],
)
def test_what_cannot_be_is_refused_before_anything_is_begun(goodfit, asked, words, sentence):
    outcome = goodfit("watch", "digits", *words)
    assert outcome.code == 2
    assert sentence in outcome.stderr + outcome.stdout
    assert len(asked) == 1


@pytest.mark.parametrize(("words", "again"), [([], ""), (["--terminal"], " --terminal")])
def test_a_page_closed_before_its_start_says_that_the_training_waits_and_how_to_end_it(
    goodfit, functions, words, again
):
    functions.watch = lambda source, **options: replace(WATCHED, training=True, waiting=True)
    view = "view" if words else "page"
    assert goodfit("watch", "digits", *words).stdout == (
        f"The {view} has ended, and the training waits to be started: goodfit unpause runs/a starts it, "
        f"goodfit watch runs/a{again} shows it again, goodfit stop runs/a ends it.\n"
    )
