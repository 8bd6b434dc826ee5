"""A folder and all below it: images, files that only look like images, and the rest."""

import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from goodfit.data.images.kinds import HEADER, has_extension, is_readable, kind_of_content, unreadable_kind
from goodfit.errors import InputError

# Folders that systems and archives make, beside hidden ones: macOS, Synology, QNAP, Windows, Linux, Python.
_SYSTEM_FOLDERS = {"__macosx", "@eadir", "@recycle", "@tmp", "#recycle", "#snapshot", "$recycle.bin", "lost+found"}
_SYSTEM_FOLDERS |= {"system volume information", "__pycache__"}


@dataclass(frozen=True, eq=False)
class Folder:
    """A folder as it was listed, without hidden files and those of systems.

    Attributes:
        path: of the folder.
        images: names of the images in it.
        unreadable: names of images and videos in it that are not read, and the kind of each.
        others: names of its other files.
        folders: the folders in it by name, in order.
    """

    path: Path
    images: list[str] = field(default_factory=list)
    unreadable: dict[str, str] = field(default_factory=dict)
    others: list[str] = field(default_factory=list)
    folders: "dict[str, Folder]" = field(default_factory=dict)

    @property
    def name(self) -> str:
        """The folder's name."""
        return self.path.name

    @cached_property
    def pictures(self) -> int:
        """Number of images in it and below, those that are not read as well."""
        return len(self.images) + len(self.unreadable) + sum(folder.pictures for folder in self.folders.values())

    @property
    def full_folders(self) -> "dict[str, Folder]":
        """The folders in it that hold images."""
        return {name: folder for name, folder in self.folders.items() if folder.pictures}

    def all_images(self, prefix: str = "") -> Iterator[str]:
        """Yield the paths of all images, in the order of their names."""
        for name in sorted([*self.images, *self.folders]):
            if name in self.folders:
                yield from self.folders[name].all_images(f"{prefix}{name}/")
            else:
                yield prefix + name

    def all_unreadable(self) -> Iterator[str]:
        """Yield the kinds of all images and videos that are not read."""
        yield from self.unreadable.values()
        for folder in self.folders.values():
            yield from folder.all_unreadable()

    def all_others(self, prefix: str = "") -> Iterator[str]:
        """Yield the paths of all other files."""
        yield from (prefix + name for name in self.others)
        for name, folder in self.folders.items():
            yield from folder.all_others(f"{prefix}{name}/")


def list_folder(path: Path, above: Iterable[str] = ()) -> Folder:
    """List a folder and all below it; a link to a folder above itself is not followed.

    Raises:
        InputError: a folder cannot be read.
    """
    above = (*above, os.path.realpath(path))
    folder = Folder(path)
    for entry in sorted(_entries(path), key=lambda entry: entry.name):
        if entry.is_dir():
            if entry.name.lower() not in _SYSTEM_FOLDERS and not _is_above(entry, above):
                folder.folders[entry.name] = list_folder(path / entry.name, above)
            continue
        if not entry.is_file() and os.path.exists(entry.path):  # reading a pipe would wait for its other end
            continue
        kind = kind_of_file(path / entry.name)
        if kind:
            folder.unreadable[entry.name] = kind
        else:
            (folder.others if kind is None else folder.images).append(entry.name)
    return folder


def _is_above(entry: os.DirEntry, above: tuple[str, ...]) -> bool:
    return entry.is_symlink() and os.path.realpath(entry.path) in above


def kind_of_file(path: Path) -> str | None:
    """Return the kind of a file by its extension, or, without one, by its content; empty for an image that is read."""
    if is_readable(path.name):
        return ""
    if has_extension(path.name):
        return unreadable_kind(path.name)
    if not path.is_file():  # reading a pipe would wait for its other end
        return None
    try:
        with path.open("rb") as file:
            kind = kind_of_content(file.read(HEADER))
    except OSError:
        return None
    return None if kind == "HTML" else kind


def _entries(folder: Path) -> list[os.DirEntry]:
    """Return the entries of a folder, except for hidden ones.

    Raises:
        InputError: the folder cannot be read.
    """
    try:
        with os.scandir(folder) as entries:
            return [entry for entry in entries if not entry.name.startswith(".")]
    except OSError as error:
        raise InputError(f"{folder} cannot be read: {error.strerror}") from None
