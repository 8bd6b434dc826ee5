"""Pictures that occur more than once: in two classes, or in training and in a set that measures it."""

import hashlib
from collections.abc import Sequence

import numpy as np
from jaxtyping import Int, UInt8

from goodfit.data.dataset import Splits
from goodfit.data.notes import Note, warning
from goodfit.data.paging import read_ahead
from goodfit.wording.text import count

_AT_ONCE = 4_096  # images; all of them may be more than memory holds
_EXAMPLES = 3


def repeated_pictures(splits: Splits) -> list[Note]:
    """Return warnings about pictures with the same pixels in two classes, or in training and in the dev or test set."""
    dataset = splits.dataset
    if dataset.features.pixels is None:
        return []
    pictures = _numbers(dataset.features.pixels)
    notes = [] if splits.regression else _in_two_classes(splits, pictures)
    for name, rows in (("dev", splits.dev), ("test", splits.test)):
        shared = rows[np.isin(pictures[rows], pictures[splits.train])]
        if len(shared):
            examples = list(shared[:_EXAMPLES])
            originals = [splits.train[pictures[splits.train] == pictures[row]][0] for row in examples]
            of = count(len(rows), "picture")
            notes.append(
                warning(
                    f"{len(shared):,} of {of} of the {name} set are also in the training set "
                    f"({_examples(splits, examples, originals, len(shared))}), so that its error looks too small."
                )
            )
    return notes


def _in_two_classes(splits: Splits, pictures: Int[np.ndarray, "rows"]) -> list[Note]:
    target = splits.dataset.target
    # A picture with several classes has as many entries among the different pairs of picture and class.
    labels = np.unique(np.column_stack([pictures, target]), axis=0)
    several = np.flatnonzero(np.bincount(labels[:, 0]) > 1)
    if len(several) == 0:
        return []
    firsts = list(np.sort(np.unique(pictures, return_index=True)[1][several])[:_EXAMPLES])
    others = [np.flatnonzero((pictures == pictures[row]) & (target != target[row]))[0] for row in firsts]
    are = "picture is" if len(several) == 1 else "pictures are"
    examples = _examples(splits, firsts, others, len(several))
    return [warning(f"{len(several):,} {are} in more than one class ({examples}); correct the labels.")]


def _examples(splits: Splits, rows: Sequence[np.int64], same: Sequence[np.int64], total: int) -> str:
    """Return pairs of the same picture, and the number of the others."""
    pairs = [f"{_name(splits, row)} is {_name(splits, other)}" for row, other in zip(rows, same, strict=True)]
    more = f" and {total - len(pairs):,} more" if total > len(pairs) else ""
    return ", ".join(pairs) + more


def _name(splits: Splits, row: np.int64) -> str:
    """Return the file of an image, or its number where images have no files."""
    return splits.dataset.files[row] if splits.dataset.files else f"image {row + 1:,}"


def _numbers(pixels: UInt8[np.ndarray, "rows height width channels"]) -> Int[np.ndarray, "rows"]:
    """Return a number for each image, the same for images of the same pixels."""
    digests = []
    for start in range(0, len(pixels), _AT_ONCE):
        part = slice(start, start + _AT_ONCE)
        read_ahead(pixels, part)
        digests += [hashlib.blake2b(image.tobytes(), digest_size=16).digest() for image in pixels[part]]
    return np.unique(np.array(digests), return_inverse=True)[1]
