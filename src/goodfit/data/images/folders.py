"""Listings of image files: a folder with one sub-folder a class, any folder, and a column of paths."""

import os
from collections.abc import Iterable, Iterator
from pathlib import Path

import polars as pl

from goodfit.data.images.decode import ENDINGS
from goodfit.data.images.idx import is_idx
from goodfit.data.notes import Note
from goodfit.errors import InputError

CLASS = "class"  # the target's name where folders give the classes
RUN_FILE = "source.json"  # a folder that has it is a run's
_SETS = {"train", "training", "dev", "val", "valid", "validation", "test", "testing"}
_KINDS = "PNG, JPEG, BMP, GIF or TIFF"
_SHOWN = 5
_EMPTY = ("class folder without an image", "class folders without an image")


def list_classes(folder: Path) -> tuple[tuple[str, ...], pl.DataFrame, tuple[Note, ...]]:
    """The images of a folder with one sub-folder a class: paths in it, classes, and what people are told.

    Raises:
        InputError: a run's folder, one without sub-folders, or with images of fewer than two classes.
    """
    _refuse_run(folder)
    classes = sorted(entry.name for entry in _entries(folder) if entry.is_dir())
    if not classes:
        names = sorted(entry.name for entry in _entries(folder))
        idx = [name for name in names if is_idx(Path(name)) and "images" in name]
        if idx:
            raise InputError(f"{folder} is a folder with IDX files; give the file of the images, {folder / idx[-1]}")
        lone = any(_is_image(name) for name in names)
        found = "images but no sub-folders, so they have no labels" if lone else "no sub-folders with images"
        raise InputError(
            f"{folder} is a folder with {found}; put the images of each class into a sub-folder of its own"
        )
    if len(classes) > 1 and {name.lower() for name in classes} <= _SETS:
        train, *_, last = sorted(classes, key=lambda name: (not name.lower().startswith("tr"), "te" in name.lower()))
        raise InputError(
            f"the sub-folders of {folder} are sets, not classes ({', '.join(classes)}): give {folder / train} as "
            f"the data, and the others by --dev and --test (--test {folder / last})"
        )
    listed = {name: list(_walk(folder / name)) for name in classes}
    files = {name: [file for file in its if _is_image(file)] for name, its in listed.items()}
    full = [name for name in classes if files[name]]
    if len(full) < 2:
        has = f"images of one class alone ({full[0]})" if full else f"no image ({_KINDS}) in any sub-folder"
        raise InputError(f"{folder} has {has}; a choice needs at least 2 classes")
    others = [f"{name}/{file}" for name, its in listed.items() for file in its if not _is_image(file)]
    loose = [entry.name for entry in _entries(folder) if entry.is_file()]
    rows = [(f"{name}/{file}", name) for name in full for file in files[name]]
    told = (
        *_told([name for name in classes if name not in full], *_EMPTY),
        *_told(others, "file without the extension of an image", "files without the extension of an image"),
        *_told(loose, "file beside the class folders", "files beside the class folders"),
    )
    return tuple(file for file, _ in rows), pl.DataFrame({CLASS: [label for _, label in rows]}), told


def list_folder(folder: Path) -> tuple[str, ...]:
    """The image files of a folder and its sub-folders.

    Raises:
        InputError: a run's folder, or one without images.
    """
    _refuse_run(folder)
    files = tuple(file for file in _walk(folder) if _is_image(file))
    if not files:
        raise InputError(f"{folder} has no image ({_KINDS}) in it")
    return files


def image_column(frame: pl.DataFrame, root: Path) -> str | None:
    """The first column of paths of image files, if there is one: every value ends so, and some files are there."""
    for column in frame:
        if column.dtype != pl.String or column.null_count() == len(column):
            continue
        words = column.drop_nulls()
        if words.str.to_lowercase().str.contains(_ENDING).all() and any(_exists(root / word) for word in words):
            return column.name
    return None


def inside(root: Path, words: Iterable[str], place: str) -> Iterator[str]:
    """The paths again, none of which leaves the folder.

    Raises:
        InputError: one leaves it, by its own words or by a link.
    """
    within = os.path.realpath(root)
    for row, word in enumerate(words, 1):
        if os.path.commonpath([within, os.path.realpath(os.path.join(root, word))]) != within:
            raise InputError(
                f"{place}: the path '{word}' (image {row}) leaves the folder of the file; keep images in it"
            )
        yield word


_ENDING = rf"(?:{'|'.join(ending.replace('.', chr(92) + '.') for ending in ENDINGS)})$"


def _exists(path: Path) -> bool:
    return "\0" not in str(path) and os.path.exists(path)


def _is_image(file: str) -> bool:
    return file.lower().endswith(ENDINGS)


def _refuse_run(folder: Path) -> None:
    if (folder / RUN_FILE).exists():
        raise InputError(f"{folder} is the folder of a run, not data; name the data that it was trained on")


def _entries(folder: Path) -> list[os.DirEntry]:
    """What is in a folder, hidden things apart.

    Raises:
        InputError: it cannot be read.
    """
    try:
        with os.scandir(folder) as found:
            return [entry for entry in found if not entry.name.startswith((".", "__MACOSX"))]
    except OSError as error:
        raise InputError(f"{folder} cannot be read: {error.strerror}") from None


def _walk(folder: Path, within: str = "") -> Iterator[str]:
    """The files below a folder in the order of their names; links to folders are not followed."""
    for entry in sorted(_entries(folder), key=lambda entry: entry.name):
        if entry.is_dir(follow_symlinks=False):
            yield from _walk(Path(entry.path), f"{within}{entry.name}/")
        elif entry.is_file():
            yield within + entry.name


def _told(names: list[str], one: str, several: str) -> list[Note]:
    """Return a note on the files left out, or none."""
    if not names:
        return []
    shown = ", ".join(names[:_SHOWN]) + (f" and {len(names) - _SHOWN:,} more" if len(names) > _SHOWN else "")
    return [Note(f"Left out: {len(names):,} {one if len(names) == 1 else several} ({shown}).")]
