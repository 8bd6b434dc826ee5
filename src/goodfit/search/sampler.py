"""Coarse to fine as an Optuna sampler: random first, then denser around several of the best (notes: tuning process)."""

import hashlib
import math
from typing import Any

import numpy as np
from optuna.distributions import BaseDistribution, CategoricalDistribution
from optuna.samplers import BaseSampler
from optuna.study import Study
from optuna.trial import FrozenTrial

from goodfit.errors import InputError
from goodfit.search.regions import (
    GLOBAL,
    Region,
    Zoom,
    finished,
    free_vote,
    good_trials,
    holders,
    rank_weights,
    region,
    zoom,
)
from goodfit.search.unit_interval import Numbers, span, value_at

_ROUND_SIZE = 16  # among 8, 12, 16, 24 and 32, set as the constants of `regions.py`
_NEW = 0.25  # of the later groups have a structure of their own, set likewise; the others' are compiled already
_TRIAL, _GROUP = "", "\n"  # the names under which a trial, and a group, draw what all of its parameters share


class GoodfitZoomSampler(BaseSampler):
    """Random in the first round; then each trial is drawn around one of the best so far, inside the round's regions.

    The first round is stratified: each parameter's range is cut into as many parts as the round has trials, and each
    part is drawn in once (McKay, Beckman & Conover 1979). A later round looks at the trials of earlier rounds only, so
    that all of its trials can be drawn at once. A region spans what the good trials chose, and reaches farther where
    the best value lies on its edge; one trial in ten is drawn over the whole range. What is compiled is dear to vary:
    it is drawn once for a group of trials, and after the first round most trials have it as the good one has it that
    they are drawn around. What is drawn depends on the seed, the trial's number, the parameter's name and those earlier
    trials, and on nothing else: not on the order of asking, the process or a restart.
    """

    def __init__(
        self,
        seed: int = 0,
        round_size: int = _ROUND_SIZE,
        structural: frozenset[str] = frozenset(),
        group: int = 4,
    ) -> None:
        """Begin.

        Args:
            seed: of everything random.
            round_size: trials in a round.
            structural: parameters that change what is compiled, by Optuna's names.
            group: trials in a row of a round that share those where they are drawn, so that compilation is paid once
                for all; with 1, they are drawn as other parameters are.

        Raises:
            InputError: a negative seed, or a round or group of less than one trial.
        """
        for name, value, least in (("seed", seed, 0), ("round_size", round_size, 1), ("group", group, 1)):
            if value < least:
                raise InputError(f"the zoom sampler's {name} is {value}; give a whole number of at least {least}")
        self.seed = seed
        self.round_size = round_size
        self.structural = structural
        self.group = group

    def infer_relative_search_space(self, study: Study, trial: FrozenTrial) -> dict[str, BaseDistribution]:
        """No parameter: each is drawn when it is asked for, and they agree through what their trial shares."""
        self._raise_error_if_multi_objective(study)
        return {}

    def sample_relative(
        self, study: Study, trial: FrozenTrial, search_space: dict[str, BaseDistribution]
    ) -> dict[str, Any]:
        """These parameters, each as it is drawn alone."""
        self._raise_error_if_multi_objective(study)
        return {name: self.sample_independent(study, trial, name, one) for name, one in search_space.items()}

    def sample_independent(
        self, study: Study, trial: FrozenTrial, param_name: str, param_distribution: BaseDistribution
    ) -> Any:
        """One parameter of one trial."""
        self._raise_error_if_multi_objective(study)
        first = trial.number - trial.number % self.round_size
        shared = self.group if param_name in self.structural else 1
        place = (trial.number - first) // shared
        number = first + place * shared  # of the trial whose draw it is: the first of the group
        compiled = shared > 1 and first > 0 and self._random(number, _GROUP).random() > _NEW
        if compiled:
            number = trial.number
        own, common = self._random(number, param_name), self._random(number, _TRIAL)
        if first == 0:
            parts = math.ceil(self.round_size / shared)
            part = self._random(0, param_name, "parts").permutation(parts)[place]
            return value_at(param_distribution, (part + own.random()) / parts)
        good = good_trials(finished(study, first), study.direction)
        having = holders(good, param_name, param_distribution)
        if len(having) < 2 or (common.random() < GLOBAL and not compiled):
            return value_at(param_distribution, own.random())
        center = _pick(good, common)
        if all(center is not trial for trial in having):
            center = _pick(having, own)
        if compiled:
            return center.params[param_name]
        if isinstance(param_distribution, CategoricalDistribution):
            free = own.random() < free_vote(len(having))
            return value_at(param_distribution, own.random()) if free else center.params[param_name]
        assert isinstance(param_distribution, Numbers), "Optuna has no other distributions"
        middle = sum(span(param_distribution, center.params[param_name])) / 2
        return value_at(param_distribution, _draw(zoom(good, param_name, param_distribution), middle, own))

    def regions(self, study: Study) -> list[dict[str, Region]]:
        """Where each parameter is drawn in each round that has begun; in the first, everywhere."""
        trials = study.get_trials(deepcopy=False)
        rounds = []
        for first in range(0, len(trials), self.round_size):
            asked = {
                name: distribution
                for trial in trials[first : first + self.round_size]
                for name, distribution in trial.distributions.items()
            }
            good = good_trials(finished(study, first), study.direction) if first else []
            rounds.append({name: region(good, name, distribution) for name, distribution in asked.items()})
        return rounds

    def _random(self, number: int, *names: str) -> np.random.Generator:
        words = hashlib.blake2b("\n".join(names).encode(), digest_size=8).digest()
        return np.random.default_rng((self.seed, number, int.from_bytes(words, "little")))


def _pick(good: list[FrozenTrial], random: np.random.Generator) -> FrozenTrial:
    return good[int(random.choice(len(good), p=rank_weights(len(good))))]


def _draw(region: Zoom, middle: float, random: np.random.Generator) -> float:
    """A place around the middle, turned back at the ends of the region."""
    place = middle + region.deviation * float(random.standard_normal())
    if place < region.low:
        place = 2 * region.low - place
    elif place > region.high:
        place = 2 * region.high - place
    return min(max(place, region.low), math.nextafter(region.high, 0))
