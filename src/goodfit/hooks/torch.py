"""Hooks for a plain PyTorch loop. PyTorch is imported only when a model is hooked."""

from collections.abc import Callable
from typing import Any

from goodfit.diagnosis.doctor import Doctor
from goodfit.diagnosis.program_facts import ProgramFacts
from goodfit.errors import InputError
from goodfit.hooks.observer import Observer
from goodfit.hooks.torch_backward import watch_backward
from goodfit.hooks.torch_layers import LayersSeen, array, inputs_first
from goodfit.hooks.torch_loss import LossSeen
from goodfit.hooks.torch_updates import UpdatesSeen


class TorchHooks:
    """Hooks that let a doctor observe a PyTorch model while it trains.

    Observed is every layer with a trainable weight of two or more dimensions, on up to 64 examples of the last batch of
    the epoch. The outputs of a layer are the inputs of the next such layer, so they include the activation between
    them. Its gradient is that of the last backward pass, before any clipping. The loss is read from the graph that
    backward is called on; inputs and targets are counted in the first epoch; optimizers are seen when they make a step.

    The hooks never end a training: what they cannot see is logged once by the logger `goodfit.hooks`, and left out.
    Leaving the `with` block, or `remove()`, takes them off.

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
        """Put hooks on a model.

        Args:
            model: a `torch.nn.Module`.
            doctor: observes the training; afterwards `doctor.findings()` returns the problems.

        Raises:
            InputError: PyTorch is not installed, or the model is no module.
        """
        try:
            import torch  # pyright: ignore[reportMissingImports]
        except ImportError:
            raise InputError("PyTorch is not installed; pip install 'goodfit[torch]'") from None
        if not isinstance(model, torch.nn.Module):
            raise InputError(f"the model is of type {type(model).__name__}; TorchHooks watches a torch.nn.Module")
        self.torch, self.observer = torch, Observer(doctor)
        self.updates = UpdatesSeen(torch, model, self.observer)
        self.layers = LayersSeen(torch, model, self.observer, self.updates.watch)
        self.loss = LossSeen(torch)
        self.is_first_epoch = True
        self.end_watching = watch_backward(torch, self._before_backward)

    @property
    def steps(self) -> int:
        """Number of steps of the optimizer so far, or of backward passes if no optimizer of PyTorch made any."""
        return self.updates.steps or self.updates.backward_passes

    def end_epoch(
        self,
        epoch: int,
        *,
        train_cost: Any = None,
        dev_cost: Any = None,
        train_error: Any = None,
        dev_error: Any = None,
        objective: Any = None,
        learning_rate: Any = None,
    ) -> None:
        """Let the doctor observe the end of an epoch; leave out what you do not have.

        Args:
            epoch: its number, from 1.
            train_cost: on the training set, best without dropout and penalties.
            dev_cost: on the dev set.
            train_error: share of wrong answers, or 1 − R².
            dev_error: the same on the dev set.
            objective: the mean loss of the epoch's batches.
            learning_rate: of the last step; that of the optimizer if it is not given.
        """
        measurements = {
            "train_cost": train_cost,
            "dev_cost": dev_cost,
            "train_error": train_error,
            "dev_error": dev_error,
            "objective": objective,
            "learning_rate": learning_rate,
            "step": self.steps,
        }
        if learning_rate is None:
            with self.observer.guard("the learning rate"):
                measurements["learning_rate"] = self.updates.learning_rate()
        with self.observer.guard("the layers"):
            if self.is_first_epoch and self.observer.last_epoch < 0 and (names := self._names()):
                first_weights = {name: self.layers.first_weights[name] for name in names}
                self.observer.observe(0, {"step": 0}, {"weights": first_weights})
        with self.observer.guard("the program"):
            self.observer.describe(self._facts())
        arrays: dict[str, dict[str, Any]] = {}
        with self.observer.guard("the layers"):
            arrays = self._arrays()
        self.observer.observe(epoch, measurements, arrays)
        self.is_first_epoch = False

    def remove(self) -> None:
        """Take the hooks off."""
        self.end_watching()
        for handle in self.layers.handles + self.updates.handles:
            handle.remove()

    def __enter__(self) -> "TorchHooks":
        return self

    def __exit__(self, *_: object) -> None:
        self.remove()

    def _before_backward(self, cost: Any) -> Callable[[], None]:
        """Read the loss of a backward pass; it counts if the pass reaches the model."""
        passes, reading = self.updates.backward_passes, None
        with self.observer.guard("the loss"):
            reading = self.loss.read(cost, self.layers.current_output)

        def after_backward() -> None:
            if self.updates.backward_passes > passes:
                with self.observer.guard("the loss"):
                    self.layers.confirm()
                    self.loss.confirm(reading, self.layers.current_model_input, is_counted=self.is_first_epoch)

        return after_backward

    def _facts(self) -> ProgramFacts:
        loss = self.loss
        self.updates.end_epoch()
        return ProgramFacts(
            "torch",
            loss=loss.loss_facts(),
            outputs=loss.output_facts(self.layers.output),
            inputs=loss.inputs.facts(self.layers.scaling),
            targets=loss.target_facts(),
            updates=self.updates.facts(is_penalty_known=not loss.has_other_terms),
            layers=self.layers.facts(loss.hidden_activations),
        )

    def _names(self) -> list[str]:
        """Return the layers in the order in which they are called, or were made if no call was seen."""
        return list(self.layers.inputs) or [name for name in self.layers.modules if name in self.updates.gradients]

    def _arrays(self) -> dict[str, dict[str, Any]]:
        """Return activations, gradients and weights of the layers, as `Doctor.observe` takes them."""
        torch, layers, names = self.torch, self.layers, self._names()
        outputs = [*layers.inputs.values(), layers.output]
        tensors = {
            "activations": dict(zip(("inputs", *layers.inputs), outputs, strict=True)) if layers.inputs else {},
            "gradients": {name: self.updates.gradients.get(name) for name in names},
            "weights": {name: layers.weight(name) for name in names},
        }
        arrays: dict[str, dict[str, Any]] = {kind: {} for kind in tensors}
        for kind, by_layer in tensors.items():
            for name, tensor in by_layer.items():
                with self.observer.guard(f"{kind} of layer '{name}'"):
                    if tensor is not None:
                        arrays[kind][name] = (array if kind == "activations" else inputs_first)(torch, tensor)
        return arrays
