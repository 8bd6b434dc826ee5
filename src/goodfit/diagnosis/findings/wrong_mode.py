"""Layers in the wrong mode: dropout and batch norm behave in training as if the network were used, or the reverse.

The evidence is the mode of these layers in passes with and without gradients. The remedy is to switch the modes: the
usual slip is to go back to training mode only once, before the first epoch.
"""

from goodfit.diagnosis.finding import Finding, Observation, Remedy
from goodfit.diagnosis.program_facts import LayerFacts

ID = "wrong-mode"
NAME = "layers in the wrong mode"


def find(observation: Observation) -> Finding | None:
    """Return the finding if layers trained in evaluation mode, or were evaluated in training mode."""
    program = observation.program
    if program is None or not (program.layers.has_batch_norm or program.layers.dropout_rates):
        return None
    layers = _layers(program.layers)
    is_torch = program.framework == "torch"
    if program.layers.mode_in_training in ("eval", "both"):
        when = "" if program.layers.mode_in_training == "eval" else " for a part of the steps"
        sentence = f"The network was trained in evaluation mode{when}: {layers} did not do their work."
        name = "call model.train() at the beginning of each epoch" if is_torch else "train with training=True"
        remedy = Remedy("train-mode", name, "evaluation mode stays on until training mode is called again", {})
    elif program.layers.mode_in_evaluation == "train":
        sentence = f"The network was evaluated in training mode: {layers} disturb its answers."
        name = "call model.eval() before evaluating, and model.train() after" if is_torch else "leave training=True out"
        remedy = Remedy("eval-mode", name, "nothing is dropped then, and batch norm takes its running averages", {})
    else:
        return None
    return Finding(ID, NAME, severity=2, confidence=0.9, sentence=sentence, evidence={}, remedies=(remedy,))


def _layers(layers: LayerFacts) -> str:
    names = ["dropout"] * bool(layers.dropout_rates) + ["batch norm"] * bool(layers.has_batch_norm)
    return " and ".join(names)
