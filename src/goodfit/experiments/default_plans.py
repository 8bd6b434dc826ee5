"""The default network, by the data's kind and size.

For a table: three layers of 256 SiLU units, AdamW, one-cycle cosine, some dropout. In a sketch on this engine an
average of eight was ahead of RealMLP_TD on seven of ten held-back sets, in under half of its time.

For images: 3×3 convolutions with batch norm, and twice the feature maps wherever the picture is halved.

The mini-batch size is that of the course notes, but for tables of 500 to 2,000 examples.
"""

import math

from goodfit.data.dataset import Splits
from goodfit.plan import Plan

_WHOLE_BATCH = {"epochs": 60, "learning_rate": 6e-3}  # as good as twice the steps at half the rate, on four small sets
# Pieces lowered the error of phoneme by 1.5 points and of segment by 0.7, and cost little on few columns; on sets of
# hundreds of examples they did not help.
_PIECEWISE_FROM, _PIECEWISE_COLUMNS = 1_000, 40
# The course notes take the whole training set up to 2,000 examples. From 600 on, mini-batches of 64 had a dev cost
# lower by 23 to 35 % on three tables and the same on three others; below 400 they were no better
# (benchmarks/small_batches.py). From 500 on the doctor may call the whole training set too large a batch.
WHOLE_BATCH_BELOW, SMALL_BATCH_BELOW = 500, 2_000  # examples
SMALL_SIZE, GUIDELINE_SIZE = 64, 128  # powers of two between 64 and 512 (course notes)
_SMALLEST_PICTURE = 4  # pixels on a side, before the mean of each feature map is taken
_MAPS, _SMALL_IMAGE_MAPS, _SMALL_SIDE = 16, 32, 16  # feature maps of the first stage, fewer for large images
_IMAGE_BATCH = 64
# On MNIST digits (benchmarks/images.py) 400 steps at this rate without dropout were as good as 1,500 at a seventh of it
# with some, and one convolution a stage as good as two in half of the time.
_IMAGE_STEPS, _IMAGE_RATE = 400, 0.02
# On MNIST digits a single network with augmentation was as good as an ensemble without (benchmarks/images.py).
_AUGMENTATION = 0.5
_PIXEL_EPOCHS = 20  # of a network that serves only for comparison
_MOST_STEPS = 20_000  # 60 epochs of mini-batches up to about 40,000 examples, fewer epochs beyond


def default_plan(splits: Splits) -> Plan:
    """Return the plan that `train` uses when none is given, and `improve` starts from."""
    if splits.dataset.schema.image:
        return _image_plan(splits, splits.dataset.schema.image)
    m = len(splits.train)
    batch_size = guideline_batch_size(m)
    smoothing = 0.0 if splits.regression else 0.05  # a number has no classes to spread over
    pieces = m >= _PIECEWISE_FROM and len(splits.dataset.schema.numbers) <= _PIECEWISE_COLUMNS
    preparation = "piecewise" if pieces else "robust"
    plan = Plan(batch_size=batch_size, label_smoothing=smoothing, preparation=preparation)
    if batch_size == 0:
        return plan.with_(**_WHOLE_BATCH)
    return plan.with_(epochs=min(60, max(5, _MOST_STEPS * batch_size // m)))


def _image_plan(splits: Splits, image: tuple[int, int, int]) -> Plan:
    """Return a network by the size of the images and the number of examples."""
    m, side = len(splits.train), min(image[:2])
    halvings = max(0, int(math.log2(side / _SMALLEST_PICTURE)))
    first = _SMALL_IMAGE_MAPS if side <= _SMALL_SIDE else _MAPS
    stages = [first * 2**stage for stage in range(halvings + 1)]
    epochs = min(100, max(8, _IMAGE_STEPS * _IMAGE_BATCH // m))
    return Plan(
        layer="convolutional",
        hidden_units=(*stages, stages[-1]),
        activation="relu",
        batch_norm="before",
        batch_size=_IMAGE_BATCH,
        epochs=min(epochs, max(5, _MOST_STEPS * _IMAGE_BATCH // m)),
        learning_rate=_IMAGE_RATE,
        keep_prob=1.0,
        preparation="standard",
        label_smoothing=0.0 if splits.regression else 0.05,
        augmentation=_AUGMENTATION,
    )


def regression_plan(splits: Splits) -> Plan:
    """Return softmax, logistic or linear regression: the baseline without hidden layers."""
    plan = perceptron_plan(splits) if splits.dataset.schema.image else default_plan(splits)
    epochs = plan.epochs if plan.batch_size else 200
    return plan.with_(hidden_units=(), label_smoothing=0.0, keep_prob=1.0, learning_rate=0.02, epochs=epochs)


def perceptron_plan(splits: Splits) -> Plan:
    """Return the default network of a table on the pixels of images, as a baseline for convolutions."""
    m = len(splits.train)
    plan = Plan(batch_size=guideline_batch_size(m), preparation="standard")
    if plan.batch_size == 0:
        return plan.with_(**_WHOLE_BATCH)
    return plan.with_(epochs=min(_PIXEL_EPOCHS, max(5, _MOST_STEPS * plan.batch_size // m)))


def guideline_batch_size(m: int) -> int:
    """Return the size of a mini-batch by the number of training examples; 0 is the whole training set."""
    if m < WHOLE_BATCH_BELOW:
        return 0
    return SMALL_SIZE if m < SMALL_BATCH_BELOW else GUIDELINE_SIZE
