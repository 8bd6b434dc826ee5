"""The cost became infinite or undefined (course notes: exploding gradients; too large a learning rate)."""

import numpy as np

from goodfit.diagnosis.finding import Finding, Observation, Plot, Remedy
from goodfit.diagnosis.findings.remedies import lower_rate, reset
from goodfit.record.run import Outcome
from goodfit.wording.numbers import number

ID = "divergence"
NAME = "divergence"


def find(case: Observation) -> Finding | None:
    """A cost or a layer that is no number, or a training that ended so."""
    where = _first_cost(case) or _first_layer(case)
    if where is None and case.signals.outcome is not Outcome.DIVERGED:
        return None
    what, layer, epoch = where or ("the cost", None, None)
    when = "on the way" if epoch is None else f"in epoch {epoch}"
    rate = case.plan.learning_rate if case.plan else np.nan
    at = "" if np.isnan(rate) else f" at a learning rate of {number(rate, 3)}"
    return Finding(
        ID,
        NAME,
        severity=1,
        confidence=1.0,
        sentence=f"The training diverged: {what} became infinite or undefined {when}{at}.",
        evidence={"learning_rate": rate, "epoch": np.nan if epoch is None else float(epoch)},
        remedies=(
            *lower_rate(case),
            Remedy(
                "clip-gradients",
                "clip gradients",
                "a single large gradient cannot throw the parameters away",
                {"clip_norm": 1.0},
            ),
            *reset(case),
        ),
        layer=layer,
        epoch=epoch,
        plot=_plot(case),
    )


def _first_cost(case: Observation) -> tuple[str, str | None, int | None] | None:
    """The first epoch with an infinite cost; of a training that ended so, with an undefined one too."""
    history, ended = case.signals.history, case.signals.outcome is Outcome.DIVERGED
    for name, words in (("train_cost", "the train cost"), ("objective", "J"), ("dev_cost", "the dev cost")):
        values = np.asarray(history.get(name, ()), np.float64)
        bad = np.flatnonzero(np.isinf(values) | (np.isnan(values) & ended))
        if len(bad):
            return words, None, int(history["epoch"][bad[0]]) if "epoch" in history else int(bad[0]) + 1
    return None


def _first_layer(case: Observation) -> tuple[str, str | None, int | None] | None:
    """The first look and layer of which something is infinite."""
    health = case.signals.health
    if health is None:
        return None
    looks, layers = np.nonzero(np.isinf(health.seen).any(axis=2))
    if not len(looks):
        return None
    return health.layers[layers[0]], health.layers[layers[0]], int(health.epochs[looks[0]])


def _plot(case: Observation) -> Plot | None:
    history = case.signals.history
    lines = {name: np.asarray(history[name], np.float64) for name in ("train_cost", "dev_cost") if name in history}
    if "epoch" not in history or not lines:
        return None
    return Plot("Cost by epoch", "epoch", "cost", np.asarray(history["epoch"], np.float64), lines, log=True)
