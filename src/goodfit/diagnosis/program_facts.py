"""The facts that a hook hands over about a program elsewhere: its loss, outputs, data, layers and optimizer.

None means that the hook could not see a fact, so that nothing may be concluded from it.
"""

from dataclasses import dataclass
from typing import Literal

LossName = Literal[
    "cross_entropy",  # of classes: −log of the right class's probability
    "binary_cross_entropy",
    "negative_log_likelihood",  # PyTorch's NLLLoss, which takes log probabilities
    "squared_error",
    "absolute_error",
    "huber",
    "hinge",
    "kl_divergence",
    "poisson",
]
ActivationName = Literal[
    "linear", "softmax", "log_softmax", "sigmoid", "log_sigmoid", "tanh", "relu", "elu", "selu", "gelu", "silu",
    "softplus", "leaky_relu",
]  # fmt: skip
Mode = Literal["train", "eval", "both"]
_MOST_CLASSES = 100_000  # a larger number is no class's
Scaling = Literal["rescaling", "normalization", "batch_norm", "layer_norm", "embedding"]


@dataclass(frozen=True)
class LossFacts:
    """The loss that is trained with, as the framework calls it.

    Attributes:
        name: its kind; None if unknown, or if the cost is a sum of several.
        from_logits: True if the loss itself takes the softmax or sigmoid of what it is given; None for losses that do
            neither.
        outputs_shape: of the predictions that it was given last, with the batch.
        targets_shape: of the targets that it was given with them.
    """

    name: LossName | None = None
    from_logits: bool | None = None
    outputs_shape: tuple[int, ...] | None = None
    targets_shape: tuple[int, ...] | None = None


@dataclass(frozen=True)
class OutputFacts:
    """The network's outputs on the last examples that were looked at, as they enter the loss.

    Attributes:
        activation: the last one; "linear" if there is none.
        softmax_axis: axis that the last softmax (of the network, or else of the loss) sums to 1 over, counted from the
            end: −1 is the usual one. None for outputs that are no table [examples, units].
        units: outputs of one example.
        examples: number of examples looked at.
        lowest: smallest output.
        highest: largest output.
        row_sums: smallest and largest sum over an example's outputs; (1, 1) for a softmax.
        difference: largest difference between an output of two examples; 0 if all examples have the same outputs. None
            for fewer than two examples.
    """

    activation: ActivationName | None = None
    softmax_axis: int | None = None
    units: int | None = None
    examples: int | None = None
    lowest: float | None = None
    highest: float | None = None
    row_sums: tuple[float, float] | None = None
    difference: float | None = None


@dataclass(frozen=True)
class NonFinite:
    """Values that are not finite numbers, in the order in which the examples were seen.

    Attributes:
        count: number of them.
        rows: the examples that have one, from 0; the first ten.
        columns: the columns that have one, from 0; the first ten. Empty for arrays without columns.
    """

    count: int
    rows: tuple[int, ...]
    columns: tuple[int, ...] = ()


@dataclass(frozen=True)
class InputFacts:
    """The inputs of training, as they enter the network.

    Attributes:
        dtype: as NumPy names it, such as "float32" or "uint8".
        lowest: smallest finite value.
        highest: largest finite value.
        mean: of the finite values.
        deviation: of the finite values.
        scaling: the layer that brings the inputs to scale, or looks them up, before the first layer with weights;
            None if there is none or if it is unknown.
        non_finite: None if all that were seen are finite.
    """

    dtype: str | None = None
    lowest: float | None = None
    highest: float | None = None
    mean: float | None = None
    deviation: float | None = None
    scaling: Scaling | None = None
    non_finite: NonFinite | None = None


@dataclass(frozen=True)
class TargetFacts:
    """The targets of training.

    Attributes:
        dtype: as NumPy names it.
        columns: values of one example: 1 for shapes (n,) and (n, 1).
        examples: number of examples that these facts are of: the first epoch, as far as it was seen.
        lowest: smallest finite value.
        highest: largest finite value.
        mean: of the finite values.
        deviation: of the finite values; of several columns the root mean variance.
        is_whole: True if all values are whole numbers.
        counts: of each distinct value (one column) or of the ones in each column (several columns of zeros and ones),
            by value or by column; None if there are more than a thousand, or other values.
        row_sums: smallest and largest sum over an example's columns, for several columns; (1, 1) for one-hot targets.
        guess_cost: cost of the best constant guess by the program's own loss.
        non_finite: None if all that were seen are finite.
    """

    dtype: str | None = None
    columns: int | None = None
    examples: int | None = None
    lowest: float | None = None
    highest: float | None = None
    mean: float | None = None
    deviation: float | None = None
    is_whole: bool | None = None
    counts: dict[float, int] | None = None
    row_sums: tuple[float, float] | None = None
    guess_cost: float | None = None
    non_finite: NonFinite | None = None

    @property
    def class_counts(self) -> tuple[int, ...] | None:
        """Number of examples of each class, for numbers of classes and one-hot targets; None for other targets.

        >>> TargetFacts(columns=1, lowest=0, is_whole=True, counts={0.0: 5, 2.0: 3}).class_counts
        (5, 0, 3)
        """
        is_label = self.columns == 1 and self.is_whole and self.lowest is not None and self.lowest >= 0
        if not self.counts or not (is_label or self.row_sums == (1, 1)) or max(self.counts) > _MOST_CLASSES:
            return None
        return tuple(self.counts.get(float(code), 0) for code in range(int(max(self.counts)) + 1))


@dataclass(frozen=True)
class UpdateFacts:
    """The way the parameters are changed.

    Attributes:
        optimizer: its class, in small letters, such as "adam" or "sgd".
        trainable_share: share of the parameters (numbers, not arrays) that may change; 0 if everything is frozen.
        optimized_share: share of these that an optimizer has that made a step, or that was given; 0 if no step was
            made with them.
        steps: of any optimizer with any of these parameters.
        backward_passes: number of them.
        gradients_cleared: False if most backward passes after a step added to the gradients from before it.
        gradient_growth: norm of the first layer's gradient at the end of an epoch over that at its beginning; median
            over the epochs.
        weight_penalty: largest coefficient of an L1 or L2 penalty or of weight decay; 0 if there is none.
        clipping: True if the optimizer clips gradients.
    """

    optimizer: str | None = None
    trainable_share: float | None = None
    optimized_share: float | None = None
    steps: int | None = None
    backward_passes: int | None = None
    gradients_cleared: bool | None = None
    gradient_growth: float | None = None
    weight_penalty: float | None = None
    clipping: bool | None = None


@dataclass(frozen=True)
class LayerFacts:
    """The layers that have no weights to look at, or that behave differently when the network is used.

    Attributes:
        hidden_activations: in the order of the layers, without the last; empty if there are none.
        dropout_rates: in the order of the layers; empty if there are none.
        has_batch_norm: True if any layer normalizes over the batch.
        smallest_batch: fewest examples of a training batch.
        batch_size: the commonest number of examples of a training batch.
        mode_in_training: of the layers in passes that gradients were taken of.
        mode_in_evaluation: of the layers in passes without gradients.
    """

    hidden_activations: tuple[ActivationName, ...] | None = None
    dropout_rates: tuple[float, ...] | None = None
    has_batch_norm: bool | None = None
    smallest_batch: int | None = None
    batch_size: int | None = None
    mode_in_training: Mode | None = None
    mode_in_evaluation: Mode | None = None


@dataclass(frozen=True)
class ProgramFacts:
    """Everything that a hook has seen of a program, apart from its costs and the arrays of its layers.

    Attributes:
        framework: that the program is written with.
        loss: that it is trained with.
        outputs: of the network.
        inputs: of the network, in training.
        targets: of training.
        dev_inputs: of the validation that Keras makes while it fits.
        dev_targets: of the same examples.
        updates: of the parameters.
        layers: the other layers.
    """

    framework: Literal["keras", "torch"]
    loss: LossFacts = LossFacts()
    outputs: OutputFacts = OutputFacts()
    inputs: InputFacts = InputFacts()
    targets: TargetFacts = TargetFacts()
    dev_inputs: InputFacts = InputFacts()
    dev_targets: TargetFacts = TargetFacts()
    updates: UpdateFacts = UpdateFacts()
    layers: LayerFacts = LayerFacts()
