"""View of a run's folder for the page and the terminal: read once for all watchers."""

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path

from goodfit.errors import GoodfitError
from goodfit.monitor.curves import COLUMNS, Curve, history_curves, watched_curve
from goodfit.monitor.findings import FindingView, LiveDoctor, finding_views, health_from
from goodfit.monitor.gap import GapView, gap_of_curve, gap_of_result
from goodfit.monitor.health import LayerHealth, layer_health
from goodfit.monitor.nudges import EffectView, LogLine, Mark, effect_views, log_lines, mark_views
from goodfit.monitor.sliders import Slider, StructureField, sliders, structure_fields
from goodfit.monitor.state import RunState, Status, final_state, live_state, plain_state
from goodfit.record.nudge import NudgeEffect
from goodfit.record.plain import PlainData
from goodfit.record.result import RunResult
from goodfit.run_folder.folders import is_unfinished
from goodfit.run_folder.job import JobRequest, is_live
from goodfit.run_folder.live_state import About, LiveState, SeriesFile
from goodfit.run_folder.names import CHECKPOINT_FOLDER, REPORT_FILE
from goodfit.run_folder.nudges import nudge_marks, read_log
from goodfit.run_folder.process_log import last_words
from goodfit.run_folder.records import Records
from goodfit.run_folder.saved_run import read_result


@dataclass(frozen=True, kw_only=True)
class Panels(PlainData):
    """Everything that the page and the terminal show of a run, apart from its curves.

    Attributes:
        state: how far it is.
        gap: None before the first epoch.
        findings: problems in the training, the most important first.
        health: of each layer.
        sliders: of a training that has not ended.
        structure: settings that a branch may change.
        log: nudges and rewinds, in the order in which they were made.
        marks: of the nudges in the plot.
        effects: measured with untouched copies.
    """

    state: RunState
    gap: GapView | None
    findings: tuple[FindingView, ...] = ()
    health: tuple[LayerHealth, ...] = ()
    sliders: tuple[Slider, ...] = ()
    structure: tuple[StructureField, ...] = ()
    log: tuple[LogLine, ...] = ()
    marks: tuple[Mark, ...] = ()
    effects: tuple[EffectView, ...] = ()


@dataclass(frozen=True, eq=False)
class View:
    """A run at a moment."""

    panels: Panels
    curves: tuple[Curve, ...] = ()


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
            return self._plain("damaged", str(error))

    def _read_live(self) -> View:
        request = JobRequest.read(self.folder, ("train", "improve"))
        if request.command != "train":
            status = "working" if is_live(self.folder) else "cut off"
            sentence = f"`goodfit {request.command}` trains many plans; its report will show them when it has ended."
            return self._plain(status, sentence)
        about, state = About.read(self.folder), LiveState.read(self.folder)
        start = request.training_plan
        plan = state.plan if state else start
        curves = self._curves(state, about) if state and about else ()
        curve, status = watched_curve(curves), self._status(state)
        words = last_words(self.folder) if status == "cut off" else ""
        panels = Panels(
            state=live_state(self.folder, status, plan, state, about, curve, words),
            gap=None,
            sliders=sliders(plan, start.structure, about.data.task if about else None),
            structure=structure_fields(plan),
        )
        panels = self._with_nudges(panels, state.nudge_effects if state else ())
        if curve and about and len(curve.values):
            records = next(item for item in self._records.values() if item.key == curve.key)
            problems = self._doctor.examine(records, about, plan)
            findings = finding_views(problems, plan, start.structure)
            looks = health_from(records.looks, records.look_epochs, about.layers)
            gap = gap_of_curve(curve, about, request.options, problems)
            panels = replace(panels, findings=findings, gap=gap, health=layer_health(looks, findings))
        return View(panels, curves)

    def _status(self, state: LiveState | None) -> Status:
        if not is_live(self.folder):
            return "starting" if self.starting() else "cut off"
        if state is None:
            return "starting"
        if state.paused:
            return "paused" if state.epoch else "waiting"
        return "training"

    def _curves(self, state: LiveState, about: About) -> tuple[Curve, ...]:
        """Return the curves of the training and of the copies that are compared, after reading what was appended."""
        # A copy is compared no more once the run was rewound to before it.
        compared = {effect.epoch for effect in state.nudge_effects}
        series = [item for item in state.series if item.role == "run" or item.start_epoch in compared]
        self._records = {item.file: self._records.get(item.file) or self._open(item, about) for item in series}
        columns = [about.recorded.index(name) for name in COLUMNS]
        curves = []
        for item in series:
            records = self._records[item.file]
            with suppress(FileNotFoundError):  # no epoch has ended, or a rewind has removed it: next time
                records.grow()
            if records.key:
                values = records.values[:, columns]
                curves.append(Curve(records.key, item.role, item.pair, item.start_epoch, values))
        return tuple(curves)

    def _open(self, series: SeriesFile, about: About) -> Records:
        path = self.folder / CHECKPOINT_FOLDER / Path(series.file).name
        width = len(about.layers) * len(about.health_columns)
        return Records(path, len(about.recorded), len(about.recorded) + width)

    def _read_result(self) -> View:
        """Return the view of a run that has ended, which is read once."""
        try:
            result = read_result(self.folder)
            curves = history_curves(self.folder) if result.command == "train" else ()
            panels = self._result_panels(result, curves)
        except GoodfitError as error:
            return self._plain("damaged", str(error))
        self._final, self._records = View(panels, curves), {}
        return self._final

    def _result_panels(self, result: RunResult, curves: Sequence[Curve]) -> Panels:
        has_report = (self.folder / REPORT_FILE).is_file()
        panels = Panels(
            state=final_state(self.folder, result, watched_curve(curves), has_report),
            findings=finding_views(result.final.findings, result.plan, result.plan.structure),
            gap=gap_of_result(result),
            structure=structure_fields(result.plan),
        )
        return self._with_nudges(panels, result.nudge_effects)

    def _with_nudges(self, panels: Panels, effects: Sequence[NudgeEffect]) -> Panels:
        log = read_log(self.folder)
        marks = mark_views(nudge_marks(log))
        return replace(panels, log=log_lines(log, marks), marks=marks, effects=effect_views(effects, marks))

    def _plain(self, status: Status, sentence: str) -> View:
        return View(Panels(state=plain_state(self.folder, status, sentence), gap=None))
