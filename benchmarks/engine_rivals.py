"""What `engine.py` compares with: eager PyTorch and scikit-learn, from given weights on given batches."""

import os
from collections.abc import Callable, Iterator
from typing import Any, Protocol

import numpy as np
import torch
from sklearn.neural_network import MLPClassifier

Weights = list[tuple[np.ndarray, np.ndarray]]


class Rival(Protocol):
    """Trains one model."""

    models: int

    def train(self, epochs: int) -> list[float]:
        """Mean cost of the batches of each epoch."""
        ...


class Torch:
    """The loop that PyTorch's tutorials teach, on the CPU."""

    models = 1

    def __init__(
        self,
        weights: Weights,
        inputs: np.ndarray,
        targets: np.ndarray,
        batch: int,
        rate: float,
        orders: Iterator[np.ndarray],
        fused: bool,
        threads: int,
    ) -> None:
        layers: list[torch.nn.Module] = []
        for W, b in weights:
            linear = torch.nn.Linear(*W.shape)
            with torch.no_grad():
                linear.weight.copy_(torch.tensor(W.T))
                linear.bias.copy_(torch.tensor(b))
            layers += [linear, torch.nn.ReLU()]
        self.model = torch.nn.Sequential(*layers[:-1])
        self.loss = torch.nn.CrossEntropyLoss()
        self.optimizer = torch.optim.Adam(self.model.parameters(), lr=rate, fused=fused)
        self.inputs, self.targets = torch.tensor(inputs), torch.tensor(targets.astype(np.int64))
        self.batch, self.orders, self.threads = batch, orders, threads

    def train(self, epochs: int) -> list[float]:
        """Mean cost of the batches of each epoch."""
        torch.set_num_threads(self.threads)
        means = []
        for _ in range(epochs):
            order = torch.tensor(next(self.orders).astype(np.int64))
            total = torch.zeros(())
            for start in range(0, len(order), self.batch):
                rows = order[start : start + self.batch]
                cost = self.loss(self.model(self.inputs[rows]), self.targets[rows])
                self.optimizer.zero_grad()
                cost.backward()
                self.optimizer.step()
                total += cost.detach()
            means.append(float(total) * self.batch / len(order))
        return means


class ScikitLearn:
    """MLPClassifier with Adam; an epoch a `partial_fit`, without its L2, so that the cost is the same."""

    models = 1

    def __init__(
        self,
        weights: Weights,
        inputs: np.ndarray,
        targets: np.ndarray,
        batch: int,
        rate: float,
        orders: Iterator[np.ndarray],
    ) -> None:
        hidden = [len(b) for _, b in weights[:-1]]
        settings: Any = {"batch_size": batch, "learning_rate_init": rate, "shuffle": False}
        self.model = MLPClassifier(hidden, alpha=0.0, **settings)
        classes = np.arange(len(weights[-1][1]))
        self.model.partial_fit(inputs[:batch], targets[:batch], classes=classes)  # makes the arrays filled next
        for place, (W, b) in enumerate(weights):
            self.model.coefs_[place][:], self.model.intercepts_[place][:] = W, b
        del self.model._optimizer
        self.inputs, self.targets, self.orders = inputs, targets, orders

    def train(self, epochs: int) -> list[float]:
        """Mean cost of the batches of each epoch."""
        for _ in range(epochs):
            rows = next(self.orders)
            self.model.partial_fit(self.inputs[rows], self.targets[rows])
        return self.model.loss_curve_[-epochs:]


def matmul_of_torch(a: np.ndarray) -> Callable[[], object]:
    """A product of two such matrices with all cores."""
    both = torch.tensor(a), torch.tensor(a)
    torch.set_num_threads(os.cpu_count() or 1)
    return lambda: both[0] @ both[1]
