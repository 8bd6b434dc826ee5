"""Folders of sets: sub-folders that hold the same classes are sets, and their names say which."""

from collections.abc import Mapping
from typing import NamedTuple

from goodfit.data.images.set_names import PLAIN, ROLES, Role, role_of, words_of
from goodfit.data.images.tree import Folder
from goodfit.errors import InputError
from goodfit.wording.text import first_names

_MOST_SETS = 50  # folders; among more, those with the same sub-folders are classes
_SHARED = 0.5  # of the classes of the smaller of two sets
_NAMES_IN_SENTENCE = 5


class FolderSets(NamedTuple):
    """Sets of images.

    Attributes:
        roots: the folder that holds the classes of each set; `data` is for training.
        left_out: the other sub-folders that hold images, and the reason of each as a predicate.
    """

    roots: dict[Role, Folder]
    left_out: dict[str, str]


def find_sets(top: Folder) -> FolderSets | None:
    """Return the sets that the sub-folders of a folder are; None if they are classes.

    They are sets if at least two hold the same sub-folders, or if their names say nothing but which set each is.

    Raises:
        InputError: they are sets, but their names do not say which.
    """
    children = top.full_folders
    roots = {name: _root(folder) for name, folder in children.items()}
    alike = _alike(roots)
    named = _strictly_named(children)
    by_name = len(set(named.values())) > 1 and "data" in named.values()
    roles: dict[str, Role] = {name: role for name in alike if (role := role_of(name))}
    if not by_name and not roles and 2 * len(alike) <= len(children):
        return None
    if not alike and not by_name:
        return None
    _refuse_sets_in_folders(top, {name: roots[name] for name in alike})
    roles |= {name: role for name, role in named.items() if name in alike or role not in roles.values()}
    if len(set(roles.values())) < len(roles) or "data" not in roles.values() or set(alike) - set(roles):
        _ask(top, sorted(alike or named, key=lambda name: roles.get(name, "test")), roots)
    return _labeled(roots, roles)


def too_high(top: Folder) -> Folder | None:
    """Return the folder below whose sub-folders are sets or classes, where those of this one are neither.

    That is one which holds sets, or the first with several sub-folders below the only one with images.
    """
    children = list(top.full_folders.values())
    for child in children:
        if len(_roles_inside(child)) > 1:
            return child
    if len(children) != 1 or children[0].images:
        return None
    inner = children[0]
    return inner if len(inner.full_folders) > 1 else too_high(inner)


def _roles_inside(folder: Folder) -> set[Role]:
    """Return the sets that all sub-folders of a folder are named for; none if training is not among them."""
    roles = _strictly_named(folder.full_folders)
    return set(roles.values()) if "data" in roles.values() else set()


def _root(folder: Folder) -> Folder:
    """Return the folder that holds a set's classes: archives often wrap them, as in seg_train/seg_train."""
    inner = folder.full_folders
    if folder.images or len(inner) != 1:
        return folder
    (child,) = inner.values()
    return _root(child) if child.full_folders or child.name == folder.name else folder


def _alike(roots: Mapping[str, Folder]) -> list[str]:
    """Return the names of the folders that hold the same sub-folders as another one."""
    classes = {name: set(root.full_folders) for name, root in roots.items() if _holds_folders(root)}
    if len(classes) > _MOST_SETS:
        return []
    alike = [
        name
        for name, names in classes.items()
        if any(
            len(names & others) >= max(1, _SHARED * min(len(names), len(others)))
            for other, others in classes.items()
            if other != name
        )
    ]
    # One sub-folder of the same name in each, such as `images`, makes no choice.
    return alike if len(set().union(*(classes[name] for name in alike))) > 1 else []


def _holds_folders(folder: Folder) -> bool:
    """Return True if most images are in its sub-folders."""
    loose = len(folder.images) + len(folder.unreadable)
    return folder.pictures > 2 * loose


def _strictly_named(children: Mapping[str, Folder]) -> dict[str, Role]:
    """Return the sets of the folders whose names say nothing else, or the same of each: asl_train and asl_test."""
    roles: dict[str, Role] = {name: role for name in children if (role := role_of(name))}
    rests = {name: tuple(word for word in words_of(name) if word not in ROLES) for name in roles}
    roles_of_rest = {rest: {roles[name] for name in roles if rests[name] == rest} for rest in rests.values()}
    return {
        name: role
        for name, role in roles.items()
        if set(rests[name]) <= set(PLAIN) or len(roles_of_rest[rests[name]]) > 1
    }


def _refuse_sets_in_folders(top: Folder, roots: Mapping[str, Folder]) -> None:
    """Refuse folders that hold sets themselves.

    Raises:
        InputError: each is a class that holds sets of images, or a folder of sets.
    """
    for name, root in roots.items():
        if len(_roles_inside(root)) < 2:
            continue
        sets = ", ".join(root.full_folders)
        if any(folder.full_folders for folder in root.full_folders.values()):
            listing = first_names(list(roots), _NAMES_IN_SENTENCE)
            raise InputError(
                f"{top.path} holds several folders of sets ({listing}); give one of them, such as {top.path / name}"
            )
        raise InputError(
            f"each class in {top.path} holds sets ({sets}); put the classes into the sets instead, such as "
            f"{top.path / next(iter(root.full_folders)) / name}"
        )


def _ask(top: Folder, names: list[str], roots: Mapping[str, Folder]) -> None:
    """Ask which set each folder is.

    Raises:
        InputError: always.
    """
    listing = first_names(names, _NAMES_IN_SENTENCE)
    shared = [name for name in roots[names[0]].full_folders if name in roots[names[-1]].full_folders]
    reason = f"hold the same subfolders ({first_names(shared, _NAMES_IN_SENTENCE)})" if shared else "are named for sets"
    training, test = roots[names[0]].path, roots[names[-1]].path
    raise InputError(
        f"the subfolders of {top.path} ({listing}) {reason}, so they are sets, not classes; which is which? Give the "
        f"one for training as the data, and others with --dev and --test, as in {training} --test {test} (if they are "
        "classes, list the images and their classes in a CSV file)"
    )


def _labeled(roots: Mapping[str, Folder], roles: Mapping[str, Role]) -> FolderSets:
    """Return the sets whose classes are known from training, and the folders left out."""
    training = next(name for name, role in roles.items() if role == "data")
    classes = set(roots[training].full_folders)
    left_out = {name: "no set, since it does not hold the class folders" for name in roots if name not in roles}
    sets: dict[Role, Folder] = {"data": roots[training]}
    for name, role in roles.items():
        if role == "data":
            continue
        if not classes or classes & set(roots[name].full_folders):
            sets[role] = roots[name]
        else:
            left_out[name] = f"without labels, since it holds none of the class folders of {training}"
    return FolderSets(sets, left_out)
