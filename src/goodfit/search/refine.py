"""A zoom in the small: numbers drawn around the best plans that were measured, all of one compiled program."""

from collections.abc import Sequence
from dataclasses import replace

import optuna

from goodfit.plan import Plan
from goodfit.search.importance import LAST_TIER, USUAL, applies
from goodfit.search.sampler import GoodfitZoomSampler
from goodfit.search.scales import REAL, Dimension, parameter
from goodfit.search.space import Space
from goodfit.settings import complement


def near(plan: Plan, measured: Sequence[tuple[Plan, float]], count: int, seed: int) -> list[Plan]:
    """Plans that a coarse-to-fine search would try next, after these.

    Args:
        plan: gives all that is no number, and the numbers that it does without.
        measured: plans with their dev costs; those of other programs tell nothing here.
        count: how many to draw.
        seed: of the draws.
    """
    known = [
        each for each in measured if (each[0].structure, each[0].preparation) == (plan.structure, plan.preparation)
    ]
    layered = any(isinstance(each.keep_prob, tuple) for each in (plan, *(one for one, _ in known)))
    usual = [name for name, each in USUAL.items() if each.tier <= LAST_TIER and applies(name, plan)]
    whole = Space.parse([f"{name}={USUAL[name].text}" for name in usual], plan)
    numbers = [replace(each, each_layer=layered and each.name == "keep_prob") for each in whole.dimensions]
    space = Space(plan, tuple(each for each in numbers if each.scale in REAL and _used(plan, each)))
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    study = optuna.create_study(sampler=GoodfitZoomSampler(seed, max(len(known), 1)))
    for each, cost in known:
        study.enqueue_trial(_params(space, each))
        trial = study.ask()
        space(trial)
        study.tell(trial, cost)
    return [space(study.ask()) for _ in range(count)]


def _used(plan: Plan, dimension: Dimension) -> bool:
    """Whether the plan has it at all: no dropout, say, stays none."""
    off = 1.0 if dimension.scale == "one-minus-log" else 0.0
    return all(value != off for value in _values(plan, dimension))


def _values(plan: Plan, dimension: Dimension) -> Sequence[float]:
    return plan.keep_probs if dimension.each_layer else (getattr(plan, dimension.name),)


def _params(space: Space, plan: Plan) -> dict[str, float]:
    """The plan's place in the space as Optuna has it; what lies outside, at the nearest end."""
    params = {}
    for dimension in space.dimensions:
        for layer, value in enumerate(_values(plan, dimension), 1):
            inside = min(max(value, dimension.low), dimension.high)
            name = parameter(dimension, layer if dimension.each_layer else None)
            params[name] = complement(inside) if dimension.scale == "one-minus-log" else float(inside)
    return params
