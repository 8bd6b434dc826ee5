"""The decisions of an earlier run of `improve`, for a new run with the same request on the same data."""

from pathlib import Path
from typing import Any

from goodfit.api.requests.fit import ImproveRequest
from goodfit.data.dataset import Splits
from goodfit.errors import InputError
from goodfit.record.result import RunResult
from goodfit.run_folder.decisions import Decision, read_decisions
from goodfit.run_folder.job import JobRequest
from goodfit.run_folder.saved_run import SavedRun, read_run

# options that must be the same, by the result's names where those differ from the command line's
_FLAGS = {"rounds_asked": "--rounds", "given_plan": "--plan"}


def asked_facts(request: ImproveRequest, job: JobRequest) -> dict[str, Any]:
    """Return the options of the loop, as the result keeps them and a replay compares them."""
    return {
        "seed": request.seed,
        "rounds_asked": request.rounds,
        "budget": request.time_limit,
        "folds": request.folds,
        "human_error": request.human_error,
        "min_gap": request.min_gap,
        "given_plan": job.plan,
    }


def recorded(run: Path, splits: Splits, request: ImproveRequest, job: JobRequest) -> tuple[Decision, ...]:
    """Return the decisions of an earlier run, which must have had the same request and the same data.

    Raises:
        InputError: it had not; the sentence names the first difference.
    """
    saved = read_run(run)
    _check_kind(run, saved)
    if saved.source.fingerprint != splits.dataset.fingerprint:
        raise InputError(f"{run} was trained on other data; a replay needs the same")
    options = {"group": request.group, "time": request.time} | asked_facts(request, job)
    for name, value in options.items():
        earlier = saved.result.options.get(name) if name in ("group", "time") else getattr(saved.result, name)
        if value != earlier:
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


def _setting(name: str, value: Any, result: RunResult) -> str:
    """Return how a run was made, and what to do to make another in the same way."""
    flag = _FLAGS.get(name, "--" + name.replace("_", "-"))
    if value is None:
        return f"without {flag}; leave it out"
    if name == "given_plan":
        return f"with the plan {result.options.get('plan', 'that its first round shows')}; give the same with --plan"
    return f"with {flag} {value}; give the same"
