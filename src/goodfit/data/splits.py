"""Training, dev and test rows, and folds: by the seed's size rule, stratified, group- and time-aware."""

import warnings
from typing import Any

import numpy as np
from jaxtyping import Int, Num
from sklearn.model_selection import GroupKFold, KFold, StratifiedGroupKFold, StratifiedKFold

from goodfit.data.dataset import Cut, Dataset, Splits, TaskKind
from goodfit.data.sources import open_data
from goodfit.errors import InputError

LARGE = 1_000_000  # seed: 60/20/20 up to here, 98/1/1 above
MOST_STRATIFIED_GROUPS = (
    20_000  # beyond, scikit-learn's group stratification takes minutes, and luck balances as well
)


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
) -> Splits:
    """Open data and divide its rows: 60/20/20 up to 1,000,000 examples, 98/1/1 above (seed: Train / Dev / Test sets).

    Args:
        source, target, task, group, time: as for `open_data`.
        dev: a source of the same columns that is the dev set.
        test: a source of the same columns that is the test set.
        no_test: keep no test set; then 80/20, and 99/1 above 1,000,000.
        seed: of the draw; the same seed gives the same rows.

    Raises:
        InputError: the data cannot be opened or divided; the sentence says why.
    """
    _check_options(group, time, test, no_test, seed)
    more = {name: given for name, given in (("dev", dev), ("test", test)) if given is not None}
    dataset, parts = open_data(source, target=target, task=task, group=group, time=time, more=more)
    sets = _sets(dataset, parts, no_test, seed)
    for rows, name in zip(sets, ("training", "dev"), strict=False):
        if len(rows) == 0:
            raise InputError(f"no row is left for the {name} set; give more data")
    notes = dataset.notes
    return Splits(dataset, *sets, notes=notes, seed=seed)


def _check_options(group: str | None, time: str | None, test: Any, no_test: bool, seed: int) -> None:
    if group is not None and time is not None:
        raise InputError(
            "give a group column or a time column, not both: one order of the rows cannot keep both"
        )
    if test is not None and no_test:
        raise InputError("a test file and no test set were both asked for; leave one of them out")
    if not 0 <= seed < 2**32:
        raise InputError(f"the seed is {seed}; it must be a whole number from 0 to {2**32 - 1}")


def _sets(
    dataset: Dataset, parts: dict[str, Int[np.ndarray, "rows"]], no_test: bool, seed: int
) -> tuple[Int[np.ndarray, "train"], Int[np.ndarray, "dev"], Int[np.ndarray, "test"]]:
    rows = parts["data"]
    drawn = ("dev" not in parts) + ("test" not in parts and not no_test)
    given = len(parts) > 1
    share = (100 if len(rows) > LARGE else 5) - (given and drawn == 1 and len(rows) <= LARGE)
    pieces = divide(dataset, rows, share, seed, fewest=drawn + 1) if drawn else [rows]
    chosen = _closest(pieces, drawn, len(rows) / share, dataset.times is not None)
    train = [piece for place, piece in enumerate(pieces) if place not in chosen]
    cut = [pieces[place] for place in chosen]
    dev_rows = parts["dev"] if "dev" in parts else cut.pop(0)
    test_rows = parts["test"] if "test" in parts else cut.pop(0) if cut else np.zeros(0, np.int64)
    train_rows = np.sort(np.concatenate(train))
    return train_rows, dev_rows, test_rows


def _closest(pieces: list[np.ndarray], count: int, size: float, latest: bool) -> list[int]:
    """Which pieces become dev and test: the last ones of time, else those of the size nearest to the wanted one."""
    if latest:
        return list(range(len(pieces) - count, len(pieces)))
    return sorted(range(len(pieces)), key=lambda place: abs(len(pieces[place]) - size))[:count]


def divide(
    dataset: Dataset, rows: Int[np.ndarray, "rows"], k: int, seed: int, fewest: int = 2
) -> list[Int[np.ndarray, "piece"]]:
    """Divide rows into k pieces of about one size, each sorted: by time, by whole groups, stratified, or at random.

    Raises:
        InputError: too few groups or moments.
    """
    if dataset.times is not None:
        return _by_time(dataset.times[rows], rows, k, fewest)
    target = dataset.target[rows]
    classes = _strata(target, k) if dataset.schema.classes else np.zeros(len(rows), np.int64)
    groups = None if dataset.groups is None else dataset.groups[rows]
    if groups is not None:
        count = len(np.unique(groups))
        if count < fewest:
            raise InputError(
                f"the group column has {count} groups; at least {fewest} are needed, one for each set"
            )
        k = min(k, count)
        kind = StratifiedGroupKFold if count <= MOST_STRATIFIED_GROUPS else GroupKFold
    else:
        kind = StratifiedKFold if dataset.schema.classes else KFold
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # classes rarer than k are no concern: see _strata
        splitter = kind(n_splits=k, shuffle=True, random_state=seed)
        return [np.sort(rows[piece]) for _, piece in splitter.split(np.zeros(len(rows)), classes, groups)]


def _strata(target: Num[np.ndarray, "rows"], k: int) -> Int[np.ndarray, "rows"]:
    """The classes, those with fewer than k examples together as one."""
    rare = np.bincount(target)[target] < k
    return np.where(rare, -1, target)


def _by_time(
    times: np.ndarray, rows: Int[np.ndarray, "rows"], k: int, fewest: int
) -> list[Int[np.ndarray, "piece"]]:
    """Consecutive pieces; rows of one moment stay together."""
    order = np.argsort(times, kind="stable")
    ordered = times[order]
    wanted = np.arange(1, k) * len(rows) / k
    starts = np.flatnonzero(np.diff(ordered)) + 1  # where a new moment begins
    if len(starts) + 1 < fewest:
        raise InputError(
            f"the time column has {len(starts) + 1} moments; at least {fewest} are needed, one for each set"
        )
    cuts = np.unique(starts[np.abs(starts[:, None] - wanted[None, :]).argmin(axis=0)])
    return [np.sort(rows[piece]) for piece in np.split(order, cuts)]


def folds(splits: Splits, k: int, seed: int) -> list[Cut]:
    """K-fold cuts of the training and dev rows; every one of those rows is in exactly one dev part.

    Stratified, with whole groups, or of consecutive time, as the splits are. All training parts are cut to one size
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
    if len(pieces) < k:
        raise InputError(f"only {len(pieces)} folds can be made of this data; take at most so many")
    generator = np.random.default_rng(seed)
    size = len(pool) - max(map(len, pieces))
    cuts = []
    for dev in pieces:
        train = np.setdiff1d(pool, dev, assume_unique=True)
        cuts.append(Cut(np.sort(generator.choice(train, size, replace=False)), dev))
    return cuts
