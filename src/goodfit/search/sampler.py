"""Coarse to fine as an Optuna sampler: random first, then denser around the best (course notes: tuning process)."""

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
    finished_before,
    good_trials,
    rank_weights,
    region,
    trials_with,
    uniform_share,
    zoom,
)
from goodfit.search.unit_interval import NumberDistribution, cell, value_at

_WAVE_SIZE = 16  # among 8, 12, 16, 24 and 32, set as the constants of `regions.py`
_NEW_STRUCTURES = 0.25  # of the later groups have a structure of their own, set likewise; the others' are compiled
_TRIAL, _GROUP = "", "\n"  # the names under which a trial, and a group, draw what all of its parameters share


class GoodfitZoomSampler(BaseSampler):
    """Random in the first wave; then each trial is drawn around one of the best so far, inside the wave's regions.

    The first wave is stratified: each parameter's range is divided into as many parts as the wave has trials, and each
    part is drawn in once (McKay, Beckman & Conover 1979). A later wave looks only at trials of earlier waves, so that
    all of its trials can be drawn at once. A region spans what the good trials chose, and reaches farther where the
    best value lies on its edge; one trial in ten is drawn over the whole range.

    What is compiled is expensive to vary. It is drawn once for a group of trials, and after the first wave most trials
    take it from the good trial that they are drawn around.

    A draw depends on the seed, the trial's number, the parameter's name and those earlier trials, and on nothing else:
    not on the order of the draws, the process or a restart.
    """

    def __init__(
        self,
        seed: int = 0,
        wave_size: int = _WAVE_SIZE,
        structural: frozenset[str] = frozenset(),
        group: int = 4,
    ) -> None:
        """Create the sampler.

        Args:
            seed: random seed of all draws.
            wave_size: number of trials in a wave.
            structural: parameters that change what is compiled, by Optuna's names.
            group: number of consecutive trials of a wave that share those where they are drawn, so that compilation is
                paid once for all; with 1, they are drawn like other parameters.

        Raises:
            InputError: a negative seed, or a wave or group of less than one trial.
        """
        for name, value, least in (("seed", seed, 0), ("wave_size", wave_size, 1), ("group", group, 1)):
            if value < least:
                raise InputError(f"the zoom sampler's {name} is {value}; give a whole number of at least {least}")
        self.seed = seed
        self.wave_size = wave_size
        self.structural = structural
        self.group = group

    def infer_relative_search_space(self, study: Study, trial: FrozenTrial) -> dict[str, BaseDistribution]:
        """Return no parameter: each is drawn alone, and they agree through what their trial shares."""
        self._raise_error_if_multi_objective(study)
        return {}

    def sample_relative(
        self, study: Study, trial: FrozenTrial, search_space: dict[str, BaseDistribution]
    ) -> dict[str, Any]:
        """Return a value for each of these parameters, drawn as it is alone."""
        self._raise_error_if_multi_objective(study)
        return {name: self.sample_independent(study, trial, name, searched) for name, searched in search_space.items()}

    def sample_independent(
        self, study: Study, trial: FrozenTrial, param_name: str, param_distribution: BaseDistribution
    ) -> Any:
        """Return a value for one parameter of one trial."""
        self._raise_error_if_multi_objective(study)
        first = trial.number - trial.number % self.wave_size
        size = self.group if param_name in self.structural else 1
        place = (trial.number - first) // size
        number = first + place * size  # of the trial whose draw this is: the first of its group
        # most later groups give up a structure of their own: each trial takes that of the good one it is drawn around
        inherits = size > 1 and first > 0 and self._random(number, _GROUP).random() > _NEW_STRUCTURES
        if inherits:
            number = trial.number
        random, shared_random = self._random(number, param_name), self._random(number, _TRIAL)
        if first == 0:
            parts = math.ceil(self.wave_size / size)
            # One permutation for the whole wave, hence number 0: trials of the wave get different parts of it.
            part = self._random(0, param_name, "parts").permutation(parts)[place]
            return value_at(param_distribution, (part + random.random()) / parts)
        good = good_trials(finished_before(study, first), study.direction)
        holders = trials_with(good, param_name, param_distribution)
        # Over the whole range: where little is known, and for some trials always, in case the best lies elsewhere.
        if len(holders) < 2 or (shared_random.random() < GLOBAL and not inherits):
            return value_at(param_distribution, random.random())
        # all parameters of a trial are drawn around the same good trial, as long as that one has the parameter
        center = _pick(good, shared_random)
        if all(center is not holder for holder in holders):
            center = _pick(holders, random)
        if inherits:
            return center.params[param_name]
        if isinstance(param_distribution, CategoricalDistribution):
            is_uniform = random.random() < uniform_share(len(holders))
            return value_at(param_distribution, random.random()) if is_uniform else center.params[param_name]
        assert isinstance(param_distribution, NumberDistribution), "Optuna has no other distributions"
        middle = sum(cell(param_distribution, center.params[param_name])) / 2
        return value_at(param_distribution, _draw(zoom(good, param_name, param_distribution), middle, random))

    def regions(self, study: Study) -> list[dict[str, Region]]:
        """Return the region of each parameter in each wave that has begun; in the first, its whole range."""
        trials = study.get_trials(deepcopy=False)
        waves = []
        for first in range(0, len(trials), self.wave_size):
            distributions = {
                name: distribution
                for trial in trials[first : first + self.wave_size]
                for name, distribution in trial.distributions.items()
            }
            good = good_trials(finished_before(study, first), study.direction) if first else []
            waves.append({name: region(good, name, distribution) for name, distribution in distributions.items()})
        return waves

    def _random(self, number: int, *names: str) -> np.random.Generator:
        """Return a generator that depends on the seed, the trial's number and the names alone."""
        words = hashlib.blake2b("\n".join(names).encode(), digest_size=8).digest()
        return np.random.default_rng((self.seed, number, int.from_bytes(words, "little")))


def _pick(good: list[FrozenTrial], random: np.random.Generator) -> FrozenTrial:
    """Return one of the good trials, the better ones more often."""
    return good[int(random.choice(len(good), p=rank_weights(len(good))))]


def _draw(region: Zoom, middle: float, random: np.random.Generator) -> float:
    """Return a place normally distributed around the middle, reflected at the ends of the region."""
    # Clipped instead, draws from beyond an end would pile up on it.
    place = middle + region.deviation * float(random.standard_normal())
    if place < region.low:
        place = 2 * region.low - place
    elif place > region.high:
        place = 2 * region.high - place
    return min(max(place, region.low), math.nextafter(region.high, 0))
