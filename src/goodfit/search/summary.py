"""A study as plain facts: its parameters and their scales, each round's regions, importance, every trial."""

from collections.abc import Callable
from typing import Any

import optuna
from optuna.distributions import BaseDistribution, CategoricalDistribution
from optuna.trial import FrozenTrial, TrialState

from goodfit.search.regions import Region, at_ends
from goodfit.search.sampler import GoodfitZoomSampler
from goodfit.search.scales import readable
from goodfit.search.trials import ABOUT

_FEWEST = 8  # complete trials from which an importance means something


def of_study(study: optuna.Study) -> dict[str, Any]:
    """What was searched, where each round looked, and what mattered.

    Returns:
        `parameters`: by the name that people read, `scale` ("linear", "log", "one-minus-log", "choice"), `low` and
        `high` or `choices`; `regions`: for each round by name `low`, `high`, `widened`, or `shares` of the choices;
        `notes`: ranges to widen;
        `importance`: by name, of the variance of the error between
        trials (functional ANOVA, Hutter, Hoos & Leyton-Brown 2014); empty where there are too few trials.
    """
    trials = study.get_trials(deepcopy=False)
    asked = {name: one for trial in trials for name, one in trial.distributions.items()}
    sampler = study.sampler
    rounds = sampler.regions(study) if isinstance(sampler, GoodfitZoomSampler) else []
    return {
        "round_size": sampler.round_size if isinstance(sampler, GoodfitZoomSampler) else len(trials),
        "parameters": {readable(name, 0)[0]: _parameter(name, one) for name, one in asked.items()},
        "regions": [{readable(name, 0)[0]: _region(name, one) for name, one in each.items()} for each in rounds],
        "notes": at_ends(study),
        "importance": _importance(study, trials),
    }


def of_trials(study: optuna.Study, values: Callable[[dict[str, Any]], dict[str, Any]]) -> list[dict[str, Any]]:
    """Every trial: parameters as people read them, error, how and when it ended (seconds from the first's start)."""
    trials = study.get_trials(deepcopy=False)
    began = min((trial.datetime_start for trial in trials if trial.datetime_start), default=None)
    return [
        {
            "number": trial.number,
            "state": trial.state.name.lower(),
            "parameters": values(trial.params),
            "dev_error": trial.value,
            "ended": (trial.datetime_complete - began).total_seconds() if trial.datetime_complete and began else None,
            **{name: trial.user_attrs.get(ABOUT, {}).get(name) for name in ("reason", "epochs", "dev_cost")},
        }
        for trial in trials
    ]


def _parameter(name: str, one: BaseDistribution) -> dict[str, Any]:
    if isinstance(one, CategoricalDistribution):
        return {"scale": "choice", "choices": list(one.choices)}
    assert isinstance(one, optuna.distributions.FloatDistribution | optuna.distributions.IntDistribution)
    ends = sorted(readable(name, end)[1] for end in (one.low, one.high))
    scale = "log" if one.log or name.startswith("log2 ") else "linear"
    return {"scale": "one-minus-log" if name.startswith("1-") else scale, "low": ends[0], "high": ends[1]}


def _region(name: str, region: Region) -> dict[str, Any]:
    if region.low is None or region.high is None:
        return {"shares": {str(choice): share for choice, share in region.shares.items()}}
    low, high = sorted(readable(name, end)[1] for end in (region.low, region.high))
    return {"low": low, "high": high, "widened": region.widened}


def _importance(study: optuna.Study, trials: list[FrozenTrial]) -> dict[str, float]:
    complete = [trial for trial in trials if trial.state == TrialState.COMPLETE]
    errors = {trial.value for trial in complete}
    common = set.intersection(*(set(trial.params) for trial in complete)) if complete else set()
    if len(complete) < _FEWEST or len(errors) < 2 or not common:
        return {}
    evaluator = optuna.importance.FanovaImportanceEvaluator(seed=0)
    shares = optuna.importance.get_param_importances(study, evaluator=evaluator, params=sorted(common))
    return {readable(name, 0)[0]: float(share) for name, share in shares.items()}
