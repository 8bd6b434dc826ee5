"""The report: one HTML file that works without a network, made by one template call."""

import re
from collections.abc import Callable
from datetime import datetime
from functools import cache
from pathlib import Path

from jinja2 import Environment, FileSystemLoader
from markupsafe import Markup, escape
from plotly.offline import get_plotlyjs

from goodfit.errors import InputError
from goodfit.record.plain import plain_value
from goodfit.reports import figures, prediction_figures
from goodfit.reports import plotly_types as plotly
from goodfit.reports.answers import answers
from goodfit.reports.search_figures import search_figures
from goodfit.reports.view import SETS, ReportView, read_view
from goodfit.run_folder.names import HISTORY_FILE, REPORT_FILE, RESULT_FILE
from goodfit.run_folder.whole_files import write_whole
from goodfit.wording import numbers
from goodfit.wording.text import count, mask_passwords, no_break, sentence

_CODE = re.compile(r"`([^`]+)`|(?<![\w-])--[a-z][a-z-]*(?: \d+)?")
_TEMPLATES = Path(__file__).parent / "templates"
_ERROR_NAMES = {"error_rate": "error rate", "1-r2": "unexplained variation"}
_FILTERS: tuple[Callable[..., str], ...] = (
    numbers.percent,
    numbers.percent_interval,
    numbers.rough_percent,
    numbers.chance,
    numbers.gap,
    numbers.number,
    numbers.column_number,
    numbers.p_value,
    numbers.duration,
    numbers.times,
)


def write_report(run: Path) -> Path:
    """Write `report.html` into a run's directory and return its path.

    Args:
        run: the directory that `improve` or `train` made.

    Raises:
        InputError: not a run directory, a damaged one, or one that cannot be written to.
    """
    run = Path(run)
    page = render(read_view(run))
    path = run / REPORT_FILE
    try:
        write_whole(path, page.encode())
    except OSError as error:
        raise InputError(f"cannot write {path} ({error.strerror}); check the folder's permissions") from None
    return path


def render(view: ReportView) -> str:
    """The page as text."""
    error_name = _ERROR_NAMES.get(view.result.metric, view.result.metric)
    return (
        environment()
        .get_template("report.html")
        .render(
            view=view,
            result=view.result,
            final=view.final,
            answers=answers(view),
            error_name=error_name,
            figures=plain_value(_figures(view)),
            chapters=(chapters := _chapters(view)),
            opening=_opening([name for name, _ in chapters]),
            metrics=_metrics(view),
            notes=list(dict.fromkeys(note.text for note in view.result.notes)),
            started=_started(view.result.started),
            style=asset("report.css"),
            script=asset("report.js"),
            plotly=Markup(get_plotlyjs()),
        )
    )


@cache
def environment() -> Environment:
    """The templates of all pages, with their filters."""
    templates = Environment(
        loader=FileSystemLoader(_TEMPLATES),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    templates.filters |= {function.__name__: _held_together(function) for function in _FILTERS}
    templates.filters |= {
        "change_parts": _parts_held_together(numbers.change_parts),
        "cost_change_parts": _parts_held_together(numbers.cost_change_parts),
        "prose": _prose,
        "sentence": sentence,
        "setting": numbers.setting,
        "settings": numbers.settings,
        "mask_passwords": mask_passwords,
        "no_break": no_break,
    }
    templates.globals |= {
        "count": count,
        "history_file": HISTORY_FILE,
        "result_file": RESULT_FILE,
        "metric": _held_together(numbers.metric),
        "metric_names": numbers.METRICS,
        "tick_percent": numbers.tick_percent,
        "tick_points": numbers.tick_points,
        "tick_number": numbers.number,
    }
    templates.policies["json.dumps_kwargs"] = {"sort_keys": False, "allow_nan": False, "separators": (",", ":")}
    return templates


def asset(name: str) -> Markup:
    """Our own style sheet or script: trusted, so not escaped."""
    return Markup((_TEMPLATES / name).read_text(encoding="utf-8"))


def _figures(view: ReportView) -> dict[str, dict[str, list[plotly.Figure]]]:
    """For each place on the page the choices there are, and the figures that each of them draws."""
    nudges = view.result.nudges
    places: dict[str, dict[str, list[plotly.Figure]]] = {
        "curves": {str(i): list(figures.curve_figures(part, nudges)) for i, part in enumerate(view.curves)},
        "confusion": {
            part.name: [prediction_figures.confusion_figure(part.confusion)]
            for part in view.sets
            if part.confusion is not None
        },
        "residuals": {
            part.name: [prediction_figures.residual_figure(part.residuals, view.result.target)]
            for part in view.sets
            if part.residuals is not None
        },
        "calibration": {
            part.name: [prediction_figures.calibration_figure(part.calibration, _positive(view))]
            for part in view.sets
            if part.calibration
        },
    }
    for place, finding in enumerate(view.final.findings):
        if finding.plot:
            places[f"finding-{place}"] = {"all": [figures.finding_figure(finding.plot)]}
    if view.result.learning_curve:
        places["data-size"] = {"all": [figures.data_size_figure(view.result.learning_curve)]}
    if view.search:
        places |= search_figures(view.search)
    return {name: choices for name, choices in places.items() if choices}


def _positive(view: ReportView) -> str | None:
    """The class whose probability a binary task's calibration curve shows."""
    classes = view.result.classes
    return f"{view.result.target} = {classes[1]}" if len(classes) == 2 else None


def _chapters(view: ReportView) -> list[tuple[str, list[tuple[int, str]]]]:
    """The learning curves by round: the round's name, then each curve's place and experiment."""
    chapters: dict[str, list[tuple[int, str]]] = {}
    for i, curve in enumerate(view.curves):
        chapters.setdefault(curve.chapter, []).append((i, curve.experiment))
    return list(chapters.items())


def _opening(chapters: list[str]) -> str:
    """The round whose curves are shown first: the last one."""
    rounds = [name for name in chapters if name.startswith("Round")]
    return (rounds or chapters or [""])[-1 if rounds else 0]


def _metrics(view: ReportView) -> tuple[list[str], list[tuple[str, list[float | None]]]]:
    """The sets that were measured, and for each metric its values there."""
    measured = {
        label: metrics
        for name, label in SETS.items()
        if (metrics := getattr(view.final, f"{name}_metrics")) is not None
    }
    names = dict.fromkeys(name for metrics in measured.values() for name in metrics)
    return list(measured), [(name, [metrics.get(name) for metrics in measured.values()]) for name in names]


def _held_together(function: Callable[..., str]) -> Callable[..., str]:
    """A filter whose numbers and units stay on one line."""
    return lambda *values: no_break(function(*values))


def _parts_held_together(function: Callable[..., tuple[str, str]]) -> Callable[..., list[str]]:
    return lambda *values: [no_break(part) for part in function(*values)]


def _prose(text: str) -> Markup:
    """Return a sentence, with `code` between back quotes, and options such as --folds never broken."""
    escaped = str(escape(no_break(text)))  # before tags are added
    return Markup(_CODE.sub(lambda match: f"<code>{match[1]}</code>" if match[1] else _option(match[0]), escaped))


def _option(name: str) -> str:
    return f'<code class="option">{name}</code>'


def _started(time: str | None) -> str:
    """When the run started, as people write it."""
    if not time:
        return ""
    try:
        moment = datetime.fromisoformat(time)
    except ValueError:
        return time
    return f"{moment.day} {moment:%B %Y, %H:%M}"
