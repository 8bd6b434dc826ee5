"""Training, dev and test rows, and folds of the first two."""

from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Int

from goodfit.data.dataset import Cut, Dataset, Splits, TaskKind
from goodfit.data.dividing import divide
from goodfit.data.images.listing import As
from goodfit.data.notes import Note, warning
from goodfit.data.open import open_data
from goodfit.data.shift import compare_distributions
from goodfit.errors import InputError

_FEWEST = 2  # rows of a set, or its error has no interval
LARGE = 1_000_000  # seed: 60/20/20 up to here, 98/1/1 above
_Rows = Int[np.ndarray, "_"]


def open_splits(
    source: Any,
    *,
    target: str | int | None = None,
    task: TaskKind | None = None,
    group: str | None = None,
    time: str | None = None,
    dev: Any = None,
    test: Any = None,
    no_test: bool = False,
    seed: int = 0,
    as_: As | None = None,
    cache: Path | None = None,
) -> Splits:
    """Open data and divide its rows: 60/20/20 up to 1,000,000 examples, 98/1/1 above (notes: Train / Dev / Test sets).

    Stratified for classes; with a group column no group is in two sets; with a time column training is earliest and
    test latest. Where dev or test is given, the other rows keep their proportions: 75/25, and 99/1 above 1,000,000.

    Args:
        source, target, task, group, time: as for `open_data`.
        dev: a source of the same columns that is the dev set.
        test: a source of the same columns that is the test set.
        no_test: keep no test set; then 80/20, and 99/1 above 1,000,000 examples.
        seed: of the draw; the same seed gives the same rows.
        as_, cache: of images, as for `open_data`.

    Raises:
        InputError: the data cannot be opened or divided; the sentence says why.
    """
    _check_options(group, time, test, no_test, seed)
    more = {name: given for name, given in (("dev", dev), ("test", test)) if given is not None}
    dataset, parts = open_data(
        source, target=target, task=task, group=group, time=time, more=more, as_=as_, cache=cache
    )
    for name, rows in parts.items():
        if len(rows) == 0:
            raise InputError(f"the {name} source has no row with a {dataset.schema.target}; give one that has")
        if len(rows) < _FEWEST:
            file = f" {more[name]}" if isinstance(more.get(name), str | Path) else ""
            wanted = f"an error needs at least {_FEWEST} to be measured with an interval"
            raise InputError(f"the {name} source{file} has 1 row with a {dataset.schema.target}; {wanted}")
    origin = {"dev": None, "test": None, **dataset.origin, "no_test": no_test} | ({"as": as_} if as_ else {})
    dataset = replace(dataset, origin=origin)
    sets = _sets(dataset, parts, no_test, seed)
    splits = Splits(dataset, sets["train"], sets["dev"], sets["test"], dataset.notes, seed)
    told = _told_of_groups(splits, group) + _told_of_time(splits, time) + _told_of_training(splits)
    return replace(splits, notes=(*dataset.notes, *told, *compare_distributions(splits)))


def _check_options(group: str | None, time: str | None, test: Any, no_test: bool, seed: int) -> None:
    if group is not None and time is not None:
        raise InputError("give a group column or a time column, not both: a division by one breaks the other")
    if test is not None and no_test:
        raise InputError("both a test source and no test set were asked for; leave one of them out")
    if not 0 <= seed < 2**32:
        raise InputError(f"the seed is {seed}; it must be a whole number from 0 to {2**32 - 1}")


def _sets(dataset: Dataset, parts: dict[str, _Rows], no_test: bool, seed: int) -> dict[str, _Rows]:
    """The rows of train, dev and test: those that were given, and what is cut out of the data for the others."""
    rows = parts["data"]
    given = {name: parts[name] for name in ("dev", "test") if name in parts}
    drawn = [name for name in ("dev", "test") if name not in given and not (name == "test" and no_test)]
    sets = {"train": rows, "test": np.zeros(0, np.int64)} | given
    if not drawn:
        return sets
    rest = 4 if given else 5  # with dev or test given, 60/20 of the rows is 75/25
    k = 100 if len(rows) > LARGE else rest
    pieces = divide(dataset, rows, k, seed, fewest=len(drawn) + 1)
    if dataset.times is None:  # dev and test are the pieces nearest to the wanted size; whole groups can be far from it
        pieces.sort(key=lambda piece: -abs(len(piece) - len(rows) / k))
    train, cut = np.sort(np.concatenate(pieces[: -len(drawn)])), pieces[-len(drawn) :]
    if dataset.schema.classes and dataset.groups is None and dataset.times is None:
        train, *cut = _with_every_class(dataset.target, train, cut)
    return sets | {"train": train} | dict(zip(drawn, cut, strict=True))


def _with_every_class(target: Int[np.ndarray, "rows"], train: _Rows, cut: list[_Rows]) -> list[_Rows]:
    """The same sets, an example of each class in training: exchanged for one of the most frequent class."""
    sets = [train.copy(), *(rows.copy() for rows in cut)]
    for code in np.setdiff1d(target[np.concatenate(sets)], target[train]):
        other = next(rows for rows in sets[1:] if code in target[rows])
        place = np.flatnonzero(target[other] == code)[0]
        frequent = np.flatnonzero(target[sets[0]] == np.bincount(target[train]).argmax())[0]
        sets[0][frequent], other[place] = other[place], sets[0][frequent]
    return [np.sort(rows) for rows in sets]


def _told_of_groups(splits: Splits, group: str | None) -> list[Note]:
    """How many groups each set has.

    Raises:
        InputError: a group of the data is in a given dev or test set as well.
    """
    if splits.dataset.groups is None:
        return []
    groups = {name: np.unique(splits.dataset.groups[rows]) for name, rows in _named(splits).items()}
    names = list(groups)
    for place, name in enumerate(names):
        for other in names[:place]:
            shared = np.intersect1d(groups[name], groups[other])
            if len(shared):
                raise InputError(
                    f"{len(shared)} values of the group column '{group}' are in both the {other} and the {name} set; "
                    "leave their rows out of one of them"
                )
    counts = ", ".join(f"{len(its)} in {name}" for name, its in groups.items())
    return [Note(f"All rows of one '{group}' stay in one set ({counts}); '{group}' itself is not learned from.")]


def _told_of_time(splits: Splits, time: str | None) -> list[Note]:
    """That the sets follow each other, or that given sets do not."""
    times = splits.dataset.times
    if times is None:
        return []
    spans = {name: (times[rows].min(), times[rows].max()) for name, rows in _named(splits).items()}
    for (early, (_, last)), (late, (first, _)) in pairwise(spans.items()):
        if last >= first:
            return [
                warning(f"By '{time}', some rows of the {early} set are not earlier than all rows of the {late} set.")
            ]
    order = ", ".join(spans)
    return [Note(f"By '{time}', the sets follow each other ({order}); '{time}' itself is not learned from.")]


def _told_of_training(splits: Splits) -> list[Note]:
    """What the training set lacks: a class, or the largest size."""
    told = []
    schema, target = splits.dataset.schema, splits.dataset.target
    if schema.classes:
        lacking = np.setdiff1d(np.arange(len(schema.classes)), target[splits.train])
        if len(lacking):
            names = ", ".join(schema.classes[code] for code in lacking)
            told.append(
                warning(f"The training set has no example of {names}, so the network cannot learn to predict it.")
            )
    for name, rows in _named(splits).items():
        if len(rows) > len(splits.train):
            sizes = f"{len(rows):,} and {len(splits.train):,} examples"
            told.append(warning(f"The {name} set is larger than the training set ({sizes})."))
    return told


def _named(splits: Splits) -> dict[str, _Rows]:
    sets = {"training": splits.train, "dev": splits.dev, "test": splits.test}
    return {name: rows for name, rows in sets.items() if len(rows)}


def folds(splits: Splits, k: int, seed: int) -> list[Cut]:
    """K-fold cuts of the training and dev rows; every one of those rows is in exactly one dev part.

    Stratified, of whole groups or of consecutive time, as the splits are. All training parts are cut to one size
    (surplus rows are dropped at random), so that the folds' models share one compiled program.

    Args:
        splits: the test rows are not touched.
        k: number of folds, at least 2.
        seed: of the draw.

    Raises:
        InputError: fewer rows, groups or moments than folds.
    """
    pool = splits.pool
    if not 2 <= k <= len(pool):
        raise InputError(f"{k} folds of {len(pool)} examples cannot be made; take 2 to {len(pool)}")
    pieces = divide(splits.dataset, pool, k, seed, fewest=k)
    generator = np.random.default_rng(seed)
    size = len(pool) - max(map(len, pieces))
    trains = [np.setdiff1d(pool, dev, assume_unique=True) for dev in pieces]
    return [
        Cut(np.sort(generator.choice(train, size, replace=False)), dev)
        for train, dev in zip(trains, pieces, strict=True)
    ]
