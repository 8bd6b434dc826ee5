"""Data and plans of requests, opened; and the data of a run, opened again."""

from pathlib import Path

from goodfit.api.requests.data import DataRequest, DataSource
from goodfit.api.requests.option import SHARE
from goodfit.data.dataset import Splits
from goodfit.data.splits import open_splits
from goodfit.errors import InputError
from goodfit.plan import Plan
from goodfit.run_folder.folders import check_is_data
from goodfit.run_folder.job import JobRequest
from goodfit.run_folder.names import IMAGES_FOLDER
from goodfit.run_folder.saved_run import SavedRun
from goodfit.run_folder.source import RunSource


def open_data(request: DataRequest, runs: str | Path | None) -> Splits:
    """Open and split the data of a request.

    Args:
        request: its data and the options of the split.
        runs: folder of the runs, in which decoded images are cached; None for the system's temporary folder.

    Raises:
        InputError: the data cannot be opened or split.
    """
    for source in (request.data, request.dev, request.test):
        check_is_data(source)
    return open_splits(
        request.data,
        target=request.target,
        task=request.task,
        group=request.group,
        time=request.time,
        dev=request.dev,
        test=request.test,
        no_test=request.no_test,
        seed=request.seed,
        as_=request.as_,
        cache=None if runs is None else Path(runs) / IMAGES_FOLDER,
    )


def check_human_error(human_error: float | None, splits: Splits) -> None:
    """Refuse a human error that no share of wrong answers can be; that of a regression is an RMSE.

    Raises:
        InputError: it is above 1, and the data has classes.
    """
    if human_error is not None and not splits.regression:
        SHARE("the human error", human_error)


def is_in_memory(request: DataRequest) -> bool:
    """Return True if any of the data is in memory, where no other process can find it again."""
    sources = [source for source in (request.data, request.dev, request.test) if source is not None]
    return not all(isinstance(source, str | Path) for source in sources)


def read_plan(plan: Plan | str | Path | None) -> Plan | None:
    """Return a plan, read if it is a YAML file.

    Raises:
        InputError: there is no such file, or it is no path.
        PlanError: the file holds no valid plan.
    """
    if plan is None or isinstance(plan, Plan):
        return plan
    if not isinstance(plan, str | Path):
        raise InputError(f"plan is a {type(plan).__name__}; give goodfit.Plan(...), or the path of a YAML file")
    try:
        return Plan.from_yaml(Path(plan).read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"cannot read the plan {plan} ({error}); give a YAML file") from None


def reopen_run(saved: SavedRun, data: DataSource | None) -> Splits:
    """Open the data of a run again, and split it in the same way.

    Args:
        saved: the run.
        data: its data, where that was in memory or has moved.

    Raises:
        InputError: the data was in memory, has moved, or has changed.
    """
    source = saved.result.opened_from if data is None else data
    if source is None:
        raise InputError(f"the data of {saved.folder} was in memory; give it again")
    request = DataRequest.from_dict(saved.result.options, data=source)
    splits = open_data(request, saved.folder.parent)
    if splits.dataset.fingerprint != saved.source.fingerprint:
        raise InputError(f"the data in {source} is not the data that {saved.folder} was trained on; train again")
    return splits


def reopen_job(folder: Path, job: JobRequest) -> Splits:
    """Open the data of an unfinished run again, and split it in the same way.

    Raises:
        InputError: the data or its split is not the one that the run began with.
    """
    assert job.data is not None, "data in memory is refused earlier"
    splits = open_data(DataRequest.from_dict(job.options, data=job.data), folder.parent)
    source = RunSource.read(folder)
    if splits.dataset.fingerprint != source.fingerprint or not source.has_rows_of(splits):
        raise InputError(f"the data in {job.data} has changed since {folder} began; train again")
    return splits
