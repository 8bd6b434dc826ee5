"""View of a run's folder for the page and the terminal: read once for all watchers, and only what is new."""

import json
import math
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
from jaxtyping import Float

from goodfit.errors import GoodfitError
from goodfit.monitor import parts
from goodfit.monitor.findings import LiveDoctor, facts_from, finding_views, health_from
from goodfit.monitor.sliders import sliders, structure_fields
from goodfit.record.plain import PlainData
from goodfit.run_folder.folders import is_unfinished
from goodfit.run_folder.job import JobRequest, is_live
from goodfit.run_folder.live_state import About, LiveState
from goodfit.run_folder.names import CHECKPOINT_FOLDER, REPORT_FILE
from goodfit.run_folder.nudges import nudge_marks, read_log
from goodfit.run_folder.process_log import last_words
from goodfit.run_folder.records import Records
from goodfit.run_folder.saved_run import read_result
from goodfit.run_folder.tables import read_history

COLUMNS = ("train_cost", "dev_cost", "train_error", "dev_error", "learning_rate")


@dataclass(frozen=True)
class Curve:
    """One model's curves so far.

    Attributes:
        key: another one means another curve, though role and pair are the same.
        role: "run", or "copy" of a run that was left alone.
        pair: 0 is the model that is watched, others are the same plan with other seeds.
        start_epoch: at which a copy left its run.
        values: COLUMNS by epoch.
    """

    key: str
    role: str
    pair: int
    start_epoch: int
    values: Float[np.ndarray, "epochs 5"]


@dataclass(frozen=True)
class View:
    """Everything to show at a moment: its parts as JSON, serialized once for all watchers."""

    texts: dict[str, str] = field(default_factory=dict)
    curves: tuple[Curve, ...] = ()

    @property
    def parts(self) -> dict[str, Any]:
        """The parts as values."""
        return {name: json.loads(text) for name, text in self.texts.items()}


@dataclass
class Reader:
    """Reads one run again and again; not for use by several threads at once.

    Attributes:
        folder: the run's.
        starting: returns True while a process that shall train it has been started and is alive.
    """

    folder: Path
    starting: Callable[[], bool] = lambda: False
    _records: dict[str, Records] = field(default_factory=dict)
    _doctor: LiveDoctor = field(default_factory=LiveDoctor)
    _final: View | None = None

    def read(self) -> View:
        """Return the view as it is now."""
        if not is_unfinished(self.folder):
            return self._final or self._read_result()
        self._final = None
        try:
            return self._read_live()
        except GoodfitError as error:
            if not is_unfinished(self.folder):  # it ended while it was read
                return self._read_result()
            return _view({"state": self._state("damaged", sentence=str(error))})

    def _read_live(self) -> View:
        request, live = JobRequest.read(self.folder, ("train", "improve")), LiveState.read(self.folder)
        if request.command != "train":
            status = "working" if is_live(self.folder) else "cut off"
            sentence = f"`goodfit {request.command}` trains many plans; its report will show them when it has ended."
            return _view({"state": self._state(status, sentence=sentence)})
        about, start = About.read(self.folder), request.training_plan
        plan = live.plan if live else start
        log = read_log(self.folder)
        shared = {
            "sliders": sliders(plan, start.structure, about.data.task if about else None),
            "structure": structure_fields(plan),
            "log": log,
            "marks": nudge_marks(log),
            "effects": parts.effects(live.nudge_effects if live else ()),
        }
        curves = self._curves(live, about) if live and about else ()
        main = next((series for series in curves if (series.role, series.pair) == ("run", 0)), None)
        state = self._state(
            self._status(live),
            epoch=len(main.values) if main else live.epoch if live else 0,
            epochs=plan.epochs,
            share=live and live.share,
            seconds_left=live and live.seconds_left,
            pause_epoch=live and live.pause_epoch,
            metric=about and about.metric,
            untouched_copies=about.untouched_copies if about else 0,
            best=_best(main),
        )
        if state["status"] == "cut off":
            state["sentence"] = last_words(self.folder)
        panels = {"state": state, "findings": [], "gap": None, "health": []} | shared
        if live and about and main and len(main.values):
            records = self._records[_file(live, main)]
            findings = self._doctor.examine(records, about.recorded, about.layers, plan, facts_from(about.data))
            _, _, train, dev, _ = map(parts.finite, main.values[-1].tolist())
            panels |= {
                "findings": finding_views(findings, plan, start.structure),
                "gap": parts.gap(train, dev, about, request.options, len(main.values)),
                "health": parts.health(health_from(records.looks, records.look_epochs, about.layers), findings),
            }
        return _view(panels, curves)

    def _status(self, live: LiveState | None) -> str:
        if not is_live(self.folder):
            return "starting" if self.starting() else "cut off"
        if not live:
            return "starting"
        if live.paused:
            return "paused" if live.epoch else "waiting"
        return "training"

    def _curves(self, live: LiveState, about: About) -> tuple[Curve, ...]:
        """Return the curves of the training and of the copies that are compared, after reading what was appended."""
        compared = {effect.epoch for effect in live.nudge_effects}  # not any more where the run went back before it
        names, width = about.recorded, len(about.layers) * len(about.health_columns)
        columns = [names.index(name) for name in COLUMNS]
        shown = [series for series in live.series if series.role == "run" or series.start_epoch in compared]
        self._records = {
            series.file: self._records.get(series.file)
            or Records(self.folder / CHECKPOINT_FOLDER / Path(series.file).name, len(names), len(names) + width)
            for series in shown
        }
        curves = []
        for series in shown:
            records = self._records[series.file]
            with suppress(FileNotFoundError):  # no epoch has ended, or it went back since it said so: next time
                records.grow()
            if not records.key:
                continue
            curves.append(Curve(records.key, series.role, series.pair, series.start_epoch, records.values[:, columns]))
        return tuple(curves)

    def _read_result(self) -> View:
        """Return the view of a run that has ended, which is read once."""
        try:
            result = read_result(self.folder)
            log = read_log(self.folder)
            curves = _history(self.folder) if result.command == "train" else ()
        except GoodfitError as error:
            return _view({"state": self._state("damaged", sentence=str(error))})
        curve, plan = (curves[0] if curves else None), result.plan
        sentence = "" if curve else "This run trained many plans; its report shows all of them."
        state = self._state(
            "ended",
            outcome=result.outcome,
            sentence=result.outcome_reason or sentence,
            epoch=len(curve.values) if curve else 0,
            epochs=plan.epochs,
            share=1.0,
            metric=result.metric,
            best=_best(curve),
            verdict=result.final.verdict,
            report=(self.folder / REPORT_FILE).is_file(),
        )
        panels = {
            "state": state,
            "findings": finding_views([finding.to_dict() for finding in result.final.findings], plan, plan.structure),
            "gap": parts.gap_of_result(result),
            "health": [],
            "sliders": [],
            "structure": structure_fields(plan),
            "log": log,
            "marks": nudge_marks(log),
            "effects": parts.effects(result.nudge_effects),
        }
        self._final, self._records = _view(panels, curves), {}
        return self._final

    def _state(self, status: str, **facts: Any) -> dict[str, Any]:
        return {"name": self.folder.name, "run": str(self.folder), "status": status, "sentence": ""} | facts


def view(folder: str | Path) -> dict[str, Any]:
    """Return a run's view as one plain dict: the parts of the page, and `curves` with every epoch."""
    width = Reader(Path(folder)).read()
    curves = [
        {
            "role": series.role,
            "pair": series.pair,
            "start_epoch": series.start_epoch,
            "columns": COLUMNS,
            "values": series.values.tolist(),
        }
        for series in width.curves
    ]
    return width.parts | {"curves": curves}


def _view(panels: Mapping[str, Any], curves: tuple[Curve, ...] = ()) -> View:
    texts = {
        name: json.dumps(_plain(part), ensure_ascii=False, allow_nan=False, separators=(",", ":"))
        for name, part in panels.items()
    }
    return View(texts, curves)


def _plain(value: Any) -> Any:
    """Return a value that JSON can hold; a number that is not finite becomes null."""
    if isinstance(value, PlainData):
        return value.to_dict()
    if isinstance(value, Mapping):
        return {str(key): _plain(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(inner) for inner in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


def _best(curve: Curve | None) -> list[float | None] | None:
    """Return the epoch of the lowest dev cost so far, whose parameters are kept, and its values."""
    if curve is None or not np.isfinite(curve.values[:, 1]).any():
        return None
    row = int(np.nanargmin(curve.values[:, 1]))
    return [row + 1, *map(parts.finite, curve.values[row].tolist())]


def _file(live: LiveState, curve: Curve) -> str:
    return next(series.file for series in live.series if (series.role, series.pair) == (curve.role, curve.pair))


def _history(folder: Path) -> tuple[Curve, ...]:
    """Return the curves of the trained network, the file's first, and of the last nudge's untouched copies."""
    history = read_history(folder)
    if history is None:
        return ()
    first, *copies = history.partition_by("untouched_since", "seed", "fold", maintain_order=True)
    return (
        Curve("history", "run", 0, 0, _values(first)),
        *(
            Curve(f"history-{pair}", "copy", pair, int(copy["untouched_since"][0]), _values(copy))
            for pair, copy in enumerate(copies)
        ),
    )


def _values(history: pl.DataFrame) -> Float[np.ndarray, "epochs 5"]:
    return history.select(COLUMNS).to_numpy()
