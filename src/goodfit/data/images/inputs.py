"""Images as features: labeled rows to learn from, and new rows in the shape that was learned."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import polars as pl
from jaxtyping import Int

from goodfit.data.dataset import Features
from goodfit.data.images.facts import Depth
from goodfit.data.images.load import LoadedImages, load_images
from goodfit.data.images.set_names import role_of
from goodfit.data.images.stored import ImageFiles
from goodfit.data.inputs import Inputs
from goodfit.data.notes import Note, warning
from goodfit.data.source import Source
from goodfit.data.tables.roles import Roles
from goodfit.errors import InputError
from goodfit.wording.text import shape_words


def image_inputs(sources: Sequence[Source], rows: Int[np.ndarray, "rows"], roles: Roles, cache: Path | None) -> Inputs:
    """Decode the images of labeled rows, or find the pixels that were decoded before.

    Args:
        sources: of images.
        rows: positions, among the images of all sources, of those that have a label.
        roles: names of the columns with a role; no other column is a feature either.
        cache: folder of the decoded pixels, created if needed; None for the system's temporary folder.

    Raises:
        InputError: too many images cannot be read.
    """
    loaded = load_images(sources, rows, cache)
    columns = [name for name in sources[0].columns.columns if name not in roles.names]
    role_names = {name: f"is the {role} column" for role, name in roles.named.items()}
    left_out = {
        name: role_names.get(name, "is not an image") for name in sources[0].columns.columns if name != roles.target
    }
    files = [name for source in sources if isinstance(source.images, ImageFiles) for name in source.images.names]
    notes = [
        Note(f"{shape_words(loaded.pixels.shape)}."),
        *([Note(f"Images are learned from their pixels alone; left out: {', '.join(columns)}.")] if columns else []),
        *(note for name in columns if (note := _note_on_sets(sources[0].columns[name]))),
        *(note for source in sources for note in source.notes),
        *loaded.notes,
    ]
    return Inputs(
        Features.of_pixels(loaded.pixels),
        loaded.readable,
        columns=(),
        left_out=left_out,
        image=loaded.pixels.shape[1:],
        depth=loaded.depth,
        files=tuple(files[row] for row in rows[loaded.readable]) if files else (),
        notes=tuple(dict.fromkeys(notes)),
    )


def _note_on_sets(column: pl.Series) -> Note | None:
    """Return a note on a column that names a set for each image, which is not used."""
    words = column.cast(pl.String, strict=False).drop_nulls().unique().sort()
    if len(words) < 2 or not all(role_of(word) for word in words):
        return None
    listing = ", ".join(words)
    return warning(
        f"Column '{column.name}' ({listing}) seems to name a set for each image, but is not used; write each set into "
        "a file of its own, and give them with --dev and --test."
    )


def new_images(source: Source, shape: tuple[int, int, int], depth: Depth | None) -> LoadedImages:
    """Decode images without labels into a shape: image files are resized, arrays must have it.

    Args:
        source: of images or not.
        shape: height, width and channels that a network was trained on.
        depth: the values that became black and white in training; None where all images had 8 bits.

    Raises:
        InputError: the source holds no images, arrays have another shape, or too many files cannot be read.
    """
    if source.images is None:
        raise InputError(
            f"{source.place} holds no images, but the run was trained on images: give a folder or a table of image "
            "files, one image, an array, or an NPZ or IDX file"
        )
    if not isinstance(source.images, ImageFiles) and source.images.shape[1:] != shape:
        images, trained = shape_words(source.images.shape), shape_words((None, *shape))
        raise InputError(f"{source.place} has {images}, but the run was trained on {trained}")
    loaded = load_images([source], None, None, shape, depth or Depth())
    if depth is None and loaded.depth is not None:
        text = "The run was trained on images of 8 bits per pixel; pixels of 16 are scaled to 8, floats from 0 to 1."
        loaded.notes.append(warning(text))
    return loaded
