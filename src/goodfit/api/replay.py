"""The decisions of an earlier run of `improve`, for a new run with the same request on the same data."""

from pathlib import Path
from typing import NamedTuple

from goodfit.api.requests.fit import ImproveRequest
from goodfit.data.dataset import Splits
from goodfit.errors import InputError
from goodfit.plan import Plan
from goodfit.record.result import RunResult
from goodfit.run_folder.decisions import Decision, read_decisions
from goodfit.run_folder.job import JobRequest
from goodfit.run_folder.saved_run import SavedRun, read_run

# options that must be the same, by the result's names where those differ from the command line's
_FLAGS = {"rounds_asked": "--rounds", "given_plan": "--plan"}


class LoopOptions(NamedTuple):
    """The options of the loop by the result's names: the result keeps them, and a replay compares them."""

    seed: int
    rounds_asked: int | None
    budget: float | None
    folds: int | None
    human_error: float | None
    min_gap: float
    given_plan: Plan | None


def loop_options(request: ImproveRequest, job: JobRequest) -> LoopOptions:
    """Return the options of the loop in a request."""
    return LoopOptions(
        seed=request.seed,
        rounds_asked=request.rounds,
        budget=request.time_limit,
        folds=request.folds,
        human_error=request.human_error,
        min_gap=request.min_gap,
        given_plan=job.plan,
    )


def replay_decisions(run: Path, splits: Splits, request: ImproveRequest, job: JobRequest) -> tuple[Decision, ...]:
    """Return the decisions of an earlier run, which must have had the same request and the same data.

    Raises:
        InputError: it had not; the sentence names the first difference.
    """
    saved = read_run(run)
    _check_kind(run, saved)
    if saved.source.fingerprint != splits.dataset.fingerprint:
        raise InputError(f"{run} was trained on other data; a replay needs the same")
    options = {"group": request.group, "time": request.time} | loop_options(request, job)._asdict()
    earlier_options = saved.result.options | saved.result.field_values()
    for name, value in options.items():
        if value != (earlier := earlier_options.get(name)):
            raise InputError(f"the run {run} was made {_setting(name, earlier, saved.result)}")
    if not saved.source.has_rows_of(splits):
        raise InputError(
            f"the run {run} had other training, dev and test rows; give the same --dev, --test and --no-test"
        )
    return read_decisions(run)


def _check_kind(run: Path, saved: SavedRun) -> None:
    command = saved.result.command
    if command != "improve":
        raise InputError(f"{run} was made by `goodfit {command}`; only runs of `goodfit improve` can be replayed")
    if saved.result.outcome == "interrupted":
        raise InputError(f"the run {run} was interrupted and cannot be replayed; replay one that finished")


def _setting(name: str, value: object, result: RunResult) -> str:
    """Return how a run was made, and what to do to make another in the same way."""
    flag = _FLAGS.get(name, "--" + name.replace("_", "-"))
    if value is None:
        return f"without {flag}; leave it out"
    if name == "given_plan":
        return f"with the plan {result.options.get('plan', 'that its first round shows')}; give the same with --plan"
    return f"with {flag} {value}; give the same"
