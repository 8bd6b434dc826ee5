"""Forward and backward hooks for a plain PyTorch loop. PyTorch is imported only when a model is hooked."""

from typing import Any

import numpy as np

from goodfit.diagnosis.doctor import Doctor
from goodfit.errors import InputError

Tensor = Any  # a torch.Tensor; PyTorch is not imported to name it


class TorchHooks:
    """Hooks that let a doctor observe the layers of a PyTorch model while it trains.

    Observed is every layer whose weight has two or more dimensions, on the last batch of the epoch. The outputs of a
    layer are the inputs of the next such layer, so they include the activation between them. Its gradient is that of
    the last backward pass, before any clipping.

    Leaving the `with` block, or `remove()`, takes the hooks off the model.

    Example::

        doctor = goodfit.Doctor(activation="relu", task="classes")
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
        """Put hooks on a model, and observe its first weights as epoch 0.

        Args:
            model: a `torch.nn.Module` that calls each of its layers with weights once in a forward pass.
            doctor: observes the training; afterwards `doctor.findings()` returns the problems.

        Raises:
            InputError: PyTorch is not installed, or no layer has a weight of two or more dimensions.
        """
        try:
            import torch  # pyright: ignore[reportMissingImports]
        except ImportError:
            raise InputError("PyTorch is not installed; pip install 'goodfit[torch]'") from None
        self.doctor, self.steps = doctor, 0
        self.inputs: dict[str, Tensor] = {}
        self.output: Tensor = None
        self.gradients: dict[str, Tensor] = {}
        self.weights: dict[str, Tensor] = {}
        self.handles: list[Any] = []
        for name, module in model.named_modules():
            weight: Any = getattr(module, "weight", None)
            if isinstance(weight, torch.nn.Parameter) and weight.ndim > 1 and weight.requires_grad:
                # The children of a Sequential are named by numbers, a lone layer not at all.
                self._watch(f"layer {name}".strip() if not name or name.isdigit() else name, module, weight)
        if not self.weights:
            raise InputError("the PyTorch model has no layer with a weight of two or more dimensions")
        doctor.observe(0, step=0, weights={name: _inputs_first(weight) for name, weight in self.weights.items()})

    def _watch(self, name: str, module: Any, weight: Tensor) -> None:
        def forward(_: Any, arguments: tuple[Tensor, ...], output: Tensor) -> None:
            if module.training:
                self.inputs.pop(name, None)  # so that the layers stand in the order in which they are called
                self.inputs[name], self.output = arguments[0].detach(), output.detach()

        def backward(gradient: Tensor) -> None:
            self.steps += name == next(iter(self.weights))  # one backward pass counts as one step
            self.gradients[name] = gradient.detach().clone()  # PyTorch may add to the same memory later

        self.weights[name] = weight
        self.handles += [module.register_forward_hook(forward), weight.register_hook(backward)]

    def end_epoch(self, epoch: int, **measurements: Any) -> None:
        """Let the doctor observe the end of an epoch.

        Args:
            epoch: its number, from 1.
            measurements: the other arguments of `Doctor.observe`: train_cost, dev_cost, train_error, dev_error,
                objective, learning_rate.

        Raises:
            InputError: the epoch is out of order, or a measurement is not a number.
        """
        names = list(self.inputs)
        outputs = [self.inputs[name] for name in names[1:]] + [self.output]
        activations = {"inputs": self.inputs[names[0]]} | dict(zip(names, outputs, strict=True)) if names else {}
        self.doctor.observe(
            epoch,
            step=self.steps,
            activations={name: _array(outputs) for name, outputs in activations.items()},
            gradients={name: _inputs_first(self.gradients[name]) for name in names if name in self.gradients},
            weights={name: _inputs_first(self.weights[name]) for name in names},
            **measurements,
        )

    def remove(self) -> None:
        """Take the hooks off the model."""
        for handle in self.handles:
            handle.remove()

    def __enter__(self) -> "TorchHooks":
        return self

    def __exit__(self, *_: object) -> None:
        self.remove()


def _array(tensor: Tensor) -> np.ndarray:
    return tensor.detach().cpu().numpy()


def _inputs_first(weight: Tensor) -> np.ndarray:
    """Return PyTorch's [units, inputs, …] as [inputs…, units]; a copy, because steps change weights in place."""
    return np.moveaxis(_array(weight), 0, -1).copy()
