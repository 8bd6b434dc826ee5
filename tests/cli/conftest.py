"""The command line as a person meets it, with functions that only write down what they were asked."""

import json
from collections.abc import Callable
from typing import Any, NamedTuple

import pytest

import goodfit as package
from goodfit.cli.main import main
from goodfit.plan import Plan
from goodfit.record.ensemble import EnsembleResult
from goodfit.record.figures import FinalFigures, GapFigures
from goodfit.record.result import DataSummary, RunResult, SetSizes
from goodfit.record.rounds import ExperimentResult, RoundResult
from goodfit.record.values import EffectEstimate, Estimate


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


def experiment(prescription: str, value: float, low: float, high: float, adopted: bool) -> ExperimentResult:
    """Return an experiment whose error and cost changed alike."""
    return ExperimentResult(
        id=prescription.replace(" ", "-"),
        prescription=prescription,
        why="High variance.",
        changes={},
        error_effect=EffectEstimate(value, low, high, 0.01),
        cost_effect=EffectEstimate(value, low, high, 0.01),
        p_holm=0.0123,
        train_error=0.0,
        dev_error=0.02,
        adopted=adopted,
        against=None,
        cured=None,
        outcome="finished",
        seconds=6.0,
    )


@pytest.fixture
def result() -> dict[str, Any]:
    """A result of `improve`, as the run's result.json has it."""
    gaps = GapFigures(
        verdict="good fit",
        reason="Both gaps are below 2 %.",
        avoidable_bias=Estimate(0.0, 0.0, 0.0036),
        variance=Estimate(0.0111, 0.0034, 0.0282),
        dev_overfitting=None,
    ).field_values()
    experiments = (
        experiment("a larger net", -0.0083, -0.015, -0.001, adopted=True),
        experiment("more dropout", 0.002, -0.01, 0.01, adopted=False),
    )
    loop_round = RoundResult(
        **gaps, number=1, train_error=0.0, dev_error=0.025, plan=Plan(), seeds=3, findings=(), experiments=experiments
    )
    unchanged = EffectEstimate(-0.001, -0.01, 0.01, 0.4)
    return RunResult(
        goodfit="0.1",
        versions={},
        command="improve",
        run="runs/20260101-120000-digits-3f2a",
        report="runs/20260101-120000-digits-3f2a/report.html",
        started="2026-01-01T12:00:00+00:00",
        data=DataSummary(name="digits", source="digits", rows=1797, columns=64, fingerprint="ab"),
        task="classes",
        target="digit",
        classes=tuple("0123456789"),
        metric="error_rate",
        notes=(),
        sizes=SetSizes(train=1077, dev=360, test=360),
        opened_from="digits",
        options={},
        command_line="goodfit improve digits",
        seed=0,
        human_error=None,
        min_gap=0.02,
        outcome="finished",
        baseline={"majority class": 0.9, "softmax regression": 0.0389, "default network": 0.025},
        rounds=(loop_round,),
        ensemble=EnsembleResult(
            adopted=True,
            models=16,
            single_dev_error=0.0125,
            dev_error=0.0111,
            error_effect=unchanged,
            cost_effect=unchanged,
            parts=(),
            sentence="Kept an ensemble of 16 networks: its dev cost is lower.",
        ),
        final=FinalFigures(
            **gaps,
            train_error=0.0,
            dev_error=0.0111,
            test_error=Estimate(0.0139, 0.0060, 0.0321),
            test_note=None,
            models=16,
            next_steps=(),
            train_metrics={"log_loss": 0.001},
            dev_metrics={"log_loss": 0.0456},
            test_metrics={"log_loss": 0.0567},
            findings=(),
        ),
        plan=Plan(),
        seconds=58.2,
    ).to_dict()
