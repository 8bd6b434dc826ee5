"""The searches that `search.py` times: their spaces and trials, without JAX or PyTorch."""

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import optuna
from optuna.distributions import BaseDistribution

from goodfit.plan import Plan
from goodfit.search.space import Space

SEED = 0
BASE = Plan(
    hidden_units=(64, 64),
    activation="relu",
    batch_size=32,
    epochs=60,
    decay="constant",
    weight_decay=0.0,
    l2=1.0,
    preparation="standard",
)
NUMBERS = (
    "learning_rate=log:1e-4..1e-1",
    "beta1=one-minus-log:0.9..0.999",
    "l2=log:1e-2..1e2",
    "keep_prob=one-minus-log:0.5..0.98",
)
STRUCTURES = (*NUMBERS, "units=ladder:16..128", "layers=integer:1..3")


@dataclass(frozen=True)
class Case:
    """One search, as a contender is told of it.

    Attributes:
        lines: of the space.
        drawn: the parameters of each trial, by Optuna's names.
        data: an NPZ file of `train`, `train_target`, `dev`, `dev_target`: prepared rows, the same for all.
        trials: how many are trained; the first of those drawn.
        storage: the URL of an SQLite storage; in memory when None.
    """

    lines: tuple[str, ...]
    drawn: tuple[dict[str, Any], ...]
    data: str
    trials: int
    storage: str | None = None

    @property
    def space(self) -> Space:
        """What the trials are drawn in."""
        return Space.parse(self.lines, BASE)

    def write(self, path: Path) -> None:
        """For another process."""
        path.write_text(json.dumps(asdict(self)))

    @classmethod
    def read(cls, path: str) -> "Case":
        """What `write` wrote."""
        facts = json.loads(Path(path).read_text())
        return cls(**facts | {"lines": tuple(facts["lines"]), "drawn": tuple(facts["drawn"])})


class Listed(optuna.samplers.BaseSampler):
    """The trials as they were drawn, by their numbers: the same whoever asks, in whatever order."""

    def __init__(self, drawn: tuple[dict[str, Any], ...]) -> None:
        self.drawn = drawn

    def infer_relative_search_space(self, study: Any, trial: Any) -> dict[str, Any]:
        """Nothing: each parameter is looked up when it is asked for."""
        return {}

    def sample_relative(self, study: Any, trial: Any, search_space: dict[str, Any]) -> dict[str, Any]:
        """Nothing."""
        return {}

    def sample_independent(
        self,
        study: optuna.Study,
        trial: optuna.trial.FrozenTrial,
        param_name: str,
        param_distribution: BaseDistribution,
    ) -> Any:
        """What was drawn for this trial."""
        return self.drawn[trial.number][param_name]


def draw(lines: tuple[str, ...], trials: int) -> tuple[dict[str, Any], ...]:
    """The parameters of so many trials, by Optuna's random sampler."""
    study = optuna.create_study(sampler=optuna.samplers.RandomSampler(SEED))
    space = Space.parse(lines, BASE)
    for _ in range(trials):
        space(study.ask())
    return tuple(trial.params for trial in study.trials)


def told(name: str, seconds: float, errors: list[float], epochs: list[int]) -> None:
    """A contender's last line: what it took, and what its trials came to."""
    facts = {"seconds": seconds, "trials": len(errors), "epochs": int(np.sum(epochs)), "name": name}
    print(json.dumps(facts | {"mean": float(np.mean(errors)), "best": float(np.min(errors))}))
