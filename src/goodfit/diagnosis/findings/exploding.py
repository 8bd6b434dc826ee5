"""Exploding gradients or activations (course notes: vanishing / exploding gradients)."""

import numpy as np

from goodfit.diagnosis.finding import Finding, Observation
from goodfit.diagnosis.findings.looks import growth_back, growth_forward, looked, plot_by_layer, signal_back
from goodfit.diagnosis.findings.remedies import batch_norm, changed, lower_rate, reset
from goodfit.diagnosis.findings.signs import cost_words, guess_cost, series
from goodfit.wording.numbers import times

ID = "exploding-gradient"
NAME = "exploding gradient"
_FACTOR = 1e3  # over all layers, of the outputs or of dJ/dz on the way back
_ABOVE = 2.0  # times the constant guess's cost: what was harmed


def find(case: Observation) -> Finding | None:
    """Outputs or dJ/dz grow a thousandfold over the layers, and the cost was thrown above a constant guess's."""
    health, signal = looked(case), signal_back(case)
    if health is None or signal is None or not _harmed(case):
        return None
    found = [
        (each, what, values, look)
        for what, values, trend in (
            ("the gradient", signal, growth_back(case)),
            ("the output", health.of("size")[:, 1:-1], growth_forward(case)),
        )
        for look, each in enumerate(trend)
        if each is not None and each.factor > _FACTOR
    ]
    if not found:
        return None
    worst, what, values, look = found[0]
    epoch, way = int(health.epochs[look]), "back" if what == "the gradient" else "on"
    place = int(np.nanargmax(values[look]))
    return Finding(
        ID,
        NAME,
        severity=1,
        confidence=float(min(0.99, 0.8 + 0.03 * np.log10(worst.factor / _FACTOR))),
        sentence=f"{what.capitalize()} explodes: from layer to layer {way} it grows {times(worst.rate)}, "
        f"{times(worst.factor)} over all {values.shape[1]} layers (epoch {epoch}); {cost_words(case)}.",
        evidence={"rate": worst.rate, "factor": worst.factor, "epoch": float(epoch)},
        remedies=(
            *changed(
                case,
                "clip-gradients",
                "clip gradients",
                "no single step can be larger than the norm allows",
                {"clip_norm": 1.0},
            ),
            *batch_norm(case, "batch-norm", "batch norm", "each layer's variance is set to 1, whatever came before"),
            *lower_rate(case),
            *reset(case),
        ),
        layer=health.layers[1 + place],
        epoch=epoch,
        plot=plot_by_layer(case, f"{what.capitalize()} by layer", "size (relative)", values, 1),
    )


def _harmed(case: Observation) -> bool:
    costs, guess = series(case, "train_cost").values, guess_cost(case.data)
    return len(costs) == 0 or guess is None or bool((costs > _ABOVE * guess).any())
