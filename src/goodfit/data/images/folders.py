"""Image files as a source: a folder with one subfolder per class, any folder of images, or a single image."""

import os
from collections.abc import Iterator, Sequence
from pathlib import Path

import polars as pl

from goodfit.data.images.decode import ENDINGS
from goodfit.data.images.idx import is_idx
from goodfit.data.images.stored import ImageFiles
from goodfit.data.notes import Note
from goodfit.data.source import Source, SourceRequest
from goodfit.errors import InputError

CLASS = "class"  # the target's name where folders give the classes
_SETS = {"train", "training", "dev", "val", "valid", "validation", "test", "testing"}
_KINDS = "PNG, JPEG, BMP, GIF or TIFF"
_NAMES_IN_NOTE = 5


def open_image_folder(request: SourceRequest) -> Source | None:
    """Open a folder: with labels one subfolder per class, without labels any folder of images.

    Raises:
        InputError: the folder is without the images it needs.
    """
    folder = request.path
    if folder is None or request.images is False or not folder.is_dir():
        return None
    address = folder.resolve()
    if request.labeled:
        files, labels, notes = _labeled_files(folder)
        images = ImageFiles(folder, files)
        return Source(
            address.name,
            str(folder),
            str(address),
            "image folder",
            labels,
            CLASS,
            images,
            whole_classes=True,
            notes=notes,
        )
    names = tuple(name for name in _walk(folder) if _is_image(name))
    if not names:
        raise InputError(f"{folder} has no image ({_KINDS}) in it")
    return Source(
        address.name, str(folder), str(address), "image folder", pl.DataFrame(), images=ImageFiles(folder, names)
    )


def open_image_file(request: SourceRequest) -> Source | None:
    """Open a single image, to predict its label.

    Raises:
        InputError: labels are needed, and a single image has none.
    """
    path = request.path
    if path is None or request.images is False or not _is_image(path.name):
        return None
    if request.labeled:
        raise InputError(f"{path} is a single image without a label; give a folder with one subfolder per class")
    name, images = path.resolve().name.partition(".")[0], ImageFiles(path.parent, (path.name,))
    return Source(name, str(path), str(path.resolve()), "image file", pl.DataFrame(), images=images)


def _labeled_files(folder: Path) -> tuple[tuple[str, ...], pl.DataFrame, tuple[Note, ...]]:
    """Return the image files in the class folders, the class of each, and notes on the files left out."""
    classes = sorted(entry.name for entry in _entries(folder) if entry.is_dir())
    _refuse_other_layouts(folder, classes)
    listing = {name: list(_walk(folder / name)) for name in classes}
    images = {name: [file for file in listing[name] if _is_image(file)] for name in classes}
    full = [name for name in classes if images[name]]
    if len(full) < 2:
        has = f"images of one class alone ({full[0]})" if full else f"no image ({_KINDS}) in any subfolder"
        raise InputError(f"{folder} has {has}; a choice needs at least 2 classes")
    rows = [(f"{name}/{file}", name) for name in full for file in images[name]]
    empty = [name for name in classes if name not in full]
    documents = [f"{name}/{file}" for name, files in listing.items() for file in files if not _is_image(file)]
    loose = [entry.name for entry in _entries(folder) if entry.is_file()]
    notes = (
        *_left_out(empty, "class folder without an image", "class folders without an image"),
        *_left_out(documents, "file without the extension of an image", "files without the extension of an image"),
        *_left_out(loose, "file beside the class folders", "files beside the class folders"),
    )
    return tuple(file for file, _ in rows), pl.DataFrame({CLASS: [label for _, label in rows]}), notes


def _refuse_other_layouts(folder: Path, classes: Sequence[str]) -> None:
    """Refuse a folder whose subfolders are not classes.

    Raises:
        InputError: it has no subfolders, or they are named train, test and the like.
    """
    if not classes:
        names = sorted(entry.name for entry in _entries(folder))
        idx = [name for name in names if is_idx(Path(name)) and "images" in name]
        if idx:
            raise InputError(f"{folder} is a folder of IDX files; give the file of the images, {folder / idx[-1]}")
        images = any(_is_image(name) for name in names)
        contents = "images but no subfolders, so they have no labels" if images else "no subfolders of images"
        raise InputError(f"{folder} is a folder with {contents}; put the images of each class into their own subfolder")
    if len(classes) > 1 and {name.lower() for name in classes} <= _SETS:
        # Names with "tr" first, names with "te" last: train and test of any spelling.
        train, *_, test = sorted(classes, key=lambda name: (not name.lower().startswith("tr"), "te" in name.lower()))
        raise InputError(
            f"the subfolders of {folder} are sets, not classes ({', '.join(classes)}): give {folder / train} as "
            f"the data, and the others with --dev and --test (--test {folder / test})"
        )


def _is_image(name: str) -> bool:
    return name.lower().endswith(ENDINGS)


def _entries(folder: Path) -> list[os.DirEntry]:
    """Return the entries of a folder, except for hidden ones.

    Raises:
        InputError: the folder cannot be read.
    """
    try:
        with os.scandir(folder) as entries:
            return [entry for entry in entries if not entry.name.startswith((".", "__MACOSX"))]
    except OSError as error:
        raise InputError(f"{folder} cannot be read: {error.strerror}") from None


def _walk(folder: Path, prefix: str = "") -> Iterator[str]:
    """Yield the files below a folder in the order of their names; links to folders are not followed."""
    for entry in sorted(_entries(folder), key=lambda entry: entry.name):
        if entry.is_dir(follow_symlinks=False):
            yield from _walk(Path(entry.path), f"{prefix}{entry.name}/")
        elif entry.is_file():
            yield prefix + entry.name


def _left_out(names: Sequence[str], singular: str, plural: str) -> list[Note]:
    """Return a note on the names left out, or none."""
    if not names:
        return []
    listing = ", ".join(names[:_NAMES_IN_NOTE])
    more = f" and {len(names) - _NAMES_IN_NOTE:,} more" if len(names) > _NAMES_IN_NOTE else ""
    return [Note(f"Left out: {len(names):,} {singular if len(names) == 1 else plural} ({listing}{more}).")]
