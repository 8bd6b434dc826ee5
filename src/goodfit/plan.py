"""One experiment's settings: `Plan`, divided into what is compiled (structure) and what is traced (hyperparameters)."""

import functools
import math
from collections import namedtuple
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any, Literal, Self, TypeVar, get_args

import yaml

from goodfit.allowed_values import Choices, LayerNumbers, Numbers, WholeNumbers, Widths
from goodfit.errors import PlanError
from goodfit.settings import (
    IdleWith,
    SearchRange,
    Slider,
    Variant,
    canonical,
    setting,
    table,
)

Activation = Literal["relu", "leaky_relu", "tanh", "sigmoid", "gelu", "silu", "elu", "selu", "softplus"]
Initialization = Literal["auto", "he", "xavier"]
Architecture = Literal["plain", "residual"]
LayerKind = Literal["dense", "convolutional"]
BatchNorm = Literal["none", "before", "after"]
Optimizer = Literal["gradient_descent", "momentum", "rmsprop", "adam"]
Decay = Literal["constant", "inverse", "exponential", "inverse_sqrt", "one_cycle"]
PreparationKind = Literal["standard", "robust", "quantile", "piecewise"]
TransformKind = Literal["none", "log", "yeo-johnson"]
Loss = Literal["squared", "huber"]

_PlanClass = TypeVar("_PlanClass", bound=type)


@dataclass(frozen=True)
class Structure:
    """The compiled part of a plan: two plans with equal structures share one program.

    The booleans say only that the work is in the program at all; its amount is a hyperparameter.
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
    image: tuple[int, int, int] | None = None  # the data's, where convolutional layers or augmentation need it

    @property
    def blocks(self) -> tuple[int, ...]:
        """The stage, from 0, of each bottleneck block of a network by its depth, spread evenly over the stages."""
        count, stages = (self.depth - 2) // 3 if self.depth else 0, len(self.hidden_units)
        return tuple(block * stages // count for block in range(count))

    @property
    def hidden_layers(self) -> int:
        """Number of hidden layers whose health is recorded; with a depth, the first convolution and each block."""
        return 1 + len(self.blocks) if self.depth else len(self.hidden_units)


def _accept_complements(plan_class: _PlanClass) -> _PlanClass:
    """Let `Plan(dropout=0.2)` mean `Plan(keep_prob=0.8)`, as it does in YAML and on the command line."""
    generated = plan_class.__init__

    @functools.wraps(generated)
    def with_complements(self: Any, **settings: Any) -> None:
        generated(self, **canonical(settings, SETTINGS))

    plan_class.__init__ = with_complements  # pyright: ignore[reportAttributeAccessIssue]
    return plan_class


@_accept_complements
@dataclass(frozen=True, kw_only=True)
class Plan:
    """One experiment's complete settings; frozen, validated, round-trips through YAML.

    Each field is declared once, as an entry of the table of settings (`goodfit.settings.Setting`), with its default,
    allowed values and help. `SETTINGS` holds the entries by name; docs/settings.md is printed from them.
    """

    hidden_units: tuple[int, ...] = setting(
        (256, 256, 256),
        Widths(),
        "Units of each hidden layer; none is logistic, softmax or linear regression. Of convolutional layers, the "
        "feature maps; the image is halved before they grow in number.",
        "structure",
        other_names=("hidden_layer_sizes", "units", "layers"),
        # The default network has 3 layers of 256 units; feature maps decide where images are halved, so that other
        # widths and depths are other networks.
        searches=(
            SearchRange(2, "ladder:16..256", "units", ("layer", "dense"), place=4),
            SearchRange(3, "integer:1..4", "layers", ("layer", "dense"), place=5),
        ),
    )
    layer: LayerKind = setting(
        "dense",
        Choices(get_args(LayerKind)),
        "Kind of hidden layer: `dense`, or `convolutional` (3×3) for images, with global average pooling at the end.",
        "structure",
    )
    depth: int = setting(
        0,
        WholeNumbers(0),
        "3n + 2 of a convolutional network of n bottleneck blocks of three convolutions, in as many stages as "
        "`hidden_units` has (He et al. 2016: 20, 56, 110, 152); 0 is one convolution for each of `hidden_units`.",
        "structure",
    )
    architecture: Architecture = setting(
        "plain",
        Choices(get_args(Architecture)),
        "`residual` adds a hidden layer's input to its output where their widths agree (He et al. 2016).",
        "structure",
        searches=(SearchRange(5, "choice:plain,residual"),),
    )
    activation: Activation = setting(
        "silu",
        Choices(get_args(Activation), {"swish": "silu"}),
        "Activation of the hidden layers.",
        "structure",
        searches=(SearchRange(4, "choice:relu,tanh,silu", place=8),),  # course notes: ReLU and tanh
    )
    initialization: Initialization = setting(
        "auto",
        Choices(get_args(Initialization)),
        "Deviation of the first weights; `auto` is Xavier for tanh, sigmoid and SELU, He for the others (course notes: "
        "weight initialization).",
        "host",
        other_names=("init", "initializer", "kernel_initializer"),
        searches=(SearchRange(5, "choice:he,xavier"),),
    )
    batch_norm: BatchNorm = setting(
        "none",
        Choices(get_args(BatchNorm)),
        "Batch normalization of z `before` the activation, or of a `after` it.",
        "structure",
        other_names=("batchnorm", "normalization", "batch_normalization"),
        searches=(SearchRange(5, "choice:none,before,after"),),
    )
    optimizer: Optimizer = setting(
        "adam",
        Choices(get_args(Optimizer), {"sgd": "gradient_descent"}),
        "One of the four of the course notes; `sgd` is gradient_descent, `adam` with a `weight_decay` is AdamW.",
        "structure",
        other_names=("solver", "optim"),
        searches=(SearchRange(5, "choice:momentum,rmsprop,adam"),),  # without plain descent, which is slower
    )
    batch_size: int = setting(
        128,
        WholeNumbers(0),
        "Examples in a mini-batch; 0 is the whole training set.",
        "structure",
        unit="examples",
        other_names=("batch", "mini_batch_size", "minibatch_size"),
        searches=(SearchRange(2, "power:16..256", place=3),),  # powers of two; 256 is for the largest tables
    )
    decay: Decay = setting(
        "one_cycle",
        Choices(get_args(Decay)),
        "How the learning rate falls; epochs count from 1.",
        "structure",
        other_names=("schedule", "scheduler", "lr_schedule"),
        # none, the notes' 0.95^epoch, and the default
        searches=(SearchRange(3, "choice:constant,exponential,one_cycle", place=6),),
    )
    preparation: PreparationKind = setting(
        "robust",
        Choices(get_args(PreparationKind)),
        "How numbers are scaled before they enter the network.",
        "host",
        other_names=("scaler", "scaling", "preprocessing"),
        searches=(SearchRange(5, "choice:standard,robust,quantile,piecewise", only_if=("layer", "dense")),),
    )
    target_transform: TransformKind = setting(
        "none",
        Choices(get_args(TransformKind)),
        "Transform of a regression's target before it is fitted, against a heavy tail; predictions are transformed "
        "back, and corrected for the bias of that (Duan 1983).",
        "host",
        idle_with=(IdleWith("task", ("binary", "classes"), "classes"),),
    )
    loss: Loss = setting(
        "squared",
        Choices(get_args(Loss)),
        "Loss of a regression: squared misses, or Huber's, which is linear beyond one spread of the target, so that "
        "outliers pull less. Classes always have the log loss.",
        "host",
        idle_with=(IdleWith("task", ("binary", "classes"), "classes"),),
    )
    epochs: int = setting(
        60,
        WholeNumbers(1),
        "Passes over the training set.",
        unit="epochs",
        other_names=("n_epochs", "num_epochs", "max_epochs", "max_iter"),
        slider=Slider("integer", 1, 100, 2, "a whole number, not below the epochs that have passed"),
    )
    learning_rate: float = setting(
        3e-3,
        Numbers(low_allowed=False),
        "α at the start; with `one_cycle`, at the top.",
        other_names=("lr", "eta", "step_size", "learning_rate_init"),
        slider=Slider("log", 1e-6, 10, 1),
        searches=(SearchRange(1, "log:1e-4..1e-1", place=1),),  # course notes: 0.0001 to 1; above 0.1, Adam fails
    )
    beta1: float = setting(
        0.9,
        Numbers(0, 1),
        "β of momentum, β₁ of Adam.",
        other_names=("momentum", "beta_1"),
        idle_with=(IdleWith("optimizer", ("gradient_descent", "rmsprop")),),
        slider=Slider("one-minus-log", 0, 0.9999),
        searches=(SearchRange(2, "one-minus-log:0.9..0.999", place=2),),  # course notes: an appropriate scale
    )
    beta2: float = setting(
        0.999,
        Numbers(0, 1),
        "β of RMSprop, β₂ of Adam.",
        other_names=("beta_2", "rho"),
        idle_with=(IdleWith("optimizer", ("gradient_descent", "momentum")),),
        slider=Slider("one-minus-log", 0, 0.99999),
        searches=(SearchRange(4, "one-minus-log:0.9..0.9999", place=9),),  # around Adam's 0.999, RMSprop's 0.99
    )
    epsilon: float = setting(
        1e-8,
        Numbers(),
        "ε of RMSprop and Adam.",
        other_names=("eps",),
        idle_with=(IdleWith("optimizer", ("gradient_descent", "momentum")),),
        slider=Slider("log", 1e-12, 1),
        searches=(SearchRange(5, "log:1e-8..1e-3"),),  # course notes: 1e-8, which is seldom tuned
    )
    decay_rate: float = setting(
        math.nan,  # stands for the decay's own
        Numbers(),
        "γ of `inverse` (1 when not given), the base of `exponential` (0.95), K of `inverse_sqrt` (1), the warm-up "
        "share of `one_cycle` (0.1).",
        other_names=("gamma", "lr_decay"),
        idle_with=(IdleWith("decay", ("constant",), "a constant learning rate"),),
        variants=(
            "decay",
            {
                "constant": Variant(0.0),
                "inverse": Variant(1.0),
                "exponential": Variant(0.95, slider=Slider("one-minus-log", 0.5, 0.9999)),  # course notes: 0.95^epoch
                "inverse_sqrt": Variant(1.0),
                "one_cycle": Variant(0.1, Numbers(0, 1), Slider("linear", 0, 0.95)),
            },
        ),
        slider=Slider("log", 1e-4, 100),
        searches=(SearchRange(5, "log:0.01..0.9"),),  # its meaning is the decay's, but a factor or share in each
    )
    weight_decay: float = setting(
        0.01,
        Numbers(),
        "Decoupled weight decay: the share of the weights taken off per unit of learning rate (Loshchilov & Hutter "
        "2019).",
        off=0.0,
        regularizer=True,
        other_names=("wd",),
        slider=Slider("log", 1e-5, 10, 4),
        searches=(SearchRange(4, "log:1e-4..1", place=7),),  # Loshchilov & Hutter 2019; the default is 0.01
    )
    l2: float = setting(
        0.0,
        Numbers(),
        "λ of the course notes' L2 penalty, (λ/2m)·Σw².",
        off=0.0,
        regularizer=True,
        other_names=("lambda", "l2_penalty", "reg_lambda"),
        slider=Slider("log", 1e-3, 1e3, 5),
        searches=(SearchRange(4, "log:1e-2..1e2", place=7),),  # around the 1 that the recipe begins with
    )
    l1: float = setting(
        0.0,
        Numbers(),
        "λ of the course notes' L1 penalty, (λ/2m)·Σ|w|.",
        off=0.0,
        flag="l1",
        regularizer=True,
        other_names=("l1_penalty", "reg_alpha"),
        slider=Slider("log", 1e-3, 1e3),
        searches=(SearchRange(5, "log:1e-2..1e2"),),  # as l2
    )
    clip_norm: float = setting(
        0.0,
        Numbers(),
        "Largest global norm of a gradient; 0 leaves gradients alone.",
        off=0.0,
        flag="clipping",
        other_names=("clipnorm", "max_grad_norm", "gradient_clip"),
        slider=Slider("log", 1e-3, 1e3),
        searches=(SearchRange(5, "log:0.1..10"),),  # around 1, the usual choice
    )
    label_smoothing: float = setting(
        0.0,
        Numbers(0, 1),
        "Share of each label that is spread over all classes (Szegedy et al. 2016).",
        off=0.0,
        regularizer=True,
        other_names=("smoothing",),
        idle_with=(IdleWith("task", ("regression",), "a regression"),),
        slider=Slider("linear", 0, 0.5),
        searches=(SearchRange(5, "log:0.01..0.2"),),  # up to what the recipe tries
    )
    keep_prob: float | tuple[float, ...] = setting(
        0.85,
        LayerNumbers(Numbers(0, 1, low_allowed=False, high_allowed=True)),
        "Dropout's probability of keeping a unit, for all hidden layers or one for each; `dropout` is 1 − keep_prob.",
        off=1.0,
        flag="dropout",
        regularizer=True,
        complement="dropout",
        idle_with=(IdleWith("hidden_units", ((),), "no hidden layer"),),
        slider=Slider("linear", 0.05, 1, 3),
        searches=(SearchRange(4, "one-minus-log:0.5..0.98"),),  # 0.5 to 0.8 (Srivastava et al. 2014), and more
    )
    input_keep_prob: float = setting(
        1.0,
        Numbers(0, 1, low_allowed=False, high_allowed=True),
        "Dropout's probability of keeping an input; `input_dropout` is 1 − input_keep_prob.",
        off=1.0,
        flag="input_dropout",
        regularizer=True,
        complement="input_dropout",
        slider=Slider("linear", 0.05, 1),
        searches=(SearchRange(5, "one-minus-log:0.8..0.99"),),  # from 0.8 on (Srivastava et al. 2014)
    )
    batch_norm_beta: float = setting(
        0.9,
        Numbers(0, 1),
        "β of batch norm's running statistics.",
        idle_with=(IdleWith("batch_norm", ("none",), "no batch norm"),),
        slider=Slider("one-minus-log", 0, 0.9999),
        searches=(SearchRange(5, "one-minus-log:0.9..0.999"),),  # an average like momentum's
    )
    class_balance: float = setting(
        0.0,
        Numbers(0, 1, high_allowed=True),
        "Class weights are (mean count / count) to this power; 0 is none, 1 is balanced.",
        off=0.0,
        other_names=("class_weight", "class_weights"),
        idle_with=(IdleWith("task", ("regression",), "a regression"),),
        slider=Slider("linear", 0, 1),
        searches=(SearchRange(5, "linear:0..1"),),  # the whole range
    )
    augmentation: float = setting(
        0.0,
        Numbers(0, 2, high_allowed=True),
        "Strength of the random shift, turn, scaling, distortion and change of brightness and contrast of each image, "
        "drawn anew in every epoch; 1 is strong, 0 none (course notes: data augmentation).",
        off=0.0,
        flag="augmentation",
        slider=Slider("linear", 0, 2),
        searches=(SearchRange(3, "linear:0..1", only_if=("layer", "convolutional")),),
    )
    flip: float = setting(
        0.0,
        Numbers(0, 1, high_allowed=True),
        "Probability of mirroring an image left to right, drawn anew in every epoch.",
        off=0.0,
        flag="augmentation",
        slider=Slider("linear", 0, 1),
        searches=(SearchRange(5, "linear:0..0.5"),),
    )
    patience: int = setting(
        0,
        WholeNumbers(0),
        "Epochs without a better dev cost before training stops; 0 trains to the end.",
        unit="epochs",
        other_names=("early_stopping", "n_iter_no_change"),
        slider=Slider("integer", 0, 100, 6, "a whole number; 0 trains to the end"),
    )
    snapshots: int = setting(
        0, WholeNumbers(0), "Copies of the parameters taken at even distances along the run, for ensembles.", "host"
    )

    def __post_init__(self) -> None:
        # Frozen, so values are set past the dataclass. All are converted before any is checked, as some rules join two.
        for entry in SETTINGS.values():
            object.__setattr__(self, entry.name, entry.values.convert(getattr(self, entry.name)))
        for entry in SETTINGS.values():
            value, variant = getattr(self, entry.name), entry.variant(self)
            # NaN stands for "not given" where the default depends on another setting.
            if variant and isinstance(value, float) and math.isnan(value):
                object.__setattr__(self, entry.name, variant.default)
        _check(self)

    @property
    def keep_probs(self) -> tuple[float, ...]:
        """keep_prob of each hidden layer."""
        if isinstance(self.keep_prob, tuple):
            return self.keep_prob
        return (float(self.keep_prob),) * len(self.hidden_units)

    @property
    def structure(self) -> Structure:
        """The part that is compiled: the structural settings, and flags of the work that hyperparameters turn on."""
        work: dict[str, Any] = {entry.flag: False for entry in SETTINGS.values() if entry.flag}
        for entry in SETTINGS.values():
            if entry.flag:
                # keep_probs rather than keep_prob: without hidden layers it is empty, and there is nothing to drop
                value = self.keep_probs if entry.name == "keep_prob" else getattr(self, entry.name)
                work[entry.flag] |= entry.is_on(value)
        compiled = {entry.name: getattr(self, entry.name) for entry in SETTINGS.values() if entry.role == "structure"}
        return Structure(**compiled, **work)

    @property
    def hyperparameters(self) -> "Hyperparameters":
        """The part that is traced."""
        numbers = {name: float(getattr(self, name)) for name in Hyperparameters._fields if name != "keep_prob"}
        return Hyperparameters(keep_prob=self.keep_probs, **numbers)

    def with_(self, **changes: Any) -> Self:
        """Return this plan with some settings changed.

        A changed number of layers turns a per-layer keep_prob into its mean; another decay brings its own rate along.

        >>> Plan().with_(learning_rate=0.01).learning_rate
        0.01
        """
        changes = canonical(changes, SETTINGS)
        units = changes.get("hidden_units")
        if isinstance(units, list | tuple) and isinstance(self.keep_prob, tuple) and "keep_prob" not in changes:
            same = len(units) == len(self.keep_prob)
            mean = sum(self.keep_prob) / len(self.keep_prob) if self.keep_prob else 1.0
            changes["keep_prob"] = self.keep_prob if same else mean
        if changes.get("decay", self.decay) != self.decay:
            changes.setdefault("decay_rate", math.nan)
        return replace(self, **changes)

    def to_dict(self) -> dict[str, Any]:
        """Return plain values, as they stand in YAML and JSON."""
        return {key: list(value) if isinstance(value, tuple) else value for key, value in asdict(self).items()}

    @classmethod
    def from_dict(cls, settings: Mapping[str, Any]) -> Self:
        """Return the plan with these settings, the defaults for the rest.

        Raises:
            PlanError: an unknown key, or a value that does not fit it.
        """
        return cls(**canonical(settings, SETTINGS))

    def to_yaml(self) -> str:
        """Return this plan as YAML."""
        return yaml.safe_dump(self.to_dict(), sort_keys=False)

    @classmethod
    def from_yaml(cls, text: str) -> Self:
        """Return the plan written in `text`.

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


SETTINGS = table(Plan)
Hyperparameters = namedtuple(
    "Hyperparameters", [entry.name for entry in SETTINGS.values() if entry.role == "hyperparameter"]
)
Hyperparameters.__doc__ = (
    "The traced part of a plan, a number for each setting of that role; keep_prob has one for each layer."
)


def canonical_settings(settings: Mapping[str, Any]) -> dict[str, Any]:
    """Return settings under the names that plans have: `dropout` becomes `keep_prob`.

    Raises:
        PlanError: an unknown key, for which the nearest known one is named, or both names of one setting.
    """
    return canonical(settings, SETTINGS)


def renumbered(plan: Plan, compiled: Structure, numbers: Mapping[str, Any]) -> Plan:
    """Return the plan with other numbers, while a model trains by a program that was compiled for `compiled`.

    Raises:
        PlanError: a change that is no number or does not fit, or work that the program was compiled without.
    """
    numbers = canonical_settings(numbers)
    for name, value in numbers.items():
        if name not in Hyperparameters._fields:
            raise PlanError(
                f"{name} cannot change while a model trains, as numbers such as learning_rate can; "
                f"`goodfit branch` starts a new run with another {name} from its parameters"
            )
        number = SETTINGS[name].values.convert(value)
        if isinstance(number, float) and math.isnan(number):  # a plan would fill in the decay's own rate
            raise PlanError(f"{name} is {value!r}; it must be a number", name)
    changed = plan.with_(**numbers)
    before, after = asdict(compiled), asdict(changed.structure)
    for work in before:
        if after[work] and not before[work]:
            raise PlanError(f"{work} cannot be turned on while a model trains; let its plan begin with a little of it")
    return changed


def _check(plan: Plan) -> None:
    """Raise PlanError at the first setting that is not allowed, by itself or beside another."""
    for entry in SETTINGS.values():
        entry.values.check(entry.name, getattr(plan, entry.name))
    if plan.depth and not (plan.depth >= 5 and plan.depth % 3 == 2):
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
    if plan.decay == "one_cycle" and plan.decay_rate >= 1:
        raise PlanError(f"decay_rate is {plan.decay_rate!r}; with one_cycle it is the warm-up share, below 1")
    if plan.batch_norm != "none" and plan.batch_size == 1:
        raise PlanError("batch_size is 1 with batch norm; one example has no variance, take 2 or more")
