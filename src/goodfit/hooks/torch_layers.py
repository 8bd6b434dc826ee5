"""The layers of a PyTorch model: what enters them in a training pass, and what kinds there are."""

from collections import Counter
from collections.abc import Callable
from contextlib import nullcontext
from typing import Any

import numpy as np

from goodfit.diagnosis.program_facts import ActivationName, LayerFacts, Mode, Scaling
from goodfit.hooks.observer import Observer

Module = Any  # a torch.nn.Module; PyTorch is not imported to name it
Tensor = Any

_MOST_EXAMPLES = 64  # of a batch that are looked at, so that little memory is held


class UnsavedHook:
    """A hook that is left out when a model is copied or saved; what stands in its place is of Python's own library."""

    def __init__(self, function: Callable[..., None]) -> None:
        self.function = function

    def __call__(self, *arguments: Any) -> None:
        """Call the function."""
        self.function(*arguments)

    def __reduce__(self) -> tuple[Any, ...]:
        return getattr, (nullcontext(), "__exit__")  # takes any arguments and does nothing


class LayersSeen:
    """Hooks on the modules of a model that have parameters, and what they have seen.

    A pass is one of training if gradients are taken of it afterwards; until then it is only the current one.

    Attributes:
        inputs: of each layer in the last training pass that is not much smaller than the usual one, by name, in the
            order of the calls.
        output: of the model in the same pass; the first of several.
        first_weights: of each layer before training.
        scaling: the layer that the model's inputs meet first, if it brings them to scale.
    """

    def __init__(
        self, torch: Any, model: Module, observer: Observer, new_weight: Callable[[str, Tensor], None]
    ) -> None:
        """Put the hooks on.

        Args:
            torch: the library.
            model: to look at.
            observer: takes notes.
            new_weight: called with the name and the weight of each layer, again when it is seen in a pass.
        """
        self.torch, self.model, self.observer, self.new_weight = torch, model, observer, new_weight
        self.modules: dict[str, Module] = {}
        self.first_weights: dict[str, np.ndarray] = {}
        self.scaling: Scaling | None = None
        self.inputs: dict[str, Tensor] = {}
        self.output: Tensor = None
        self.batch_sizes: Counter[int] = Counter()
        self.training_modes: set[bool] = set()
        self.evaluation_modes: set[bool] = set()
        self.current_inputs: dict[str, Tensor] = {}
        self.current_output: Tensor = None
        self.current_model_input: Tensor = None
        self.current_mode = True
        self.handles: list[Any] = []
        for name, module in model.named_modules():
            with observer.guard(f"the module '{name}'"):
                is_layer = ".parametrizations." not in f".{name}." and any(True for _ in module.parameters(False))
                if is_layer or _scaling(torch, module):
                    self._watch_layer(_layer_name(name), module)
        with observer.guard("the model's outputs"):
            self._watch_model()

    def confirm(self) -> None:
        """Take note that gradients are taken of the current pass: it is one of training."""
        if self.current_model_input is not None and len(self.current_model_input):
            self.training_modes.add(self.current_mode)
            examples = len(self.current_model_input)
            self.batch_sizes[examples] += 1
            # The rest of an epoch may be a few examples, which show little of a layer.
            if examples >= self._usual_batch() / 2:
                self.inputs = dict(self.current_inputs)
                self.output = None if self.current_output is None else some(self.current_output)
        self.current_output = None  # it holds all that was computed for it

    def weight(self, name: str) -> Tensor:
        """Return the trainable weight of two or more dimensions of a layer; None if it has none."""
        weight = _weight(self.torch, self.modules[name])
        return weight if weight is not None and weight.requires_grad else None

    def facts(self, hidden_activations: tuple[ActivationName, ...] | None) -> LayerFacts:
        """Return the facts about the layers."""
        modules = list(self.model.modules())
        rates = [getattr(module, "p", 0.0) for module in modules if self._is_dropout(module)]
        rates += [module.dropout for module in modules if isinstance(getattr(module, "dropout", None), float)]
        return LayerFacts(
            hidden_activations=hidden_activations,
            dropout_rates=tuple(float(rate) for rate in rates if rate),
            has_batch_norm=any(self._is_batch_norm(module) for module in modules),
            smallest_batch=min(self.batch_sizes, default=None),
            batch_size=self._usual_batch() or None,
            mode_in_training=_mode(self.training_modes),
            mode_in_evaluation=_mode(self.evaluation_modes),
        )

    def _watch_layer(self, name: str, module: Module) -> None:
        torch = self.torch

        def forward(called: Module, arguments: tuple[Any, ...], named: dict[str, Any], _: Any) -> None:
            # A graph that is being compiled has no values, and a copy of the model is not what is watched.
            if torch.compiler.is_compiling() or called is not module or not torch.is_grad_enabled():
                return
            with self.observer.guard(f"the inputs of layer '{name}'"):
                if self.scaling is None and not self.current_inputs:
                    self.scaling = _scaling(torch, module)
                tensor, weight = first_tensor(torch, (arguments, named)), self.weight(name)
                if tensor is not None and weight is not None:
                    self.current_inputs.pop(name, None)  # so that layers stand in the order in which they are called
                    self.current_inputs[name] = some(tensor)
                    self._note_weight(name, weight)

        self.modules[name] = module
        weight = self.weight(name)
        if weight is not None:  # else it is frozen, or has no shape yet
            self._note_weight(name, weight)
        self.handles.append(module.register_forward_hook(UnsavedHook(forward), with_kwargs=True))

    def _note_weight(self, name: str, weight: Tensor) -> None:
        if name not in self.first_weights:
            self.first_weights[name] = inputs_first(self.torch, weight)
        self.new_weight(name, weight)

    def _watch_model(self) -> None:
        torch, model = self.torch, self.model

        def forward(called: Module, arguments: tuple[Any, ...], named: dict[str, Any], output: Any) -> None:
            if torch.compiler.is_compiling() or called is not model:
                return
            with self.observer.guard("the model's outputs"):
                if not torch.is_grad_enabled():
                    self.evaluation_modes.add(self._layers_mode())
                    return
                self.current_mode = self._layers_mode()
                tensor = first_tensor(torch, (arguments, named))
                self.current_model_input = None if tensor is None else tensor.detach()
                self.current_output = first_tensor(torch, output)

        self.handles.append(model.register_forward_hook(UnsavedHook(forward), with_kwargs=True))

    def _layers_mode(self) -> bool:
        """Return True if the layers that behave differently in training are in training mode."""
        modules = [part for part in self.model.modules() if self._is_dropout(part) or self._is_batch_norm(part)]
        return any(module.training for module in modules) if modules else self.model.training

    def _is_dropout(self, module: Module) -> bool:
        return isinstance(module, self.torch.nn.modules.dropout._DropoutNd)

    def _is_batch_norm(self, module: Module) -> bool:
        return isinstance(module, self.torch.nn.modules.batchnorm._NormBase) and module.track_running_stats

    def _usual_batch(self) -> int:
        return self.batch_sizes.most_common(1)[0][0] if self.batch_sizes else 0


def first_tensor(torch: Any, values: Any) -> Tensor:
    """Return the first dense tensor with an axis in nested tuples, lists and dicts; None if there is none."""
    if isinstance(values, torch.Tensor):
        return values if values.ndim and values.layout == torch.strided and not values.is_nested else None
    parts = values.values() if isinstance(values, dict) else values if isinstance(values, tuple | list) else ()
    return next((tensor for part in parts if (tensor := first_tensor(torch, part)) is not None), None)


def array(torch: Any, tensor: Tensor) -> np.ndarray:
    """Return a tensor of any type and on any device as an array."""
    tensor = tensor.detach()
    if tensor.layout != torch.strided:
        tensor = tensor.to_dense()
    if tensor.is_floating_point() and tensor.dtype != torch.float64:
        tensor = tensor.float()  # NumPy has no bfloat16
    return tensor.cpu().resolve_conj().resolve_neg().numpy()


def inputs_first(torch: Any, weight: Tensor) -> np.ndarray:
    """Return PyTorch's [units, inputs, …] as [inputs…, units]; a copy, because steps change weights in place."""
    return np.moveaxis(array(torch, weight), 0, -1).copy()


def _weight(torch: Any, module: Module) -> Tensor:
    """Return a module's own parameter of two or more dimensions: `weight`, or else the largest; None without one.

    The attribute `weight` is not read: a parametrization would compute it anew, and may change its state by that.
    """
    parameters = dict(module.named_parameters(recurse=False))
    for name, parametrization in getattr(module, "parametrizations", {}).items():
        parameters |= {f"{name}.{part}": tensor for part, tensor in parametrization.named_parameters(recurse=False)}
    lazy = torch.nn.parameter.UninitializedParameter
    matrices = {name: tensor for name, tensor in parameters.items() if not isinstance(tensor, lazy) and tensor.ndim > 1}
    return matrices.get("weight") if "weight" in matrices else max(matrices.values(), key=_size, default=None)


def _size(tensor: Tensor) -> int:
    return tensor.numel()


def some(tensor: Tensor) -> Tensor:
    """Return some examples of a batch, holding no more memory than they need."""
    tensor = tensor.detach()
    return tensor if len(tensor) <= _MOST_EXAMPLES else tensor[:_MOST_EXAMPLES].clone()


def _layer_name(name: str) -> str:
    name = name.replace("_orig_mod.", "").replace("_orig_mod", "")  # which torch.compile puts before them
    # The children of a Sequential are named by numbers, a lone layer not at all, and "inputs" are the network's.
    return f"layer {name}".strip() if not name or name.isdigit() or name == "inputs" else name


def _scaling(torch: Any, module: Module) -> Scaling | None:
    nn = torch.nn
    if isinstance(module, nn.Embedding | nn.EmbeddingBag):
        return "embedding"
    if isinstance(module, nn.modules.batchnorm._NormBase):
        return "batch_norm"
    return "layer_norm" if isinstance(module, nn.LayerNorm | nn.RMSNorm | nn.GroupNorm) else None


def _mode(modes: set[bool]) -> Mode | None:
    if len(modes) == 2:
        return "both"
    return None if not modes else "train" if True in modes else "eval"
