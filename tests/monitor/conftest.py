"""A live training that no process trains: its files as a training writes them, in the hands of the test."""

import json
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

from goodfit.engine.step import RECORDED
from goodfit.plan import Plan
from goodfit.record.run import SEEN
from goodfit.run_folder import archive
from goodfit.run_folder.job import JobRequest, finish_run, lock_run

LAYERS = ["inputs", "layer 1", "layer 2", "output"]
ERROR = RECORDED.index("train_error")


class Fake:
    """A run's folder."""

    def __init__(self, out: Path, name: str, stack: ExitStack) -> None:
        self.folder, self._stack = out / name, stack.enter_context(ExitStack())
        self.folder.mkdir(parents=True)
        self.plan = Plan(hidden_units=(8, 8), epochs=40)
        self.now: dict[str, Any] = {
            "epoch": 0,
            "paused": True,
            "plan": self.plan.to_dict(),
            "answers": {},
            "share": 0.0,
            "seconds_left": None,
            "pause_epoch": None,
            "series": [{"role": "run", "pair": 0, "file": "records-0-0.f32", "start_epoch": 0}],
            "nudge_effects": [],
        }
        archive.write_json(self.folder / archive.SOURCE_FILE, {"name": "made"})
        asked = JobRequest("digits", {}, "2026-01-01T10:00:00+01:00", False, self.plan.to_dict(), [])
        asked.write(self.folder)
        about = {
            "recorded": list(RECORDED),
            "layers": LAYERS,
            "health_columns": list(SEEN),
            "data": {"m": 1000, "task": "classes", "class_counts": [500, 500], "dev": 200},
            "metric": "error_rate",
            "untouched_copies": 0,
        }
        archive.write_json(self.folder / "checkpoint" / "about.json", about)

    def live(self) -> "Fake":
        """Held, as by a process that trains it."""
        self._stack.enter_context(lock_run(self.folder))
        return self.say()

    def say(self, **facts: Any) -> "Fake":
        """What it says of itself, as `now.json` has it."""
        self.now |= facts
        archive.write_json(self.folder / "checkpoint" / "now.json", self.now)
        return self

    def rows(self, epochs: int, begin: int = 0, shift: float = 0.0) -> np.ndarray:
        """Records of falling costs and errors; a look at every fourth epoch."""
        made = np.full((epochs, len(RECORDED) + len(LAYERS) * len(SEEN)), np.nan, np.float32)
        at = np.arange(begin + 1, begin + epochs + 1)
        falls = 1 / at + shift
        made[:, : len(RECORDED)] = np.stack([falls, falls + 0.1, falls / 4, falls / 4 + 0.02, falls, 0 * at + 0.003], 1)
        looks = at % 4 == 1
        made[looks, len(RECORDED) :] = 0.5 + 0.01 * at[looks, None]
        return made

    def append(self, rows: np.ndarray, file: str = "records-0-0.f32") -> None:
        """More epochs."""
        with (self.folder / "checkpoint" / file).open("ab") as opened:
            opened.write(rows.astype("<f4").tobytes())

    def log(self, *changes: dict[str, Any]) -> None:
        """Lines of `nudges.jsonl`."""
        usual = {"who": "page, ann", "when": "2026-01-01T10:00:09+01:00", "request": "ab12"}
        with (self.folder / "nudges.jsonl").open("a") as opened:
            opened.writelines(json.dumps(usual | {"epoch": change["old"]} | change) + "\n" for change in changes)

    def finish(self, **more: Any) -> None:
        """The end: the files of a live training go, those of a run come."""
        self._stack.close()
        frames = []
        for name, shift in (("plan", 0.0), ("untouched since epoch 4", 1.0)):
            rows = self.rows(30, shift=shift)[:, : len(RECORDED)]
            frame = pl.DataFrame(rows, schema=list(RECORDED), orient="row").with_row_index("epoch", 1)
            frames.append(frame.with_columns(seed=pl.lit(0), fold=pl.lit(0), experiment=pl.lit(name)))
        pl.concat(frames).write_parquet(self.folder / archive.HISTORY_FILE)
        (self.folder / archive.PLAN_FILE).write_text(self.plan.to_yaml())
        gap = {"value": 0.02, "low": 0.01, "high": 0.03}
        final = {"verdict": "good fit", "reason": "No gap is more than 2 points.", "findings": []}
        final |= {"train_error": 0.01, "dev_error": 0.03, "avoidable_bias": gap, "variance": gap}
        result = {
            "command": "train",
            "outcome": "finished",
            "outcome_reason": "all 30 epochs were trained",
            "best_epoch": 30,
        }
        result |= {"metric": "error_rate", "human_error": None, "final": final, "nudges": []}
        result["nudge_effects"] = [{"epoch": 4, "what": [["l2", 0.0, 0.5]]}]
        archive.write_json(self.folder / archive.RESULT_FILE, result | more)
        finish_run(self.folder)


@pytest.fixture
def fake(tmp_path):
    """Makes a run in the folder of the test's runs."""
    with ExitStack() as stack:
        yield lambda name="20260101-100000-made-ab12": Fake(tmp_path / "runs", name, stack)
