"""The updates of a PyTorch model's parameters: its gradients, and the optimizers that make steps."""

from collections import Counter, deque
from math import inf
from statistics import median
from typing import Any

from goodfit.diagnosis.program_facts import UpdateFacts
from goodfit.hooks.observer import Observer
from goodfit.hooks.torch_layers import Module, Tensor, UnsavedHook

_ENDS = 5  # backward passes at the beginning and at the end of an epoch whose gradients are compared
_COMPARE_EVERY = 50  # steps
_CHECKS = 20  # passes of an epoch in which it is checked if gradients were cleared


class UpdatesSeen:
    """Hooks on the weights of layers and on all optimizers, and what they have seen.

    Attributes:
        gradients: of each layer's weight in the last backward pass, by name.
        steps: of optimizers that have any parameter of the model.
    """

    def __init__(self, torch: Any, model: Module, observer: Observer) -> None:
        self.torch, self.model, self.observer = torch, model, observer
        self.weights: dict[str, Tensor] = {}
        self.gradients: dict[str, Tensor] = {}
        self.passes: Counter[str] = Counter()  # by layer
        self.steps = 0
        self.optimizer_steps = 0  # of any optimizer
        self.optimizer: Any = None  # the last with parameters of this model
        self.optimized: set[int] = set()  # identities of parameters
        self.is_step_made = False  # since the last backward pass
        self.leftovers: list[Tensor] = []  # for some passes, True if the gradient before it was not cleared
        self.norms: list[Tensor] = []  # of the first layer's gradient, at the beginning of the epoch
        self.last_norms: deque[Tensor] = deque(maxlen=_ENDS)
        self.growths: list[float] = []
        self.handles: list[Any] = []
        with observer.guard("the optimizer"):
            self._watch_optimizers()

    @property
    def backward_passes(self) -> int:
        """Number of backward passes that reached the model."""
        return max(self.passes.values(), default=0)

    def watch(self, name: str, weight: Tensor) -> None:
        """Put a hook on a layer's weight, if it has none yet."""
        if self.weights.get(name) is not weight:
            self.weights[name] = weight

            def backward(gradient: Tensor) -> None:
                if not self.torch.compiler.is_compiling():
                    with self.observer.guard(f"the gradient of layer '{name}'"):
                        self._add(name, weight, gradient)

            self.handles.append(weight.register_hook(UnsavedHook(backward)))

    def end_epoch(self) -> None:
        """Compare the first layer's gradients of the epoch."""
        if len(self.norms) == _ENDS and len(self.last_norms) == _ENDS:
            first, last = (median(float(norm) for norm in norms) for norms in (self.norms, self.last_norms))
            if 0 < first < inf and last < inf:
                self.growths.append(last / first)
        self.norms.clear()
        self.last_norms.clear()

    def facts(self, is_penalty_known: bool) -> UpdateFacts:
        """Return the facts about the updates.

        Args:
            is_penalty_known: False if something is added to the loss, which may be a penalty.
        """
        parameters = [tensor for tensor in self.model.parameters() if not _is_lazy(self.torch, tensor)]
        sizes = {id(tensor): tensor.numel() for tensor in parameters}
        trainable = sum(tensor.numel() for tensor in parameters if tensor.requires_grad)
        optimized = sum(
            sizes[id(tensor)] for tensor in parameters if tensor.requires_grad and id(tensor) in self.optimized
        )
        groups = [] if self.optimizer is None else self.optimizer.param_groups
        decays = [float(group["weight_decay"]) for group in groups if "weight_decay" in group]
        return UpdateFacts(
            optimizer=type(self.optimizer).__name__.lower() if groups else None,
            trainable_share=trainable / sum(sizes.values()) if sizes and sum(sizes.values()) else None,
            optimized_share=optimized / trainable if trainable and self.optimizer_steps else None,
            steps=self.steps,
            backward_passes=self.backward_passes,
            gradients_cleared=self._is_cleared(),
            gradient_growth=median(self.growths) if self.growths else None,
            weight_penalty=max(decays, default=0.0) if groups and is_penalty_known else None,
        )

    def learning_rate(self) -> float | None:
        """Return the rate of the optimizer's first group; None if no optimizer was seen."""
        return None if self.optimizer is None else float(self.optimizer.param_groups[0]["lr"])

    def _watch_optimizers(self) -> None:
        from torch.optim.optimizer import register_optimizer_step_post_hook  # pyright: ignore[reportMissingImports]

        def step(optimizer: Any, _: Any, __: Any) -> None:
            if self.torch.compiler.is_compiling():
                return
            with self.observer.guard("the optimizer"):
                self.optimizer_steps += 1
                # Parameters may be added to an optimizer later, but seldom: to compare them takes time.
                if optimizer is not self.optimizer or self.optimizer_steps % _COMPARE_EVERY == 0:
                    common = {id(tensor) for tensor in self.model.parameters()}
                    common &= {id(tensor) for group in optimizer.param_groups for tensor in group["params"]}
                    if not common:
                        return
                    self.optimizer, self.optimized = optimizer, self.optimized | common
                self.steps += 1
                self.is_step_made = True

        self.handles.append(register_optimizer_step_post_hook(step))

    def _add(self, name: str, weight: Tensor, gradient: Tensor) -> None:
        """Take note of a gradient, before autograd adds it to what is in `weight.grad`."""
        self.passes[name] += 1
        is_first = name == next(iter(self.weights))
        if is_first and self.is_step_made:
            self.is_step_made = False
            if len(self.leftovers) < _CHECKS:
                self.leftovers.append(weight.grad is not None and weight.grad.count_nonzero() > 0)
        self.gradients[name] = gradient.detach().clone()  # PyTorch may add to the same memory later
        if is_first and not gradient.is_sparse:
            norm = self.torch.linalg.vector_norm(self.gradients[name])
            if len(self.norms) < _ENDS:
                self.norms.append(norm)
            self.last_norms.append(norm)

    def _is_cleared(self) -> bool | None:
        if not self.leftovers:
            return None
        return sum(bool(leftover) for leftover in self.leftovers) <= len(self.leftovers) / 2


def _is_lazy(torch: Any, tensor: Tensor) -> bool:
    return isinstance(tensor, torch.nn.parameter.UninitializedParameter)
