"""Names of sets: the words by which people call the training, dev and test set."""

import re
from collections.abc import Mapping
from typing import Literal

Role = Literal["data", "dev", "test"]

SET_NAMES: dict[Role, str] = {"data": "training", "dev": "dev", "test": "test"}
_NAMES: dict[Role, str] = {
    "data": "train training trn trainval",
    "dev": "dev devel development val valid validation",
    "test": "test testing tst holdout",
}
PLAIN = ("set", "sets", "data", "dataset", "images", "image", "imgs", "img", "seg", "split", "folder", "samples")
ROLES: Mapping[str, Role] = {  # also in one word, as in trainset
    word + end: role for role, words in _NAMES.items() for word in words.split() for end in ("", *PLAIN)
}
_NAME_PARTS = re.compile(r"[A-Z]?[a-z]+|[A-Z]+|[^\W\d_]+")  # trainSet, TRAIN_1


def role_of(name: str) -> Role | None:
    """Return the set that a folder is named for; None if its name has no such word, or several.

    >>> role_of("seg_train"), role_of("TestSet2"), role_of("cats")
    ('data', 'test', None)
    """
    roles: set[Role] = {ROLES[word] for word in words_of(name) if word in ROLES}
    return roles.pop() if len(roles) == 1 else None


def words_of(name: str) -> list[str]:
    """Return the words of a name: TrainSet, train_set and train-set have the same."""
    return [word.lower() for word in _NAME_PARTS.findall(name)]
