"""The step after the rounds, with a budget: settings near the incumbent's, then a zoom around the best."""

from collections.abc import Sequence

import numpy as np

from goodfit.loop.experiments import run_experiments
from goodfit.loop.prescription import Changes, Proposal
from goodfit.loop.proposals import cures, differences, flips_allowed, rest_of_recipe
from goodfit.loop.round_diagnosis import diagnose, measure_mirroring
from goodfit.loop.state import LoopContext, LoopState
from goodfit.plan import Plan
from goodfit.record.measurement import Measurement

_VARIATIONS = 6
_ZOOMED = 6  # settings in a round of zooming


def try_variations(state: LoopState, context: LoopContext) -> LoopState:
    """Spend the rest of the rounds' time: cures, the recipe's other lines and variations, then zoom in on the best."""
    seed = context.settings.seed
    if not _is_diagnosed(state):
        state = diagnose(state, context)
    state = measure_mirroring(state, context)
    plan = state.incumbent.plan
    recipe = rest_of_recipe(context.splits, plan, state.measured_plans, flips_allowed(state, context))
    random_settings = variations(plan, _VARIATIONS, np.random.default_rng([seed, 1]))
    # A tight budget ends early in the list, so it begins with some of each kind.
    proposals = [*cures(state, context), *recipe[:2], *random_settings[:2], *recipe[2:], *random_settings[2:]]
    state = run_experiments(state, proposals, context)
    while state.current_round.experiments and not context.interrupted and context.has_time_for_round():
        state = diagnose(state, context)
        proposals = zoomed(state.incumbent.plan, state.measured, state.current_round.number, seed)
        state = run_experiments(state, proposals, context)
        if not state.current_round.adopted:
            break
    return state


def _is_diagnosed(state: LoopState) -> bool:
    """True if the last round diagnosed the incumbent and tried nothing: its diagnosis still holds."""
    if not state.rounds:
        return False
    return not state.current_round.experiments and state.current_round.incumbent is state.incumbent


def variations(plan: Plan, count: int, generator: np.random.Generator) -> list[Proposal]:
    """Return random settings near this plan's (course notes: appropriate scale to pick hyperparameters)."""
    why = "a setting near the incumbent's"
    return [
        Proposal(f"variation-{number}", f"variation {number}", why, variation(plan, generator))
        for number in range(1, count + 1)
    ]


def variation(plan: Plan, generator: np.random.Generator) -> Changes:
    """Return a setting near this plan's, each number on its own scale: log for rates, log of 1 − p for keep_prob."""

    def around(value: float, factor: float) -> float:
        # Uniform in the logarithm, within a factor to both sides; three digits, so that people can type the setting.
        return float(f"{value * factor ** generator.uniform(-1, 1):.3g}")

    changes: Changes = {
        "learning_rate": around(plan.learning_rate, 3),
        "weight_decay": around(max(plan.weight_decay, 0.003), 5),
    }
    drop_rates = [1 - keep_prob for keep_prob in plan.keep_probs]
    if drop_rates and max(drop_rates) > 0:
        changes["keep_prob"] = tuple(round(1 - min(0.7, around(max(drop, 0.02), 2)), 3) for drop in drop_rates)
    return changes


def zoomed(plan: Plan, measured: Sequence[Measurement], number: int, seed: int) -> list[Proposal]:
    """Return settings around the best that were measured (course notes: coarse to fine)."""
    from goodfit.search.refine import nearby_plans  # brings Optuna, which takes half a second

    costs = [(measurement.plan, measurement.dev_cost) for measurement in measured if measurement.is_complete]
    plans = nearby_plans(plan, costs, _ZOOMED, seed * 1_000_003 + number)
    why = "a setting near the best so far"
    return [
        Proposal(f"zoom-{number}.{place}", f"zoom {number}.{place}", why, differences(plan, closer))
        for place, closer in enumerate(plans, 1)
    ]
