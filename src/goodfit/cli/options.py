"""Parameters that commands declare themselves, beside those of their requests."""

from typing import Annotated

import typer

Run = Annotated[str, typer.Argument(metavar="RUN", help="Folder of the run.", show_default=False)]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON value on stdout and nothing else.")]
