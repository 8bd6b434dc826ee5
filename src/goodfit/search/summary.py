"""The results of a study: its parameters and their scales, the regions of each wave, importance, and every trial."""

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import optuna
from optuna.distributions import BaseDistribution, CategoricalDistribution
from optuna.trial import FrozenTrial, TrialState

from goodfit.record.search_result import SearchParameter, SearchRegion, SearchResult, TrialResult
from goodfit.search.regions import Region, range_notes
from goodfit.search.sampler import GoodfitZoomSampler
from goodfit.search.scales import readable
from goodfit.search.trials import ORIGIN
from goodfit.search.unit_interval import NumberDistribution
from goodfit.search.workers import TrialRecord

_FEWEST = 8  # complete trials before an importance means something


def search_result(study: optuna.Study, origin: str = "") -> SearchResult:
    """Return the searched ranges, the region of each wave, and the importance of each parameter.

    Args:
        study: the study.
        origin: identifies the space that is searched now.
    """
    trials = study.get_trials(deepcopy=False)
    distributions = {name: searched for trial in trials for name, searched in trial.distributions.items()}
    sampler = study.sampler
    waves = sampler.regions(study) if isinstance(sampler, GoodfitZoomSampler) else []
    return SearchResult(
        wave_size=sampler.wave_size if isinstance(sampler, GoodfitZoomSampler) else len(trials),
        parameters={_readable_name(name): _parameter(name, searched) for name, searched in distributions.items()},
        regions=tuple({_readable_name(name): _region(name, region) for name, region in wave.items()} for wave in waves),
        notes=(*origin_notes(study, origin), *range_notes(study)),
        importance=_importance(study, trials),
    )


def origin_notes(study: optuna.Study, origin: str) -> Iterator[str]:
    """Yield a sentence if trials came from another space than the one that is searched now; it has no period."""
    origins = [trial.user_attrs.get(ORIGIN, origin) for trial in study.get_trials(deepcopy=False)]
    others = sum(other != origin for other in origins)
    if others:
        share = "none" if others == len(origins) else f"only {len(origins) - others}"
        wish = "raise --trials to search it, or start a study of its own with --study"
        yield f"{share} of the {len(origins)} trials came from this space, the others from another one; {wish}"


def trial_results(study: optuna.Study, values: Callable[[dict[str, Any]], dict[str, Any]]) -> tuple[TrialResult, ...]:
    """Return every trial, with its parameters as people read them.

    Args:
        study: the study.
        values: turns parameters as Optuna has them into those that people read, by name.
    """
    trials = study.get_trials(deepcopy=False)
    start = min((trial.datetime_start for trial in trials if trial.datetime_start), default=None)
    results = []
    for trial in trials:
        record, end = TrialRecord.read(trial), trial.datetime_complete
        results.append(
            TrialResult(
                number=trial.number,
                state=trial.state.name.lower(),
                parameters=values(trial.params),
                dev_error=trial.value,
                end_seconds=(end - start).total_seconds() if end and start else None,
                reason=record.reason if record else None,
                epochs=record.epochs if record else None,
                dev_cost=record.dev_cost if record else None,
            )
        )
    return tuple(results)


def _readable_name(parameter: str) -> str:
    return readable(parameter, 0)[0]


def _parameter(name: str, distribution: BaseDistribution) -> SearchParameter:
    if isinstance(distribution, CategoricalDistribution):
        return SearchParameter(scale="choice", choices=tuple(distribution.choices))
    assert isinstance(distribution, NumberDistribution), "Optuna has no other distributions"
    low, high = _readable_ends(name, distribution.low, distribution.high)
    if name.startswith("1-"):
        scale = "one-minus-log"
    else:
        scale = "log" if distribution.log or name.startswith("log2 ") else "linear"
    return SearchParameter(scale=scale, low=low, high=high)


def _region(name: str, region: Region) -> SearchRegion:
    if region.low is None or region.high is None:
        return SearchRegion(shares={str(choice): share for choice, share in region.shares.items()})
    low, high = _readable_ends(name, region.low, region.high)
    return SearchRegion(low=low, high=high, widened=region.widened)


def _readable_ends(name: str, low: float, high: float) -> list[float]:
    """Return the ends as people read them, the lower first: 1 − β turns a range around."""
    return sorted(readable(name, end)[1] for end in (low, high))


def _importance(study: optuna.Study, trials: Sequence[FrozenTrial]) -> dict[str, float]:
    """Return each parameter's share of the variance of the error between trials (functional ANOVA).

    Hutter, Hoos & Leyton-Brown 2014. Empty where there are too few trials, or where their errors are all the same.
    """
    complete = [trial for trial in trials if trial.state == TrialState.COMPLETE]
    errors = {trial.value for trial in complete}
    common = set.intersection(*(set(trial.params) for trial in complete)) if complete else set()
    if len(complete) < _FEWEST or len(errors) < 2 or not common:
        return {}
    # fANOVA fits a random forest: with a fixed seed, the same study has the same importance in every report.
    evaluator = optuna.importance.FanovaImportanceEvaluator(seed=0)
    shares = optuna.importance.get_param_importances(study, evaluator=evaluator, params=sorted(common))
    return {_readable_name(name): float(share) for name, share in shares.items()}
