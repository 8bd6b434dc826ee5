"""One experiment's settings: what is compiled (structure) and what is only a number (hyperparameters)."""

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields, replace
from typing import Any, Literal, NamedTuple, Self, get_args

import yaml

from goodfit.errors import PlanError, nearest

Activation = Literal["relu", "leaky_relu", "tanh", "sigmoid", "gelu", "silu", "elu", "selu", "softplus"]
Initialization = Literal["auto", "he", "xavier"]
Architecture = Literal["plain", "residual"]
LayerKind = Literal["dense", "convolutional"]
BatchNorm = Literal["none", "before", "after"]
Optimizer = Literal["gradient_descent", "momentum", "rmsprop", "adam"]
Decay = Literal["constant", "inverse", "exponential", "inverse_sqrt", "one_cycle"]
PreparationKind = Literal["standard", "robust", "quantile", "piecewise"]


class Hyperparameters(NamedTuple):
    """Every number of a plan: traced, so that changing one never recompiles."""

    learning_rate: float
    beta1: float
    beta2: float
    epsilon: float
    decay_rate: float
    weight_decay: float
    l2: float
    l1: float
    clip_norm: float
    label_smoothing: float
    keep_prob: tuple[float, ...]
    input_keep_prob: float
    batch_norm_beta: float
    class_balance: float
    augmentation: float
    flip: float
    epochs: float
    patience: float


@dataclass(frozen=True)
class Structure:
    """What is compiled: two plans with equal structures share one program.

    The booleans say only whether that work is in the program at all; how much is a number.
    """

    hidden_units: tuple[int, ...]
    architecture: Architecture
    activation: Activation
    batch_norm: BatchNorm
    optimizer: Optimizer
    decay: Decay
    batch_size: int
    dropout: bool
    input_dropout: bool
    l1: bool
    clipping: bool
    layer: LayerKind = "dense"
    depth: int = 0
    augmentation: bool = False
    image: tuple[int, int, int] | None = None  # where convolutional layers or augmentation need it, the data's

    @property
    def blocks(self) -> tuple[int, ...]:
        """The stage, from 0, of each bottleneck block of a network by its depth, spread evenly over the stages."""
        count, stages = (self.depth - 2) // 3 if self.depth else 0, len(self.hidden_units)
        return tuple(block * stages // count for block in range(count))

    @property
    def hidden_layers(self) -> int:
        """Hidden layers that are looked into: each, or the first convolution and each block."""
        return 1 + len(self.blocks) if self.depth else len(self.hidden_units)


@dataclass(frozen=True, kw_only=True)
class Plan:
    """One experiment's complete settings; frozen, validated, round-trips through YAML.

    Attributes:
        hidden_units: units of each hidden layer; empty means logistic, softmax or linear regression. Of convolutional
            layers the feature maps; before they grow in number, the picture is halved.
        layer: `dense`, or `convolutional` (3×3) for images, with global average pooling at the end.
        depth: 3n + 2 of a convolutional network of n bottleneck blocks of three convolutions, in as many stages as
            `hidden_units` has (He et al. 2016: 20, 56, 110, 152); 0 is one convolution for each of `hidden_units`.
        architecture: `residual` adds a hidden layer's input to its output where their widths agree.
        activation: the hidden layers' activation.
        initialization: `auto` is Xavier for tanh and sigmoid and He for the others (notes: weight initialization).
        batch_norm: normalize z `before` the activation, or a `after` it.
        optimizer: the seed's four; `adam` with a `weight_decay` is AdamW.
        batch_size: examples in a mini-batch; 0 is the whole training set.
        decay: how the learning rate falls; epochs count from 1.
        preparation: how numbers are scaled before they enter the network.
        epochs: passes over the training set.
        learning_rate: α, at the start (`one_cycle`: at the top).
        beta1: β of momentum, β₁ of Adam.
        beta2: β of RMSprop, β₂ of Adam.
        epsilon: ε of RMSprop and Adam.
        decay_rate: γ of `inverse` (1 when not given), the base of `exponential` (0.95), K of `inverse_sqrt` (1), the
            warm-up share of `one_cycle` (0.1).
        weight_decay: decoupled weight decay, a share of the weights taken off per unit of learning rate.
        l2: λ of the seed's L2 penalty, (λ/2m)·Σw².
        l1: λ of the seed's L1 penalty, (λ/2m)·Σ|w|.
        clip_norm: the largest global norm of a gradient; 0 leaves gradients alone.
        label_smoothing: share of each label spread over all classes.
        keep_prob: dropout's probability of keeping a unit, for all hidden layers or one for each.
        input_keep_prob: the same for the inputs.
        batch_norm_beta: β of the running statistics of batch norm.
        class_balance: class weights are (mean count / count) to this power; 0 is none, 1 is balanced.
        augmentation: of images, how far each is moved, turned, scaled, distorted and changed in brightness and contrast
            anew in every epoch (course notes: data augmentation); 1 is much, 0 none.
        flip: the probability that left and right of an image change places, in every epoch.
        patience: epochs without a better dev cost before training stops; 0 trains to the end.
        snapshots: copies of the parameters kept at even distances along the run, for ensembles.
    """

    hidden_units: tuple[int, ...] = (256, 256, 256)
    layer: LayerKind = "dense"
    depth: int = 0
    architecture: Architecture = "plain"
    activation: Activation = "silu"
    initialization: Initialization = "auto"
    batch_norm: BatchNorm = "none"
    optimizer: Optimizer = "adam"
    batch_size: int = 128
    decay: Decay = "one_cycle"
    preparation: PreparationKind = "robust"
    epochs: int = 60
    learning_rate: float = 3e-3
    beta1: float = 0.9
    beta2: float = 0.999
    epsilon: float = 1e-8
    decay_rate: float = math.nan  # the decay's own, filled in below
    weight_decay: float = 0.01
    l2: float = 0.0
    l1: float = 0.0
    clip_norm: float = 0.0
    label_smoothing: float = 0.0
    keep_prob: float | tuple[float, ...] = 0.85
    input_keep_prob: float = 1.0
    batch_norm_beta: float = 0.9
    class_balance: float = 0.0
    augmentation: float = 0.0
    flip: float = 0.0
    patience: int = 0
    snapshots: int = 0

    def __post_init__(self) -> None:
        for name in ("hidden_units", "keep_prob"):
            value = getattr(self, name)
            if isinstance(value, list):
                object.__setattr__(self, name, tuple(value))
        for name in _RANGES:  # YAML reads 1e-3 as text; and a NumPy number is no plain value
            object.__setattr__(self, name, _plain(getattr(self, name)))
        keep_prob = self.keep_prob
        plain = tuple(map(_plain, keep_prob)) if isinstance(keep_prob, tuple) else _plain(keep_prob)
        object.__setattr__(self, "keep_prob", plain)
        if isinstance(self.decay_rate, float) and math.isnan(self.decay_rate):
            object.__setattr__(self, "decay_rate", _DECAY_RATES.get(self.decay, 0.0))
        _check(self)

    @property
    def keep_probs(self) -> tuple[float, ...]:
        """keep_prob of each hidden layer."""
        if isinstance(self.keep_prob, tuple):
            return self.keep_prob
        return (float(self.keep_prob),) * len(self.hidden_units)

    @property
    def structure(self) -> Structure:
        """The part that is compiled."""
        return Structure(
            hidden_units=self.hidden_units,
            architecture=self.architecture,
            activation=self.activation,
            batch_norm=self.batch_norm,
            optimizer=self.optimizer,
            decay=self.decay,
            batch_size=self.batch_size,
            dropout=any(keep_prob < 1 for keep_prob in self.keep_probs),
            input_dropout=self.input_keep_prob < 1,
            l1=self.l1 > 0,
            clipping=self.clip_norm > 0,
            layer=self.layer,
            depth=self.depth,
            augmentation=self.augmentation > 0 or self.flip > 0,
        )

    @property
    def hyperparameters(self) -> Hyperparameters:
        """The part that is traced."""
        numbers = {name: float(getattr(self, name)) for name in Hyperparameters._fields if name != "keep_prob"}
        return Hyperparameters(keep_prob=self.keep_probs, **numbers)

    def with_(self, **changes: Any) -> Self:
        """This plan with some settings changed; a changed depth takes a per-layer keep_prob back to its mean.

        Another decay brings its own rate along.

        >>> Plan().with_(learning_rate=0.01).learning_rate
        0.01
        """
        check_keys(changes)
        units = changes.get("hidden_units")
        if isinstance(units, list | tuple) and isinstance(self.keep_prob, tuple) and "keep_prob" not in changes:
            same = len(units) == len(self.keep_prob)
            mean = sum(self.keep_prob) / len(self.keep_prob) if self.keep_prob else 1.0
            changes["keep_prob"] = self.keep_prob if same else mean
        if changes.get("decay", self.decay) != self.decay:
            changes.setdefault("decay_rate", math.nan)
        return replace(self, **changes)

    def to_dict(self) -> dict[str, Any]:
        """Plain values, as they stand in YAML and JSON."""
        return {key: list(value) if isinstance(value, tuple) else value for key, value in asdict(self).items()}

    @classmethod
    def from_dict(cls, settings: Mapping[str, Any]) -> Self:
        """The plan with these settings, the defaults for the rest.

        Raises:
            PlanError: an unknown key, or a value that does not fit it.
        """
        check_keys(settings)
        return cls(**settings)

    def to_yaml(self) -> str:
        """This plan as YAML."""
        return yaml.safe_dump(self.to_dict(), sort_keys=False)

    @classmethod
    def from_yaml(cls, text: str) -> Self:
        """The plan written in `text`.

        Raises:
            PlanError: not YAML, not a mapping, an unknown key or a value that does not fit.
        """
        try:
            settings = yaml.safe_load(text)
        except yaml.YAMLError as error:
            raise PlanError(
                f"the plan is not valid YAML ({str(error).splitlines()[0]}); write `key: value` lines"
            ) from None
        if settings is None:
            settings = {}
        if not isinstance(settings, dict):
            raise PlanError("the plan is not a mapping; write one `key: value` a line")
        return cls.from_dict(settings)


def check_keys(settings: Mapping[str, Any]) -> None:
    """Refuse settings that no plan has.

    Raises:
        PlanError: an unknown key; the nearest known one is named.
    """
    known = [field.name for field in fields(Plan)]
    for key in settings:
        if key not in known:
            raise PlanError(f"unknown plan key '{key}': {nearest(str(key), known)}")


def renumbered(plan: Plan, begun: Structure, numbers: Mapping[str, Any]) -> Plan:
    """The plan with other numbers, while a model trains by a program that was compiled for `begun`.

    Raises:
        PlanError: what is changed is no number, does not fit, or is work that the program was compiled without.
    """
    check_keys(numbers)
    for name, value in numbers.items():
        if name not in Hyperparameters._fields:
            raise PlanError(
                f"{name} cannot change while a model trains, as numbers such as learning_rate can; "
                f"`goodfit branch` starts a new run with another {name} from its parameters"
            )
        if isinstance(number := _plain(value), float) and math.isnan(number):  # a plan would fill in decay_rate's own
            raise PlanError(f"{name} is {value!r}; it must be a number")
    changed = plan.with_(**numbers)
    compiled, wanted = asdict(begun), asdict(changed.structure)
    for work in compiled:
        if wanted[work] and not compiled[work]:
            raise PlanError(f"{work} cannot be turned on while a model trains; let its plan begin with a little of it")
    return changed


_CHOICES = {
    "architecture": get_args(Architecture),
    "layer": get_args(LayerKind),
    "activation": get_args(Activation),
    "initialization": get_args(Initialization),
    "batch_norm": get_args(BatchNorm),
    "optimizer": get_args(Optimizer),
    "decay": get_args(Decay),
    "preparation": get_args(PreparationKind),
}
# name: (lowest, highest, lowest allowed itself, highest allowed itself)
_RANGES = {
    "learning_rate": (0, math.inf, False, False),
    "beta1": (0, 1, True, False),
    "beta2": (0, 1, True, False),
    "epsilon": (0, math.inf, True, False),
    "decay_rate": (0, math.inf, True, False),
    "weight_decay": (0, math.inf, True, False),
    "l2": (0, math.inf, True, False),
    "l1": (0, math.inf, True, False),
    "clip_norm": (0, math.inf, True, False),
    "label_smoothing": (0, 1, True, False),
    "input_keep_prob": (0, 1, False, True),
    "batch_norm_beta": (0, 1, True, False),
    "class_balance": (0, 1, True, True),
    "augmentation": (0, 2, True, True),
    "flip": (0, 1, True, True),
}
_DECAY_RATES = {"inverse": 1.0, "exponential": 0.95, "inverse_sqrt": 1.0, "one_cycle": 0.1}  # 0.95 is the seed's
_WHOLE = {"batch_size": 0, "epochs": 1, "patience": 0, "snapshots": 0}


def _check(plan: Plan) -> None:
    """Raise PlanError at the first setting outside its range."""
    for name, choices in _CHOICES.items():
        value = getattr(plan, name)
        if value not in choices:
            raise PlanError(f"{name} is {value!r}: {nearest(str(value), choices)}")
    for name, (low, high, low_in, high_in) in _RANGES.items():
        _check_number(name, getattr(plan, name), low, high, low_in, high_in)
    for name, least in _WHOLE.items():
        value = getattr(plan, name)
        if not _is_whole(value) or value < least:
            raise PlanError(f"{name} is {value!r}; it must be a whole number of at least {least}")
    if not isinstance(plan.hidden_units, tuple) or not all(_is_whole(n) and n > 0 for n in plan.hidden_units):
        raise PlanError(f"hidden_units is {plan.hidden_units!r}; it must be a list of whole numbers above 0")
    whole = plan.depth == 0 or (plan.depth >= 5 and plan.depth % 3 == 2)
    if not _is_whole(plan.depth) or not whole:
        raise PlanError(f"depth is {plan.depth!r}; it must be 3n + 2, such as 20, 56 or 110, or 0")
    if plan.depth and (plan.layer != "convolutional" or not plan.hidden_units):
        raise PlanError(f"depth is {plan.depth}, which convolutional layers alone can have; set layer to convolutional")
    if plan.depth and (plan.depth - 2) // 3 < len(plan.hidden_units):
        least = 3 * len(plan.hidden_units) + 2
        raise PlanError(f"depth is {plan.depth}, too few for the {len(plan.hidden_units)} stages; take {least} or more")
    if plan.layer == "convolutional" and not plan.hidden_units:
        raise PlanError("hidden_units is empty; a convolutional network needs the feature maps of one layer at least")
    if isinstance(plan.keep_prob, tuple) and len(plan.keep_prob) != len(plan.hidden_units):
        raise PlanError(
            f"keep_prob has {len(plan.keep_prob)} values for {len(plan.hidden_units)} hidden layers; "
            "give one for each, or one for all"
        )
    for value in plan.keep_prob if isinstance(plan.keep_prob, tuple) else (plan.keep_prob,):
        _check_number("keep_prob", value, 0, 1, False, True)
    if plan.decay == "one_cycle" and plan.decay_rate >= 1:
        raise PlanError(f"decay_rate is {plan.decay_rate!r}; with one_cycle it is the warm-up share, below 1")
    if plan.batch_norm != "none" and plan.batch_size == 1:
        raise PlanError("batch_size is 1 with batch norm; one example has no variance, take 2 or more")


def _plain(value: Any) -> Any:
    """Numbers, and text that is a number, as float; anything else as it is, for the check to refuse."""
    if isinstance(value, bool):
        return value
    try:
        return float(value)
    except (TypeError, ValueError):
        return value


def _is_whole(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _check_number(name: str, value: Any, low: float, high: float, low_in: bool, high_in: bool) -> None:
    number = isinstance(value, int | float) and not isinstance(value, bool)
    if not number or not ((low < value or (low_in and value == low)) and (value < high or (high_in and value == high))):
        below = "at least" if low_in else "above"
        above = "" if high == math.inf else f" and {'at most' if high_in else 'below'} {high}"
        raise PlanError(f"{name} is {value!r}; it must be a number {below} {low}{above}")
