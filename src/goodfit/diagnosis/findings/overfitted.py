"""Overfitting after the kept epoch: the network learned the training set by heart while the dev cost rose.

The evidence is a train error that reaches almost 0 after the epoch with the lowest dev cost, a dev cost that has risen
by a fifth over a quarter of the epochs or more, and a dev error at the kept epoch that is still high. So the network
can fit, and its kept epoch does not show that. The remedy is regularization (course notes: bias and variance).
"""

from goodfit.diagnosis.finding import Finding, Observation
from goodfit.diagnosis.findings.costs import cost_plot, guess_error, series
from goodfit.diagnosis.findings.remedies import change_plan
from goodfit.wording.numbers import number, percent

ID = "overfits-later"
NAME = "overfitting after the kept epoch"
_FITTED = 0.05  # of a constant guess's error, for the lowest train error
_ROSE = 1.2  # last dev cost over the lowest: more than noise, less than the many times that a long training reaches
_LATER, _FEWEST = 0.25, 10  # share and number of the epochs after the kept one
_HIGH = 0.2  # of a constant guess's error, for the dev error at the kept epoch; with a lower one the fit is good


def find(observation: Observation) -> Finding | None:
    """Return the finding if the train error reached almost 0 after the kept epoch, and the dev cost rose."""
    if observation.plan is None:
        return None  # programs elsewhere keep their last epoch, not that with the lowest dev cost
    costs, guess = series(observation, "dev_cost"), guess_error(observation.data)
    train, dev = series(observation, "train_error"), series(observation, "dev_error")
    if guess is None or not 1 < len(costs.values) == len(train.values) == len(dev.values):
        return None
    best = int(costs.values.argmin())
    later, lowest = len(costs.values) - 1 - best, float(train.values.min())
    is_late = later >= max(_FEWEST, _LATER * len(costs.values)) and train.values[: best + 1].min() > lowest
    rise = float(costs.values[-1] / costs.values[best]) if costs.values[best] > 0 else 1.0
    if not is_late or rise < _ROSE or lowest > _FITTED * guess or dev.values[best] < _HIGH * guess:
        return None
    return Finding(
        ID,
        NAME,
        severity=2,
        confidence=0.9 if rise > 2 else 0.75,
        sentence=f"After epoch {number(int(costs.epochs[best]))}, which was kept with a dev error of "
        f"{percent(dev.values[best])}, the train error went on to {percent(lowest)} while the dev cost rose for "
        f"{number(later)} epochs: the network can fit the training set, but what it learns then does not carry over.",
        evidence={"kept_epoch": float(costs.epochs[best]), "lowest_train_error": lowest, "rise": rise},
        remedies=(
            *change_plan(
                observation, "more-dropout", "more dropout", "no unit can rely on another", {"keep_prob": 0.6}
            ),
            *change_plan(
                observation, "more-weight-decay", "more weight decay", "smaller weights vary less", _decay(observation)
            ),
        ),
        epoch=int(costs.epochs[best]),
        plot=cost_plot(observation),
    )


def _decay(observation: Observation) -> dict[str, float]:
    plan = observation.plan
    return {"weight_decay": max(0.1, 4 * plan.weight_decay)} if plan else {"weight_decay": 0.1}
