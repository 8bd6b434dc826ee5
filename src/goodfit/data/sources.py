"""Open any source: one function for each kind, in the order in which they are tried."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

from goodfit.data.data_source import DataSource
from goodfit.data.images.digits import open_digit_images
from goodfit.data.images.facts import Depth
from goodfit.data.images.folders import open_image_file, open_image_folder
from goodfit.data.images.idx import open_idx
from goodfit.data.images.npz import open_image_npz
from goodfit.data.images.path_tables import images_in_table
from goodfit.data.source import Source, SourceRequest
from goodfit.data.tables.builtin import BUILTIN, open_builtin
from goodfit.data.tables.files import READERS, open_table_file
from goodfit.data.tables.memory import open_array, open_columns, open_frame, open_pair
from goodfit.errors import InputError, nearest

# Each returns None where the data is not of its kind; the first that returns a source decides.
OPENERS: tuple[Callable[[SourceRequest], Source | None], ...] = (
    open_digit_images,
    open_image_folder,
    open_image_file,
    open_idx,
    open_image_npz,
    open_builtin,
    open_table_file,
    open_frame,
    open_columns,
    open_pair,
    open_array,
)


def open_source(
    data: DataSource, *, images: bool | None = None, labeled: bool = True, depth: Depth | None = None
) -> Source:
    """Open a file or folder, built-in data, or data in memory; images are listed, and decoded later.

    Args:
        data: a path to CSV, TSV, Parquet, NPZ or IDX, to a folder of images or to a table of their paths; digits, wine,
            breast_cancer, iris or diabetes; or a frame, a mapping of columns, (X, y) or an array.
        images: True to take the data for images, False for a table; None for whichever they look like.
        labeled: False if only features are needed, as for prediction.
        depth: the values that become black and white in images with more than 8 bits; None for their own range.

    Raises:
        InputError: the source is missing, empty, damaged or of no known kind.
    """
    request = SourceRequest(data, _existing_path(data), images, labeled, depth)
    for opener in OPENERS:
        source = opener(request)
        if source is not None:
            if len(source) == 0 and labeled:
                raise InputError(f"{source.place} has no rows")
            return source if images is False else images_in_table(source) or source
    if isinstance(data, str | Path):
        raise InputError(f"there is no file or built-in data '{data}': {_similar_name(data)}")
    raise InputError(
        f"data of type {type(data).__name__} cannot be opened: give a file, a built-in name, a data frame, a mapping "
        "of columns, (X, y) or an array"
    )


def _existing_path(data: Any) -> Path | None:
    if not isinstance(data, str | Path):
        return None
    # Unlike the methods of Path, these leave an unknown ~user alone, and raise nothing for impossible names.
    path = Path(os.path.expanduser(data))
    return path if os.path.exists(path) else None


def _similar_name(data: str | Path) -> str:
    folder = Path(os.path.expanduser(data)).parent
    files = sorted(folder.iterdir()) if os.path.isdir(folder) else []
    return nearest(str(data), [*BUILTIN, *(str(file) for file in files if file.suffix in READERS)])
