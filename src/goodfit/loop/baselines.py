"""The loop's first step: the simplest predictions and models, then the network that the rounds start from."""

from dataclasses import replace

import numpy as np

from goodfit.experiments.default_plans import perceptron_plan, regression_plan
from goodfit.experiments.simple_predictions import LINEAR, simple_errors
from goodfit.loop.state import LoopContext, LoopState
from goodfit.plan import Plan
from goodfit.record.measurement import Entry
from goodfit.wording.numbers import percent

_SEEDS = 3  # of the first network, with --rounds
_BUDGET_SHARE = 0.25  # of the time left, for the first network's seeds
_GIVEN_PLAN_SHARE = 0.1  # where a plan is given: the default network is then tried in the first round
_PAIR_SHARE = 0.5  # of the time left, for the default network with pieces and without
_SHALLOW = "network without hidden layers"  # a part that an ensemble may use


def measure_baselines(context: LoopContext) -> LoopState:
    """Measure simple predictions, a network without hidden layers, for images also on pixels, and the first network."""
    splits, laboratory = context.splits, context.laboratory
    errors = simple_errors(splits, laboratory.folds, laboratory.rows)
    schema = splits.dataset.schema
    entries = [Entry(LINEAR[schema.task] if schema.image else _SHALLOW, regression_plan(splits), ())]
    if schema.image:
        entries.append(Entry("perceptron on pixels", perceptron_plan(splits), ()))
    # A prime above any number of trainings, so that two jobs share no seed of a training.
    first_seed = context.settings.seed * 1_000_003
    entries = [entry._replace(seeds=(first_seed + place,)) for place, entry in enumerate(entries)]
    measured = laboratory.measure("baselines", entries)
    baseline = {name: float(values.mean()) for name, values in errors.items()}
    if schema.image:  # of a table the linear model, which is solved exactly, stands for its network
        baseline |= {measurement.name: measurement.dev_error for measurement in measured}
    state = LoopState(measured[-1], first_seed + len(entries), baseline, errors, tuple(measured))
    return state if context.interrupted else _measure_first_network(state, context)


def _measure_first_network(state: LoopState, context: LoopContext) -> LoopState:
    """Measure the given plan or the default network; the best by dev cost becomes the incumbent."""
    laboratory, plan = context.laboratory, context.settings.plan
    entries = _first_networks(_affordable(plan or context.default_plan, context), context)
    seconds = laboratory.training_seconds(laboratory.jobs(entries))
    share = _GIVEN_PLAN_SHARE if plan else _BUDGET_SHARE
    count = context.clock.decide(
        "first-network-seeds",
        # Two at least: the spread between seeds is part of every interval that follows.
        lambda seconds_left: int(np.clip(share * seconds_left / max(seconds, 1e-3), 2, 4)),
        _SEEDS,
    )
    for place, entry in enumerate(entries):
        seeds, state = state.draw_seeds(count)
        entries[place] = entry._replace(seeds=seeds)
    measured = laboratory.measure("first-network", entries, title="default network")
    baseline = {**state.baseline, **{measurement.name: measurement.dev_error for measurement in measured}}
    figures = ", ".join(f"{name} {percent(error)}" for name, error in baseline.items())
    context.journal.write("baseline", f"Baselines, error on the dev set: {figures}.", errors=baseline, round=0)
    incumbent = min(measured, key=lambda measurement: measurement.dev_cost)
    return replace(state.with_measured(*measured), incumbent=incumbent, baseline=baseline)


def _first_networks(plan: Plan, context: LoopContext) -> list[Entry]:
    """Return the plan to start from; beside a default network with pieces also one without, if there is time."""
    if context.settings.plan:
        return [Entry("given plan", plan, (0,))]
    entries = [Entry("default network", plan, (0,))]
    if plan.preparation != "piecewise":
        return entries
    # This choice matters most, and no rule predicted it from the data (benchmarks/quality.py): measure both.
    plain = plan.with_(preparation="robust")
    laboratory = context.laboratory
    pair = laboratory.seconds(laboratory.jobs([Entry("", alternative, (0, 1)) for alternative in (plan, plain)]))
    if context.clock.decide(
        "first-network-without-pieces", lambda seconds_left: int(pair < _PAIR_SHARE * seconds_left), 1
    ):
        entries.append(Entry("default network without pieces", plain, (0,)))
    return entries


def _affordable(plan: Plan, context: LoopContext) -> Plan:
    """Return the plan with as many of its epochs as leave time for a loop around it."""
    laboratory = context.laboratory
    seconds = laboratory.training_seconds(laboratory.jobs([Entry("", plan, (0, 1))]))
    epochs = context.clock.decide(
        "first-network-epochs",
        lambda seconds_left: int(np.clip(plan.epochs * _BUDGET_SHARE * seconds_left / seconds, 3, plan.epochs)),
        plan.epochs,
    )
    if epochs < plan.epochs:
        context.journal.write("note", f"The budget allows {epochs} of the plan's {plan.epochs} epochs.", round=0)
    return plan.with_(epochs=epochs)
