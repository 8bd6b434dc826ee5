"""The default network. For a table: three layers of 256 SiLU units, AdamW, one-cycle cosine, some dropout.

For images: 3×3 convolutions with batch norm, twice the feature maps wherever the picture is halved.

In a sketch on this engine an average of eight was ahead of RealMLP_TD on seven of ten held-back sets, in under half of
its time. The mini-batch size is the seed's guideline.
"""

import math

from goodfit.data.dataset import Splits
from goodfit.plan import Plan

_WHOLE_BATCH = {"epochs": 60, "learning_rate": 6e-3}  # as good as twice the steps at half the rate, on four small sets
# Pieces lowered the error of phoneme by 1.5 points and of segment by 0.7, and cost little on few columns; on sets of
# hundreds of examples they did not help.
_PIECEWISE_FROM, _PIECEWISE_COLUMNS = 1_000, 40
_SMALLEST_PICTURE = 4  # pixels a side, before the mean of each feature map is taken
_MAPS, _MAPS_OF_SMALL, _SMALL_SIDE = 16, 32, 16  # feature maps of the first stage, fewer where a picture is large
_IMAGES_AT_ONCE = 64
# On MNIST digits (benchmarks/images.py) 400 steps at this rate without dropout were as good as 1,500 at a seventh of it
# with some, and one convolution a stage as good as two in half of the time.
_IMAGE_STEPS, _IMAGE_RATE = 400, 0.02
_AUGMENTATION = (
    0.5  # on MNIST digits a single network with it was as good as an ensemble without (benchmarks/images.py)
)
_PIXEL_EPOCHS = 20  # of a network that is only compared with
_MOST_STEPS = 20_000  # 60 epochs of mini-batches up to about 40,000 examples, fewer epochs beyond


def default_plan(splits: Splits) -> Plan:
    """The plan that `train` takes when none is given, and `improve` starts from."""
    if splits.dataset.schema.image:
        return _for_images(splits, splits.dataset.schema.image)
    m = len(splits.train)
    batch_size = guideline_batch_size(m)
    smoothing = 0.0 if splits.regression else 0.05
    pieces = m >= _PIECEWISE_FROM and len(splits.dataset.schema.numbers) <= _PIECEWISE_COLUMNS
    preparation = "piecewise" if pieces else "robust"
    plan = Plan(batch_size=batch_size, label_smoothing=smoothing, preparation=preparation)
    if batch_size == 0:
        return plan.with_(**_WHOLE_BATCH)
    return plan.with_(epochs=min(60, max(5, _MOST_STEPS * batch_size // m)))


def _for_images(splits: Splits, image: tuple[int, int, int]) -> Plan:
    """A network by the size of the images and the number of examples."""
    m, side = len(splits.train), min(image[:2])
    halvings = max(0, int(math.log2(side / _SMALLEST_PICTURE)))
    first = _MAPS_OF_SMALL if side <= _SMALL_SIDE else _MAPS
    stages = [first * 2**stage for stage in range(halvings + 1)]
    epochs = min(100, max(8, _IMAGE_STEPS * _IMAGES_AT_ONCE // m))
    return Plan(
        layer="convolutional",
        hidden_units=(*stages, stages[-1]),
        activation="relu",
        batch_norm="before",
        batch_size=_IMAGES_AT_ONCE,
        epochs=min(epochs, max(5, _MOST_STEPS * _IMAGES_AT_ONCE // m)),
        learning_rate=_IMAGE_RATE,
        keep_prob=1.0,
        preparation="standard",
        label_smoothing=0.0 if splits.regression else 0.05,
        augmentation=_AUGMENTATION,
    )


def regression_plan(splits: Splits) -> Plan:
    """Softmax, logistic or linear regression: the baseline without hidden layers."""
    plan = perceptron_plan(splits) if splits.dataset.schema.image else default_plan(splits)
    epochs = plan.epochs if plan.batch_size else 200
    return plan.with_(hidden_units=(), label_smoothing=0.0, keep_prob=1.0, learning_rate=0.02, epochs=epochs)


def perceptron_plan(splits: Splits) -> Plan:
    """The default network of a table on the pixels of images: what convolutions are compared with."""
    m = len(splits.train)
    plan = Plan(batch_size=guideline_batch_size(m), preparation="standard")
    if plan.batch_size == 0:
        return plan.with_(**_WHOLE_BATCH)
    return plan.with_(epochs=min(_PIXEL_EPOCHS, max(5, _MOST_STEPS * plan.batch_size // m)))


WHOLE_BATCH_BELOW = 2000  # seed: guidelines for choosing mini-batch size


GUIDELINE_SIZE = 128


def guideline_batch_size(m: int) -> int:
    """The seed's guideline: the whole training set (0) below 2,000 examples, else a power of two."""
    return 0 if m < WHOLE_BATCH_BELOW else GUIDELINE_SIZE
