"""The app and its error boundary."""

import json
import os
import re
import subprocess
import sys

import pytest

import goodfit as package
from goodfit.errors import InputError

COMMANDS = (
    *("improve", "train", "resume", "nudge", "pause", "unpause", "rewind", "stop"),
    *("diagnose", "check", "open-test", "predict", "runs", "report"),
)


def raising(error):
    def verb(*args, **kwargs):
        raise error

    return verb


@pytest.mark.parametrize("command", COMMANDS)
def test_help_shows_an_example_of_the_command(goodfit, command):
    outcome = goodfit(command, "--help")
    words = " ".join(re.sub(r"[│\s]+", " ", outcome.stdout).split())
    assert outcome.code == 0
    assert f"Example: goodfit {command}" in words
    assert "--json" in words


def test_no_arguments_shows_every_command(goodfit):
    outcome = goodfit()
    assert outcome.code == 0
    assert [name for name in COMMANDS if re.search(rf"│ {name} ", outcome.stdout)] == list(COMMANDS)


def test_version_is_the_installed_one(goodfit):
    assert goodfit("--version").stdout == f"goodfit {package.__version__}\n"


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["improve"], "Missing argument 'DATA'."),
        (["imrpove", "digits"], "No such command 'imrpove'. Did you mean 'improve'?"),
        (["improve", "digits", "--xyz"], "No such option: --xyz"),
        (["improve", "digits", "--budget", "0"], "--budget is 0; give a number of seconds above 0"),
        (["improve", "digits", "--budget", "-5"], "--budget is -5; give a number of seconds above 0"),
        (["improve", "digits", "--budget", "nan"], "--budget is nan; give a number of seconds above 0"),
        (["improve", "digits", "--rounds", "-1"], "--rounds is -1; give a whole number of at least 0"),
        (["improve", "digits", "--folds", "1"], "--folds is 1; give a whole number of at least 2"),
        (["improve", "digits", "--seed", "-1"], "--seed is -1; give a whole number from 0 to 4294967295"),
        (
            ["improve", "digits", "--human-error", "15"],
            "the human error is 15; give a share between 0 and 1 (0.15 for 15 %)",
        ),
        (
            ["train", "digits", "--min-gap", "-0.1"],
            "--min-gap is -0.1; give a share between 0 and 1 (0.15 for 15 %)",
        ),
    ],
)
def test_wrong_usage_is_one_sentence_and_code_2(goodfit, arguments, sentence):
    assert goodfit(*arguments) == (2, "", f"goodfit: {sentence}\n")
    in_json = goodfit(*arguments, "--json")
    assert (in_json.code, in_json.json, in_json.stderr) == (2, {"error": sentence}, "")


def test_our_errors_are_one_sentence_and_code_2(goodfit, functions):
    functions.report = raising(InputError("no run in 'x';\n  give a run's folder"))
    assert goodfit("report", "x") == (2, "", "goodfit: no run in 'x'; give a run's folder\n")
    assert goodfit("report", "x", "--json") == (2, '{"error": "no run in \'x\'; give a run\'s folder"}\n', "")


def test_what_the_system_refuses_is_a_sentence_too(goodfit, functions):
    functions.report = raising(PermissionError(13, "Permission denied", "/runs/a"))
    assert goodfit("report", "x") == (2, "", "goodfit: /runs/a: Permission denied\n")


def test_our_own_faults_show_no_traceback_unless_asked(goodfit, functions, monkeypatch):
    functions.report = raising(KeyError("verdict"))
    outcome = goodfit("report", "x")
    assert outcome.code == 1
    assert outcome.stdout == ""
    assert outcome.stderr.startswith("goodfit: goodfit failed where it should not have (KeyError: 'verdict'); please")
    assert outcome.stderr.count("\n") == 1
    monkeypatch.setenv("GOODFIT_DEBUG", "1")
    with pytest.raises(KeyError):
        goodfit("report", "x")


def test_ctrl_c_where_no_verb_handles_it_ends_quietly(goodfit, functions):
    functions.report = raising(KeyboardInterrupt())
    assert goodfit("report", "x") == (130, "", "")


def test_help_loads_nothing_heavy():
    heavy = ("jax", "polars", "plotly", "sklearn", "scipy", "numpy", "pandas", "optax", "optuna", "ray", "torch")
    code = (
        "import sys\nfrom goodfit.cli.main import main\n"
        "try:\n    main(['--help'])\nexcept SystemExit:\n    pass\n"
        f"print([name for name in {heavy} if name in sys.modules], file=sys.stderr)"
    )
    plain = {name: value for name, value in os.environ.items() if not name.startswith("JAX_")}
    command = [sys.executable, "-c", code]
    assert subprocess.run(command, env=plain, capture_output=True, text=True, check=True).stderr == "[]\n"


def test_python_m_goodfit_is_goodfit():
    command = [sys.executable, "-m", "goodfit", "improve", "digits", "--folds", "0", "--json"]
    outcome = subprocess.run(command, capture_output=True, text=True, check=False)
    assert outcome.returncode == 2
    assert json.loads(outcome.stdout) == {"error": "--folds is 0; give a whole number of at least 2"}
    assert outcome.stderr == ""
