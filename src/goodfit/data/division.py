"""Divide rows into sets or folds: at random, stratified by class, by whole groups, by time, or by both."""

import warnings

import numpy as np
from jaxtyping import Float, Int
from sklearn.model_selection import GroupKFold, KFold, StratifiedGroupKFold, StratifiedKFold

from goodfit.data.dataset import Dataset
from goodfit.errors import InputError

LARGE = 1_000_000  # course notes: 60/20/20 up to here, 98/1/1 above
# Beyond, scikit-learn's group stratification takes minutes, and many groups balance each other out anyway.
MOST_STRATIFIED_GROUPS = 20_000

_Rows = Int[np.ndarray, "_"]


def draw_sets(dataset: Dataset, sources: dict[str, _Rows], no_test: bool, seed: int) -> dict[str, _Rows]:
    """Return the rows of train, dev and test.

    Args:
        dataset: whose times, groups and classes decide the division.
        sources: the rows of `data`, which is divided, and of `dev` and `test` where the user gave them.
        no_test: leave the test set empty.
        seed: random seed of the draw.

    Raises:
        InputError: too few groups or moments.
    """
    rows = sources["data"]
    fixed = {name: sources[name] for name in ("dev", "test") if name in sources}
    cuts = [name for name in ("dev", "test") if name not in fixed and not (name == "test" and no_test)]
    sets = {"train": rows, "test": np.zeros(0, np.int64)} | fixed
    if not cuts:
        return sets
    pieces_for_all = 4 if fixed else 5  # with dev or test given, 60/20 of the rows is 75/25
    k = 100 if len(rows) > LARGE else pieces_for_all
    pieces = divide(dataset, rows, k, seed, fewest=len(cuts) + 1)
    if dataset.times is None:  # dev and test are the pieces nearest to the right size; whole groups can be far from it
        pieces.sort(key=lambda piece: -abs(len(piece) - len(rows) / k))
    train, drawn_sets = np.sort(np.concatenate(pieces[: -len(cuts)])), pieces[-len(cuts) :]
    if dataset.schema.classes and dataset.groups is None and dataset.times is None:
        train, *drawn_sets = _with_every_class(dataset.target, train, drawn_sets)
    if dataset.groups is not None and dataset.times is not None:
        train, *drawn_sets = _in_time(dataset.times, [train, *drawn_sets])
    return sets | {"train": train} | dict(zip(cuts, drawn_sets, strict=True))


def _in_time(times: Float[np.ndarray, "rows"], sets: list[_Rows]) -> list[_Rows]:
    """Return the rows of each set that are later than all rows of the sets before it.

    A moment between two sets is chosen so that the shares of the rows that both keep have the largest product.

    Raises:
        InputError: a set would have fewer than two rows.
    """
    kept, rest = [], sets
    while len(rest) > 1:
        first, others = times[rest[0]], times[np.concatenate(rest[1:])]
        moments = np.unique(np.concatenate([first, others]))
        early = np.searchsorted(np.sort(first), moments) / max(len(first), 1)
        late = 1 - np.searchsorted(np.sort(others), moments) / max(len(others), 1)
        moment = moments[np.argmax(early * late)]
        kept.append(rest[0][first < moment])
        rest = [rows[times[rows] >= moment] for rows in rest[1:]]
    kept += rest
    if min(map(len, kept)) < 2:
        raise InputError(
            "by group and time together a set has fewer than two rows; give --group or --time alone, or more groups"
        )
    return kept


def _with_every_class(target: Int[np.ndarray, "rows"], train: _Rows, drawn_sets: list[_Rows]) -> list[_Rows]:
    """Return the same sets with an example of every class in training.

    Each is exchanged for an example of the class that training then has most of. With two examples of each class, that
    never costs a class its last one, because training holds more than half of the rows.
    """
    sets = [train.copy(), *(rows.copy() for rows in drawn_sets)]
    counts = np.bincount(target[train], minlength=target.max() + 1)
    for code in np.setdiff1d(target[np.concatenate(sets)], target[train]):
        giver = next(rows for rows in sets[1:] if code in target[rows])
        place = np.flatnonzero(target[giver] == code)[0]
        largest = counts.argmax()
        if counts[largest] < 2:  # classes whose other example is in a dev or test set that the user gave
            break
        surplus = np.flatnonzero(target[sets[0]] == largest)[0]
        sets[0][surplus], giver[place] = giver[place], sets[0][surplus]
        counts[largest] -= 1
        counts[code] += 1
    return [np.sort(rows) for rows in sets]


def divide(dataset: Dataset, rows: Int[np.ndarray, "rows"], k: int, seed: int, fewest: int) -> list[_Rows]:
    """Divide rows into k pieces of about one size, or fewer where groups or moments do not suffice.

    Args:
        dataset: whose times, groups and classes decide the division.
        rows: to divide.
        k: number of pieces.
        seed: random seed of the draw; a division by time is not drawn.
        fewest: smallest acceptable number of pieces.

    Returns:
        The pieces, each sorted; those of time from the earliest to the latest.

    Raises:
        InputError: too few groups or moments.
    """
    seed %= 2**32  # scikit-learn takes no larger one; those of repeated folds follow the job's own
    if dataset.times is not None and dataset.groups is not None:
        return _by_group_in_time(dataset.times[rows], dataset.groups[rows], rows, k, seed, fewest)
    if dataset.times is not None:
        return _by_time(dataset.times[rows], rows, k, fewest)
    if dataset.groups is not None:
        return _by_group(dataset, dataset.groups[rows], rows, k, seed, fewest)
    splitter = StratifiedKFold if dataset.schema.classes else KFold
    return _pieces(splitter(n_splits=k, shuffle=True, random_state=seed), rows, _strata(dataset, rows, k))


def _by_group(
    dataset: Dataset, groups: Int[np.ndarray, "rows"], rows: Int[np.ndarray, "rows"], k: int, seed: int, fewest: int
) -> list[_Rows]:
    names = np.unique(groups)
    if len(names) < fewest:
        raise InputError(f"the group column has {len(names)} different values; at least {fewest} are needed")
    if len(names) <= k:  # a piece for each group, in random order, so that chance decides which one is the test set
        return [rows[groups == name] for name in np.random.default_rng(seed).permutation(names)]
    splitter = StratifiedGroupKFold if len(names) <= MOST_STRATIFIED_GROUPS else GroupKFold
    return _pieces(splitter(n_splits=k, shuffle=True, random_state=seed), rows, _strata(dataset, rows, k), groups)


def _by_group_in_time(
    times: Float[np.ndarray, "rows"],
    groups: Int[np.ndarray, "rows"],
    rows: Int[np.ndarray, "rows"],
    k: int,
    seed: int,
    fewest: int,
) -> list[_Rows]:
    """Return pieces of whole groups, in the order of the groups' middle times; equal ones are in random order."""
    names, places = np.unique(groups, return_inverse=True)
    if len(names) < fewest:
        raise InputError(f"the group column has {len(names)} different values; at least {fewest} are needed")
    middles = np.array([np.median(times[places == place]) for place in range(len(names))])
    order = np.lexsort((np.random.default_rng(seed).permutation(len(names)), middles))
    ranks = np.argsort(order)  # of each group
    # As a division by time, whose moments are the groups.
    return _by_time(ranks[places].astype(np.float64), rows, k, fewest)


def _by_time(times: Float[np.ndarray, "rows"], rows: Int[np.ndarray, "rows"], k: int, fewest: int) -> list[_Rows]:
    """Return consecutive pieces, cut where a new moment begins, so that the rows of one moment stay together."""
    # Only where the time changes may a cut lie: rows of one moment in two sets would let training see the future.
    order = np.argsort(times, kind="stable")
    starts = np.flatnonzero(np.diff(times[order])) + 1
    if len(starts) + 1 < fewest:
        raise InputError(f"the time column has {len(starts) + 1} different values; at least {fewest} are needed")
    cuts: list[int] = []
    # From the last cut to the first: each takes the start nearest to its share of the rows, among those that leave
    # enough starts for the cuts before it.
    for earlier_cuts in reversed(range(k - 1)):
        choices = starts[earlier_cuts:]
        if len(choices):
            ideal = (earlier_cuts + 1) * len(rows) / k
            cuts.insert(0, int(choices[np.abs(choices - ideal).argmin()]))
            starts = starts[starts < cuts[0]]
    return [np.sort(rows[piece]) for piece in np.split(order, cuts)]


def _strata(dataset: Dataset, rows: Int[np.ndarray, "rows"], k: int) -> Int[np.ndarray, "rows"]:
    """Return the class of each row, classes with fewer than k examples merged; one stratum for regression."""
    if not dataset.schema.classes:
        return np.zeros(len(rows), np.int64)
    target = dataset.target[rows]
    return np.where(np.bincount(target)[target] < k, -1, target)


def _pieces(
    splitter: KFold | StratifiedKFold | GroupKFold | StratifiedGroupKFold,
    rows: Int[np.ndarray, "rows"],
    strata: Int[np.ndarray, "rows"],
    groups: Int[np.ndarray, "rows"] | None = None,
) -> list[_Rows]:
    with warnings.catch_warnings():
        # scikit-learn warns if the merged rare classes are still fewer than the pieces, which does no harm here.
        warnings.simplefilter("ignore", UserWarning)
        return [np.sort(rows[piece]) for _, piece in splitter.split(np.zeros(len(rows)), strata, groups)]
