"""An oracle for the engine: the course notes' algorithms written out in float64 NumPy, and small data to train on."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from scipy.special import expit, log_softmax, softmax

from goodfit.data.dataset import Column, Dataset, Features, Origin, Schema, Splits, TaskKind
from goodfit.engine import stack as stack_module
from goodfit.engine.control import Progress
from goodfit.engine.fit import fit
from goodfit.engine.jobs import Job
from goodfit.plan import Plan
from goodfit.record.run import Run, unflatten


def _gelu(z: np.ndarray) -> np.ndarray:
    return z / 2 * (1 + np.tanh(np.sqrt(2 / np.pi) * (z + 0.044715 * z**3)))


def _gelu_slope(z: np.ndarray) -> np.ndarray:
    t = np.tanh(np.sqrt(2 / np.pi) * (z + 0.044715 * z**3))
    return (1 + t) / 2 + z / 2 * (1 - t**2) * np.sqrt(2 / np.pi) * (1 + 3 * 0.044715 * z**2)


ALPHA, SCALE = 1.6732632423543772, 1.0507009873554805  # Klambauer et al. 2017
# name: the activation and its slope, both as functions of z
ACTIVATIONS = {
    "relu": (lambda z: np.maximum(z, 0), lambda z: (z > 0) * 1.0),
    "leaky_relu": (lambda z: np.where(z > 0, z, 0.01 * z), lambda z: np.where(z > 0, 1, 0.01)),
    "tanh": (np.tanh, lambda z: 1 - np.tanh(z) ** 2),
    "sigmoid": (expit, lambda z: expit(z) * (1 - expit(z))),
    "gelu": (_gelu, _gelu_slope),
    "silu": (lambda z: z * expit(z), lambda z: expit(z) * (1 + z * (1 - expit(z)))),
    "elu": (lambda z: np.where(z > 0, z, np.expm1(z)), lambda z: np.where(z > 0, 1, np.exp(z))),
    "selu": (
        lambda z: SCALE * np.where(z > 0, z, ALPHA * np.expm1(z)),
        lambda z: SCALE * np.where(z > 0, 1, ALPHA * np.exp(z)),
    ),
    "softplus": (lambda z: np.log1p(np.exp(z)), expit),
}


def normalize(layer: dict, z: np.ndarray, moments: tuple | None) -> tuple[np.ndarray, tuple]:
    """Seed, batch normalization: z̃ = γ·(z − mean)/√(variance + ε) + β."""
    mean, variance = moments or (z.mean(axis=0), ((z - z.mean(axis=0)) ** 2).mean(axis=0))
    hat = (z - mean) / np.sqrt(variance + 1e-5)
    return layer["gamma"] * hat + layer["beta"], (hat, mean, variance)


def normalize_back(layer: dict, out: np.ndarray, cache: tuple) -> tuple[np.ndarray, dict]:
    """Ioffe & Szegedy 2015, section 3: the gradient through mean and variance."""
    hat, _, variance = cache
    d = out * layer["gamma"]
    back = (d - d.mean(axis=0) - hat * (d * hat).mean(axis=0)) / np.sqrt(variance + 1e-5)
    return back, {"gamma": (out * hat).sum(axis=0), "beta": out.sum(axis=0)}


def forward(plan: Plan, params: tuple, x: np.ndarray, masks: list | None = None, running: tuple | None = None) -> tuple:
    """Outputs before their activation, what backward needs, and batch norm's moments.

    masks: of the inputs, then of each hidden layer, already divided by keep_prob; None leaves every unit in.
    """
    function = ACTIVATIONS[plan.activation][0]
    masks = masks or [1.0] * len(params)
    a, caches, moments = x * masks[0], [], []
    for place, layer in enumerate(params[:-1]):
        z = a @ layer["W"] + layer.get("b", 0.0)
        norm, own = None, None if running is None else running[len(moments)] if plan.batch_norm != "none" else None
        if plan.batch_norm == "before":
            z, norm = normalize(layer, z, own)
        out = function(z)
        if plan.batch_norm == "after":
            out, norm = normalize(layer, out, own)
        if norm:
            moments.append(norm[1:])
        out = out * masks[place + 1]
        residual = plan.architecture == "residual" and out.shape == a.shape
        caches.append((a, z, norm, residual))
        a = a + out if residual else out
    return a @ params[-1]["W"] + params[-1]["b"], [*caches, a], moments


def backward(plan: Plan, params: tuple, dz: np.ndarray, caches: list, masks: list | None = None) -> list[dict]:
    """The gradient of each layer's parameters, from dZ of the output."""
    slope = ACTIVATIONS[plan.activation][1]
    masks = masks or [1.0] * len(params)
    gradients = [{"W": caches[-1].T @ dz, "b": dz.sum(axis=0)}]
    da = dz @ params[-1]["W"].T
    for place in reversed(range(len(params) - 1)):
        layer, (a, z, norm, residual) = params[place], caches[place]
        d, own = da * masks[place + 1], {}
        if plan.batch_norm == "after":
            d, own = normalize_back(layer, d, norm)
        d = d * slope(z)
        if plan.batch_norm == "before":
            d, own = normalize_back(layer, d, norm)
        own |= {"W": a.T @ d} | ({"b": d.sum(axis=0)} if "b" in layer else {})
        gradients.insert(0, own)
        da = d @ layer["W"].T + (da if residual else 0.0)
    return gradients


def cost(output: str, logits: np.ndarray, y: np.ndarray, smoothing: float = 0.0, weights: Any = 1.0) -> tuple:
    """Mean loss and dZ: ŷ − y (course notes: softmax), each example times its class weight."""
    weight = (np.ones(len(y)) * weights if np.ndim(weights) == 0 else np.asarray(weights)[y.astype(int)])[:, None]
    if output == "linear":
        each, dz = (logits - y[:, None]) ** 2 / 2, logits - y[:, None]
    elif output == "sigmoid":
        label = y[:, None] * (1 - smoothing) + smoothing / 2
        p = expit(logits)
        each, dz = -label * np.log(p) - (1 - label) * np.log1p(-p), p - label
    else:
        classes = logits.shape[1]
        label = np.eye(classes)[y.astype(int)] * (1 - smoothing) + smoothing / classes
        each = -(label * log_softmax(logits, axis=1)).sum(axis=1, keepdims=True)
        dz = softmax(logits, axis=1) - label
    return float((weight * each).mean()), weight * dz / len(y)


def learning_rate(plan: Plan, epoch: int, done: float) -> float:
    """Seed, learning rate decay: epochs count from 1. `done` is the share of all steps, for one-cycle."""
    if plan.decay == "inverse":
        return plan.learning_rate / (1 + plan.decay_rate * epoch)
    if plan.decay == "exponential":
        return plan.decay_rate**epoch * plan.learning_rate
    if plan.decay == "inverse_sqrt":
        return plan.decay_rate / np.sqrt(epoch) * plan.learning_rate
    if plan.decay == "one_cycle":
        if done < plan.decay_rate:
            return plan.learning_rate * done / plan.decay_rate
        return plan.learning_rate * (1 + np.cos(np.pi * (done - plan.decay_rate) / (1 - plan.decay_rate))) / 2
    return plan.learning_rate


def direction(plan: Plan, g: np.ndarray, memory: dict, t: int) -> np.ndarray:
    """Seed, optimization algorithms: what is multiplied by −α; `memory` holds v and s, which begin at 0."""
    v, s = memory.setdefault("v", np.zeros_like(g)), memory.setdefault("s", np.zeros_like(g))
    if plan.optimizer == "gradient_descent":
        return g
    if plan.optimizer == "momentum":
        memory["v"] = plan.beta1 * v + (1 - plan.beta1) * g
        return memory["v"]
    if plan.optimizer == "rmsprop":
        memory["s"] = plan.beta2 * s + (1 - plan.beta2) * g**2
        return g / (np.sqrt(memory["s"]) + plan.epsilon)
    memory["v"] = plan.beta1 * v + (1 - plan.beta1) * g
    memory["s"] = plan.beta2 * s + (1 - plan.beta2) * g**2
    corrected_v, corrected_s = memory["v"] / (1 - plan.beta1**t), memory["s"] / (1 - plan.beta2**t)
    return corrected_v / (np.sqrt(corrected_s) + plan.epsilon)


def update(plan: Plan, params: tuple, gradients: list, memory: dict, t: int, rate: float, m: int) -> tuple:
    """The parameters after step t (from 1), with clipping, weight decay and L1's proximal step."""
    norm = np.sqrt(sum((g**2).sum() for layer in gradients for g in layer.values()))
    scale = min(1.0, plan.clip_norm / norm) if plan.clip_norm else 1.0
    after = []
    for place, (layer, own) in enumerate(zip(params, gradients, strict=True)):
        new = {}
        for name, p in layer.items():
            step = direction(plan, own[name] * scale, memory.setdefault((place, name), {}), t)
            decay = plan.weight_decay * p if name == "W" else 0.0
            new[name] = p - rate * (step + decay)
        threshold = rate * plan.l1 / (2 * m)
        new["W"] = np.sign(new["W"]) * np.maximum(np.abs(new["W"]) - threshold, 0)
        after.append(new)
    return tuple(after)


def objective(plan: Plan, params: tuple, batch_cost: float, m: int) -> float:
    """Seed, regularization: J = mean loss + (λ/2m)·Σw² + (λ/2m)·Σ|w|."""
    squares = sum((layer["W"] ** 2).sum() for layer in params)
    absolutes = sum(np.abs(layer["W"]).sum() for layer in params)
    return batch_cost + (plan.l2 * squares + plan.l1 * absolutes) / (2 * m)


def gradients(plan: Plan, params: tuple, dz: np.ndarray, caches: list, masks: list | None, m: int) -> list[dict]:
    """Backward, and dW = dW_old + (λ/m)·W (course notes: regularization back prop)."""
    found = backward(plan, params, dz, caches, masks)
    return [own | {"W": own["W"] + plan.l2 / m * layer["W"]} for own, layer in zip(found, params, strict=True)]


@pytest.fixture(scope="session")
def oracle() -> SimpleNamespace:
    """The functions above."""
    given = [forward, backward, cost, learning_rate, direction, update, objective, gradients]
    return SimpleNamespace(**{each.__name__: each for each in given})


def make_splits(task: TaskKind, classes: int = 3, rows: int = 260, features: int = 6, noise: float = 0.5) -> Splits:
    """Rows whose target leans on the features; 160 to train on, 60 for dev, 40 for test."""
    generator = np.random.default_rng(11)
    numbers = generator.standard_normal((rows, features))
    lean = numbers @ generator.standard_normal((features, classes)) + noise * generator.standard_normal((rows, classes))
    target = lean[:, 0] if task == "regression" else lean.argmax(axis=1).astype(np.int64)
    columns = tuple(Column(f"x{i}", "number") for i in range(features))
    names = () if task == "regression" else tuple(f"class {i}" for i in range(classes))
    schema = Schema(columns, "target", task, names, ())
    data = Dataset("made", Features(numbers, np.zeros((rows, 0), np.int32)), target, schema, (), Origin("made"))
    order = generator.permutation(rows)
    train, dev, test = np.sort(order[:160]), np.sort(order[160:220]), np.sort(order[220:])
    return Splits(data, train, dev, test, (), 0)


@pytest.fixture(scope="session")
def splits() -> Splits:
    """Three classes."""
    return make_splits("classes")


@pytest.fixture(scope="session")
def binary_splits() -> Splits:
    """Two classes."""
    return make_splits("binary", classes=2)


@pytest.fixture(scope="session")
def regression_splits() -> Splits:
    """A number to predict."""
    return make_splits("regression")


@pytest.fixture(scope="session")
def plan() -> Plan:
    """A small plan with everything that could spoil the bits in it; tests share its compiled program."""
    return Plan(
        hidden_units=(8, 8),
        architecture="residual",
        batch_norm="before",
        batch_size=32,
        epochs=12,
        learning_rate=0.02,
        keep_prob=0.8,
        label_smoothing=0.05,
        preparation="standard",
    )


def same_bits(one: Run, other: Run) -> bool:
    """Whether two trainings agree in every bit of history, best parameters and snapshots."""

    def equal(a: dict[str, np.ndarray], b: dict[str, np.ndarray]) -> bool:
        return a.keys() == b.keys() and all(a[name].tobytes() == b[name].tobytes() for name in a)

    return (
        equal(one.history, other.history)
        and equal(one.best, other.best)
        and one.best_epoch == other.best_epoch
        and one.outcome == other.outcome
        and len(one.snapshots) == len(other.snapshots)
        and all(map(equal, one.snapshots, other.snapshots))
    )


class Watcher:
    """A control that keeps what it is shown, and does at given epochs what it was given to do."""

    def __init__(self, every: int | None = None, actions: dict[tuple[int, int], list] | None = None) -> None:
        self.every = every
        self.actions = actions or {}
        self.seen: list[list[Progress]] = []

    def next_visit(self, job: int, epoch: int, epochs: int) -> int | None:
        return (epoch // self.every + 1) * self.every if self.every else None

    def __call__(self, progress: list[Progress]) -> dict[int, list]:
        self.seen.append(progress)
        return {each.job: self.actions.get((each.job, each.epoch), []) for each in progress}


@pytest.fixture(scope="session")
def tools() -> SimpleNamespace:
    """What tests of whole trainings need."""
    return SimpleNamespace(same_bits=same_bits, Watcher=Watcher, make_splits=make_splits)


@contextmanager
def _compiled_for_users() -> Iterator[None]:
    usual = stack_module._options
    whole = {"xla_backend_optimization_level": 3, "xla_cpu_use_fusion_emitters": True}  # XLA's defaults
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(stack_module, "_options", lambda structure: (usual(structure) or {}) | whole)
        stack_module._compiled.cache_clear()
        yield
    stack_module._compiled.cache_clear()


@pytest.fixture(scope="module")
def compiled_for_users() -> Iterator[None]:
    """Training compiled with the optimizations that tests else do without: for promises about bits."""
    with _compiled_for_users():
        yield


@pytest.fixture
def once_compiled_for_users() -> Iterator[None]:
    """The same, for one test."""
    with _compiled_for_users():
        yield


@pytest.fixture(scope="module")  # a module may be compiled for users, or not
def alone(splits, plan) -> Run:
    """The shared plan trained with seed 5, alone."""
    return fit(Job(plan, 5), splits)


@pytest.fixture
def evaluated(oracle, splits) -> Callable[..., tuple[float, float]]:
    """Cost and error of a run's weights on some rows, by the oracle: no dropout, running averages, nothing added."""

    def measure(run: Run, weights: dict[str, np.ndarray], rows: np.ndarray) -> tuple[float, float]:
        params, running = unflatten({name: leaf.astype(np.float64) for name, leaf in weights.items()})
        x = run.preparation.transform(splits.dataset.features.take(rows)).astype(np.float64)
        y = splits.dataset.target[rows]
        logits, *_ = oracle.forward(run.plan, params, x, running=running)
        return oracle.cost("softmax", logits, y)[0], float(np.mean(logits.argmax(axis=1) != y))

    return measure
