"""`goodfit augment`: a sheet of augmented images to look at."""

from pathlib import Path
from typing import Annotated

import typer

import goodfit
from goodfit.cli import options, output


def augment(
    data: options.DataSource,
    target: options.Target = None,
    as_: options.As = None,
    seed: options.Seed = 0,
    strength: Annotated[float, typer.Option(help="Of all changes, 0 to 2: `augmentation` in a plan.")] = 0.5,
    flip: Annotated[float, typer.Option(help="Probability that left and right change places.")] = 0.0,
    out: Annotated[Path, typer.Option(metavar="FILE", help="The PNG file to write.")] = Path("augmented.png"),
    as_json: options.Json = False,
) -> None:
    """Write a contact sheet: images, and beside each what augmentation makes of it.

    Example: goodfit augment digits --as images --strength 1
    """
    result = goodfit.augment(data, target=target, as_=as_, seed=seed, strength=strength, flip=flip, out=out)
    output.show(result, as_json, lambda result: [f"Sheet: {result['sheet']}"])
