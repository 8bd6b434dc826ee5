"""No activation between the layers: however many there are, together they are one linear layer.

The evidence is two layers or more with nothing but linear operations between them, and a high train cost. The remedy
is an activation behind each hidden layer (course notes: why non-linear activation functions).
"""

from goodfit.diagnosis.finding import Finding, Observation, Remedy
from goodfit.diagnosis.findings.costs import cost_clause, cost_plot, is_stuck

ID = "no-activation"
NAME = "no activation between the layers"
_HIGH = 0.2  # of the constant guess's cost: below it a linear network is enough


def find(observation: Observation) -> Finding | None:
    """Return the finding if several layers are linear, and the train cost is high."""
    program, weights = observation.program, observation.signals.weights or {}
    layers = sum(name.endswith(".W") for name in weights)
    if program is None or program.layers.hidden_activations != () or program.inputs.scaling == "embedding":
        return None
    if layers < 2 or not is_stuck(observation, _HIGH):
        return None
    activation = 'activation="relu"' if program.framework == "keras" else "nn.ReLU()"
    return Finding(
        ID,
        NAME,
        severity=2,
        confidence=0.85,
        sentence=f"There is no activation between the {layers} layers, so together they are one linear layer; "
        f"{cost_clause(observation)}.",
        evidence={"layers": float(layers)},
        remedies=(
            Remedy(
                "add-activation",
                f"an activation behind each hidden layer, such as {activation}",
                "only then can the layers bend",
                {},
            ),
        ),
        plot=cost_plot(observation),
    )
