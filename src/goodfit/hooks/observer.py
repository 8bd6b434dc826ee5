"""The hooks' common part: it hands the doctor what was seen, and never ends the training that it watches."""

import logging
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import numpy as np

from goodfit.diagnosis.doctor import Doctor
from goodfit.diagnosis.program_facts import ProgramFacts
from goodfit.diagnosis.raw_values import fits_earlier

# Not `warnings`: a program that turns warnings into errors would end in the middle of its training.
_LOG = logging.getLogger("goodfit.hooks")
_KINDS = ("activations", "gradients", "weights")


class Observer:
    """Hands a doctor what a hook has seen. An error in a hook's own work is logged once, and goes no further."""

    def __init__(self, doctor: Doctor) -> None:
        self.doctor = doctor
        self.reasons: set[str] = set()
        self.shapes: dict[tuple[str, str], tuple[int, ...]] = {}  # by kind and layer
        epochs = doctor.observation().signals.history["epoch"]
        self.last_epoch = int(epochs[-1]) if len(epochs) else -1

    def note(self, reason: str, sentence: str) -> None:
        """Log a sentence on what cannot be seen, once for each reason."""
        if reason not in self.reasons:
            self.reasons.add(reason)
            _LOG.warning("goodfit: %s", sentence)

    @contextmanager
    def guard(self, part: str) -> Iterator[None]:
        """Let no error out of a block.

        Args:
            part: of the program that the block looks at; completes "cannot see …".
        """
        try:
            yield
        except Exception as error:
            message = str(error).split("\n")[0][:200]
            self.note(part, f"cannot see {part} ({type(error).__name__}: {message}); the training goes on")

    def observe(self, epoch: Any, measurements: Mapping[str, Any], arrays: Mapping[str, Mapping[str, Any]]) -> None:
        """Let the doctor observe the end of an epoch; what it refuses is left out.

        Args:
            epoch: its number. What is no number, or comes too late, is counted on from the last epoch: it may be of
                another training with the same doctor.
            measurements: the numbers that `Doctor.observe` takes, by their names.
            arrays: activations, gradients and weights, by layer.
        """
        number = self._epoch_number(epoch)
        numbers = {}
        for name, value in measurements.items():
            with self.guard(name):
                value = value.detach() if hasattr(value, "detach") else value  # of a tensor that requires gradients
                numbers[name] = None if value is None else float(value)
        filled = {kind: self._filled(kind, arrays.get(kind, {})) for kind in _KINDS}
        with self.guard("the end of the epoch"):
            self.doctor.observe(number, **numbers, **filled)
            self.last_epoch = number

    def describe(self, program: ProgramFacts) -> None:
        """Hand over facts about the program."""
        self.doctor.describe(program)

    def _epoch_number(self, epoch: Any) -> int:
        with self.guard("the number of the epoch"):
            number = int(epoch)
            if number > self.last_epoch:
                return number
            self.note("epochs", f"epoch {number} comes after epoch {self.last_epoch}; epochs are counted on from there")
        return self.last_epoch + 1

    def _filled(self, kind: str, by_layer: Mapping[str, Any]) -> dict[str, np.ndarray]:
        """Return the arrays that hold any numbers and fit to those of earlier epochs."""
        filled = {}
        for layer, array in by_layer.items():
            with self.guard(f"{kind} of layer '{layer}'"):
                values = np.asarray(array)
                values = np.abs(values) if np.iscomplexobj(values) else values.astype(np.float64)
                if values.ndim == 0 or values.size == 0:
                    continue
                shape = values.shape[1:] if kind == "activations" else values.shape
                if fits_earlier(kind, shape, self.shapes.setdefault((kind, layer), shape)):
                    filled[layer] = values
                else:
                    self.note(f"shape of {layer}", f"the {kind} of layer '{layer}' have another shape than before")
        return filled
