"""Plans from the settings that a space draws, and the checks of a space before its first trial."""

import itertools
from collections.abc import Mapping, Sequence
from typing import Any

from goodfit.errors import InputError, PlanError
from goodfit.plan import Plan
from goodfit.search.scales import REAL, Dimension, values

UNITS, LAYERS, WIDTHS = "units", "layers", "hidden_units"


def depth(base: Plan, settings: Mapping[str, Any]) -> int:
    """Return the number of hidden layers of a plan with these settings.

    Raises:
        PlanError: `layers` is no whole number.
    """
    widths = settings.get(WIDTHS, base.hidden_units)
    layers = settings.get(LAYERS, len(widths) if isinstance(widths, list | tuple) else 0)
    if not isinstance(layers, int) or isinstance(layers, bool) or layers < 0:
        raise PlanError(f"layers is {layers!r}; it must be a whole number of at least 0")
    return layers


def plan_of(base: Plan, settings: Mapping[str, Any]) -> Plan:
    """Return the base with these settings; units and layers become its hidden units, one width for all layers.

    Raises:
        PlanError: a setting that no plan takes.
    """
    changes = {name: value for name, value in settings.items() if name not in (UNITS, LAYERS)}
    if UNITS in settings or LAYERS in settings:
        widths = [settings[UNITS]] if UNITS in settings else base.hidden_units[:1]
        layers = depth(base, settings)
        if layers and not widths:
            raise PlanError("layers are searched, but the base plan has no hidden units; search units too")
        if not layers and LAYERS not in settings:
            raise PlanError("units are searched, but the base plan has no hidden layer; search layers too")
        changes[WIDTHS] = tuple(widths) * layers
    return base.with_(**changes)


def check(base: Plan, fixed: Mapping[str, Any], dimensions: Sequence[Dimension]) -> None:
    """Refuse a space that contains an invalid plan before its first trial rather than in its fortieth.

    All ends and choices of every two dimensions are tried together; no rule of a plan joins more than two settings.

    Raises:
        PlanError: the space contains an invalid plan.
        InputError: nothing is searched.
    """
    try:
        for pair in itertools.combinations(dimensions, min(2, len(dimensions))):
            for pair_values in itertools.product(*map(values, pair)):
                _probe(base, fixed, dimensions, dict(zip(pair, pair_values, strict=True)))
    except PlanError as error:
        raise PlanError(f"the space contains a plan that does not work: {error}") from None
    if not dimensions:
        raise InputError("the space fixes everything; give a range to search, as in learning_rate=log:1e-4..1e-1")


def is_structural(base: Plan, fixed: Mapping[str, Any], dimensions: Sequence[Dimension], dimension: Dimension) -> bool:
    """True where this dimension changes what is compiled."""
    if dimension.scale in REAL:  # it turns work off at most at an end, which is never drawn
        return False
    plans = [_probe(base, fixed, dimensions, {dimension: value}) for value in values(dimension)]
    return len({(plan.structure, plan.preparation) for plan in plans}) > 1  # each preparation has its own inputs


def _probe(
    base: Plan, fixed: Mapping[str, Any], dimensions: Sequence[Dimension], overrides: Mapping[Dimension, Any]
) -> Plan:
    """Return the plan of these values, with the other dimensions at their upper ends, where no layer is missing."""
    point = {dimension: overrides.get(dimension, values(dimension)[-1]) for dimension in dimensions}
    settings = {**fixed, **{dimension.name: value for dimension, value in point.items()}}
    layers = depth(base, settings)
    layered = {dimension.name: (value,) * layers for dimension, value in point.items() if dimension.each_layer}
    return plan_of(base, settings | layered)
