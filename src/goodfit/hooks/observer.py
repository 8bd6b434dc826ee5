"""The hooks' common part: it hands the doctor what was seen, and never ends the training that it watches."""

import logging
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import numpy as np

from goodfit.diagnosis.doctor import Doctor
from goodfit.diagnosis.program_facts import ProgramFacts

# Not `warnings`: a program that turns warnings into errors would end in the middle of its training.
_LOG = logging.getLogger("goodfit.hooks")
_KINDS = ("activations", "gradients", "weights")


class Observer:
    """Hands a doctor what a hook has seen. An error in a hook's own work is logged once, and goes no further."""

    def __init__(self, doctor: Doctor) -> None:
        self.doctor = doctor
        self.reasons: set[str] = set()
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

    def observe(self, epoch: int, measurements: Mapping[str, Any], arrays: Mapping[str, Mapping[str, Any]]) -> None:
        """Let the doctor observe the end of an epoch; what it refuses is left out.

        Args:
            epoch: its number. Another training with the same doctor is counted on from the last epoch of the first.
            measurements: the numbers that `Doctor.observe` takes, by their names.
            arrays: activations, gradients and weights, by layer.
        """
        if epoch <= self.last_epoch:
            self.note("epochs", f"epoch {epoch} comes after epoch {self.last_epoch}; epochs are counted on from there")
            epoch = self.last_epoch + 1
        numbers = {}
        for name, value in measurements.items():
            with self.guard(name):
                numbers[name] = None if value is None else float(value)
        filled = {kind: self._filled(kind, arrays.get(kind, {})) for kind in _KINDS}
        with self.guard("this epoch's layers"):
            self.doctor.observe(epoch, **numbers, **filled)
            self.last_epoch = epoch
            return
        with self.guard("this epoch"):  # without the arrays that were refused
            self.doctor.observe(epoch, **numbers)
            self.last_epoch = epoch

    def describe(self, program: ProgramFacts) -> None:
        """Hand over facts about the program."""
        self.doctor.describe(program)

    def _filled(self, kind: str, by_layer: Mapping[str, Any]) -> dict[str, np.ndarray]:
        """Return the arrays that hold any numbers."""
        filled = {}
        for layer, array in by_layer.items():
            with self.guard(f"{kind} of layer '{layer}'"):
                values = np.asarray(array)
                values = np.abs(values) if np.iscomplexobj(values) else values.astype(np.float64)
                if values.ndim and values.size:
                    filled[layer] = values
        return filled
