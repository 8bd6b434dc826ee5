"""Target not scaled: the network starts near 0 and has to reach a target that is far from 0 and 1.

The evidence is a target whose mean or deviation is far from those of a standardized one, a linear output, and a train
cost that is still close to a constant guess's: a target on any scale that was learned is fine. The remedy is to
subtract the target's mean and divide by its deviation.
"""

from goodfit.diagnosis.finding import Finding, Observation, Remedy
from goodfit.diagnosis.findings import rate_high
from goodfit.diagnosis.findings.costs import cost_clause, cost_plot, cost_share, is_stuck, series, still_falls
from goodfit.wording.numbers import number

ID = "target-not-scaled"
NAME = "target not scaled"
_FAR = 10.0  # mean or deviation; as for inputs
_HUGE = 100.0  # from here on no usual learning rate suits, so a rate that seems too high is no cause
_SMALL = 0.05  # deviation; as for inputs
_HIGH = 0.5  # of the constant guess's cost
_FALLS = 0.1  # in the last fifth of the epochs, as for a training that stopped too early
_LOSSES = ("squared_error", "absolute_error", "huber")


def find(observation: Observation) -> Finding | None:
    """Return the finding if the target of a regression is far from 0 or 1, and hardly anything of it was learned."""
    program, data = observation.program, observation.data
    if program is None or data is None or data.task != "regression" or program.loss.name not in _LOSSES:
        return None
    mean, deviation = program.targets.mean, program.targets.deviation
    if program.outputs.activation not in (None, "linear") or mean is None or not deviation:
        return None
    far = max(abs(mean), deviation)
    if not (far > _FAR or deviation < _SMALL) or not is_stuck(observation, _HIGH):
        return None
    if still_falls(series(observation, "train_cost").values, _FALLS):
        return None  # it only stopped too early
    if deviation >= _SMALL and far < _HUGE and rate_high.find(observation) is not None:
        return None
    standardize = Remedy(
        "standardize-target",
        "standardize the target: subtract its mean and divide by its deviation, and undo both for predictions",
        "the output starts near 0 with a size of about 1, and so does the gradient then",
        {},
    )
    return Finding(
        ID,
        NAME,
        severity=1,
        confidence=0.95 if program.outputs.activation == "linear" else 0.85,
        sentence=f"The target is not scaled: its mean is {number(mean, 3)} and its deviation {number(deviation, 3)}, "
        f"where 0 and 1 suit a network; {cost_clause(observation)}.",
        evidence={"mean": mean, "deviation": deviation, "cost_share": cost_share(observation) or 0.0},
        remedies=(standardize,),
        layer="output",
        plot=cost_plot(observation),
    )
