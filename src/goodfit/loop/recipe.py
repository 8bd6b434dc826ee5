"""The basic recipe: every prescription, in the order in which a round tries them.

A prescription is one entry of `RECIPE` and, where its change depends on the incumbent, one small function above it that
returns the settings to change, or None where it does not apply.
"""

from collections.abc import Callable

from goodfit.loop.prescription import Changes, Gap, Prescription, RecipeContext
from goodfit.plan import SETTINGS, PreparationKind

_BIAS: tuple[Gap, ...] = ("bias",)
_VARIANCE: tuple[Gap, ...] = ("variance",)
_BOTH_GAPS: tuple[Gap, ...] = ("bias", "variance")
_RARE = 0.5  # of the share that a class of a balanced set would have
_MINI_BATCH_EPOCHS = 60  # enough for one-cycle Adam on tables (benchmarks/quality.py)


def _without_augmentation(context: RecipeContext) -> Changes | None:
    return {"augmentation": 0.0} if context.plan.augmentation > 0 else None


def _augmentation(context: RecipeContext) -> Changes | None:
    strength = context.plan.augmentation
    return None if context.flips is None or strength >= 1 else {"augmentation": 0.5 if strength == 0 else 1.0}


def _flips(context: RecipeContext) -> Changes | None:
    return {"flip": 0.5} if context.flips and context.plan.flip == 0 else None


def _convolutional(context: RecipeContext) -> Changes | None:
    if context.flips is None or context.plan.layer == "convolutional":
        return None
    return {"layer": "convolutional", "hidden_units": (32, 32, 64, 64), "batch_norm": "before"}


def _mini_batches(size: int) -> Callable[[RecipeContext], Changes | None]:
    def changes(context: RecipeContext) -> Changes | None:
        if context.m < 2 * size or context.plan.batch_size == size:
            return None
        if context.plan.batch_size:
            return {"batch_size": size}
        # A whole batch takes one step an epoch, so its epochs and rate say little about mini-batches.
        return {"batch_size": size, "epochs": _MINI_BATCH_EPOCHS, "learning_rate": context.plan.learning_rate / 2}

    return changes


def _dropout(context: RecipeContext) -> Changes | None:
    if not context.plan.hidden_units:
        return None
    mean = sum(context.plan.keep_probs) / len(context.plan.keep_probs)
    return {"keep_prob": round(max(0.4, mean - 0.2), 3)} if mean > 0.4 else None


def _preparation(kind: PreparationKind) -> Callable[[RecipeContext], Changes | None]:
    def changes(context: RecipeContext) -> Changes | None:
        fixed = context.flips is not None  # images have one preparation
        return None if fixed or context.plan.preparation == kind else {"preparation": kind}

    return changes


def _bigger(context: RecipeContext) -> Changes:
    return {"hidden_units": tuple(2 * units for units in context.plan.hidden_units) or (256, 256, 256)}


def _longer(context: RecipeContext) -> Changes:
    return {"epochs": 2 * context.plan.epochs}


def _learning_rate(factor: float) -> Callable[[RecipeContext], Changes]:
    return lambda context: {"learning_rate": context.plan.learning_rate * factor}


def _less_regularization(context: RecipeContext) -> Changes | None:
    regularizers = [entry for entry in SETTINGS.values() if entry.regularizer]
    return {entry.name: entry.off for entry in regularizers if entry.is_on(getattr(context.plan, entry.name))} or None


def _l2(context: RecipeContext) -> Changes:
    return {"l2": max(1.0, 4 * context.plan.l2)}


def _weight_decay(context: RecipeContext) -> Changes:
    return {"weight_decay": max(0.05, 5 * context.plan.weight_decay)}


def _deeper(context: RecipeContext) -> Changes | None:
    units = context.plan.hidden_units
    if not units or context.plan.architecture == "residual":
        return None
    return {"hidden_units": (*units, units[-1]), "architecture": "residual"}


def _label_smoothing(context: RecipeContext) -> Changes | None:
    if context.task == "regression" or context.plan.label_smoothing >= 0.2:
        return None
    return {"label_smoothing": 0.1 if context.plan.label_smoothing < 0.1 else 0.2}


def _class_balance(context: RecipeContext) -> Changes | None:
    if context.task == "regression" or context.rarest_share > _RARE or context.plan.class_balance > 0:
        return None
    return {"class_balance": 0.5}


def _target_transform(context: RecipeContext) -> Changes | None:
    transform = context.target_transform
    return None if transform is None or context.plan.target_transform != "none" else {"target_transform": transform}


def _robust_loss(context: RecipeContext) -> Changes | None:
    is_heavy = context.target_transform is not None and context.plan.loss == "squared"
    return {"loss": "huber"} if is_heavy else None


def _other_optimizer(context: RecipeContext) -> Changes:
    if context.plan.optimizer == "adam":
        return {"optimizer": "rmsprop", "learning_rate": context.plan.learning_rate / 3}
    return {"optimizer": "adam", "learning_rate": 3e-3, "beta1": 0.9, "beta2": 0.999, "epsilon": 1e-8}


def _smaller(context: RecipeContext) -> Changes | None:
    if min(context.plan.hidden_units, default=0) < 32:
        return None
    return {"hidden_units": tuple(units // 2 for units in context.plan.hidden_units)}


def _early_stopping(context: RecipeContext) -> Changes | None:
    return None if context.plan.patience else {"patience": max(5, context.plan.epochs // 10), "l2": 0.0}


def _l2_for_early_stopping(context: RecipeContext) -> Changes | None:
    return {"patience": 0, "l2": max(1.0, 4 * context.plan.l2)} if context.plan.patience else None


def _batch_norm(context: RecipeContext) -> Changes | None:
    plan = context.plan
    return (
        {"batch_norm": "before"} if plan.batch_norm == "none" and plan.hidden_units and plan.batch_size != 1 else None
    )


def _activation(context: RecipeContext) -> Changes | None:
    if not context.plan.hidden_units:
        return None
    return {"activation": "relu" if context.plan.activation != "relu" else "silu"}


WITHOUT_AUGMENTATION = Prescription(
    "without-augmentation",
    "without augmentation",
    _BOTH_GAPS,
    "leaving augmentation out shows what its pictures are worth",
    _without_augmentation,
)
AUGMENTATION = Prescription(  # course notes: data augmentation
    "augmentation",
    "augmentation",
    _VARIANCE,
    "shifted, rotated and distorted pictures with the same labels act as more data",
    _augmentation,
)
FLIPS = Prescription("flips", "flips", _VARIANCE, "mirrored pictures with the same labels act as more data", _flips)
BIGGER = Prescription(  # course notes: basic recipe, high bias
    "bigger-network", "bigger network", _BIAS, "more hidden units let the network fit more", _bigger
)

# Changes that only touch numbers come early among equals: they run in the incumbent's own compiled program.
RECIPE: tuple[Prescription, ...] = (
    WITHOUT_AUGMENTATION,  # before more augmentation, since it measures what augmentation is worth
    AUGMENTATION,
    FLIPS,
    Prescription(  # course notes: try another architecture
        "convolutional-layers",
        "convolutional layers",
        _BOTH_GAPS,
        "neighboring pixels belong together, wherever they are in the picture",
        _convolutional,
    ),
    Prescription(  # course notes: mini-batch gradient descent
        "mini-batches-32",
        "mini-batches of 32",
        _BOTH_GAPS,
        "smaller mini-batches take more and noisier steps, which reach a lower cost and often generalize better",
        _mini_batches(32),
    ),
    Prescription(  # before other preparations: it helped first on two sets with high variance (benchmarks/RESULTS.md)
        "stronger-dropout",
        "stronger dropout",
        _VARIANCE,
        "a unit cannot rely on single others that may be missing",
        _dropout,
    ),
    Prescription(  # in a sketch each preparation was the best on some sets, by up to a tenth of the error
        "piecewise-preparation",
        "piecewise preparation",
        _BOTH_GAPS,
        "numbers split into pieces between their quantiles make bends and steps easy to learn",
        _preparation("piecewise"),
    ),
    Prescription(
        "robust-preparation",
        "robust preparation",
        _BOTH_GAPS,
        "scaling by median and quartiles, softly clipped, keeps outliers from setting the scale",
        _preparation("robust"),
    ),
    Prescription(
        "mini-batches-128",
        "mini-batches of 128",
        _BOTH_GAPS,
        "smaller mini-batches take more and noisier steps, which reach a lower cost and often generalize better",
        _mini_batches(128),
    ),
    BIGGER,
    Prescription(  # course notes: basic recipe, high bias
        "train-longer", "train longer", _BIAS, "twice the epochs give the cost time to fall further", _longer
    ),
    Prescription(
        "quantile-preparation",
        "quantile preparation",
        _BOTH_GAPS,
        "mapping each column to a normal distribution by rank lets skewed columns use the whole scale",
        _preparation("quantile"),
    ),
    Prescription(
        "standard-preparation",
        "standard preparation",
        _BOTH_GAPS,
        "scaling to mean 0 and deviation 1 keeps distances as they are",
        _preparation("standard"),
    ),
    Prescription(  # course notes: tuning process, the first hyperparameter to tune
        "higher-learning-rate",
        "higher learning rate",
        _BOTH_GAPS,
        "larger steps cover more ground in the same epochs",
        _learning_rate(3),
    ),
    Prescription(
        "lower-learning-rate",
        "lower learning rate",
        _BOTH_GAPS,
        "smaller steps settle into finer minima",
        _learning_rate(1 / 3),
    ),
    Prescription(  # course notes: why regularization reduces overfitting
        "less-regularization",
        "less regularization",
        _BIAS,
        "dropout and penalties hold the training error up as well",
        _less_regularization,
    ),
    Prescription(  # course notes: regularization
        "l2-penalty", "L2 penalty", _VARIANCE, "smaller weights make a smoother function", _l2
    ),
    Prescription(  # decoupled, Loshchilov & Hutter 2019
        "stronger-weight-decay",
        "stronger weight decay",
        _VARIANCE,
        "weights that earn nothing shrink, whatever the scale of their gradient",
        _weight_decay,
    ),
    Prescription(  # course notes: another architecture; He et al. 2016
        "deeper-residual-network",
        "deeper, residual network",
        _BOTH_GAPS,
        "one more layer, each adding to its input, so that depth does not hinder training",
        _deeper,
    ),
    Prescription(  # Szegedy et al. 2016
        "label-smoothing",
        "label smoothing",
        _VARIANCE,
        "softer labels keep the network from growing overconfident",
        _label_smoothing,
    ),
    Prescription(
        "target-transform",
        "transformed target",
        _BOTH_GAPS,
        "on the transformed scale every example of a heavy-tailed target counts, not only the largest",
        _target_transform,
    ),
    Prescription(
        "robust-loss", "robust loss (Huber)", _BOTH_GAPS, "the largest misses of a heavy tail pull less", _robust_loss
    ),
    Prescription(
        "class-weights", "class weights", _BOTH_GAPS, "rare classes count for more in the cost", _class_balance
    ),
    Prescription(  # course notes: basic recipe, high bias
        "other-optimizer",
        "other optimizer",
        _BIAS,
        "another optimization algorithm may get further down the same slope",
        _other_optimizer,
    ),
    Prescription(  # course notes: basic recipe, high variance
        "smaller-network", "smaller network", _VARIANCE, "fewer weights can memorize less", _smaller
    ),
    Prescription(  # course notes: early stopping against orthogonalization, one knob for one purpose
        "early-stopping",
        "early stopping without L2",
        _VARIANCE,
        "stopping where the dev cost turns needs no search for λ",
        _early_stopping,
    ),
    Prescription(
        "l2-without-early-stopping",
        "L2 without early stopping",
        _VARIANCE,
        "fitting and regularizing are two tasks and get two knobs",
        _l2_for_early_stopping,
    ),
    Prescription(  # course notes: batch normalization
        "batch-norm",
        "batch norm",
        _BOTH_GAPS,
        "layers see inputs of steady mean and variance while earlier layers learn",
        _batch_norm,
    ),
    Prescription(  # course notes: tuning process, among the hyperparameters
        "other-activation", "other activation", _BOTH_GAPS, "another nonlinearity may fit better", _activation
    ),
)
