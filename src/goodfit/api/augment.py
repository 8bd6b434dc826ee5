"""A contact sheet of augmented images: what a network would be shown, to look at before it is."""

from typing import Any

import jax.numpy as jnp
import numpy as np
from jaxtyping import Float, UInt8
from PIL import Image

from goodfit.api.data import open_data
from goodfit.api.requests.request import takes
from goodfit.api.requests.use import AugmentRequest
from goodfit.data.dataset import Splits
from goodfit.data.preparation import PixelScale, Preparation
from goodfit.engine.augment import augment as augmented
from goodfit.engine.machine import prepare_jax
from goodfit.errors import InputError

_EXAMPLES, _COPIES = 10, 9
_SIDE, _GAP = 64, 4  # pixels on the sheet
_PAPER = 255


@takes(AugmentRequest)
def augment(request: AugmentRequest) -> dict[str, Any]:
    """Write a contact sheet: training images in the first column, and augmented copies of each beside it.

    Returns:
        `sheet`: the file; `examples`: number of images; `columns`: number of pictures of each.

    Raises:
        InputError: the data has no images, a number is out of its range, or the file cannot be written.
    """
    prepare_jax()
    data, out = request.data, request.out
    splits = open_data(request, None)
    if splits.dataset.features.pixels is None:
        hint = ": open it with --as images" if isinstance(data, str) and data == "digits" else ""
        raise InputError(f"{splits.dataset.name} is a table; augmentation is for images{hint}")
    rows = _rows(splits)
    preparation = Preparation.fit("standard", splits.dataset, splits.train)
    scale = preparation.pixels
    assert scale is not None
    inputs = preparation.transform(splits.dataset.features.take(rows)).reshape(len(rows), *scale.shape)
    columns, strengths = [inputs], (jnp.float32(request.strength), jnp.float32(request.flip))
    for place in range(_COPIES):
        key = jnp.uint32(request.seed * _COPIES + place)
        columns.append(np.asarray(augmented(jnp.asarray(inputs), key, *strengths)))
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
