"""Nudge a training: change its numbers while it runs."""

from pathlib import Path
from typing import Any

from goodfit.api.result_types.answer import Answer
from goodfit.api.steering import check_training, send
from goodfit.errors import PlanError
from goodfit.plan import canonical_settings
from goodfit.run_folder.live_state import LiveState
from goodfit.run_folder.nudges import nudged


def nudge(run: str | Path, /, *, sender: str = "python", **changes: Any) -> Answer:
    """Change hyperparameters of a run while it trains, from the end of its current epoch on.

    Args:
        run: the folder of a training of `train` or `resume` that is going on.
        sender: name of the sender in the run's `nudges.jsonl`; the user's name is added.
        changes: any of `goodfit.plan.Hyperparameters`, such as `learning_rate=3e-4`.

    Returns:
        The answer of the training, if it came within a few seconds.

    Raises:
        PlanError: the plan, as it is now, does not allow the change; nothing was sent.
        InputError: the run is not training.
    """
    folder = Path(run)
    job, state = check_training(folder), LiveState.read(folder)
    if not changes:
        raise PlanError("a nudge has nothing to change; name a number and its value, as in learning_rate=3e-4")
    changes = canonical_settings(changes)
    start = job.training_plan
    plan, epoch = (state.plan, state.epoch) if state else (start, 0)
    plan = nudged(plan, start.structure, changes, epoch + 1)
    values = plan.to_dict()
    return send(folder, "nudge", sender, {name: values[name] for name in changes})
