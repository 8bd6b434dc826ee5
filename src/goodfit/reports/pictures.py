"""Images that a run left to be shown: samples of each class, and the worst mistakes; each a PNG within the page."""

import base64
import io
import zipfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from jaxtyping import UInt8
from PIL import Image

from goodfit.errors import InputError
from goodfit.wording.numbers import number

_SIDE = 96  # of a picture on the page, in its pixels; a whole multiple of the image's own, so that it stays crisp


@dataclass(frozen=True)
class Picture:
    """One image: as a page has it, how large it is shown, and what is said of it."""

    source: str
    width: int
    height: int
    alt: str
    row: int
    file: str = ""
    truth: str = ""
    prediction: str = ""
    certainty: float | None = None
    cost: float | None = None


@dataclass(frozen=True)
class Pictures:
    """Samples of the images, by class or by number, and the worst mistakes."""

    samples: tuple[tuple[str, tuple[Picture, ...]], ...]
    mistakes: tuple[Picture, ...]


def read_pictures(path: Path) -> Pictures | None:
    """The pictures of a run; None where it left none, as on tables.

    Raises:
        InputError: the file is damaged.
    """
    if not path.exists():
        return None
    try:
        # Opened here, because np.load leaves a damaged archive open.
        with path.open("rb") as file, np.load(file, allow_pickle=False) as archive:
            arrays = {name: archive[name] for name in archive.files}
        return Pictures(_samples(arrays), _mistakes(arrays))
    except (OSError, ValueError, KeyError, IndexError, EOFError, zipfile.BadZipFile) as error:
        raise InputError(f"{path} is damaged ({error}); run the command again") from None


def _samples(arrays: dict[str, np.ndarray]) -> tuple[tuple[str, tuple[Picture, ...]], ...]:
    groups: dict[str, list[Picture]] = {}
    for pixels, row, truth in zip(arrays["samples"], arrays["sample_rows"], arrays["sample_truths"], strict=True):
        name = _name(truth)
        source, width, height = _picture(pixels)
        alt = f"Training example of {name}, row {row}"
        groups.setdefault(name, []).append(Picture(source, width, height, alt, int(row), truth=name))
    return tuple((name, tuple(its)) for name, its in groups.items())


def _mistakes(arrays: dict[str, np.ndarray]) -> tuple[Picture, ...]:
    names = ("mistakes", "mistake_rows", "truths", "predictions", "probabilities", "costs")
    files = arrays["mistake_files"].tolist() or [""] * len(arrays["mistakes"])
    pictures = []
    for pixels, row, truth, prediction, chance, cost, file in zip(
        *(arrays[name] for name in names), files, strict=True
    ):
        source, width, height = _picture(pixels)
        alt = f"Row {row}: {_name(truth)}, taken for {_name(prediction)}"
        certainty = float(chance) if np.isfinite(chance) else None
        facts = (_name(truth), _name(prediction), certainty, float(cost))
        pictures.append(Picture(source, width, height, alt, int(row), file, *facts))
    return tuple(pictures)


def _name(value: np.generic) -> str:
    return str(value) if isinstance(value, np.str_) else number(float(value))


def _picture(pixels: UInt8[np.ndarray, "height width channels"]) -> tuple[str, int, int]:
    """The address that holds the image itself, and the width and height at which a page shows it."""
    height, width, channels = pixels.shape
    file = io.BytesIO()
    Image.fromarray(pixels[..., 0] if channels == 1 else pixels).save(file, "PNG")
    times = max(1, _SIDE // max(height, width))
    return f"data:image/png;base64,{base64.b64encode(file.getvalue()).decode()}", times * width, times * height
