"""From settings drawn in a space to a plan; what is asked of a space before its first trial."""

import itertools
from collections.abc import Mapping, Sequence
from typing import Any

from goodfit.errors import InputError, PlanError
from goodfit.plan import Plan
from goodfit.search.scales import REAL, Dimension, values

UNITS, LAYERS, WIDTHS = "units", "layers", "hidden_units"


def depth(base: Plan, settings: Mapping[str, Any]) -> int:
    """How many hidden layers a plan with these settings has.

    Raises:
        PlanError: no whole number.
    """
    widths = settings.get(WIDTHS, base.hidden_units)
    layers = settings.get(LAYERS, len(widths) if isinstance(widths, list | tuple) else 0)
    if not isinstance(layers, int) or isinstance(layers, bool) or layers < 0:
        raise PlanError(f"layers is {layers!r}; it must be a whole number of at least 0")
    return layers


def plan_of(base: Plan, settings: Mapping[str, Any]) -> Plan:
    """The base with these settings; units and layers make its hidden units, one width for all layers.

    Raises:
        PlanError: a setting that no plan takes.
    """
    changes = {name: value for name, value in settings.items() if name not in (UNITS, LAYERS)}
    if UNITS in settings or LAYERS in settings:
        widths = [settings[UNITS]] if UNITS in settings else base.hidden_units[:1]
        layers = depth(base, settings)
        if layers and not widths:
            raise PlanError("layers are searched, but the plan they start from has no hidden units; give units too")
        if not layers and LAYERS not in settings:
            raise PlanError("units are searched, but the plan they start from has no hidden layer; give layers too")
        changes[WIDTHS] = tuple(widths) * layers
    return base.with_(**changes)


def check(base: Plan, fixed: Mapping[str, Any], dimensions: Sequence[Dimension]) -> None:
    """Refuse a space that reaches a plan which is refused, now and not in its fortieth trial.

    Every two dimensions are tried at all of their ends and choices together, for no rule of a plan joins more.

    Raises:
        PlanError: what a plan says of it.
        InputError: nothing is searched.
    """
    try:
        for some in itertools.combinations(dimensions, min(2, len(dimensions))):
            for chosen in itertools.product(*map(values, some)):
                _probe(base, fixed, dimensions, dict(zip(some, chosen, strict=True)))
    except PlanError as error:
        raise PlanError(f"the space reaches a plan that does not work: {error}") from None
    if not dimensions:
        raise InputError("the space fixes everything; give a range to search, as in learning_rate=log:1e-4..1e-1")


def compiles(base: Plan, fixed: Mapping[str, Any], dimensions: Sequence[Dimension], one: Dimension) -> bool:
    """Whether this dimension changes what is compiled; a real number does at most at an end, which is never drawn."""
    if one.scale in REAL:
        return False
    plans = [_probe(base, fixed, dimensions, {one: value}) for value in values(one)]
    return len({(plan.structure, plan.preparation) for plan in plans}) > 1  # a preparation makes its own inputs


def _probe(
    base: Plan, fixed: Mapping[str, Any], dimensions: Sequence[Dimension], chosen: Mapping[Dimension, Any]
) -> Plan:
    """The plan of these values, everything else at its upper end, where there are layers to see it."""
    at = {one: chosen[one] if one in chosen else values(one)[-1] for one in dimensions}
    settings = {**fixed, **{one.name: value for one, value in at.items()}}
    layers = depth(base, settings)
    return plan_of(base, settings | {one.name: (value,) * layers for one, value in at.items() if one.each_layer})
