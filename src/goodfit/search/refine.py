"""The zoom of a search on a small scale: numbers drawn around the best of a few measured plans of one structure."""

from collections.abc import Sequence
from dataclasses import replace

import optuna

from goodfit.plan import SETTINGS, Plan
from goodfit.search.importance import LAST_TIER, USUAL, applies
from goodfit.search.sampler import GoodfitZoomSampler
from goodfit.search.scales import REAL, Dimension, parameter
from goodfit.search.space import Space
from goodfit.settings import complement


def nearby_plans(plan: Plan, measured: Sequence[tuple[Plan, float]], count: int, seed: int) -> list[Plan]:
    """Return the plans that a coarse-to-fine search would try next, after the measured ones.

    Args:
        plan: gives everything that is no number, and the numbers that are off.
        measured: plans with their dev costs; those of other structures are ignored.
        count: number of plans to draw.
        seed: random seed of the draws.
    """
    # Only numbers are drawn, and what is best for one structure says little about another.
    structure = (plan.structure, plan.preparation)
    comparable = [pair for pair in measured if (pair[0].structure, pair[0].preparation) == structure]
    layered = isinstance(plan.keep_prob, tuple) or any(isinstance(pair[0].keep_prob, tuple) for pair in comparable)
    names = [name for name, usual in USUAL.items() if usual.tier <= LAST_TIER and applies(name, plan)]
    usual_space = Space.parse([f"{name}={USUAL[name].text}" for name in names], plan)
    numbers = [
        replace(dimension, each_layer=layered and dimension.name == "keep_prob")
        for dimension in usual_space.dimensions
        if dimension.scale in REAL
    ]
    space = Space(plan, tuple(dimension for dimension in numbers if _is_on(plan, dimension)))
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    # the measured plans are the first wave, so that every further draw zooms in on the best of them
    study = optuna.create_study(sampler=GoodfitZoomSampler(seed, max(len(comparable), 1)))
    for measured_plan, cost in comparable:
        study.enqueue_trial(_parameters(space, measured_plan))
        trial = study.ask()
        space(trial)
        study.tell(trial, cost)
    return [space(study.ask()) for _ in range(count)]


def _is_on(plan: Plan, dimension: Dimension) -> bool:
    """True where the plan has the work of this number: a plan without dropout stays without it."""
    return all(SETTINGS[dimension.name].is_on(value) for value in _values(plan, dimension))


def _values(plan: Plan, dimension: Dimension) -> Sequence[float]:
    return plan.keep_probs if dimension.each_layer else (getattr(plan, dimension.name),)


def _parameters(space: Space, plan: Plan) -> dict[str, float]:
    """Return the plan's place in the space as Optuna has it; a value outside its range is moved to the nearest end."""
    parameters = {}
    for dimension in space.dimensions:
        for layer, value in enumerate(_values(plan, dimension), 1):
            # A value outside the range would not count where the regions look for good trials (`trials_with`).
            inside = min(max(value, dimension.low), dimension.high)
            name = parameter(dimension, layer if dimension.each_layer else None)
            parameters[name] = complement(inside) if dimension.scale == "one-minus-log" else float(inside)
    return parameters
