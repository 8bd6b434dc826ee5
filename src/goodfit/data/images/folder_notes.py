"""Notes on a folder of images: which sub-folders are sets, and what is left out."""

from collections.abc import Sequence

from goodfit.data.images.kinds import READABLE, counts_of_kinds
from goodfit.data.images.set_names import SET_NAMES
from goodfit.data.images.sets import FolderSets
from goodfit.data.images.tree import Folder
from goodfit.data.notes import Note, guess, loss, warning
from goodfit.wording.text import first_names

NAMES_IN_NOTE = 5


def notes_on_sets(top: Folder, sets: FolderSets) -> list[Note]:
    """Return notes on the sets that sub-folders were taken for, and on what lies beside them."""
    listing = ", ".join(f"{SET_NAMES[role]} is {root.path.relative_to(top.path)}" for role, root in sets.roots.items())
    return [
        guess(f"The subfolders were taken for sets: {listing}."),
        *(loss(f"Left out: {name}, {reason}.") for name, reason in sets.left_out.items()),
        *_empty(top, "folder without an image", "folders without an image"),
        *_files_beside(top, "the sets"),
    ]


def notes_on_classes(root: Folder, classes: Sequence[str], prefix: str) -> list[Note]:
    """Return notes on the files of a folder of classes that are left out, and on sub-folders of classes.

    Args:
        root: the folder.
        classes: names of its sub-folders that are classes.
        prefix: of the names of its files, as people know them.
    """
    notes = unreadable_notes(root)
    unread = [prefix + name for name in root.full_folders if name not in classes]
    if unread:
        names = first_names(unread, NAMES_IN_NOTE)
        notes.append(warning(f"No image of {names} can be read, so that folder is no class."))
    deeper = [f"{prefix}{name}/{inner}" for name in classes for inner in root.folders[name].full_folders]
    if deeper:
        notes.append(guess(f"Subfolders of classes are not told apart: {first_names(deeper, NAMES_IN_NOTE)}."))
    documents = [prefix + name for name in root.all_others() if "/" in name]
    return [
        *notes,
        *_empty(root, "class folder without an image", "class folders without an image", prefix),
        *_left_out(documents, "file without the extension of an image", "files without the extension of an image"),
        *_files_beside(root, "the class folders", prefix),
    ]


def unreadable_notes(folder: Folder) -> list[Note]:
    """Return a warning about images and videos of kinds that are not read, by kind."""
    kinds = list(folder.all_unreadable())
    if not kinds:
        return []
    them = "it" if len(kinds) == 1 else "them"
    return [warning(f"Left out: {counts_of_kinds(kinds)}, which goodfit cannot read; convert {them} to JPEG or PNG.")]


def without_images(folder: Folder, place: str = "") -> str:
    """Return a sentence on a folder that holds no image that can be read."""
    kinds = list(folder.all_unreadable())
    remedy = f", but {counts_of_kinds(kinds)}; convert them to JPEG or PNG" if kinds else f" ({READABLE})"
    return f"{folder.path} has no image that can be read{place}{remedy}"


def _empty(folder: Folder, singular: str, plural: str, prefix: str = "") -> list[Note]:
    """Return a note on the sub-folders that hold no image."""
    names = [prefix + name for name, inner in folder.folders.items() if not inner.pictures]
    return _left_out(names, singular, plural)


def _files_beside(folder: Folder, place: str, prefix: str = "") -> list[Note]:
    """Return notes on files that lie beside classes or sets."""
    images, others = ([prefix + name for name in names] for names in (folder.images, folder.others))
    lost = _left_out(images, f"image beside {place}, without a label", f"images beside {place}, without a label")
    return [
        *(loss(note.text) for note in lost),
        *_left_out(others, f"file beside {place}", f"files beside {place}"),
    ]


def _left_out(names: Sequence[str], singular: str, plural: str) -> list[Note]:
    """Return a note on the names left out, or none."""
    if not names:
        return []
    kind = singular if len(names) == 1 else plural
    return [Note(f"Left out: {len(names):,} {kind} ({first_names(names, NAMES_IN_NOTE)}).")]
