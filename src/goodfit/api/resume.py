"""Go on with a training or a whole job that was cut off, to the end that it would have had."""

import time
from pathlib import Path
from typing import Any

from goodfit.api import improve, train
from goodfit.api.options import data_options, image_cache, quiet
from goodfit.api.training_job import begun
from goodfit.data.dataset import Splits
from goodfit.data.splits import open_splits
from goodfit.engine.machine import prepare_jax
from goodfit.engine.moment import Moment
from goodfit.errors import InputError
from goodfit.experiments.progress import Notify
from goodfit.plan import Plan
from goodfit.run_folder import archive
from goodfit.run_folder.job import JobRequest, lock_run


def resume(run: str | Path, *, progress: Notify | None = None) -> dict[str, Any]:
    """Go on with a run of `train` or `improve` that was killed or interrupted; it ends as if it had never stopped.

    Of `improve`, trainings that had ended are not done again, and decisions that were taken stand, those by the clock
    among them; with a budget, the seconds up to the last of them count.

    Args:
        run: its directory.
        progress: told what is being done, how much of it is done, and the seconds left.

    Returns:
        What the command would have returned, and `resumed`: sentences that say from where it went on.

    Raises:
        GoodfitError: no such run, one that has ended or is another command's, or data that is not there or has changed.
    """
    began, folder, tell = time.perf_counter(), Path(run), progress or quiet
    asked = _asked(folder)
    prepare_jax()
    with lock_run(folder):
        splits = splits_of(folder, asked)
        result, told = _GO_ON[asked.command](folder, asked, splits, tell, began)
        return result | {"resumed": told}


def _go_on_training(
    folder: Path, asked: JobRequest, splits: Splits, tell: Notify, began: float
) -> tuple[dict[str, Any], list[str]]:
    """A training of `train`: its result, and from where it went on."""
    plan = Plan.from_dict(asked.plan)
    at = begun(folder, asked, splits, plan)
    told = [*at.told, _from_where(at.moments[0])]
    for sentence in told:
        tell(sentence, None, None)
    return train.complete(folder, asked, splits, plan, tell, began, at), told


_GO_ON = {"train": _go_on_training, "improve": improve.complete}


def _asked(folder: Path) -> JobRequest:
    """What the run was asked.

    Raises:
        InputError: it cannot be resumed.
    """
    if not archive.is_unfinished(folder):
        result = archive.read_run(folder).result
        if result["command"] == "tune":
            instead = f"goes on with a search where the same command is given again: {result['command_line']}"
            raise InputError(f"the run {folder} is a search of `goodfit tune`, which {instead}")
        raise InputError(f"the run {folder} has ended ({result['outcome']}): there is nothing to resume")
    asked = JobRequest.read(folder, tuple(_GO_ON))
    if asked.in_memory:
        wish = "train again, from a file if it shall be resumed"
        raise InputError(f"the data of {folder} was in memory, where no other process finds it; {wish}")
    return asked


def splits_of(folder: Path, asked: JobRequest) -> Splits:
    """The data and its split again.

    Raises:
        InputError: they are not those that the training began with.
    """
    splits = open_splits(asked.data, **data_options(asked.options), cache=image_cache(folder.parent))
    source = archive.read_facts(folder, archive.SOURCE_FILE)
    rows = {name: getattr(splits, name).tolist() for name in source["rows"]}
    if (splits.dataset.fingerprint, rows) != (source["fingerprint"], source["rows"]):
        raise InputError(f"the data in {asked.data} has changed since {folder} began; train again")
    return splits


def _from_where(start: Moment) -> str:
    if start.step == 0:
        return "there is no checkpoint to go on from, so the training began again"
    return f"the training went on from step {start.step}, after epoch {start.epoch} of {start.plan.epochs}"
