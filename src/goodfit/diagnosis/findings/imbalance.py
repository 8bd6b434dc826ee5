"""Class imbalance ignored: the rare class is given up, and the error hardly shows it.

The evidence is a class of at least 80 % of the examples and a dev error close to that of always guessing it. The remedy
is a lower threshold for the rare class, and to judge by balanced accuracy or AUC. Weights of the classes would move the
threshold as well, but goodfit takes them off its probabilities again; a training elsewhere may use them.
"""

import numpy as np

from goodfit.diagnosis.finding import ClassRecall, Finding, Observation, Remedy
from goodfit.diagnosis.findings.costs import series
from goodfit.diagnosis.findings.remedies import change_plan
from goodfit.wording.numbers import number, percent

ID = "class-imbalance"
NAME = "class imbalance ignored"
# Set on the tuning half of `benchmarks/doctor.py`.
_COMMON = 0.8  # share of the commonest class: four to one
_MISSED = 0.7  # dev error over that of always guessing the commonest class
_CLEARLY = 2  # times as large a share of the rare class as of the others is above a lower threshold that is advised


def find(observation: Observation) -> Finding | None:
    """Return the finding if one class is common, and the error is close to that of guessing it."""
    data, errors = observation.data, series(observation, "dev_error").values
    if observation.program is not None and len(errors) == 0:
        errors = series(observation, "train_error").values
    if data is None or not data.class_counts or not (data.recall or len(errors)):
        return None
    counts = np.asarray(data.class_counts, np.float64)
    commonest = int(counts.argmax())
    common = float(counts[commonest] / counts.sum())
    error, guess_error = float(errors.min()) if len(errors) else 0.0, 1 - common
    if data.recall:
        error, guess_error = data.recall.error, 1 - data.recall.totals[commonest] / sum(data.recall.totals)
    missed = error / guess_error if guess_error > 0 else 0.0
    if common < _COMMON or missed < _MISSED:
        return None
    return Finding(
        ID,
        NAME,
        severity=1,
        confidence=min(0.95, missed),
        sentence=_sentence(common, commonest, error, guess_error, data.recall),
        evidence={"commonest_share": common, "dev_error": error, "guess_error": guess_error}
        | ({"balanced_accuracy": data.recall.balanced_accuracy} if data.recall else {}),
        remedies=(
            *_threshold(counts, data.recall),
            *_weights(observation),
            Remedy(
                "balanced-metric",
                "judge by balanced accuracy or AUC",
                "a rare class hardly counts in the share of wrong answers",
                {},
            ),
        ),
    )


def _sentence(common: float, commonest: int, error: float, guess_error: float, recall: ClassRecall | None) -> str:
    if recall is None:
        return (
            f"{percent(common)} of the examples are of one class, and the best dev error of {percent(error)} is hardly "
            f"better than always guessing that class ({percent(guess_error)})."
        )
    rarer = [code for code, total in enumerate(recall.totals) if total and code != commonest]
    worst = min(rarer, key=lambda code: recall.found[code] / recall.totals[code])
    return (
        f"{percent(common)} of the examples are '{recall.classes[commonest]}', and of {number(recall.totals[worst])} "
        f"'{recall.classes[worst]}' on dev the network finds {number(recall.found[worst])} (balanced accuracy "
        f"{percent(recall.balanced_accuracy)}): its error of {percent(error)} is hardly better than that of predicting "
        f"'{recall.classes[commonest]}' for everyone ({percent(guess_error)})."
    )


def _threshold(counts: np.ndarray, recall: ClassRecall | None) -> tuple[Remedy, ...]:
    """Return a lower threshold for the rare class of two, with what it would find."""
    if recall is None or recall.lower_threshold is None:
        return ()
    rare, (hits, false_alarms) = int(counts.argmin()), recall.lower_threshold
    common_total = sum(recall.totals) - recall.totals[rare]
    if hits * common_total < _CLEARLY * false_alarms * recall.totals[rare]:
        return ()  # the probabilities hardly tell the classes apart
    name, share = recall.classes[rare], percent(float(counts[rare] / counts.sum()))
    why = "the best threshold depends on what each kind of mistake costs, and 50 % is right only if both cost the same"
    return (
        Remedy(
            "lower-threshold",
            f"take rows with a probability of '{name}' above {share} for '{name}': that finds {number(hits)} of "
            f"{number(recall.totals[rare])} on dev, with {number(false_alarms)} others",
            why,
            {},
        ),
    )


def _weights(observation: Observation) -> tuple[Remedy, ...]:
    """Return weights of the classes for a training elsewhere."""
    if observation.plan is not None:
        return ()
    why = "each class then weighs the same in the cost, however rare it is"
    return change_plan(observation, "balance-classes", "balance the classes", why, {"class_balance": 1.0})
