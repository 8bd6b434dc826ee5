"""The facts about the data of a program elsewhere, completed by what was observed of the program."""

import math
from dataclasses import replace

from goodfit.diagnosis.finding import DataFacts
from goodfit.diagnosis.program_facts import ProgramFacts

_LOG_LOSSES = (None, "cross_entropy", "binary_cross_entropy", "negative_log_likelihood")


def completed(data: DataFacts, program: ProgramFacts | None, outputs: int | None, first_cost: float) -> DataFacts:
    """Return the facts with what was observed in place of what is missing.

    Args:
        data: the facts that were given.
        program: facts from a hook.
        outputs: number of them; None if unknown.
        first_cost: train cost before training; NaN if it was not measured.
    """
    is_guess_unknown = data.guess_cost is None and data.class_counts is None
    if program is not None:
        targets = program.targets
        data = replace(
            data,
            m=data.m or targets.examples or 0,
            dev=data.dev or program.dev_targets.examples,
            class_counts=data.class_counts or (targets.class_counts if data.task != "regression" else None),
        )
    if is_guess_unknown:
        data = replace(data, guess_cost=_guess_cost(data.task, program, outputs, first_cost))
    return data


def _guess_cost(task: str, program: ProgramFacts | None, outputs: int | None, first_cost: float) -> float | None:
    """Return the cost of the best constant guess; None if nothing tells it.

    It is that of the targets by the program's own loss; else log C for C outputs, that of guessing among classes of one
    size, if the loss may be a log loss; else the cost before training, of a network that has not learned.
    """
    if program is not None and program.targets.guess_cost:
        return program.targets.guess_cost
    is_log_loss = program is None or program.loss.name in _LOG_LOSSES
    if task == "binary" and is_log_loss:
        return math.log(2)
    if task == "classes" and outputs and is_log_loss:
        return math.log(max(2, outputs))
    return first_cost if math.isfinite(first_cost) and first_cost > 0 else None
