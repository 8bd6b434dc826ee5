"""Forward and backward hooks for a plain PyTorch loop; PyTorch is imported when it is used."""

from typing import Any

import numpy as np

from goodfit.diagnosis.doctor import Doctor
from goodfit.errors import InputError


class TorchHooks:
    """Watches a model's layers while it trains, and tells a doctor at the end of each epoch.

    Layers with a weight of two dimensions or more are looked at, on the last batch: a layer's outputs are what reached
    the next such layer, its gradient is that of the last backward pass, before any clipping.

    Example:
        with TorchHooks(model, doctor) as hooks:
            for epoch in range(1, 31):
                for x, y in batches:
                    optimizer.zero_grad()
                    loss(model(x), y).backward()
                    optimizer.step()
                hooks.end_epoch(epoch, train_cost=cost(x_train, y_train), dev_cost=cost(x_dev, y_dev))
        print(doctor.findings())
    """

    def __init__(self, model: Any, doctor: Doctor) -> None:
        """Hook into a model.

        Args:
            model: a `torch.nn.Module`; its layers with weights must each be called once a pass.
            doctor: is told.

        Raises:
            InputError: PyTorch is not installed, or the model has no layer with weights.
        """
        try:
            import torch  # pyright: ignore[reportMissingImports]
        except ImportError:
            raise InputError("PyTorch is not installed; pip install 'goodfit[torch]'") from None
        self.doctor, self.steps = doctor, 0
        self.inputs: dict[str, Any] = {}
        self.output: Any = None
        self.gradients: dict[str, Any] = {}
        self.weights: dict[str, Any] = {}
        self.handles: list[Any] = []
        for name, module in model.named_modules():
            weight: Any = getattr(module, "weight", None)
            if isinstance(weight, torch.nn.Parameter) and weight.ndim > 1 and weight.requires_grad:
                self._watch(f"layer {name}".strip() if not name or name.isdigit() else name, module, weight)
        if not self.weights:
            raise InputError("the PyTorch model has no layer with a weight of two dimensions or more")
        doctor.observe(0, step=0, weights={name: _inputs_first(weight) for name, weight in self.weights.items()})

    def _watch(self, name: str, module: Any, weight: Any) -> None:
        def forward(_: Any, given: tuple[Any, ...], output: Any) -> None:
            if module.training:
                self.inputs.pop(name, None)  # keeps the order in which layers are called
                self.inputs[name], self.output = given[0].detach(), output.detach()

        def backward(gradient: Any) -> None:
            self.steps += name == next(iter(self.weights))
            self.gradients[name] = gradient.detach().clone()

        self.weights[name] = weight
        self.handles += [module.register_forward_hook(forward), weight.register_hook(backward)]

    def end_epoch(self, epoch: int, **known: Any) -> None:
        """Tell the doctor of this epoch.

        Args:
            epoch: from 1.
            known: what `Doctor.observe` takes beside the layers' arrays: train_cost, dev_cost, train_error, …
        """
        names = list(self.inputs)
        outputs = [self.inputs[name] for name in names[1:]] + [self.output]
        activations = {"inputs": self.inputs[names[0]]} | dict(zip(names, outputs, strict=True)) if names else {}
        self.doctor.observe(
            epoch,
            step=self.steps,
            activations={name: _array(each) for name, each in activations.items()},
            gradients={name: _inputs_first(self.gradients[name]) for name in names if name in self.gradients},
            weights={name: _inputs_first(self.weights[name]) for name in names},
            **known,
        )

    def remove(self) -> None:
        """Take the hooks away again."""
        for handle in self.handles:
            handle.remove()

    def __enter__(self) -> "TorchHooks":
        return self

    def __exit__(self, *_: object) -> None:
        self.remove()


def _array(tensor: Any) -> np.ndarray:
    return tensor.detach().cpu().numpy()


def _inputs_first(weight: Any) -> np.ndarray:
    """[units, inputs, …] as PyTorch has it, as [inputs…, units]; copied, since steps change it in place."""
    return np.moveaxis(_array(weight), 0, -1).copy()
