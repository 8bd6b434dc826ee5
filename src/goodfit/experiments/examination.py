"""What the doctor is shown: facts of the data, and a measurement's trainings; what most of its seeds have is found."""

import hashlib
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np
from jaxtyping import Float, Int
from scipy.stats import rankdata
from sklearn.model_selection import cross_val_score
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

from goodfit.checks.curvature import curvature
from goodfit.checks.network import open_network
from goodfit.data.dataset import Splits
from goodfit.data.shift import compare_distributions
from goodfit.diagnosis.finding import DataFacts, Finding, Observation, Signals
from goodfit.diagnosis.findings import examine, plateau
from goodfit.diagnosis.intervals import wilson
from goodfit.record.measurement import Measurement, sample
from goodfit.record.run import Run, unflatten

_MOST_ROWS = 2_000  # for a look at each column; a leak shows in hundreds
_MOST_COLUMNS = 200
_AT_ONCE = 1_000  # rows that are compared: all images may be more than memory holds
_PROBE = 256  # examples of a curvature: its sign needs no more, and each of its dozens of products passes over them
_SURE_SHIFT = 0.001  # a finding must not be raised by one healthy split in twenty
_SUREST = 0.25  # share of the dev examples that the networks are surest of
_FEWEST_SURE = 20
_LEARNED = 0.85  # of the constant guess's error


def data_facts(splits: Splits) -> DataFacts:
    """What is known of the data before any training."""
    schema, target = splits.dataset.schema, splits.dataset.target[splits.train]
    counts = np.bincount(target, minlength=len(schema.classes)) if schema.classes else None
    return DataFacts(
        m=len(splits.train),
        task=schema.task,
        class_counts=None if counts is None else tuple(counts.tolist()),
        dev=len(splits.dev),
        duplicates=_duplicates(splits),
        shift=tuple(note.text for note in compare_distributions(splits, _SURE_SHIFT)),
        leak=_leak(splits),
        target_values=len(np.unique(target)),
    )


def case_of(run: Run, splits: Splits, facts: DataFacts) -> Observation:
    """One training as the doctor sees it; of images the columns are the channels, as they are prepared."""
    inputs = run.preparation.transform(splits.dataset.features.take(sample(run.train)))
    if splits.dataset.schema.image:
        inputs = inputs.reshape(-1, splits.dataset.schema.image[2])
    means, deviations = (of_columns.astype(np.float64) for of_columns in (inputs.mean(axis=0), inputs.std(axis=0)))
    signals = Signals(run.history, run.health, run.outcome, run.best)
    return Observation(signals, run.plan, replace(facts, column_means=means, column_deviations=deviations))


def findings_of(measurement: Measurement, splits: Splits, facts: DataFacts) -> list[Finding]:
    """What more than half of the measurement's trainings have, each as the training that shows it most surely."""
    noise = label_noise(measurement.outputs, splits, measurement.rows)
    with_noise = replace(facts, label_noise=noise)
    found = [examine(case_of(run, splits, with_noise)) for runs in measurement.runs for run in runs]
    counts = Counter(finding.id for of_run in found for finding in of_run)
    surest: dict[str, Finding] = {}
    for finding in (each for of_run in found for each in of_run if 2 * counts[each.id] > len(found)):
        known = surest.setdefault(finding.id, finding)
        if finding.confidence > known.confidence:
            surest[finding.id] = finding
    return sorted(surest.values(), key=lambda each: each.severity)  # as `examine` has it: causes before effects


def with_curvature(findings: list[Finding], run: Run, splits: Splits, facts: DataFacts) -> list[Finding]:
    """The findings again; where the training is stuck at a plateau, with its kind: saddle, minimum or flat."""
    if all(finding.id != plateau.ID for finding in findings):
        return findings
    network = open_network(run.plan, splits, run.seed, _PROBE).without_dropout()
    case = case_of(run, splits, facts)
    shape = curvature(network.objective, {"layers": unflatten(run.best)[0]}).verdict
    return examine(replace(case, signals=replace(case.signals, curvature=shape)))


def label_noise(
    outputs: Float[np.ndarray, "seeds rows classes"], splits: Splits, rows: Int[np.ndarray, "rows"]
) -> float | None:
    """A careful estimate of the share of wrong labels: how often the answers that the networks are surest of are wrong.

    Where classes overlap, errors gather where the networks are unsure; wrong labels are everywhere. The lower end of
    the interval is given; None for numbers, where there are few dev examples, and where nothing much was learned.
    """
    if splits.regression:
        return None
    mean, truth = outputs.mean(axis=0), splits.dataset.target[rows]
    guess = 1 - np.bincount(truth).max() / len(truth)
    wrong = mean.argmax(axis=1) != truth
    if wrong.mean() > _LEARNED * guess:
        return None
    surest = np.argsort(-mean.max(axis=1), kind="stable")[: int(_SUREST * len(rows))]
    if len(surest) < _FEWEST_SURE:
        return None
    of_surest = float(wrong[surest].mean())
    return max(0.0, wilson(of_surest, len(surest)).low) if 2 * of_surest >= wrong.mean() else 0.0


def _duplicates(splits: Splits) -> int:
    """Dev rows whose features and target stand in the training set as well."""
    features, target = splits.dataset.features, splits.dataset.target

    def keys(rows: Int[np.ndarray, "rows"]) -> Iterator[bytes]:
        for start in range(0, len(rows), _AT_ONCE):
            part = rows[start : start + _AT_ONCE]
            own = features.take(part)
            numbers = np.nan_to_num(own.numbers, nan=np.inf) + 0.0  # so that −0 is 0, and missing values are alike
            pixels = numbers[:, :0] if own.pixels is None else own.pixels
            for parts in zip(numbers, own.codes, pixels, target[part], strict=True):
                yield hashlib.blake2b(b"".join(each.tobytes() for each in parts), digest_size=16).digest()

    trained = set(keys(splits.train))
    return sum(key in trained for key in keys(splits.dev))


def _leak(splits: Splits) -> tuple[str, float] | None:
    """The column that alone predicts the target best, by a small tree, and its cross-validated score."""
    schema, features = splits.dataset.schema, splits.dataset.features
    rows = np.sort(np.random.default_rng(0).permutation(splits.train)[:_MOST_ROWS])
    own, target = features.take(rows), splits.dataset.target[rows]
    numbers, categories = schema.numbers, schema.categories
    columns = [(column.name, own.numbers[:, place]) for place, column in enumerate(numbers)]
    columns += [(column.name, own.codes[:, place]) for place, column in enumerate(categories)]
    if schema.classes and np.bincount(target).max() > 0.99 * len(target):
        return None
    promising = sorted(columns, key=lambda each: -_association(each[1], target))[:_MOST_COLUMNS]
    scores = [(name, _alone(values, target, bool(schema.classes))) for name, values in promising[:3]]
    return max(scores, key=lambda each: each[1], default=None)


def _association(values: np.ndarray, target: np.ndarray) -> float:
    """Share of the variance of the target's ranks between 20 slices of the column's: the correlation ratio."""
    ranks = rankdata(target)
    slices = (20 * (_ranks(values) - 1) / len(values)).astype(int)
    counts = np.bincount(slices, minlength=20)
    means = np.bincount(slices, ranks, minlength=20) / np.maximum(counts, 1)
    between = (counts * (means - ranks.mean()) ** 2).sum()
    total = ((ranks - ranks.mean()) ** 2).sum()
    return float(between / total) if total > 0 else 0.0


def _alone(values: np.ndarray, target: np.ndarray, classes: bool) -> float:
    """Share of right answers, or R², of a tree on this column alone."""
    kind = DecisionTreeClassifier if classes else DecisionTreeRegressor
    tree = kind(max_leaf_nodes=64, min_samples_leaf=2, random_state=0)
    columns = (_ranks(values), _scaled(values))  # ranks blur a gap between few rows, the other loses what is dense
    return max(float(np.mean(cross_val_score(tree, each[:, None], target, cv=_halves(len(each))))) for each in columns)


def _scaled(values: np.ndarray) -> Float[np.ndarray, "rows"]:
    """From 0 to 1; missing values are 2."""
    known = np.isfinite(values)
    low, high = (float(end(values[known])) if known.any() else 0.0 for end in (np.min, np.max))
    return np.where(known, (values - low) / ((high - low) or 1.0), 2.0)


def _ranks(values: np.ndarray) -> Float[np.ndarray, "rows"]:
    """From 1; missing values come last."""
    return rankdata(np.nan_to_num(values.astype(np.float64), nan=np.inf))


def _halves(count: int) -> Sequence[tuple[np.ndarray, np.ndarray]]:
    half = np.random.default_rng(0).permutation(count)
    return [(half[::2], half[1::2]), (half[1::2], half[::2])]
