"""The state panel of a live view: how far a run is, and what there is to say about it."""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from goodfit.monitor.curves import Curve, Point
from goodfit.plan import Plan
from goodfit.record.plain import PlainData
from goodfit.record.result import RunResult
from goodfit.run_folder.live_state import About, LiveState
from goodfit.wording import numbers
from goodfit.wording.text import sentence

Status = Literal["waiting", "starting", "training", "paused", "cut off", "damaged", "working", "ended"]

LIVE = ("waiting", "training", "paused")  # a process trains it, and answers requests
_STATUS_TEXTS: dict[Status, str] = {"waiting": "waiting to start", "starting": "starting…"}
STARTING = "Its process is starting, which takes a few seconds."
_MANY_PLANS = "This run trained many plans; its report shows all of them."
_ERROR_NAMES = {"error_rate": "error", "1-r2": "1 − R²"}


@dataclass(frozen=True, kw_only=True)
class Figure(PlainData):
    """A number at the top of the page.

    Attributes:
        title: what it is.
        text: its value.
        note: beside it in small letters.
        set: `train` or `dev`, for its color; empty for others.
    """

    title: str
    text: str
    note: str = ""
    set: Literal["train", "dev", ""] = ""


@dataclass(frozen=True, kw_only=True)
class BestEpoch(PlainData):
    """The epoch with the lowest dev cost so far, and its values."""

    epoch: int
    dev_cost: float | None
    dev_error: float | None


@dataclass(frozen=True, kw_only=True)
class RunState(PlainData):
    """The state of a run.

    Attributes:
        name: of its folder.
        run: path of its folder.
        status: for programs.
        status_text: for people.
        sentence: what there is to say about the status.
        epoch: epochs completed.
        epochs: of the plan; None if there is no single training.
        share: of the training that is done; None where unknown.
        progress: epoch and epochs in words.
        notes: the time left, and the epoch after which it pauses.
        metric: `error_rate` or `1-r2`; None before the training has said so.
        best: None before the first epoch.
        figures: for the top of the page.
        verdict: of a run that has ended.
        has_report: True if there is a report to open.
    """

    name: str
    run: str
    status: Status
    status_text: str
    sentence: str = ""
    epoch: int = 0
    epochs: int | None = None
    share: float | None = None
    progress: str = ""
    notes: tuple[str, ...] = ()
    metric: str | None = None
    best: BestEpoch | None = None
    figures: tuple[Figure, ...] = ()
    verdict: str | None = None
    has_report: bool = False


def plain_state(folder: Path, status: Status, sentence: str = "") -> RunState:
    """Return the state of a run without a training to show."""
    return RunState(name=folder.name, run=str(folder), status=status, status_text=status, sentence=sentence)


def live_state(
    folder: Path,
    status: Status,
    plan: Plan,
    state: LiveState | None,
    about: About | None,
    curve: Curve | None,
    last_words: str,
) -> RunState:
    """Return the state of a training that has not ended.

    Args:
        folder: of the run.
        status: of its process.
        plan: as nudged so far.
        state: as the training wrote it; None before it has.
        about: facts of the training; None before it has written them.
        curve: of the watched model; None before its first epoch.
        last_words: of a process that was cut off.
    """
    epoch = len(curve.values) if curve else state.epoch if state else 0
    pause_epoch = state.pause_epoch if state and status in LIVE else None
    pause = f"pauses after epoch {numbers.number(pause_epoch)}" if pause_epoch else ""
    time_left = numbers.time_left(state.seconds_left) if state and status == "training" else ""
    is_over = status == "training" and epoch >= plan.epochs
    return RunState(
        name=folder.name,
        run=str(folder),
        status=status,
        status_text="diagnosing its best network" if is_over else _STATUS_TEXTS.get(status, status),
        sentence=_sentence(status, folder, last_words),
        epoch=epoch,
        epochs=plan.epochs,
        share=state.share if state else None,
        progress=_progress(epoch, plan.epochs),
        notes=tuple(filter(None, (time_left, pause))),
        metric=about.metric if about else None,
        best=_best(curve.best if curve else None),
        figures=_live_figures(curve, about.metric) if curve and epoch and about else (),
    )


def final_state(folder: Path, result: RunResult, curve: Curve | None, has_report: bool) -> RunState:
    """Return the state of a run that has ended.

    Args:
        folder: of the run.
        result: of the run.
        curve: of the trained network; None if the run trained many plans.
        has_report: True if there is a report to open.
    """
    final, best, epoch = result.final, curve.best if curve else None, len(curve.values) if curve else 0
    name = _ERROR_NAMES.get(result.metric, result.metric)
    return RunState(
        name=folder.name,
        run=str(folder),
        status="ended",
        status_text=f"ended: {result.outcome}",
        sentence=sentence(result.outcome_reason or "") or ("" if curve else _MANY_PLANS),
        epoch=epoch,
        epochs=result.plan.epochs if curve else None,
        share=1.0,
        progress=_progress(epoch, result.plan.epochs) if curve else "",
        metric=result.metric,
        best=_best(best),
        figures=(
            Figure(title="Verdict", text=final.verdict.capitalize()),
            Figure(title=f"Training {name}", text=numbers.percent(final.train_error), set="train"),
            Figure(title=f"Dev {name}", text=numbers.percent(final.dev_error), set="dev"),
            *((Figure(title="Best", text=f"epoch {numbers.number(best.epoch)}"),) if best else ()),
        ),
        verdict=final.verdict,
        has_report=has_report,
    )


def _progress(epoch: int, epochs: int) -> str:
    return f"epoch {numbers.number(epoch)} of {numbers.number(epochs)}"


def _sentence(status: Status, folder: Path, last_words: str) -> str:
    if status == "starting":
        return STARTING
    if status != "cut off":
        return ""
    return f"{last_words} No process is training it; `goodfit resume {folder}` continues it.".strip()


def _best(point: Point | None) -> BestEpoch | None:
    return BestEpoch(epoch=point.epoch, dev_cost=point.dev_cost, dev_error=point.dev_error) if point else None


def _live_figures(curve: Curve, metric: str) -> tuple[Figure, ...]:
    """Return the errors after the last epoch, and the best epoch so far."""
    name, last, best = _ERROR_NAMES.get(metric, metric), curve.point(-1), curve.best
    figures = [
        Figure(title=f"Training {name}", text=numbers.percent(last.train_error), set="train"),
        Figure(title=f"Dev {name}", text=numbers.percent(last.dev_error), set="dev"),
    ]
    if best:
        note = f"dev {name} {numbers.percent(best.dev_error)}"
        figures.append(Figure(title="Best so far", text=f"epoch {numbers.number(best.epoch)}", note=note))
    return tuple(figures)
