"""A run's folder as one plain view, for the page: read once for all who watch, and only what is new."""

import json
import math
import re
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
from goodfit.monitor.findings import Examined, facts_from, health_from, shown
from goodfit.monitor.sliders import knobs, structure
from goodfit.plan import Plan
from goodfit.run_folder import archive, nudges
from goodfit.run_folder.job import JobRequest, is_live
from goodfit.run_folder.mailbox import now as said_by
from goodfit.run_folder.nudges import NUDGES_FILE
from goodfit.run_folder.peek import bytes_of, json_of, last_words
from goodfit.run_folder.records import Records

ABOUT_FILE = f"{archive.CHECKPOINT_FOLDER}/about.json"
LOG_FILE = f"{archive.CHECKPOINT_FOLDER}/log.txt"
COLUMNS = ("train_cost", "dev_cost", "train_error", "dev_error", "learning_rate")
_UNTOUCHED = re.compile(r"untouched since epoch (\d+)")  # as the end of a training names its experiment


@dataclass(frozen=True)
class Curve:
    """One model's curves so far.

    Attributes:
        key: another one means another curve, though role and pair are the same.
        role: "run", or "copy" of a run that was left alone.
        pair: 0 is the model that is watched, others are the same plan with other seeds.
        begun: the epoch from which on a copy is one of its own.
        values: COLUMNS by epoch.
    """

    key: str
    role: str
    pair: int
    begun: int
    values: Float[np.ndarray, "epochs 5"]


@dataclass(frozen=True)
class View:
    """What there is to show at a moment: the parts as JSON, so that each is put into words once for all who watch."""

    texts: dict[str, str] = field(default_factory=dict)
    curves: tuple[Curve, ...] = ()

    @property
    def parts(self) -> dict[str, Any]:
        """The parts as values."""
        return {name: json.loads(text) for name, text in self.texts.items()}


@dataclass
class Reader:
    """Reads one run again and again; not by two at once.

    Attributes:
        folder: the run's.
        starting: whether a process that shall train it has been started and lives.
    """

    folder: Path
    starting: Callable[[], bool] = lambda: False
    _records: dict[str, Records] = field(default_factory=dict)
    _examined: Examined = field(default_factory=Examined)
    _ended: View | None = None

    def read(self) -> View:
        """The view as it is now."""
        if not archive.is_unfinished(self.folder):
            return self._ended or self._at_the_end()
        self._ended = None
        try:
            return self._on_the_way()
        except GoodfitError as error:
            if not archive.is_unfinished(self.folder):  # it ended while it was read
                return self._at_the_end()
            return _view({"state": self._state("damaged", sentence=str(error))})

    def _on_the_way(self) -> View:
        asked, now = JobRequest.read(self.folder, ("train", "improve")), said_by(self.folder)
        if asked.command != "train":
            status = "working" if is_live(self.folder) else "cut off"
            sentence = (
                f"This is a whole job of `goodfit {asked.command}`: its report, at its end, shows what it trained."
            )
            return _view({"state": self._state(status, sentence=sentence)})
        about = json_of(self.folder / ABOUT_FILE)
        begun = Plan.from_dict(asked.plan)
        plan = Plan.from_dict(now["plan"]) if now else begun
        log = nudges.read_nudges(bytes_of(self.folder / NUDGES_FILE))
        task = about["data"]["task"] if about else None
        shared = {
            "knobs": knobs(plan, begun.structure, task),
            "structure": structure(plan),
            "log": log,
            "marks": nudges.marks(log),
            "worth": parts.worth(now.get("nudge_effects") or []),
        }
        curves = self._grown(now, about) if about else ()
        main = next((each for each in curves if (each.role, each.pair) == ("run", 0)), None)
        state = self._state(
            self._status(now),
            epoch=len(main.values) if main else now.get("epoch", 0),
            epochs=plan.epochs,
            share=now.get("share"),
            seconds_left=now.get("seconds_left"),
            until=now.get("pause_epoch"),
            metric=about.get("metric"),
            untouched_copies=about.get("untouched_copies", 0),
            best=_best(main),
        )
        if state["status"] == "cut off":
            state["sentence"] = last_words(self.folder / LOG_FILE)
        told = {"state": state, "findings": [], "gap": None, "health": []} | shared
        if main and about and len(main.values):
            records = self._records[_file(now, main)]
            found = self._examined.again(records, about["recorded"], about["layers"], plan, facts_from(about["data"]))
            _, _, train, dev, _ = map(parts.finite, main.values[-1].tolist())
            told |= {
                "findings": shown(found, plan, begun.structure),
                "gap": parts.gap(train, dev, about, asked.options, len(main.values)),
                "health": parts.health(health_from(records.looks, records.look_epochs, about["layers"]), found),
            }
        return _view(told, curves)

    def _status(self, now: Mapping[str, Any]) -> str:
        if not is_live(self.folder):
            return "starting" if self.starting() else "cut off"
        if not now:
            return "starting"
        if now["paused"]:
            return "paused" if now["epoch"] else "waiting"
        return "training"

    def _grown(self, now: Mapping[str, Any], about: Mapping[str, Any]) -> tuple[Curve, ...]:
        """The curves that the training names, each with what was appended to it; of copies those that are compared."""
        compared = {
            each["epoch"] for each in now.get("nudge_effects") or []
        }  # not any more where the run went back before it
        names, seen = about["recorded"], len(about["layers"]) * len(about["health_columns"])
        columns = [names.index(name) for name in COLUMNS]
        told = [each for each in now.get("series") or [] if each["role"] == "run" or each["start_epoch"] in compared]
        self._records = {
            each["file"]: self._records.get(each["file"])
            or Records(self.folder / archive.CHECKPOINT_FOLDER / Path(each["file"]).name, len(names), len(names) + seen)
            for each in told
        }
        curves = []
        for each in told:
            records = self._records[each["file"]]
            with suppress(FileNotFoundError):  # no epoch has ended, or it went back since it said so: next time
                records.grow()
            if not records.key:
                continue
            curves.append(
                Curve(records.key, each["role"], each["pair"], each["start_epoch"], records.values[:, columns])
            )
        return tuple(curves)

    def _at_the_end(self) -> View:
        """Of a run that has ended, read once."""
        try:
            result = archive.read_facts(self.folder, archive.RESULT_FILE)
            final = result["final"]
            log = nudges.read_nudges(bytes_of(self.folder / NUDGES_FILE))
            plan = Plan.from_yaml((self.folder / archive.PLAN_FILE).read_text(encoding="utf-8"))
            curves = _history(self.folder / archive.HISTORY_FILE) if result["command"] == "train" else ()
        except (GoodfitError, OSError, KeyError, ValueError, TypeError, pl.exceptions.PolarsError) as error:
            return _view({"state": self._state("damaged", sentence=f"the run is damaged ({error}); run it again")})
        curve = curves[0] if curves else None
        sentence = "" if curve else "This run is a search among many plans; its report shows all of it."
        state = self._state(
            "ended",
            outcome=result["outcome"],
            sentence=result.get("outcome_reason") or sentence,
            epoch=len(curve.values) if curve else 0,
            epochs=plan.epochs,
            share=1.0,
            metric=result["metric"],
            best=_best(curve),
            verdict=final["verdict"],
            report=(self.folder / "report.html").is_file(),
        )
        told = {
            "state": state,
            "findings": shown(final.get("findings") or [], plan, plan.structure),
            "gap": parts.gap_of_result(result),
            "health": [],
            "knobs": [],
            "structure": structure(plan),
            "log": log,
            "marks": nudges.marks(log),
            "worth": parts.worth(result.get("nudge_effects") or []),
        }
        self._ended, self._records = _view(told, curves), {}
        return self._ended

    def _state(self, status: str, **facts: Any) -> dict[str, Any]:
        return {"name": self.folder.name, "run": str(self.folder), "status": status, "sentence": ""} | facts


def view(folder: str | Path) -> dict[str, Any]:
    """A run's folder as one plain dict: the parts of the page, and `curves` with every epoch."""
    seen = Reader(Path(folder)).read()
    curves = [
        {"role": each.role, "pair": each.pair, "begun": each.begun, "columns": COLUMNS, "values": each.values.tolist()}
        for each in seen.curves
    ]
    return seen.parts | {"curves": curves}


def _view(told: Mapping[str, Any], curves: tuple[Curve, ...] = ()) -> View:
    texts = {
        name: json.dumps(_plain(part), ensure_ascii=False, allow_nan=False, separators=(",", ":"))
        for name, part in told.items()
    }
    return View(texts, curves)


def _plain(value: Any) -> Any:
    """What JSON can hold: of what is infinite or no number, null."""
    if isinstance(value, Mapping):
        return {str(key): _plain(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(inner) for inner in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


def _best(curve: Curve | None) -> list[float | None] | None:
    """The epoch of the lowest dev cost so far, whose parameters are kept, and its values."""
    if curve is None or not np.isfinite(curve.values[:, 1]).any():
        return None
    at = int(np.nanargmin(curve.values[:, 1]))
    return [at + 1, *map(parts.finite, curve.values[at].tolist())]


def _file(now: Mapping[str, Any], curve: Curve) -> str:
    return next(each["file"] for each in now["series"] if (each["role"], each["pair"]) == (curve.role, curve.pair))


def _history(path: Path) -> tuple[Curve, ...]:
    """The curves of the network that was trained, the file's first, and of the untouched copies of the last nudge."""
    curves = []
    for pair, own in enumerate(pl.read_parquet(path).partition_by("experiment", "seed", "fold", maintain_order=True)):
        values, untouched = own.select(COLUMNS).to_numpy(), _UNTOUCHED.search(own["experiment"][0])
        if not pair:
            curves.append(Curve("history", "run", 0, 0, values))
        elif untouched:
            curves.append(Curve(f"history-{pair}", "copy", pair - 1, int(untouched[1]), values))
    return tuple(curves)
