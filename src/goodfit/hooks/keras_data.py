"""The batches that a Keras model is trained and validated with, seen on their way to it."""

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from goodfit.hooks.data_seen import InputsSeen, TargetsSeen
from goodfit.hooks.observer import Observer


class BatchesSeen:
    """Counts the batches of one kind: those trained with, or those validated with.

    Attributes:
        inputs: of the batches; the first of several.
        targets: of the batches, if there is one for each example.
        sizes: numbers of examples of the batches.
        is_weighted: True if examples have weights.
        is_open: False if further batches are not counted.
    """

    def __init__(self, keras: Any, observer: Observer) -> None:
        self.keras, self.observer = keras, observer
        self.inputs, self.targets = InputsSeen(), TargetsSeen()
        self.sizes: list[int] = []
        self.is_weighted = False
        self.is_open = True

    def add(self, batch: Any) -> None:
        """Take note of a batch: inputs, or inputs and targets, or both and weights."""
        with self.observer.guard("the batches"):
            inputs, targets, weights = self.keras.utils.unpack_x_y_sample_weight(batch)
            self.is_weighted |= weights is not None
            arrays = [self._array(part) for part in self.keras.tree.flatten(inputs)]
            if arrays and arrays[0].ndim:
                self.sizes.append(len(arrays[0]))
                if _is_numeric(arrays[0]):
                    self.inputs.add(arrays[0])
            arrays = [self._array(part) for part in self.keras.tree.flatten(targets) if part is not None]
            if len(arrays) == 1 and arrays[0].ndim and _is_numeric(arrays[0]):
                self.targets.add(arrays[0])

    def watch(self, function: Callable[..., Any]) -> "SeenFunction":
        """Return a function of a trainer that counts the batches that it is called with.

        Args:
            function: `train_function` or `test_function` of a Keras model.
        """
        return SeenFunction(function, self)

    def _array(self, part: Any) -> np.ndarray:
        is_tensor = self.keras.ops.is_tensor(part)
        return np.asarray(self.keras.ops.convert_to_numpy(part) if is_tensor else part)


class SeenFunction:
    """A function of a Keras trainer, and what counts the batches that it is called with."""

    def __init__(self, function: Callable[..., Any], batches: BatchesSeen) -> None:
        self.function, self.batches = function, batches

    def __call__(self, *arguments: Any) -> Any:
        """Call the function; the last argument is a list of batches, or an iterator over them."""
        if self.batches.is_open and arguments:
            *others, data = arguments
            if isinstance(data, list | tuple):
                for batch in data:
                    self.batches.add(batch)
            elif hasattr(data, "__next__"):
                return self.function(*others, self._counted(data))
        return self.function(*arguments)

    def _counted(self, data: Iterator[Any]) -> Iterator[Any]:
        for batch in data:
            self.batches.add(batch)
            yield batch


def _is_numeric(array: np.ndarray) -> bool:
    return array.dtype.kind in "fiub" or array.dtype.name.startswith(("bfloat16", "float8"))
