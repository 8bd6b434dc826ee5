"""The command line as a person meets it, with functions that only write down what they were asked."""

import json
from collections.abc import Callable
from typing import Any, NamedTuple

import pytest

import goodfit as package
from goodfit.cli.main import main


class Outcome(NamedTuple):
    """What a command left behind."""

    code: int
    stdout: str
    stderr: str

    @property
    def json(self) -> Any:
        """The one JSON value on stdout."""
        return json.loads(self.stdout)


@pytest.fixture
def goodfit(capsys, tmp_path, monkeypatch) -> Callable[..., Outcome]:
    """Run `goodfit ARGUMENTS` in an empty folder."""
    monkeypatch.chdir(tmp_path)

    def run(*arguments: str) -> Outcome:
        with pytest.raises(SystemExit) as caught:
            main(arguments)
        out, err = capsys.readouterr()
        return Outcome(int(caught.value.code or 0), out, err)

    return run


class Functions:
    """Stand-ins for goodfit's public functions; each is replaced for one test."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        vars(self)["patch"] = monkeypatch

    def __setattr__(self, name: str, function: Any) -> None:
        """Replace a function."""
        vars(self)["patch"].setattr(package, name, function, raising=False)


@pytest.fixture
def functions(monkeypatch) -> Functions:
    """The functions that commands call; tests replace those that they need."""
    return Functions(monkeypatch)


@pytest.fixture
def result() -> dict[str, Any]:
    """A result of `improve`, as the run's result.json has it."""
    return {
        "run": "runs/20260101-120000-digits-3f2a",
        "report": "runs/20260101-120000-digits-3f2a/report.html",
        "outcome": "finished",
        "task": "classes",
        "metric": "error_rate",
        "sizes": {"train": 1077, "dev": 360, "test": 360},
        "baseline": {"majority class": 0.9, "softmax regression": 0.0389, "default network": 0.025},
        "rounds": [
            {
                "number": 1,
                "experiments": [
                    {
                        "prescription": "a larger net",
                        "adopted": True,
                        "error_effect": {"value": -0.0083, "low": -0.015, "high": -0.001, "significant": True},
                        "cost_effect": {"value": -0.01, "low": -0.02, "high": -0.001, "significant": True},
                        "p_holm": 0.0123,
                    },
                    {
                        "prescription": "more dropout",
                        "adopted": False,
                        "error_effect": {"value": 0.002, "low": -0.01, "high": 0.01, "significant": False},
                        "cost_effect": {"value": 0.002, "low": -0.01, "high": 0.01, "significant": False},
                    },
                ],
            }
        ],
        "ensemble": {"adopted": True, "sentence": "Kept an ensemble of 16 networks: its dev cost is lower."},
        "final": {
            "verdict": "good fit",
            "reason": "Both gaps are below 2 %.",
            "train_error": 0.0,
            "dev_error": 0.0111,
            "test_error": {"value": 0.0139, "low": 0.0060, "high": 0.0321},
            "test_note": None,
            "avoidable_bias": {"value": 0.0, "low": 0.0, "high": 0.0036},
            "variance": {"value": 0.0111, "low": 0.0034, "high": 0.0282},
            "dev_overfitting": None,
            "next_steps": [],
        },
        "seconds": 58.2,
    }
