"""The loss and the activations of a PyTorch program, read from the graph that autograd has recorded.

Every operation leaves a node there: its class names the operation, `_saved_self` and `_saved_target` are the tensors
that its derivative needs, and `next_functions` are the nodes of its inputs (PyTorch's "Autograd mechanics"). Reading
them changes nothing, and sees losses that are modules, functions or written out alike.
"""

from collections import deque
from collections.abc import Callable
from typing import Any, NamedTuple

from goodfit.diagnosis.program_facts import ActivationName, LossName

Node = Any  # a torch.autograd.graph.Node
Tensor = Any

_FARTHEST = 100  # nodes from the cost to its loss; written out losses have about ten
_WHOLE_GRAPH = 20_000  # nodes from the cost to the inputs
_LOSSES: dict[str, tuple[LossName, bool | None]] = {  # with from_logits
    "NllLossBackward0": ("negative_log_likelihood", None),
    "NllLoss2DBackward0": ("negative_log_likelihood", None),
    "BinaryCrossEntropyBackward0": ("binary_cross_entropy", False),
    "BinaryCrossEntropyWithLogitsBackward0": ("binary_cross_entropy", True),
    "MseLossBackward0": ("squared_error", None),
    "HuberLossBackward0": ("huber", None),
    "SmoothL1LossBackward0": ("huber", None),
    "SoftMarginLossBackward0": ("hinge", None),
    "MultiMarginLossBackward0": ("hinge", None),
}
_ACTIVATIONS: dict[str, ActivationName] = {
    "SoftmaxBackward0": "softmax",
    "LogSoftmaxBackward0": "log_softmax",
    "SigmoidBackward0": "sigmoid",
    "LogSigmoidBackward0": "log_sigmoid",
    "TanhBackward0": "tanh",
    "ReluBackward0": "relu",
    "ClampMinBackward0": "relu",
    "EluBackward0": "elu",  # SELU, too
    "GeluBackward0": "gelu",
    "SiluBackward0": "silu",
    "SoftplusBackward0": "softplus",
    "LeakyReluBackward0": "leaky_relu",
}
_LAYERS = {"AddmmBackward0", "MmBackward0", "BmmBackward0", "ConvolutionBackward0", "MvBackward0", "EmbeddingBackward0"}
# Of the shape alone: what comes out is what goes in.
_RESHAPING = {
    "ViewBackward0", "UnsafeViewBackward0", "ReshapeAliasBackward0", "SqueezeBackward0", "SqueezeBackward1",
    "SqueezeBackward2", "UnsqueezeBackward0", "ExpandBackward0", "TransposeBackward0", "PermuteBackward0", "TBackward0",
    "SliceBackward0", "SelectBackward0", "ToCopyBackward0", "CloneBackward0", "AliasBackward0", "IndexBackward0",
}  # fmt: skip
_LINEAR = {
    "torch::autograd::AccumulateGrad", "AddBackward0", "SubBackward0", "MeanBackward0", "MeanBackward1", "SumBackward0",
    "SumBackward1", "NativeBatchNormBackward0", "AvgPool2DBackward0", "CatBackward0", "NegBackward0", "DivBackward0",
}  # fmt: skip
_LOGARITHMS = {"LogSoftmaxBackward0": True, "LogBackward0": False}  # True if the loss takes the softmax itself
_SUMS = {"SumBackward0", "SumBackward1"}
_MEANS = {"MeanBackward0", "DivBackward0", "DivBackward1"}
_MODULES_SUM = 2  # `reduction` of a loss as ATen numbers it: 0 none, 1 mean, 2 sum


class SeenLoss(NamedTuple):
    """A loss in the graph.

    Attributes:
        name: its kind; None if no node of the graph names it, or several do.
        from_logits: True if softmax or sigmoid are part of it.
        node: of the predictions that enter it; None if the loss is unknown.
        predictions: the tensor of `node`, if the graph has it.
        targets: if the graph has them, without those that the loss ignores.
        outputs_shape: of the predictions before they were broadcast.
        targets_shape: of the targets before they were broadcast.
        is_mean: True if it is the plain mean over the examples.
        has_other_terms: True if something is added to it, such as a penalty.
        softmax_axis: of the softmax that is part of it; None for outputs that are no table.
    """

    name: LossName | None = None
    from_logits: bool | None = None
    node: Node = None
    predictions: Tensor = None
    targets: Tensor = None
    outputs_shape: tuple[int, ...] | None = None
    targets_shape: tuple[int, ...] | None = None
    is_mean: bool = False
    has_other_terms: bool = False
    softmax_axis: int | None = None


def read_loss(cost: Tensor, output: Tensor) -> SeenLoss:
    """Return the loss that a cost was computed with.

    Args:
        cost: a number that backward is called on.
        output: of the network, if it is known; what lies behind it is not part of the loss.
    """
    end = getattr(output, "grad_fn", None)
    ends = _LOSSES.keys() | _LAYERS
    nodes = _nodes(cost.grad_fn, lambda node: node == end or node.name() in ends, _FARTHEST)
    names = {node.name() for node in nodes}
    kernels = [node for node in nodes if node.name() in _LOSSES]
    has_other_terms = "AddBackward0" in names
    if len(kernels) == 1:
        loss = _kernel_loss(kernels[0], end)
    elif kernels or end is None:
        return SeenLoss(has_other_terms=has_other_terms)
    else:
        loss = _written_out(nodes, output)
    # Over the classes the log loss is a sum, whose mean over the examples is taken behind it.
    is_summed = names & _SUMS and not (loss.name == "cross_entropy" and names & _MEANS)
    is_mean = loss.is_mean and not has_other_terms and not is_summed
    return loss._replace(is_mean=is_mean, has_other_terms=has_other_terms)


def last_activation(node: Node) -> tuple[ActivationName | None, Node]:
    """Return the activation that a node of predictions stands for, "linear" for a layer's own output, and its node."""
    node = _before_reshaping(node)
    if node is None:
        return None, None
    if node.name() in _LAYERS:
        return "linear", node
    return _ACTIVATIONS.get(node.name()), node


def softmax_axis(node: Node) -> int | None:
    """Return the axis of a softmax or log softmax of a table, counted from the end; None for other nodes."""
    if node.name() not in ("SoftmaxBackward0", "LogSoftmaxBackward0") or len(_shape(node)) != 2:
        return None
    dim = _signed(node._saved_dim)
    return dim if dim < 0 else dim - 2


def hidden_activations(node: Node) -> tuple[ActivationName, ...] | None:
    """Return the activations before a node of predictions, the first first; None if some cannot be told."""
    names = [before.name() for before in _nodes(node, lambda _: False, _WHOLE_GRAPH)][1:]
    activations: tuple[ActivationName, ...] = tuple(
        _ACTIVATIONS[name] for name in reversed(names) if name in _ACTIVATIONS
    )
    is_linear = set(names) <= _LAYERS | _RESHAPING | _LINEAR
    return activations if activations or is_linear else None


def _nodes(start: Node, is_end: Callable[[Node], bool], most: int) -> list[Node]:
    """Return the nodes from a cost towards the inputs, breadth first; none behind an end."""
    nodes, waiting = {}, deque([start])  # in the order in which they are found
    while waiting and len(nodes) < most:
        node = waiting.popleft()
        if node is not None and node not in nodes:
            nodes[node] = None
            if not is_end(node):
                waiting.extend(before for before, _ in node.next_functions)
    return list(nodes)


def _kernel_loss(kernel: Node, end: Node) -> SeenLoss:
    """Return the loss of a node of its own, such as `MseLossBackward0`."""
    name, from_logits = _LOSSES[kernel.name()]
    node = kernel.next_functions[0][0]
    predictions, targets = kernel._saved_self, kernel._saved_target
    weight = getattr(kernel, "_saved_weight", None)
    is_mean = kernel._saved_reduction != _MODULES_SUM and weight is None
    outputs_shape, targets_shape, axis = tuple(predictions.shape), tuple(targets.shape), None
    if name == "negative_log_likelihood":
        predictions, inner = None, _before_reshaping(node)  # saved are log probabilities
        # A log softmax that is the network's own last layer belongs to the network.
        if inner is not None and inner.name() == "LogSoftmaxBackward0" and (end is None or inner != end):
            name, from_logits, node = "cross_entropy", True, inner.next_functions[0][0]
            axis = softmax_axis(inner)
        targets = targets[targets != _signed(kernel._saved_ignore_index)]
    elif node is not None and node.name() == "ExpandBackward0":
        outputs_shape = _shape(node.next_functions[0][0])
        targets = _before_broadcasting(targets)
        targets_shape = tuple(targets.shape)
    return SeenLoss(
        name, from_logits, node, predictions, targets, outputs_shape, targets_shape, is_mean, softmax_axis=axis
    )


def _written_out(nodes: list[Node], output: Tensor) -> SeenLoss:
    """Return a loss that the program computes from simpler operations: a square, a distance, a log softmax."""
    name: LossName
    for node in nodes:
        before = next((side for side, _ in node.next_functions if side is not None), None)
        if before is None:
            continue
        if before.name() == "SubBackward0" and (node.name() == "AbsBackward0" or _is_square(node)):
            name = "absolute_error" if node.name() == "AbsBackward0" else "squared_error"
            return _distance(name, node._saved_self, before, output)
        if node.name() == "MulBackward0" and before.name() in _LOGARITHMS:
            logarithms = [other for other in nodes if other.name() == "LogBackward0"]
            name = "binary_cross_entropy" if len(logarithms) == 2 else "cross_entropy"  # log ŷ and log(1 − ŷ)
            is_second = node.next_functions[0][0] is None  # targets times logarithms, or the other way round
            targets, inner = node._saved_self if is_second else node._saved_other, before.next_functions[0][0]
            targets_shape = None if targets is None else tuple(targets.shape)
            return SeenLoss(name, _LOGARITHMS[before.name()], inner, None, targets, _shape(before), targets_shape, True)
    return SeenLoss()


def _is_square(node: Node) -> bool:
    return node.name() == "PowBackward0" and node._saved_exponent == 2


def _distance(name: LossName, difference: Tensor, subtraction: Node, output: Tensor) -> SeenLoss:
    """Return a loss of predictions minus targets; the targets are what is missing from the predictions."""
    sides = [side for side, _ in subtraction.next_functions]
    if None not in sides:  # both sides are computed by the network, as in an autoencoder with a trained target
        return SeenLoss(name)
    node = next(side for side in sides if side is not None)
    outputs_shape = _shape(node.next_functions[0][0] if node.name() == "ExpandBackward0" else node)
    if output is None or tuple(output.shape) != outputs_shape:
        return SeenLoss(name, None, node, None, None, outputs_shape, None, True)
    predictions = output.detach()
    targets = predictions - difference if sides[0] is not None else predictions + difference
    if tuple(difference.shape) != outputs_shape and len(targets) and bool((targets - targets[:1]).abs().max() < 1e-3):
        targets = targets[0]  # the same for every prediction: they were broadcast
    return SeenLoss(name, None, node, predictions, targets, outputs_shape, tuple(targets.shape), True)


def _before_reshaping(node: Node) -> Node:
    while node is not None and node.name() in _RESHAPING:
        node = node.next_functions[0][0]
    return node


def _before_broadcasting(tensor: Tensor) -> Tensor:
    """Return a tensor without the axes along which it repeats itself; these have a stride of 0."""
    for axis, (stride, size) in reversed(list(enumerate(zip(tensor.stride(), tensor.shape, strict=True)))):
        if stride == 0 and size > 1:
            tensor = tensor.select(axis, 0) if axis == 0 else tensor.narrow(axis, 0, 1)
    return tensor


def _shape(node: Node) -> tuple[int, ...]:
    return tuple(node._input_metadata[0].shape)


def _signed(number: int) -> int:
    """Return a number that autograd shows without its sign."""
    return number - 2**64 if number >= 2**63 else number
