"""The health panel of a live view: statistics of each layer over the epochs."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from goodfit.monitor.curves import finite
from goodfit.monitor.findings import FindingView
from goodfit.record.plain import PlainData
from goodfit.record.run import Health
from goodfit.wording import numbers

_MOST_LOOKS = 60  # of one layer: a spark line is about as many pixels wide
_MEASURES = ("gradient", "update", "deviation", "dead", "saturated")
_SHARES = ("dead", "saturated")


@dataclass(frozen=True, kw_only=True)
class Measure(PlainData):
    """One statistic of a layer.

    Attributes:
        text: the last value in words.
        values: one per look; None where undefined.
    """

    text: str
    values: tuple[float | None, ...]


@dataclass(frozen=True, kw_only=True)
class LayerHealth(PlainData):
    """Health statistics of one layer.

    Attributes:
        layer: "inputs", "layer 1", …, "output".
        epochs: of the looks.
        findings: names of the findings that point at this layer.
        measures: by name; inputs have only a deviation.
    """

    layer: str
    epochs: tuple[int, ...]
    findings: tuple[str, ...]
    measures: dict[str, Measure]


def layer_health(looks: Health, findings: Iterable[FindingView]) -> tuple[LayerHealth, ...]:
    """Return the statistics of each layer, with the names of the findings that point at it."""
    if not len(looks.epochs):
        return ()
    # Spread evenly, with the first and the last look; of few looks each is taken, and `unique` drops the repetitions.
    places = np.unique(np.linspace(0, len(looks.epochs) - 1, _MOST_LOOKS).round().astype(int))
    with np.errstate(divide="ignore", invalid="ignore"):  # inputs have no weights to divide by
        relative_update = looks.of("update") / looks.of("weight")
    columns = {name: relative_update if name == "update" else looks.of(name) for name in _MEASURES}
    names: dict[str | None, list[str]] = defaultdict(list)
    for finding in findings:
        names[finding.layer].append(finding.name)
    return tuple(
        LayerHealth(
            layer=layer,
            epochs=tuple(looks.epochs[places].tolist()),
            findings=tuple(names[layer]),
            measures={
                name: _measure(name, values[places, layer_place])
                for name, values in columns.items()
                if layer != "inputs" or name == "deviation"  # inputs have no weights, and nothing to die
            },
        )
        for layer_place, layer in enumerate(looks.layers)
    )


def _measure(name: str, values: Float[np.ndarray, "looks"]) -> Measure:
    show = numbers.percent if name in _SHARES else numbers.column_number
    return Measure(text=show(float(values[-1])), values=tuple(map(finite, values.tolist())))
