"""The end of a job that chose a predictor: what it leaves in the run's folder, and what it says of its fit."""

import platform
import shlex
import time
from collections.abc import Sequence
from dataclasses import replace
from importlib.metadata import version
from pathlib import Path

from goodfit.api.advice import AdviceContext, advice
from goodfit.api.requests.request import Request
from goodfit.api.test_set import FinalTest
from goodfit.data.dataset import Splits, groups_of
from goodfit.diagnosis.finding import Finding
from goodfit.diagnosis.gaps import gaps_from_runs
from goodfit.diagnosis.verdict import conclude
from goodfit.experiments.assembly import Assembly, JudgedPredictor
from goodfit.experiments.guess import guess_beside
from goodfit.experiments.saved_predictor import save_predictor
from goodfit.plan import Plan
from goodfit.record.figures import FinalFigures
from goodfit.record.measurement import Measurement
from goodfit.record.result import RunFacts, RunResult
from goodfit.reports.page import write_report
from goodfit.run_folder import summary
from goodfit.run_folder.job import JobRequest
from goodfit.run_folder.names import REPORT_FILE
from goodfit.run_folder.pictures import write_pictures
from goodfit.run_folder.saved_run import read_result, write_result
from goodfit.run_folder.source import write_source
from goodfit.run_folder.tables import write_history, write_predictions
from goodfit.run_folder.version import GOODFIT


def leave(
    folder: Path, splits: Splits, plan: Plan, measured: Sequence[Measurement], ensemble: Assembly, test: FinalTest
) -> None:
    """Leave the plan, the model, its history and its predictions."""
    write_source(folder, splits, plan)
    save_predictor(ensemble.predictor, folder)
    write_history(folder, measured)
    sets = {"train": (ensemble.train_rows, ensemble.train_outputs), "dev": (ensemble.rows, ensemble.outputs)}
    if test.outputs is not None:
        sets["test"] = (splits.test, test.outputs)
    write_predictions(folder, splits, sets)
    write_pictures(folder, splits, ensemble.rows, ensemble.outputs)


def final_figures(
    splits: Splits,
    judged_predictor: JudgedPredictor,
    context: AdviceContext,
    human_error: float | None,
    test: FinalTest,
    bias_shown: bool | None = None,
    findings: Sequence[Finding] = (),
    fit_share: float = 1.0,
) -> FinalFigures:
    """Return verdict, errors, intervals and advice."""
    gaps = gaps_from_runs(
        judged_predictor.train.misses,
        judged_predictor.dev.misses,
        test_misses=None if test.judgment is None else test.judgment.misses,
        spread=splits.spread,
        human_error=human_error,
        min_gap=context.min_gap,
        bias_shown=bias_shown,
        fit_share=fit_share,
        by_time=splits.by_time,
        train_groups=groups_of(splits, judged_predictor.train_rows),
        dev_groups=groups_of(splits, judged_predictor.rows),
        test_groups=groups_of(splits, splits.test),
    )
    judgment, rows = (
        (judged_predictor.dev, judged_predictor.rows) if test.judgment is None else (test.judgment, splits.test)
    )
    guess = guess_beside(splits, judgment.errors, rows)
    problems = tuple(summary.finding_result(finding) for finding in findings)
    gaps = conclude(gaps, guess, problems)
    return FinalFigures(
        **summary.gap_figures(gaps).field_values(),
        train_error=float(judged_predictor.train.errors.mean()),
        dev_error=float(judged_predictor.dev.errors.mean()),
        test_error=summary.estimate(test.error) if test.error else None,
        test_note=test.note,
        models=len(judged_predictor.predictor.members),
        next_steps=tuple(advice(gaps, splits, context, problems)),
        train_metrics=summary.set_metrics(splits, judged_predictor.train_outputs, judged_predictor.train_rows),
        dev_metrics=summary.set_metrics(splits, judged_predictor.outputs, judged_predictor.rows),
        test_metrics=None if test.outputs is None else summary.set_metrics(splits, test.outputs, splits.test),
        findings=problems,
        guess=summary.guess_figures(guess),
        fit_share=fit_share,
        bias_shown=bias_shown,
    )


def run_facts(folder: Path, job: JobRequest, splits: Splits, request: type[Request]) -> RunFacts:
    """Return what was run, on what, and the command line that repeats it."""
    words = ["goodfit", job.command, job.data or "DATA", *request.command_words(job.options)]
    schema = splits.dataset.schema
    return RunFacts(
        goodfit=GOODFIT,
        versions={"python": platform.python_version()} | {name: version(name) for name in ("jax", "optax", "numpy")},
        command=job.command,
        run=str(folder),
        report=str(folder / REPORT_FILE),
        started=job.started,
        data=summary.data_summary(splits),
        task=schema.task,
        target=schema.target,
        classes=tuple(schema.classes),
        metric=summary.error_metric(splits),
        notes=tuple(splits.notes),
        sizes=summary.set_sizes(splits),
        opened_from=job.data,
        options=job.options,
        command_line=shlex.join(words),
    )


def finish(folder: Path, result: RunResult, start_time: float) -> RunResult:
    """Write the result and the report; return the result as it is read again."""

    def write() -> None:
        seconds = round(time.perf_counter() - start_time, 2)
        write_result(folder, replace(result, seconds=seconds))

    write()
    write_report(folder)
    write()  # again: the time that the report took counts
    return read_result(folder)
