"""The hyperparameters that a search tunes, tier by tier in the course notes' order of importance, and their ranges."""

import math

from goodfit.plan import SETTINGS, Plan
from goodfit.settings import NAMED_ONLY, SearchRange

LAST_TIER = NAMED_ONLY - 1  # of the course notes' list

# `hidden_units` is searched as `units` and `layers`; every other setting by its own name.
_SEARCHED = {
    searched.name or entry.name: (searched, entry)
    for entry in SETTINGS.values()
    for searched in entry.searches or (SearchRange(NAMED_ONLY, ""),)
}


def _rank(searched: SearchRange) -> tuple[int, float]:
    return searched.tier, searched.place or math.inf


_RANGES = {name: searched for name, (searched, _) in _SEARCHED.items()}
USUAL = dict(sorted(_RANGES.items(), key=lambda item: _rank(item[1])))


def applies(name: str, base: Plan) -> bool:
    """Return True where a search around this plan would gain from this hyperparameter.

    Of L2 and weight decay, that is the one that the plan has, or L2: two penalties on the same weights say the same.
    """
    searched, entry = _SEARCHED[name]
    if searched.only_if is not None:
        condition, value = searched.only_if
        if getattr(base, condition) != value:
            return False
    if name in ("l2", "weight_decay"):
        return (name == "weight_decay") == (base.weight_decay > 0)
    # a setting that is searched itself may get another value, so only the others decide
    return not any(
        getattr(base, circumstance.setting) in circumstance.values
        for circumstance in entry.idle_with
        if circumstance.setting in USUAL and USUAL[circumstance.setting].tier > LAST_TIER
    )
