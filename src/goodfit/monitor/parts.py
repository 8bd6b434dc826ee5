"""The parts of the page as plain values: gaps, health by layer, nudges with their marks, what each was worth."""

import math
from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np

from goodfit.diagnosis.gaps import judge
from goodfit.diagnosis.intervals import Interval
from goodfit.record.run import Health
from goodfit.wording import numbers

_MOST_LOOKS = 60  # drawn of one layer: a spark is as wide as so many pixels


def finite(value: Any) -> float | None:
    """The number, to five digits, or None where JSON has no word for it: enough for any screen."""
    known = isinstance(value, int | float) and math.isfinite(value)
    return float(f"{value:.5g}") if known else None


def gap(
    train: float | None,
    dev: float | None,
    about: Mapping[str, Any],
    options: Mapping[str, Any],
    epoch: int,
) -> dict[str, Any] | None:
    """Where the error comes from after an epoch: both errors, the gaps with their intervals, and the verdict.

    Args:
        train: error on the training set.
        dev: error on the dev set.
        about: what the training says of itself: `metric`, and `facts` of the data.
        options: that it was asked: `human_error` and `min_gap`.
        epoch: that they were measured after.
    """
    if train is None or dev is None:
        return None
    rates, given = about["metric"] == "error_rate", options.get("human_error")
    human = 0.0 if given is None and rates else given
    facts, found = about["data"], None
    if rates and facts.get("dev"):
        found = judge(
            min(train, 1.0),
            min(dev, 1.0),
            train_size=facts["m"],
            dev_size=facts["dev"],
            human_error=human,
            min_gap=options.get("min_gap", 0.02),
        )
        bias, variance = found.avoidable_bias, found.variance
    else:  # one epoch's mean of another measure tells nothing of its interval
        bias, variance = None if human is None else _bare(train - human), _bare(dev - train)
    told = {"verdict": found.verdict if found else None, "reason": found.reason if found else None}
    return _told(train, dev, human, given is None, bias, variance) | told | {"epoch": epoch}


def gap_of_result(result: Mapping[str, Any]) -> dict[str, Any] | None:
    """The same of a run that has ended: of the network that was kept."""
    final, human = result["final"], result.get("human_error")
    if finite(final.get("train_error")) is None or finite(final.get("dev_error")) is None:
        return None
    assumed = human is None
    human = 0.0 if assumed and result["metric"] == "error_rate" else human
    bias, variance = (final.get(name) and Interval(**final[name]) for name in ("avoidable_bias", "variance"))
    facts = _told(final["train_error"], final["dev_error"], human, assumed, bias, variance)
    told = {"verdict": final["verdict"], "reason": final["reason"]}
    return facts | told | {"epoch": result.get("best_epoch")}


def _told(
    train: float, dev: float, human: float | None, assumed: bool, bias: Interval | None, variance: Interval | None
) -> dict[str, Any]:
    values = {"train": finite(train), "dev": finite(dev), "human": finite(human), "assumed": assumed}
    said = {"train": numbers.percent(train), "dev": numbers.percent(dev), "human": numbers.percent(human)}
    for name, each in (("bias", bias), ("variance", variance)):
        values[name] = finite(each and each.value)
        if each is None:
            said[name] = "not known"
        elif each.low == each.high:  # no interval
            said[name] = numbers.gap(each.value)
        else:
            said[name] = numbers.gap(each.value, each.low, each.high)
    return values | {"said": said}


def _bare(value: float) -> Interval:
    return Interval(value, value, value)


def health(looks: Health, findings: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """For each layer what the looks saw in it, by measure, and the names of the findings that point at it."""
    if not len(looks.epochs):
        return []
    kept = np.unique(np.linspace(0, len(looks.epochs) - 1, _MOST_LOOKS).round().astype(int))
    with np.errstate(divide="ignore", invalid="ignore"):
        moved = looks.of("update") / looks.of("weight")
    measures = {name: looks.of(name) for name in ("gradient", "deviation", "dead", "saturated")} | {"update": moved}
    found = defaultdict(list)
    for finding in findings:
        found[finding.get("layer")].append(finding["name"])
    return [
        {
            "layer": layer,
            "epochs": looks.epochs[kept].tolist(),
            "found": found[layer],
            "measures": {
                name: [finite(value) for value in values[kept, place].tolist()]
                for name, values in measures.items()
                if layer != "inputs" or name == "deviation"  # inputs have no weights, and nothing to die
            },
        }
        for place, layer in enumerate(looks.layers)
    ]


def worth(told: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """What each nudge was worth, as the training says it, with numbers that JSON can hold."""
    kept = ("epoch", "what", "at", "pairs", "sentence", "ended")
    return [
        {name: each.get(name) for name in kept}
        | {
            name: {end: finite(interval.get(end)) for end in ("value", "low", "high")}
            if isinstance(interval := each.get(name), Mapping)
            else None
            for name in ("error", "cost")
        }
        for each in told
    ]
