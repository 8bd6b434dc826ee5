"""A run that has ended, read from its folder."""

from dataclasses import dataclass
from pathlib import Path

from goodfit.data.dataset import Schema
from goodfit.errors import InputError, PlanError
from goodfit.plan import Plan
from goodfit.record.result import RunResult
from goodfit.run_folder.folders import is_run, is_unfinished
from goodfit.run_folder.json_files import damaged, read_text, read_value, write_json
from goodfit.run_folder.names import PLAN_FILE, RESULT_FILE, SOURCE_FILE
from goodfit.run_folder.source import RunSource
from goodfit.run_folder.version import check_version


@dataclass(frozen=True)
class SavedRun:
    """A run that has ended.

    Attributes:
        folder: the run's.
        source: its data.
        result: everything in `result.json`.
    """

    folder: Path
    source: RunSource
    result: RunResult

    @property
    def plan(self) -> Plan:
        """Settings of the network, or of the best network of an ensemble."""
        return self.result.plan

    @property
    def schema(self) -> Schema:
        """The meaning of the data's columns."""
        return self.source.schema


def read_run(folder: str | Path) -> SavedRun:
    """Return a run that has ended.

    Raises:
        InputError: it is no run, has not ended, was written by another version, or a file is missing or damaged.
    """
    folder = Path(folder)
    result = read_result(folder)
    if _read_plan(folder) != result.plan:  # half a plan may be a plan, too
        raise damaged(folder / PLAN_FILE, f"it is not the plan in {RESULT_FILE}")
    return SavedRun(folder, RunSource.read(folder), result)


def read_result(folder: Path) -> RunResult:
    """Return the result of a run.

    Raises:
        InputError: as `read_run`.
    """
    if not is_run(folder):
        raise InputError(f"{folder} is not a run directory (it has no {SOURCE_FILE}); `goodfit runs` lists the runs")
    check_version(folder)
    if not has_result(folder):
        if is_unfinished(folder):
            raise InputError(f"the run {folder} is not finished; `goodfit resume {folder}` goes on with it")
        raise InputError(f"the run {folder} has no {RESULT_FILE}: it was not finished; run it again")
    return read_value(RunResult, folder / RESULT_FILE)


def has_result(folder: Path) -> bool:
    """Return True for the folder of a run that has left its result."""
    return (folder / RESULT_FILE).exists()


def write_result(folder: Path, result: RunResult) -> None:
    """Write the result of a run.

    Raises:
        OSError: the file cannot be written.
    """
    write_json(folder / RESULT_FILE, result.to_dict())


def remove_result(folder: Path) -> None:
    """Remove the result of a run that is made again."""
    (folder / RESULT_FILE).unlink(missing_ok=True)


def _read_plan(folder: Path) -> Plan:
    try:
        return Plan.from_yaml(read_text(folder / PLAN_FILE))
    except (PlanError, RecursionError) as error:
        raise damaged(folder / PLAN_FILE, error) from None
