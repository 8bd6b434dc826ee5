"""The decisions of an earlier run of `improve`, for one that is asked the same of the same data."""

import json
from pathlib import Path
from typing import Any

from goodfit.api.options import DataOptions
from goodfit.data.dataset import Splits
from goodfit.errors import InputError
from goodfit.run_folder import archive
from goodfit.run_folder.journal import read_journal


def recorded(run: Path, splits: Splits, options: DataOptions, asked: dict[str, Any]) -> list[dict[str, Any]]:
    """The decisions of an earlier run, which was asked the same of the same data.

    Raises:
        InputError: it was not; the sentence names the first difference.
    """
    saved = archive.read_run(run)
    result = saved.result
    if result["command"] != "improve":
        raise InputError(
            f"{run} was made by `goodfit {result['command']}`; only a run of `goodfit improve` is replayed"
        )
    if result["outcome"] == "interrupted":
        raise InputError(f"the run {run} was interrupted, and cannot be replayed; replay one that finished")
    if saved.source["fingerprint"] != splits.dataset.fingerprint:
        raise InputError(f"{run} was trained on other data; a replay needs the same")
    earlier = {name: result["options"].get(name) for name in ("group", "time")} | {
        name: result.get(name) for name in asked
    }
    now = {name: options.get(name) for name in ("group", "time")} | json.loads(json.dumps(asked))
    for name in now:
        if now[name] != earlier[name]:
            raise InputError(f"the run {run} was made {_setting(name, earlier[name], result)}")
    if any(saved.source["rows"][name] != getattr(splits, name).tolist() for name in ("train", "dev", "test")):
        raise InputError(
            f"the run {run} had other training, dev and test rows; give the same --dev, --test and --no-test"
        )
    return [line for line in read_journal(run) if line["event"] in ("decision", "training")]


def _setting(name: str, value: Any, result: dict[str, Any]) -> str:
    """How a run was made, and what to do to make another so."""
    flag = {"rounds_asked": "--rounds", "given_plan": "--plan"}.get(name, "--" + name.replace("_", "-"))
    if value is None:
        return f"without {flag}; leave it out"
    if name == "given_plan":
        return f"with the plan {result['options'].get('plan', 'that its first round shows')}; give the same with --plan"
    return f"with {flag} {value}; give the same"
