"""Which faults are planted, how, and which findings are right for each: fixed before anything was measured.

A case is drawn from its fault's name and its number alone. Odd numbers are held out: thresholds may be set on even
ones only. A fault of the training counts where it did harm: its best dev cost is at least a tenth above that of its
twin, the same training without the fault. (What is planted in the data or the loss always counts.)

`right` names the fault or its cause; at least one of these must be found. `also` are true consequences of the fault:
they count neither as finding it nor as a false alarm. Everything else is a false alarm.
"""

import zlib
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple

import numpy as np

from doctor_data import CLASSES, CLEAN, NUMBERS, Table, splits_of
from goodfit.experiments.default_plans import default_plan
from goodfit.plan import Plan

PER_FAULT, HEALTHY_RUNS = 60, 600
MORE = {"learning rate too high": 90, "batch too small": 90}  # a third or more of these do no harm
HARM = 1.1  # times the twin's best dev cost
SEEDS = 10  # of each table
STEPS = 700  # of a healthy training
EPOCHS = (20, 250)


class Patch(NamedTuple):
    """What no plan can express: in "data", "weights", "biases", "inputs", "loss", "averages" or "target"."""

    kind: str
    how: str = ""
    strength: float = 0.0


@dataclass(frozen=True)
class Setting:
    """One training: its table, plan, seed and patch, and the plan of its twin without the fault."""

    table: Table
    plan: Plan
    seed: int
    patch: Patch | None = None
    twin: Plan | None = None


@dataclass(frozen=True)
class Fault:
    """A fault, how a case of it is drawn, and what is right to find.

    Attributes:
        name: of the fault; it seeds the draws, so it stays as it is when a finding is renamed.
        finding: ID of the finding that names the fault.
        draw: a function that draws a case.
        right: IDs of the findings that are the fault or its cause.
        also: IDs of the findings that are true consequences of it.
    """

    name: str
    finding: str
    draw: Callable[[np.random.Generator], Setting]
    right: frozenset[str]
    also: frozenset[str] = field(default=frozenset())


# Networks and trainings that most people would call sensible.


def _epochs(table: Table, batch_size: int, steps: int = STEPS) -> int:
    m = len(splits_of(table).train)
    return int(np.clip(steps // max(1, m // (batch_size or m)), *EPOCHS))


ADAM = {"optimizer": "adam", "learning_rate": 2e-3}
DESCENT = {"optimizer": "gradient_descent", "learning_rate": 0.1}
MOMENTUM = {"optimizer": "momentum", "learning_rate": 0.1}
PLAIN = {"decay": "constant", "batch_size": 32, "keep_prob": 1.0, "weight_decay": 0.0, "preparation": "standard"}
NETWORKS: dict[str, dict[str, Any]] = {
    "relu adam": {"hidden_units": (32, 32), "activation": "relu", **PLAIN, **ADAM},
    "relu descent": {"hidden_units": (32, 32), "activation": "relu", **PLAIN, **DESCENT},
    "tanh momentum": {"hidden_units": (32, 32), "activation": "tanh", **PLAIN, **MOMENTUM},
    "silu": {"hidden_units": (64, 64, 64), "batch_size": 64, "learning_rate": 3e-3},
    "sigmoid": {"hidden_units": (32,), "activation": "sigmoid", **PLAIN, **ADAM, "learning_rate": 0.01},
    "residual": {"hidden_units": (32,) * 6, "activation": "relu", "architecture": "residual", **PLAIN, **ADAM},
    "batch norm": {"hidden_units": (32, 32), "activation": "relu", "batch_norm": "before", **PLAIN, **ADAM},
    "relu four": {"hidden_units": (32,) * 4, "activation": "relu", **PLAIN, **ADAM},
    "tanh four": {"hidden_units": (32,) * 4, "activation": "tanh", **PLAIN, **MOMENTUM},
    "deep sigmoid": {"hidden_units": (16,) * 8, "activation": "sigmoid", **PLAIN, **MOMENTUM},
    "deep relu": {"hidden_units": (16,) * 12, "activation": "relu", **PLAIN, **DESCENT, "learning_rate": 0.03},
    "deep relu adam": {"hidden_units": (16,) * 12, "activation": "relu", **PLAIN, **ADAM, "learning_rate": 1e-3},
}
USUAL = ("relu adam", "relu descent", "tanh momentum", "silu", "sigmoid", "residual", "batch norm", "relu four")


def healthy_plan(rng: np.random.Generator, table: Table, network: str, **changes: Any) -> Plan:
    """A network with its rate, length and light regularization drawn around the usual."""
    plan = Plan(**NETWORKS[network])
    rate = plan.learning_rate * 2 ** rng.uniform(-1, 1)
    if table.name in NUMBERS and plan.optimizer != "adam":
        rate /= 3  # squared errors are steeper than log losses
    numbers: dict[str, Any] = {"learning_rate": float(rate), "epochs": _epochs(table, plan.batch_size)}
    numbers["l2"] = float(rng.choice([0.0, 0.0, 0.1, 0.5]))
    if network == "silu":
        numbers |= {"keep_prob": float(rng.choice([0.75, 0.85, 0.9])), "weight_decay": float(rng.choice([0.0, 0.01]))}
    elif plan.optimizer == "adam":
        numbers["weight_decay"] = float(rng.choice([0.0, 0.01, 0.05]))
    return plan.with_(**{**numbers, **changes})


def _table(rng: np.random.Generator, names: tuple[str, ...]) -> Table:
    return Table(str(rng.choice(names)), int(rng.integers(SEEDS)))


def _power(rng: np.random.Generator, low: float, high: float) -> float:
    """Log-uniform between the powers of ten."""
    return float(10 ** rng.uniform(low, high))


Changes = Callable[[np.random.Generator, Plan, int], dict[str, Any]]


def _planted(
    networks: tuple[str, ...],
    names: tuple[str, ...],
    changes: Changes | None = None,
    patch: Callable[[np.random.Generator], Patch] | None = None,
) -> Callable[[np.random.Generator], Setting]:
    """A case: a sensible plan on a table, with some settings changed (these know the plan and m) or a patch."""

    def draw(rng: np.random.Generator) -> Setting:
        table = _table(rng, names)
        plan = twin = healthy_plan(rng, table, str(rng.choice(networks)))
        if changes:
            plan = plan.with_(**changes(rng, plan, len(splits_of(table).train)))
        planted = patch(rng) if patch else None
        in_data = planted is not None and planted.kind == "data"
        return Setting(table, plan, int(rng.integers(1000)), planted, None if in_data else twin)

    return draw


def _patch(kind: str, hows: tuple[str, ...], low: float, high: float) -> Callable[[np.random.Generator], Patch]:
    """Of one kind, with a strength log-uniform between powers of ten."""
    return lambda rng: Patch(kind, str(rng.choice(hows)), _power(rng, low, high))


def _rate(low: float, high: float) -> Changes:
    """The learning rate times a factor."""
    return lambda rng, plan, m: {"learning_rate": plan.learning_rate * _power(rng, low, high)}


def _regularized(rng: np.random.Generator, plan: Plan, m: int) -> dict[str, Any]:
    """L2 that outweighs the cost, weight decay of 2 to 20 % a step, or L1 that outruns Adam's steps."""
    kind = rng.choice(["l2", "weight_decay", "l1"] if plan.optimizer == "adam" else ["l2"])
    if kind == "l2":
        return {"l2": m * _power(rng, -0.2, 0.7)}
    if kind == "l1":
        return {"l1": m * _power(rng, 0.5, 1.5)}
    return {"weight_decay": rng.uniform(0.02, 0.2) / plan.learning_rate}


def _small_batches(*sizes: int) -> Changes:
    return lambda rng, plan, m: {"batch_size": int(rng.choice(sizes)), "epochs": int(rng.integers(10, 25))}


def _by_few(rng: np.random.Generator, plan: Plan, m: int) -> dict[str, Any]:
    """One or two examples a step, at a rate that much larger batches stand."""
    rate = plan.learning_rate * rng.uniform(3, 8)
    return {"batch_size": int(rng.choice([1, 2])), "epochs": int(rng.integers(10, 25)), "learning_rate": rate}


def _few_steps(rng: np.random.Generator, plan: Plan, m: int) -> dict[str, Any]:
    """The whole set as one batch, for the epochs that mini-batches would need."""
    return {"batch_size": 0, "epochs": int(rng.integers(8, 40))}


def _unsettled(rng: np.random.Generator, plan: Plan, m: int) -> dict[str, Any]:
    """Running averages over thousands of batches."""
    return {"batch_norm_beta": 1 - _power(rng, -4, -3)}


def _wrong_output(rng: np.random.Generator) -> Setting:
    """A softmax taken twice, a squared error of probabilities, or a target read as another kind."""
    how = str(rng.choice(["softmax twice", "squared error", "classes as numbers", "numbers as classes"]))
    names = {
        "softmax twice": ("digits", "wine", "iris", "blobs", "rings"),
        "squared error": ("digits", "taught", "blobs", "rings"),
        "classes as numbers": CLASSES,
        "numbers as classes": ("diabetes",),
    }[how]
    table = Table(str(rng.choice(names)), 0 if how == "numbers as classes" else int(rng.integers(SEEDS)))
    plan = healthy_plan(rng, table, str(rng.choice(["relu adam", "silu"])))
    return Setting(table, plan, int(rng.integers(1000)), Patch("target" if " as " in how else "loss", how))


def _vanishing(rng: np.random.Generator) -> Setting:
    """Eight layers of sigmoids (the twin has one), or twelve of ReLUs whose first weights are too small."""
    if rng.random() < 0.5:
        one = _planted(("deep sigmoid",), BROAD)(rng)
        return replace(one, twin=one.plan.with_(hidden_units=(32,), activation="tanh"))
    return _planted(("deep relu",), BROAD, patch=_patch("weights", ("scaled",), -0.4, -0.22))(rng)


def _plateau(rng: np.random.Generator) -> Setting:
    """First weights near the saddle at zero; or a target that no slope at the start tells, by plain descent."""
    if rng.random() < 0.5:
        return _planted(("relu descent", "tanh four"), BROAD, patch=_patch("weights", ("scaled",), -3.5, -2))(rng)
    one = _planted(("sigmoid",), ("halves",))(rng)
    slow = {"optimizer": "gradient_descent", "learning_rate": float(rng.uniform(0.1, 0.5)), "weight_decay": 0.0}
    return replace(one, plan=one.plan.with_(**slow))


def _imbalanced(rng: np.random.Generator) -> Setting:
    one = _planted(("relu adam", "tanh momentum", "silu"), ("rare", "rare", "rare_tumours"))(rng)
    return replace(one, twin=None)


ANY = (*CLASSES, *NUMBERS)
BROAD = ("digits", "breast_cancer", "wine", "blobs", "rings", "moons", "taught", *NUMBERS)
ENDS = {"dead-relus", "saturated-units", "plateau"}  # where leaps end
LEAPS = {"learning-rate-too-high", "divergence", "exploding-gradient"}

_TABLE: dict[str, tuple[str, Callable[[np.random.Generator], Setting], set[str], set[str]]] = {
    "vanishing gradient": (
        "vanishing-gradient",
        _vanishing,
        {"vanishing-gradient"},
        {"plateau", "learning-rate-too-low", "bad-initialization"},
    ),
    "exploding gradient": (
        "exploding-gradient",
        _planted(("deep relu", "deep relu adam"), BROAD, patch=_patch("weights", ("scaled",), 0.3, 0.6)),
        {"exploding-gradient", "bad-initialization", "divergence"},
        LEAPS | ENDS,
    ),
    "divergence": (
        "divergence",
        _planted(("relu descent", "deep relu"), ("diabetes", "friedman", "waves", "weak"), _rate(2, 5)),
        {"divergence", "learning-rate-too-high"},
        {"exploding-gradient", *ENDS},
    ),
    "dead ReLUs": (
        "dead-relus",
        _planted(("relu adam", "relu descent", "relu four"), BROAD, patch=_patch("biases", ("",), 0.8, 1.5)),
        {"dead-relus", "bad-initialization"},
        {"plateau", "vanishing-gradient", "learning-rate-too-low"},
    ),
    "saturated units": (
        "saturated-units",
        _planted(("tanh four", "tanh momentum"), BROAD, patch=_patch("weights", ("hidden",), 1.1, 1.7)),
        {"saturated-units", "bad-initialization"},
        LEAPS | {"plateau", "vanishing-gradient"},
    ),
    "learning rate too high": (
        "learning-rate-too-high",
        _planted(("relu adam", "relu descent", "tanh momentum", "silu"), BROAD, _rate(1.5, 3)),
        LEAPS,
        ENDS,
    ),
    "learning rate too low": (
        "learning-rate-too-low",
        _planted(("relu adam", "relu descent", "tanh momentum", "silu"), BROAD, _rate(-4, -2)),
        {"learning-rate-too-low"},
        {"stopped-too-early", "plateau"},
    ),
    "plateau": (
        "plateau",
        _plateau,
        {"plateau", "bad-initialization", "vanishing-gradient"},
        {"learning-rate-too-low"},
    ),
    "inputs not normalized": (
        "inputs-not-normalized",
        _planted(
            ("relu adam", "relu descent", "tanh momentum", "silu"),
            ANY,
            patch=_patch("inputs", ("scaled", "shifted", "bytes"), 1.3, 2.5),
        ),
        {"inputs-not-normalized"},
        LEAPS | ENDS | {"bad-initialization", "learning-rate-too-low", "vanishing-gradient"},
    ),
    "bad initialization": (
        "bad-initialization",
        _planted(
            ("relu adam", "relu descent", "tanh momentum", "silu"),
            BROAD,
            patch=_patch("weights", ("zero", "alike", "scaled"), 0.9, 1.6),
        ),
        {"bad-initialization"},
        LEAPS | ENDS | {"vanishing-gradient", "learning-rate-too-low"},
    ),
    "wrong output or loss": ("wrong-output", _wrong_output, {"wrong-output"}, set()),
    "batch norm with small batches": (
        "batch-norm-small-batches",
        _planted(("batch norm",), BROAD, _small_batches(2, 3)),
        {"batch-norm-small-batches", "batch-too-small"},
        {"evaluation-mismatch"},
    ),
    "regularization too strong": (
        "regularization-too-strong",
        _planted(("relu adam", "silu", "tanh momentum"), BROAD, _regularized),
        {"regularization-too-strong"},
        {"plateau"},
    ),
    "dropout too strong": (
        "dropout-too-strong",
        _planted(("silu",), BROAD, lambda rng, plan, m: {"keep_prob": float(rng.uniform(0.03, 0.2))}),
        {"dropout-too-strong"},
        {"plateau", "stopped-too-early"},
    ),
    "batch too large": (
        "batch-too-large",
        _planted(("relu adam", "relu descent", "silu"), ("digits", "many", "taught", "friedman", "waves"), _few_steps),
        {"batch-too-large"},
        {"stopped-too-early", "learning-rate-too-low"},
    ),
    "batch too small": (
        "batch-too-small",
        _planted(("relu adam", "relu descent"), ("digits", "blobs", "moons", "rings", "friedman", "waves"), _by_few),
        {"batch-too-small", "learning-rate-too-high", "divergence"},
        LEAPS | ENDS,
    ),
    "class imbalance ignored": ("class-imbalance", _imbalanced, {"class-imbalance"}, set()),
    "label noise": (
        "label-noise",
        _planted(USUAL[:4], CLEAN, patch=lambda rng: Patch("data", "label noise", rng.uniform(0.15, 0.3))),
        {"label-noise"},
        set(),
    ),
    "duplicates across the sets": (
        "duplicate-examples",
        _planted(USUAL[:4], ANY, patch=lambda rng: Patch("data", "duplicates", rng.uniform(0.15, 0.6))),
        {"duplicate-examples"},
        set(),
    ),
    "dev and test differ": (
        "dev-test-shift",
        _planted(USUAL[:4], ANY, patch=lambda rng: Patch("data", "shift", rng.uniform(1, 2))),
        {"dev-test-shift"},
        set(),
    ),
    "leaking feature": (
        "leaking-feature",
        _planted(USUAL[:4], ANY, patch=lambda rng: Patch("data", "leak", _power(rng, -4, -2))),
        {"leaking-feature"},
        set(),
    ),
    "outliers in the target": (
        "target-outliers",
        _planted(USUAL[:4], NUMBERS, patch=_patch("data", ("outliers",), 1.3, 3)),
        {"target-outliers"},
        LEAPS,
    ),
    "heavy tail of the target": (
        "heavy-tail",
        _planted(USUAL[:4], NUMBERS, patch=lambda rng: Patch("data", "heavy tail", rng.uniform(1.5, 2.5))),
        {"heavy-tail"},
        LEAPS | {"target-outliers", "negative-predictions"},
    ),
    "stopped too early": (
        "stopped-too-early",
        _planted(
            ("relu adam", "relu descent", "tanh momentum", "silu"),
            BROAD,
            lambda rng, plan, m: {"epochs": int(rng.integers(1, 4))},
        ),
        {"stopped-too-early"},
        {"learning-rate-too-low", "batch-too-large"},
    ),
    "training and evaluation disagree": (
        "evaluation-mismatch",
        _planted(("batch norm",), BROAD, _unsettled, lambda rng: Patch("averages")),
        {"evaluation-mismatch"},
        {"learning-rate-too-high"},
    ),
}
# Statements of fact: no step changed a weight, all outputs are equal. In a sick training they are true consequences.
STILL = {"no-updates", "constant-outputs"}
FAULTS = {
    name: Fault(name, finding, draw, frozenset(right), frozenset(also | STILL))
    for name, (finding, draw, right, also) in _TABLE.items()
}


def setting(fault: str, number: int) -> Setting:
    """Case `number` of a fault; "healthy" is none."""
    rng = np.random.default_rng([zlib.crc32(fault.encode()), number])
    return healthy(rng) if fault == "healthy" else FAULTS[fault].draw(rng)


def healthy(rng: np.random.Generator) -> Setting:
    """A sensible plan: one in ten is goodfit's own default."""
    table = _table(rng, (*ANY, "many"))
    if rng.random() < 0.1:
        return Setting(table, default_plan(splits_of(table)), int(rng.integers(1000)))
    return Setting(table, healthy_plan(rng, table, str(rng.choice(USUAL))), int(rng.integers(1000)))


def held_out(number: int) -> bool:
    """Whether thresholds must not be set on this case."""
    return number % 2 == 1
