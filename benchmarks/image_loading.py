"""Opening a folder of small images, beside Pillow alone that decodes the same files with two processes, in turns.

Run it as `python benchmarks/image_loading.py`. Ours lists the folders, reads the labels, decodes, and writes what it
decoded; Pillow is given the paths, decodes and forgets.
"""

import tempfile
import time
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

import numpy as np
from PIL import Image

from goodfit.data.open import open_data

IMAGES, SIDE, CLASSES = 20_000, 28, 10
TURNS = 20
PROCESSES = 2
ASKED = 0.8  # of Pillow's images a second


def main() -> None:
    """Print the row of the table in RESULTS.md."""
    best = dict.fromkeys(("pillow", "first", "second"), float("inf"))
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        paths = make(root / "images")
        for turn in range(TURNS):
            for name, what in turns(root, paths, turn).items():
                started = time.perf_counter()
                what()
                best[name] = min(best[name], time.perf_counter() - started)
    speeds = [f"{IMAGES / seconds:,.0f}" for seconds in best.values()]
    share = best["pillow"] / best["first"]
    print("| images | Pillow, 2 processes | first start | second start | first start against Pillow | asked |")
    print("|---|---|---|---|---|---|")
    figures = [f"{each} a second" for each in speeds]
    print("|", " | ".join([f"{IMAGES:,} PNGs of {SIDE} × {SIDE}", *figures, f"{share:.2f}", f"≥ {ASKED}"]), "|")


def make(root: Path) -> list[str]:
    """Gray blobs with some noise, in a folder a class; as large on the disk as MNIST's digits."""
    generator = np.random.default_rng(0)
    y, x = np.mgrid[:SIDE, :SIDE] / SIDE - 0.5
    paths = []
    for number in range(IMAGES):
        folder = root / str(number % CLASSES)
        folder.mkdir(parents=True, exist_ok=True)
        middle = generator.normal(0, 0.1, 2)
        blob = np.exp(-((x - middle[0]) ** 2 + (y - middle[1]) ** 2) / 0.02) * 255
        blob[blob > 30] += generator.normal(0, 10, int((blob > 30).sum()))
        paths.append(str(folder / f"{number}.png"))
        Image.fromarray(np.where(blob > 30, blob, 0).clip(0, 255).astype(np.uint8)).save(paths[-1])
    return paths


def turns(root: Path, paths: list[str], turn: int) -> dict:
    """The three that are timed; each turn has a cache of its own."""
    cache = root / f"cache{turn}"
    return {
        "pillow": lambda: with_pillow(paths),
        "first": lambda: open_data(root / "images", cache=cache),
        "second": lambda: open_data(root / "images", cache=cache),
    }


def with_pillow(paths: list[str]) -> None:
    """Pillow alone."""
    with ProcessPoolExecutor(PROCESSES, mp_context=get_context("fork")) as pool:
        sizes = list(pool.map(decode, (paths[place::PROCESSES] for place in range(PROCESSES))))
    assert sum(sizes) == IMAGES


def decode(paths: list[str]) -> int:
    """Each file's pixels, one after another."""
    count = 0
    for path in paths:
        with Image.open(path) as image:
            count += np.asarray(image).shape == (SIDE, SIDE)
    return count


if __name__ == "__main__":
    main()
