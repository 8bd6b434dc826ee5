"""The doctor's examination of trained plans: facts of the data, one training, and findings that most seeds share."""

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
from goodfit.diagnosis.data_facts import basic_data_facts
from goodfit.diagnosis.finding import ClassRecall, DataFacts, Finding, Observation, Signals
from goodfit.diagnosis.findings import examine, plateau
from goodfit.diagnosis.intervals import wilson
from goodfit.experiments.calibration import calibrate
from goodfit.record.measurement import Measurement, sample
from goodfit.record.run import Run, unflatten

_LEAK_ROWS = 2_000  # rows on which each column is examined; a leak shows in hundreds
_LEAK_COLUMNS = 200
_CHUNK_ROWS = 1_000  # rows compared at once: all images may be more than memory holds
_CURVATURE_ROWS = 256  # enough for the curvature's sign, and each of its dozens of products passes over them
_SHIFT_LEVEL = 0.001  # at the usual .05, one healthy split in twenty would be reported
_SUREST_SHARE = 0.25  # share of the dev examples, those that the networks are surest of
_FEWEST_SURE = 20
_LEARNED = 0.85  # of the constant guess's error: with a higher one, wrong answers say nothing about labels
_SLICES = 20  # of a column's ranks, to see if the target differs between them


def data_facts(splits: Splits) -> DataFacts:
    """Return the facts of the data that are known before any training."""
    return replace(
        basic_data_facts(splits),
        dev=len(splits.dev),
        duplicates=_duplicates(splits),
        shift=tuple(note.text for note in compare_distributions(splits, _SHIFT_LEVEL)),
        leak=_leak(splits),
        target_values=len(np.unique(splits.dataset.target[splits.train])),
    )


def observe(run: Run, splits: Splits, facts: DataFacts) -> Observation:
    """Return one training as the doctor sees it; for images the columns are the prepared channels."""
    inputs = run.preparation.transform(splits.dataset.features.take(sample(run.train)))
    if splits.dataset.schema.image:
        inputs = inputs.reshape(-1, splits.dataset.schema.image[2])
    means, deviations = (moment.astype(np.float64) for moment in (inputs.mean(axis=0), inputs.std(axis=0)))
    signals = Signals(run.history, run.health, run.outcome, run.best)
    return Observation(signals, run.plan, replace(facts, column_means=means, column_deviations=deviations))


def shared_findings(
    measurement: Measurement,
    splits: Splits,
    facts: DataFacts,
    outputs: Float[np.ndarray, "rows outputs"] | None = None,
) -> list[Finding]:
    """Return the findings of more than half of a measurement's trainings, each from the training that is surest of it.

    A single seed's problem may be bad luck, which no change of plan would cure.

    Args:
        measurement: of the trainings.
        splits: the data.
        facts: of the data.
        outputs: of the final predictor on the judged rows; those of the trainings by default.
    """
    rows = measurement.rows
    if outputs is None:
        outputs = calibrate(splits, measurement.outputs.mean(axis=0), rows)[1]
    noise, recall = label_noise(measurement.outputs, splits, rows), class_recall(outputs, splits, rows)
    with_noise = replace(facts, label_noise=noise, recall=recall)
    runs = [run for seed_runs in measurement.runs for run in seed_runs]
    findings = [finding for run in runs for finding in examine(observe(run, splits, with_noise))]
    counts = Counter(finding.id for finding in findings)
    surest: dict[str, Finding] = {}
    for finding in findings:
        if 2 * counts[finding.id] > len(runs):
            earlier = surest.setdefault(finding.id, finding)
            if finding.confidence > earlier.confidence:
                surest[finding.id] = finding
    return sorted(surest.values(), key=lambda finding: finding.severity)  # keeps `examine`'s causes before effects


def with_curvature(findings: list[Finding], run: Run, splits: Splits, facts: DataFacts) -> list[Finding]:
    """Return the findings with the kind of a plateau, if there is one: saddle, minimum or flat.

    Only then is the curvature measured, since it takes dozens of passes over the examples.
    """
    if all(finding.id != plateau.ID for finding in findings):
        return findings
    network = open_network(run.plan, splits, run.seed, _CURVATURE_ROWS).without_dropout()
    observation = observe(run, splits, facts)
    shape = curvature(network.objective, {"layers": unflatten(run.best)[0]}).verdict
    return examine(replace(observation, signals=replace(observation.signals, curvature=shape)))


def class_recall(
    outputs: Float[np.ndarray, "rows classes"], splits: Splits, rows: Int[np.ndarray, "rows"]
) -> ClassRecall | None:
    """Return the judged examples of each class that probabilities find; None for a regression."""
    classes = splits.dataset.schema.classes
    if not classes:
        return None
    truth, count = splits.dataset.target[rows], len(classes)
    found = np.bincount(truth[outputs.argmax(axis=1) == truth], minlength=count)
    lower = None
    if count == 2:
        counts = np.bincount(splits.dataset.target[splits.train], minlength=2)
        rare = int(counts.argmin())
        predicted = outputs[:, rare] > counts[rare] / counts.sum()
        lower = int((predicted & (truth == rare)).sum()), int((predicted & (truth != rare)).sum())
    return ClassRecall(classes, tuple(found.tolist()), tuple(np.bincount(truth, minlength=count).tolist()), lower)


def label_noise(
    outputs: Float[np.ndarray, "seeds rows classes"], splits: Splits, rows: Int[np.ndarray, "rows"]
) -> float | None:
    """Estimate the share of wrong labels by the error among the answers that the networks are surest of.

    Where classes overlap, errors gather among unsure answers; wrong labels are everywhere.

    Args:
        outputs: probabilities of the judged rows, by seed.
        splits: the data.
        rows: the judged rows.

    Returns:
        The lower end of the interval, so that the estimate is careful. None for a regression, with few dev examples,
        and where little was learned.
    """
    if splits.regression:
        return None
    mean, truth = outputs.mean(axis=0), splits.dataset.target[rows]
    guess = 1 - np.bincount(truth).max() / len(truth)
    wrong = mean.argmax(axis=1) != truth
    if wrong.mean() > _LEARNED * guess:
        return None
    surest = np.argsort(-mean.max(axis=1), kind="stable")[: int(_SUREST_SHARE * len(rows))]
    if len(surest) < _FEWEST_SURE:
        return None
    sure_error = float(wrong[surest].mean())
    # Overlapping classes leave far fewer errors among the surest answers than among all.
    return max(0.0, wilson(sure_error, len(surest)).low) if 2 * sure_error >= wrong.mean() else 0.0


def _duplicates(splits: Splits) -> int:
    """Count the dev rows whose features and target are in the training set as well."""
    features, target = splits.dataset.features, splits.dataset.target

    def digests(rows: Int[np.ndarray, "rows"]) -> Iterator[bytes]:
        for start in range(0, len(rows), _CHUNK_ROWS):
            chunk = rows[start : start + _CHUNK_ROWS]
            values = features.take(chunk)
            numbers = np.nan_to_num(values.numbers, nan=np.inf) + 0.0  # so that −0 is 0, and missing values are equal
            pixels = numbers[:, :0] if values.pixels is None else values.pixels
            for parts in zip(numbers, values.codes, pixels, target[chunk], strict=True):
                yield hashlib.blake2b(b"".join(part.tobytes() for part in parts), digest_size=16).digest()

    trained = set(digests(splits.train))
    return sum(digest in trained for digest in digests(splits.dev))


def _leak(splits: Splits) -> tuple[str, float] | None:
    """Return the column that alone predicts the target best, by a small tree, and its cross-validated score."""
    schema, features = splits.dataset.schema, splits.dataset.features
    rows = np.sort(np.random.default_rng(0).permutation(splits.train)[:_LEAK_ROWS])
    values, target = features.take(rows), splits.dataset.target[rows]
    numbers, categories = schema.numbers, schema.categories
    columns = [(column.name, values.numbers[:, place]) for place, column in enumerate(numbers)]
    columns += [(column.name, values.codes[:, place]) for place, column in enumerate(categories)]
    # Where nearly all rows are of one class, a tree that ignores its column is right as often as a leak would be.
    if schema.classes and np.bincount(target).max() > 0.99 * len(target):
        return None
    # Trees are slow, so a quick measure of association picks the columns that get one.
    promising = sorted(columns, key=lambda named: -_association(named[1], target))[:_LEAK_COLUMNS]
    scores = [(name, _tree_score(column, target, bool(schema.classes))) for name, column in promising[:3]]
    return max(scores, key=lambda scored: scored[1], default=None)


def _association(values: np.ndarray, target: np.ndarray) -> float:
    """Return the correlation ratio: the share of the variance of the target's ranks between slices of the column."""
    ranks = rankdata(target)  # so that a few extreme targets do not make up the variance
    slices = (_SLICES * (_ranks(values) - 1) / len(values)).astype(int)
    counts = np.bincount(slices, minlength=_SLICES)
    means = np.bincount(slices, ranks, minlength=_SLICES) / np.maximum(counts, 1)
    between = (counts * (means - ranks.mean()) ** 2).sum()
    total = ((ranks - ranks.mean()) ** 2).sum()
    return float(between / total) if total > 0 else 0.0


def _tree_score(values: np.ndarray, target: np.ndarray, classes: bool) -> float:
    """Return the share of right answers, or R², of a tree on this column alone."""
    kind = DecisionTreeClassifier if classes else DecisionTreeRegressor
    tree = kind(max_leaf_nodes=64, min_samples_leaf=2, random_state=0)
    # Ranks blur a gap between few rows, scaled values blur dense regions: the better of both counts.
    columns = (_ranks(values), _scaled(values))
    halves = _halves(len(values))
    return max(float(np.mean(cross_val_score(tree, column[:, None], target, cv=halves))) for column in columns)


def _scaled(values: np.ndarray) -> Float[np.ndarray, "rows"]:
    """Scale from 0 to 1; missing values become 2."""
    present = np.isfinite(values)
    low, high = (float(end(values[present])) if present.any() else 0.0 for end in (np.min, np.max))
    return np.where(present, (values - low) / ((high - low) or 1.0), 2.0)


def _ranks(values: np.ndarray) -> Float[np.ndarray, "rows"]:
    """Rank from 1; missing values come last."""
    return rankdata(np.nan_to_num(values.astype(np.float64), nan=np.inf))


def _halves(count: int) -> Sequence[tuple[Int[np.ndarray, "half"], Int[np.ndarray, "half"]]]:
    """Return two random halves of so many rows, each as training and as test part."""
    order = np.random.default_rng(0).permutation(count)
    return [(order[::2], order[1::2]), (order[1::2], order[::2])]
