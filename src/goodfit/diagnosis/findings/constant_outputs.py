"""Constant outputs: the network gives every example the same answer, so its inputs play no part.

The evidence is outputs that are equal for all examples of a look, although the inputs differ. It has many causes: dead
units, weights thrown far away by a high rate, inputs out of scale, an output that cannot change.
"""

from goodfit.diagnosis.finding import Finding, Observation, Remedy
from goodfit.diagnosis.findings import divergence
from goodfit.diagnosis.findings.costs import cost_clause, cost_plot
from goodfit.diagnosis.findings.layers import recorded_health
from goodfit.diagnosis.findings.remedies import default_network, lower_rate

ID = "constant-outputs"
NAME = "the same output for every example"
_EQUAL = 1e-6  # of the largest output, as for dead units (`layer_statistics.py`)


def find(observation: Observation) -> Finding | None:
    """Return the finding if all outputs are equal at the last look, although the inputs are not."""
    health, epoch = recorded_health(observation), None
    if divergence.find(observation) is not None:
        return None  # numbers that are not finite are no answers
    if _is_constant_in_program(observation):
        at = ""
    elif health is not None and health.of("dead")[-1, -1] == 1 and health.of("dead")[-1, 0] < 1:
        epoch = int(health.epochs[-1])
        at = f" in epoch {epoch}"
    else:
        return None
    size = float(health.of("size")[-1, -1]) if health is not None else float("nan")
    check = Remedy(
        "check-last-layer",
        "look at the last layers: an output behind a ReLU or a saturated sigmoid cannot leave its end",
        "there the slope is 0, so that no step changes the output",
        {},
    )
    return Finding(
        ID,
        NAME,
        severity=1,
        confidence=0.95,
        sentence=f"The network gives the same output for every example{at}, although the inputs differ; "
        f"{cost_clause(observation)}.",
        evidence={"output_size": size},
        remedies=(*lower_rate(observation), check, *default_network(observation)),
        layer="output",
        epoch=epoch,
        plot=cost_plot(observation),
    )


def _is_constant_in_program(observation: Observation) -> bool:
    """Return True if the outputs that a hook saw last are equal, of inputs that are not."""
    if observation.program is None:
        return False
    outputs, inputs = observation.program.outputs, observation.program.inputs
    if outputs.difference is None or outputs.lowest is None or outputs.highest is None:
        return False
    largest = max(abs(outputs.lowest), abs(outputs.highest))
    return outputs.difference <= _EQUAL * largest and inputs.lowest != inputs.highest and (outputs.examples or 0) > 1
