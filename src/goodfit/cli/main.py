"""The app, and the one boundary where errors become a sentence and an exit code."""

import json
import os
import sys
from collections.abc import Sequence
from typing import Annotated

import typer

from goodfit.cli import (
    augment,
    branch,
    check,
    diagnose,
    improve,
    inspect,
    lesson,
    nudge,
    open_test,
    pause,
    predict,
    report,
    resume,
    rewind,
    runs,
    stop,
    train,
    tune,
    unpause,
    watch,
)
from goodfit.cli.command import command
from goodfit.cli.streams import prepare_streams
from goodfit.errors import GoodfitError
from goodfit.interrupt import end_like_ctrl_c

app = typer.Typer(
    name="goodfit",
    help="Train a neural network to a good fit, and prove why it fits.",
    epilog="Example: goodfit improve digits",
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110},
    rich_markup_mode="rich",
)
_PANELS = {
    "Fit": (improve.improve, train.train, resume.resume),
    "Steer": (watch.watch, nudge.nudge, pause.pause, unpause.unpause, rewind.rewind, branch.branch, stop.stop),
    "Search": (tune.tune,),
    "Inspect": (inspect.inspect, diagnose.diagnose, check.check, runs.runs, report.report),
    "Use": (predict.predict, open_test.open_test, augment.augment, lesson.lesson),
}
for _panel, _functions in _PANELS.items():
    for _function in _functions:
        app.command(rich_help_panel=_panel)(command(_function))


def _show_version(requested: bool) -> bool:
    if requested:
        import goodfit

        print(f"goodfit {goodfit.__version__}")
        raise typer.Exit
    return requested


@app.callback()
def _options(
    version: Annotated[
        bool, typer.Option("--version", callback=_show_version, is_eager=True, help="Show the version.")
    ] = False,
) -> None: ...


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line and exit: 0 done, 2 something the user can mend, 130 stopped, 1 our own fault."""
    if arguments is None:  # this process is the command's own
        prepare_streams()
        end_like_ctrl_c()
    arguments_given = tune.with_address(sys.argv[1:] if arguments is None else arguments)
    try:
        # Not standalone: there Typer would print errors in its own way, and exit.
        code = app(arguments_given or ["--help"], prog_name="goodfit", standalone_mode=False) or 0
        sys.stdout.flush()
    except (GoodfitError, typer.TyperException, OSError) as error:
        code = 2
        _print_error(_sentence(error), "--json" in arguments_given)
    except Exception as error:
        if os.environ.get("GOODFIT_DEBUG"):
            raise
        code = 1
        fault = f"{type(error).__name__}: {error}".splitlines()[0]
        wish = "please report it, with what the same command prints after `export GOODFIT_DEBUG=1`"
        _print_error(f"goodfit failed where it should not have ({fault}); {wish}", "--json" in arguments_given)
    sys.exit(code)


def _sentence(error: Exception) -> str:
    """Return the message of an error on one line."""
    if isinstance(error, typer.TyperException):
        words = error.format_message()
    elif isinstance(error, OSError) and error.filename is not None:
        words = f"{error.filename}: {error.strerror}"
    else:
        words = str(error)
    return " ".join(words.split())


def _print_error(sentence: str, as_json: bool) -> None:
    if as_json:
        print(json.dumps({"error": sentence}, ensure_ascii=False))
    else:
        print(f"goodfit: {sentence}", file=sys.stderr)
