"""Image files as a source: a folder of classes or of sets, any folder of images, or a single image."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import polars as pl

from goodfit.data.images.folder_notes import (
    NAMES_IN_NOTE,
    notes_on_classes,
    notes_on_sets,
    unreadable_notes,
    without_images,
)
from goodfit.data.images.idx import is_idx
from goodfit.data.images.sets import FolderSets, find_sets, too_high
from goodfit.data.images.stored import ImageFiles
from goodfit.data.images.tree import Folder, kind_of_file, list_folder
from goodfit.data.notes import Note
from goodfit.data.source import Source, SourceRequest
from goodfit.errors import InputError
from goodfit.wording.text import first_names

CLASS = "class"  # the target's name where folders give the classes


def open_image_folder(request: SourceRequest) -> Source | None:
    """Open a folder: with labels one subfolder per class, or sets of these; without labels any folder of images.

    Raises:
        InputError: the folder is without the images it needs.
    """
    path = request.path
    if path is None or request.images is False or not path.is_dir():
        return None
    folder = list_folder(path)
    if not request.labeled:
        names = tuple(folder.all_images())
        if not names:
            raise InputError(without_images(folder))
        return _source(folder, names, notes=unreadable_notes(folder))
    sets = find_sets(folder)
    if sets is not None:
        return _source_of_sets(folder, sets)
    _refuse_other_layouts(folder)
    return _labeled_source(folder, folder, fewest=2)


def open_image_file(request: SourceRequest) -> Source | None:
    """Open a single image, to predict its label.

    Raises:
        InputError: labels are needed, and a single image has none; or its kind is not read.
    """
    path = request.path
    kind = None if path is None or request.images is False else kind_of_file(path)
    if path is None or kind is None:
        return None
    if kind:
        raise InputError(f"{path} is a {kind} file, which goodfit cannot read; convert it to JPEG or PNG")
    if request.labeled:
        raise InputError(f"{path} is a single image without a label; give a folder with one subfolder per class")
    name, images = path.resolve().name.partition(".")[0], ImageFiles(path.parent, (path.name,))
    return Source(name, str(path), str(path.resolve()), "image file", pl.DataFrame(), images=images)


def _source(
    top: Folder, names: tuple[str, ...], labels: Sequence[str] | None = None, notes: Sequence[Note] = ()
) -> Source:
    """Return images of a folder, with the class of each if they are labeled."""
    address = top.path.resolve()
    return Source(
        name=address.name,
        place=str(top.path),
        address=str(address),
        kind="image folder",
        columns=pl.DataFrame() if labels is None else pl.DataFrame({CLASS: pl.Series(labels, dtype=pl.String)}),
        target=None if labels is None else CLASS,
        images=ImageFiles(top.path, names),
        notes=tuple(notes),
        categories=frozenset() if labels is None else frozenset({CLASS}),  # names of folders are words: 001, 1e3, nan
    )


def _source_of_sets(top: Folder, sets: FolderSets) -> Source:
    """Return the training images of a folder of sets, with its dev and test set.

    Raises:
        InputError: the training set has no classes.
    """
    root = sets.roots["data"]
    if not root.full_folders:
        raise InputError(
            f"the subfolders of {top.path} are sets ({', '.join(top.full_folders)}), but {root.path} has images and no "
            "subfolders, so they have no labels; put the images of each class into their own subfolder"
        )
    sources = {role: _labeled_source(top, folder, 2 if role == "data" else 1) for role, folder in sets.roots.items()}
    data = sources.pop("data")
    return replace(data, notes=(*notes_on_sets(top, sets), *data.notes), sets=sources)


def _labeled_source(top: Folder, root: Folder, fewest: int) -> Source:
    """Return the images in the class folders of a root, which is the top folder or a set in it.

    Raises:
        InputError: it holds fewer than `fewest` classes.
    """
    prefix = "" if top is root else f"{root.path.relative_to(top.path).as_posix()}/"
    images = {name: list(folder.all_images(f"{prefix}{name}/")) for name, folder in root.folders.items()}
    full = [name for name in images if images[name]]
    if len(full) < fewest:
        if not full:
            raise InputError(without_images(root, " in any subfolder"))
        raise InputError(f"{root.path} has images of one class alone ({full[0]}); a choice needs at least 2 classes")
    files = tuple(file for name in full for file in images[name])
    labels = [name for name in full for _ in images[name]]
    return replace(_source(top, files, labels, notes_on_classes(root, full, prefix)), place=str(root.path))


def _refuse_other_layouts(folder: Folder) -> None:
    """Refuse a folder whose subfolders are not classes.

    Raises:
        InputError: it has no subfolders, or classes or sets are further down.
    """
    if not folder.folders:
        idx = [name for name in folder.others if is_idx(Path(name)) and "images" in name]
        if idx:
            raise InputError(
                f"{folder.path} is a folder of IDX files; give the file of the images, {folder.path / idx[-1]}"
            )
        contents = "images but no subfolders, so they have no labels" if folder.images else "no subfolders of images"
        raise InputError(
            f"{folder.path} is a folder with {contents}; put the images of each class into their own subfolder"
        )
    inner = too_high(folder)
    if inner is not None:
        listing = first_names(list(inner.full_folders), NAMES_IN_NOTE)
        raise InputError(f"the sets or classes are further down than {folder.path}: give {inner.path} ({listing})")
