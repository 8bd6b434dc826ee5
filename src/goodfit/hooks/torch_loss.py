"""The loss of a PyTorch program with the data that enter it, gathered over its backward passes."""

from typing import Any, NamedTuple

from goodfit.diagnosis.program_facts import ActivationName, LossFacts, OutputFacts, TargetFacts
from goodfit.hooks.data_seen import InputsSeen, TargetsSeen
from goodfit.hooks.outputs_seen import output_facts
from goodfit.hooks.torch_graph import SeenLoss, hidden_activations, last_activation, read_loss, softmax_axis
from goodfit.hooks.torch_layers import Tensor, array, some

_CLASSES_SECOND = ("cross_entropy", "negative_log_likelihood")  # [examples, classes, places]
_SAVED = ("softmax", "log_softmax", "sigmoid", "tanh", "relu")  # activations whose results autograd saves


class Reading(NamedTuple):
    """The loss of one backward pass.

    Attributes:
        loss: from the graph; without its node, which holds the whole graph.
        activation: of the predictions that enter it.
        softmax_axis: of the last softmax, of the network or else of the loss; None for outputs that are no table.
        outputs: some of the predictions; None if the graph does not have them.
        hidden_activations: before the predictions; None if they were not looked for, or are unknown.
    """

    loss: SeenLoss
    activation: ActivationName | None
    softmax_axis: int | None
    outputs: Tensor
    hidden_activations: tuple[ActivationName, ...] | None


class LossSeen:
    """The loss as it was read last, and the inputs and targets of the first epoch."""

    def __init__(self, torch: Any) -> None:
        self.torch = torch
        self.reading: Reading | None = None
        self.hidden_activations: tuple[ActivationName, ...] | None = None
        self.inputs, self.targets = InputsSeen(), TargetsSeen()

    @property
    def has_other_terms(self) -> bool:
        """True if something is added to the loss, or if the loss is unknown."""
        return self.reading is None or self.reading.loss.name is None or self.reading.loss.has_other_terms

    def read(self, cost: Tensor, output: Tensor) -> Reading:
        """Read the loss from the graph of a cost, whose saved tensors are gone after the backward pass."""
        loss = read_loss(cost, output)
        if loss.node is None:
            return Reading(loss, None, None, None, None)
        activation, node = last_activation(loss.node)
        outputs = node._saved_result if activation in _SAVED else loss.predictions
        return Reading(
            loss=loss._replace(node=None, predictions=None),
            activation=activation,
            softmax_axis=loss.softmax_axis if node is None else softmax_axis(node) or loss.softmax_axis,
            outputs=None if outputs is None or outputs.ndim == 0 else some(outputs),
            hidden_activations=hidden_activations(loss.node) if self.reading is None else None,
        )

    def confirm(self, reading: Reading | None, model_input: Tensor, is_counted: bool) -> None:
        """Take note of a reading whose backward pass reached the model.

        Args:
            reading: of the pass; None if it failed.
            model_input: that entered the model in the pass; None if unknown.
            is_counted: True if its data are to be counted.
        """
        if is_counted and model_input is not None:
            self.inputs.add(array(self.torch, model_input), dtype=_name(model_input))
        if reading is None:
            return
        targets = reading.loss.targets
        if is_counted and targets is not None:
            self.targets.add(array(self.torch, targets), dtype=_name(targets))
        if self.reading is None:
            self.hidden_activations = reading.hidden_activations
        self.reading = reading._replace(loss=reading.loss._replace(targets=None))

    def loss_facts(self) -> LossFacts:
        """Return the facts about the loss."""
        if self.reading is None:
            return LossFacts()
        loss = self.reading.loss
        return LossFacts(loss.name, loss.from_logits, loss.outputs_shape, loss.targets_shape)

    def output_facts(self, output: Tensor) -> OutputFacts:
        """Return the facts about the predictions, or about the model's outputs if the graph does not have them."""
        reading = self.reading
        outputs = output if reading is None or reading.outputs is None else reading.outputs
        if reading is None or outputs is None:
            return OutputFacts()
        unit_axis = 1 if outputs.ndim > 2 and reading.loss.name in _CLASSES_SECOND else -1
        return output_facts(array(self.torch, outputs), reading.activation, reading.softmax_axis, unit_axis)

    def target_facts(self) -> TargetFacts:
        """Return the facts about the targets."""
        loss = None if self.reading is None else self.reading.loss
        return self.targets.facts(loss.name if loss is not None and loss.is_mean else None)


def _name(tensor: Tensor) -> str:
    return str(tensor.dtype).removeprefix("torch.")
