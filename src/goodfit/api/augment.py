"""Write a contact sheet of augmented images, to look at before a network is trained on them."""

import jax.numpy as jnp
import numpy as np
from jaxtyping import Float, UInt8
from PIL import Image

from goodfit.api.data import open_data
from goodfit.api.requests.request import takes
from goodfit.api.requests.use import AugmentRequest
from goodfit.api.result_types.listing import ContactSheet
from goodfit.data.dataset import Splits
from goodfit.data.preparation import PixelScale, Preparation
from goodfit.engine.augment import augment as augmented
from goodfit.engine.machine import prepare_jax
from goodfit.errors import InputError

_EXAMPLES, _COPIES = 10, 9
_SIDE, _GAP = 64, 4  # pixels on the sheet
_PAPER = 255


@takes(AugmentRequest)
def augment(request: AugmentRequest) -> ContactSheet:
    """Write a contact sheet: training images in the first column, and augmented copies of each beside it.

    Returns:
        The path of the sheet, and its numbers of images and columns.

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
        # Copies of neighboring seeds share no key, so that another seed shows other pictures.
        key = jnp.uint32((request.seed * _COPIES + place) % 2**32)
        columns.append(np.asarray(augmented(jnp.asarray(inputs), key, *strengths)))
    sheet = _sheet([_pixels(column, scale) for column in columns])
    try:
        Image.fromarray(sheet[..., 0] if sheet.shape[-1] == 1 else sheet).save(out, "PNG")
    except OSError as error:
        raise InputError(f"cannot write {out} ({error.strerror or error}); choose another file with --out") from None
    return ContactSheet(sheet=str(out), examples=len(rows), columns=len(columns))


def _rows(splits: Splits) -> np.ndarray:
    """Return rows of training images: one of each class, then others."""
    target = splits.dataset.target[splits.train]
    firsts = np.unique(target, return_index=True)[1][:_EXAMPLES] if splits.dataset.schema.classes else np.arange(0)
    other_rows = np.setdiff1d(np.arange(len(target)), firsts)[: max(0, _EXAMPLES - len(firsts))]
    return splits.train[np.concatenate([firsts, other_rows])]


def _pixels(
    images: Float[np.ndarray, "rows height width channels"], scale: PixelScale
) -> UInt8[np.ndarray, "rows height width channels"]:
    """Return standardized images as pixels again."""
    # The scale of a constant channel is 0; its pixels are the mean.
    deviation = np.divide(1, scale.scale, out=np.zeros_like(scale.scale), where=scale.scale > 0)
    return np.clip(np.rint(images * deviation + scale.mean), 0, 255).astype(np.uint8)


def _sheet(
    columns: list[UInt8[np.ndarray, "rows height width channels"]],
) -> UInt8[np.ndarray, "_ _ channels"]:
    """Return all pictures with gaps between them; small images are magnified."""
    rows, height, width, channels = columns[0].shape
    scale = max(1, _SIDE // max(height, width))
    cell_height, cell_width = scale * height + _GAP, scale * width + _GAP
    sheet = np.full((rows * cell_height + _GAP, len(columns) * cell_width + _GAP, channels), _PAPER, np.uint8)
    for x, column in enumerate(columns):
        for y, picture in enumerate(column.repeat(scale, axis=1).repeat(scale, axis=2)):
            top, left_edge = y * cell_height + _GAP, x * cell_width + _GAP
            sheet[top : top + scale * height, left_edge : left_edge + scale * width] = picture
    return sheet
