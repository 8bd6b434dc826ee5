"""Notes on a split: groups and times across the sets, and shortcomings of the training set."""

from itertools import pairwise

import numpy as np
from jaxtyping import Int

from goodfit.data.dataset import Splits
from goodfit.data.notes import Note, loss, warning
from goodfit.errors import InputError
from goodfit.wording.text import first_names

_CLASSES_IN_NOTE = 5


def split_notes(splits: Splits) -> list[Note]:
    """Return remarks on the rows of the three sets.

    Raises:
        InputError: a group of the data is in a given dev or test set as well.
    """
    sets = {"training": splits.train, "dev": splits.dev, "test": splits.test}
    sets = {name: rows for name, rows in sets.items() if len(rows)}
    notes = [*_group_notes(splits, sets), *_time_notes(splits, sets), *_training_notes(splits, sets)]
    left = len(splits.dataset) - sum(map(len, sets.values()))
    if left:
        group, time = splits.dataset.origin.group, splits.dataset.origin.time
        rows = f"{left:,} of {len(splits.dataset):,} rows"
        notes.append(loss(f"{rows} are in no set: their '{group}' belongs to one set, and their '{time}' to another."))
    return notes


def _group_notes(splits: Splits, sets: dict[str, Int[np.ndarray, "_"]]) -> list[Note]:
    if splits.dataset.groups is None:
        return []
    column = splits.dataset.origin.group
    groups = {name: np.unique(splits.dataset.groups[rows]) for name, rows in sets.items()}
    names = list(groups)
    for index, name in enumerate(names):
        for earlier in names[:index]:
            shared = np.intersect1d(groups[name], groups[earlier])
            if len(shared):
                raise InputError(
                    f"{len(shared)} values of the group column '{column}' are in both the {earlier} and the {name} "
                    "set; leave their rows out of one of them"
                )
    counts = ", ".join(f"{len(values)} in {name}" for name, values in groups.items())
    return [Note(f"All rows of one '{column}' stay in one set ({counts}); '{column}' itself is not learned from.")]


def _time_notes(splits: Splits, sets: dict[str, Int[np.ndarray, "_"]]) -> list[Note]:
    times = splits.dataset.times
    if times is None:
        return []
    column = splits.dataset.origin.time
    spans = {name: (times[rows].min(), times[rows].max()) for name, rows in sets.items()}
    for (early, (_, last)), (late, (first, _)) in pairwise(spans.items()):
        if last >= first:
            sentence = f"some rows of the {early} set are not earlier than all rows of the {late} set."
            return [warning(f"By '{column}', {sentence}")]
    order = ", ".join(spans)
    learned = any(part.trend for part in splits.dataset.schema.columns)
    use = "is learned from, with a trend that goes on beyond training" if learned else "itself is not learned from"
    return [Note(f"By '{column}', the sets follow each other ({order}); '{column}' {use}.")]


def _training_notes(splits: Splits, sets: dict[str, Int[np.ndarray, "_"]]) -> list[Note]:
    notes = []
    schema, target = splits.dataset.schema, splits.dataset.target
    if schema.classes:
        lacking = np.setdiff1d(np.arange(len(schema.classes)), target[splits.train])
        if len(lacking):
            names = ", ".join(schema.classes[code] for code in lacking)
            notes.append(
                warning(f"The training set has no example of {names}, so the network cannot learn to predict it.")
            )
    for name, rows in sets.items():
        absent = np.setdiff1d(target[splits.train], target[rows]) if schema.classes else ()
        if len(absent):
            names = first_names([schema.classes[code] for code in absent], _CLASSES_IN_NOTE)
            notes.append(warning(f"The {name} set lacks {names}: its error says nothing about it."))
        if splits.regression and np.ptp(target[rows]) == 0:
            notes.append(
                warning(
                    f"All targets of the {name} set are {target[rows][0]:g}, so R² is not defined there: as in "
                    "scikit-learn, 1−R² is 0 % for perfect predictions and 100 % for all others. Look at its RMSE."
                )
            )
        if len(rows) > len(splits.train):
            sizes = f"{len(rows):,} and {len(splits.train):,} examples"
            notes.append(warning(f"The {name} set is larger than the training set ({sizes})."))
    return notes
