"""A contact sheet of augmented images: what a network would be shown, to look at before it is."""

from pathlib import Path
from typing import Any, Unpack

import jax.numpy as jnp
import numpy as np
from jaxtyping import Float, UInt8
from PIL import Image

from goodfit.api.options import Data, DataOptions
from goodfit.data.dataset import Splits
from goodfit.data.preparation import PixelScale, Preparation
from goodfit.data.splits import open_splits
from goodfit.engine.augment import augment as augmented
from goodfit.engine.machine import prepare_jax
from goodfit.errors import InputError

_EXAMPLES, _OTHERS = 10, 9
_SIDE, _GAP = 64, 4  # pixels on the sheet
_PAPER = 255


def augment(
    data: Data,
    *,
    strength: float = 0.5,
    flip: float = 0.0,
    out: str | Path = "augmented.png",
    **options: Unpack[DataOptions],
) -> dict[str, Any]:
    """Write a contact sheet: training images in the first column, and beside each what augmentation makes of it.

    Args:
        data: images, as for `train`.
        strength: of all changes (`augmentation` in a plan); 0 leaves the images as they are.
        flip: the probability that left and right change places.
        out: the PNG file to write.
        options: target, task, group, time, dev, test, no_test, seed: see DataOptions.

    Returns:
        `sheet`: the file; `examples`: how many images it starts from; `columns`: how many pictures of each.

    Raises:
        InputError: the data is no images, a number is out of its range, or the file cannot be written.
    """
    for name, value, most in (("strength", strength, 2), ("flip", flip, 1)):
        if not 0 <= value <= most:
            raise InputError(f"{name} is {value!r}; it must be a number of at least 0 and at most {most}")
    prepare_jax()
    splits = open_splits(data, **options)
    if splits.dataset.features.pixels is None:
        hint = ": open it with --as images" if isinstance(data, str) and data == "digits" else ""
        raise InputError(f"{splits.dataset.name} is a table; augmentation is for images{hint}")
    rows = _rows(splits)
    preparation = Preparation.fit("standard", splits.dataset, splits.train)
    scale = preparation.pixels
    assert scale is not None
    inputs = preparation.transform(splits.dataset.features.take(rows)).reshape(len(rows), *scale.shape)
    columns = [inputs]
    for place in range(_OTHERS):
        key = jnp.uint32(options.get("seed", 0) * _OTHERS + place)
        columns.append(np.asarray(augmented(jnp.asarray(inputs), key, jnp.float32(strength), jnp.float32(flip))))
    sheet = _sheet([_pixels(column, scale) for column in columns])
    try:
        Image.fromarray(sheet[..., 0] if sheet.shape[-1] == 1 else sheet).save(out, "PNG")
    except OSError as error:
        raise InputError(f"cannot write {out} ({error.strerror or error}); choose another file with --out") from None
    return {"sheet": str(out), "examples": len(rows), "columns": len(columns)}


def _rows(splits: Splits) -> np.ndarray:
    """A training image of each class, and further ones."""
    target = splits.dataset.target[splits.train]
    firsts = np.unique(target, return_index=True)[1][:_EXAMPLES] if splits.dataset.schema.classes else np.arange(0)
    rest = np.setdiff1d(np.arange(len(target)), firsts)[: max(0, _EXAMPLES - len(firsts))]
    return splits.train[np.concatenate([firsts, rest])]


def _pixels(
    images: Float[np.ndarray, "rows height width channels"], scale: PixelScale
) -> UInt8[np.ndarray, "rows height width channels"]:
    deviation = np.divide(1, scale.scale, out=np.zeros_like(scale.scale), where=scale.scale > 0)
    return np.clip(np.rint(images * deviation + scale.mean), 0, 255).astype(np.uint8)


def _sheet(columns: list[UInt8[np.ndarray, "rows height width channels"]]) -> UInt8[np.ndarray, "high wide channels"]:
    """All pictures with gaps between them, each pixel some pixels wide where images are small."""
    rows, height, width, channels = columns[0].shape
    times = max(1, _SIDE // max(height, width))
    tall, broad = times * height + _GAP, times * width + _GAP
    sheet = np.full((rows * tall + _GAP, len(columns) * broad + _GAP, channels), _PAPER, np.uint8)
    for x, column in enumerate(columns):
        for y, picture in enumerate(column.repeat(times, axis=1).repeat(times, axis=2)):
            top, left = y * tall + _GAP, x * broad + _GAP
            sheet[top : top + times * height, left : left + times * width] = picture
    return sheet
