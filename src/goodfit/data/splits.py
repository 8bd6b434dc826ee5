"""Training, dev and test rows, and folds of the first two."""

from dataclasses import replace
from pathlib import Path

import numpy as np
from jaxtyping import Int

from goodfit.data.data_source import ColumnName, DataSource
from goodfit.data.dataset import Fold, Splits, TaskKind
from goodfit.data.division import divide, draw_sets
from goodfit.data.images.repeats import repeated_pictures
from goodfit.data.open import open_data
from goodfit.data.shift import compare_distributions
from goodfit.data.source import As
from goodfit.data.split_notes import split_notes
from goodfit.errors import InputError

_FEWEST = 2  # rows of a set, or its error has no interval
_SEEDS = 2**32  # scikit-learn takes no larger seeds


def open_splits(
    data: DataSource,
    *,
    target: ColumnName | None = None,
    task: TaskKind | None = None,
    group: ColumnName | None = None,
    time: ColumnName | None = None,
    dev: DataSource | None = None,
    test: DataSource | None = None,
    no_test: bool = False,
    seed: int = 0,
    as_: As | None = None,
    cache: Path | None = None,
) -> Splits:
    """Open data and divide its rows: 60/20/20 up to 1,000,000 examples, 98/1/1 above (course notes: split).

    Stratified for classes; with a group column no group is in two sets; with a time column training is earliest and
    test latest; with both, rows whose group belongs to one set and whose time to another are in none. Where dev or test
    is given, the other rows keep their proportions: 75/25, and 99/1 above 1,000,000.

    Args:
        data, target, task, group, time: as for `open_data`.
        dev: a source of the same columns that is the dev set.
        test: a source of the same columns that is the test set.
        no_test: keep no test set; then 80/20, and 99/1 above 1,000,000 examples.
        seed: random seed of the draw; the same seed gives the same rows.
        as_, cache: for images, as for `open_data`.

    Raises:
        InputError: the data cannot be opened or divided; the sentence says why.
    """
    _check_options(test, no_test, seed)
    dataset, sources = open_data(
        data,
        target=target,
        task=task,
        group=group,
        time=time,
        dev=dev,
        test=test,
        no_test=no_test,
        as_=as_,
        cache=cache,
    )
    dataset = replace(dataset, origin=replace(dataset.origin, no_test=no_test))
    for name, source in (("dev", dev), ("test", test)):
        if source is not None:
            file = f" {source}" if isinstance(source, str | Path) else ""
            _check_size(f"the {name} source{file}", sources[name], dataset.schema.target)
    sets = draw_sets(dataset, sources, no_test, seed)
    splits = Splits(dataset, sets["train"], sets["dev"], sets["test"], dataset.notes, seed)
    notes = (*dataset.notes, *split_notes(splits), *repeated_pictures(splits), *compare_distributions(splits))
    return replace(splits, notes=notes)


def _check_options(test: DataSource | None, no_test: bool, seed: int) -> None:
    if test is not None and no_test:
        raise InputError("both a test source and no test set were requested; leave one of them out")
    if not 0 <= seed < _SEEDS:
        raise InputError(f"the seed is {seed}; it must be a whole number from 0 to {_SEEDS - 1}")


def _check_size(place: str, rows: Int[np.ndarray, "rows"], target: str) -> None:
    if len(rows) == 0:
        raise InputError(f"{place} has no row with a {target}; give one that has")
    if len(rows) < _FEWEST:
        raise InputError(
            f"{place} has 1 row with a {target}; at least {_FEWEST} are needed to measure an error with an interval"
        )


def draw_folds(splits: Splits, k: int, seed: int) -> list[Fold]:
    """Return K folds of the training and dev rows; every one of those rows is in exactly one dev part.

    Stratified, of whole groups or of consecutive time, as the splits are. All training parts are cut to one size
    (surplus rows are dropped at random), so that the folds' models share one compiled program.

    Args:
        splits: the test rows are not touched.
        k: number of folds, at least 2.
        seed: random seed of the draw.

    Raises:
        InputError: fewer rows, groups or moments than folds.
    """
    pool = splits.pool
    if not 2 <= k <= len(pool):
        raise InputError(f"{k} folds of {len(pool)} examples cannot be made; take 2 to {len(pool)}")
    pieces = divide(splits.dataset, pool, k, seed, fewest=k)
    generator = np.random.default_rng(seed)
    size = len(pool) - max(map(len, pieces))  # the smallest training part, which belongs to the largest dev part
    complements = [np.setdiff1d(pool, dev, assume_unique=True) for dev in pieces]
    return [
        Fold(np.sort(generator.choice(train, size, replace=False)), dev)
        for train, dev in zip(complements, pieces, strict=True)
    ]
