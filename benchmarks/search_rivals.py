"""What `search.py` compares with: an eager PyTorch loop, driven by Optuna or by Ray Tune, in a process of its own.

    python benchmarks/search_rivals.py {optuna,ray} CASE.json [threads] [n_jobs]

The loop is the quickest eager one that was found: rows in memory, prepared; an epoch's order gathered once and cut into
views; fused Adam. It looks at the dev set alone after each epoch, where goodfit looks at the training set as well.
"""

import logging
import os
import sys
import tempfile
import time
from collections.abc import Callable
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np
import optuna
import torch
from optuna.trial import FixedTrial
from torch.nn import functional

from goodfit.plan import Plan
from search_cases import Case, Listed, told

CORES = len(os.sched_getaffinity(0))
CLASSES = 10


class Rows(NamedTuple):
    """Prepared data in memory."""

    train: torch.Tensor
    train_target: torch.Tensor
    dev: torch.Tensor
    dev_target: torch.Tensor


class Trained(NamedTuple):
    """What came of a training: the dev error where the dev cost was least."""

    dev_error: float
    epochs: int


def network(plan: Plan, inputs: int) -> torch.nn.Sequential:
    """Linear, ReLU and dropout for each hidden layer; He's first weights."""
    layers: list[torch.nn.Module] = []
    for (before, units), keep_prob in zip(pairwise((inputs, *plan.hidden_units)), plan.keep_probs, strict=True):
        linear = torch.nn.Linear(before, units)
        torch.nn.init.kaiming_normal_(linear.weight)
        torch.nn.init.zeros_(linear.bias)
        layers += [linear, torch.nn.ReLU(), torch.nn.Dropout(1 - keep_prob)]
    return torch.nn.Sequential(*layers, torch.nn.Linear(plan.hidden_units[-1], CLASSES))


def adam(plan: Plan, model: torch.nn.Module, m: int) -> torch.optim.Adam:
    """Adam with the penalty (λ/2m)·Σw² on weights alone."""
    weights = [parameter for parameter in model.parameters() if parameter.dim() > 1]
    biases = [parameter for parameter in model.parameters() if parameter.dim() == 1]
    groups: list[dict[str, Any]] = [{"params": weights, "weight_decay": plan.l2 / m}, {"params": biases}]
    betas = (plan.beta1, plan.beta2)
    return torch.optim.Adam(groups, lr=plan.learning_rate, betas=betas, eps=plan.epsilon, fused=True)


def train(plan: Plan, rows: Rows, seed: int) -> Trained:
    """All epochs of one plan; an incomplete last batch is dropped, as in goodfit."""
    torch.manual_seed(seed)
    m, batch = len(rows.train), plan.batch_size
    model = network(plan, rows.train.shape[1])
    optimizer = adam(plan, model, m)
    best, trained = (float("inf"), 1.0), 0
    while trained < plan.epochs:
        model.train()
        order = torch.randperm(m)[: m // batch * batch]
        for inputs, targets in zip(rows.train[order].split(batch), rows.train_target[order].split(batch), strict=True):
            optimizer.zero_grad()
            functional.cross_entropy(model(inputs), targets).backward()
            optimizer.step()
        model.eval()
        with torch.inference_mode():
            logits = model(rows.dev)
            cost = float(functional.cross_entropy(logits, rows.dev_target))
            error = float((logits.argmax(1) != rows.dev_target).float().mean())
        trained += 1
        if not np.isfinite(cost):
            break
        best = min(best, (cost, error))
    return Trained(best[1], trained)


def read_rows(path: str) -> Rows:
    """The data as tensors."""
    with np.load(path) as arrays:
        return Rows(*(torch.from_numpy(arrays[name]) for name in Rows._fields))


def by_optuna(case: Case, threads: int, jobs: int) -> None:
    """Trials asked of Optuna, in so many threads of this process."""
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    torch.set_num_threads(threads)
    rows, space = read_rows(case.data), case.space
    trained: list[Trained] = []

    def objective(trial: optuna.Trial) -> float:
        trained.append(train(space(trial), rows, trial.number))
        return trained[-1].dev_error

    train(space.base.with_(epochs=1), rows, 0)  # PyTorch's own first call
    began = time.perf_counter()
    study = optuna.create_study(storage=case.storage, sampler=Listed(case.drawn))
    study.optimize(objective, n_trials=case.trials, n_jobs=jobs)
    name = f"Optuna, PyTorch, n_jobs={jobs}, threads: {threads}"
    told(name, time.perf_counter() - began, *map(list, zip(*trained, strict=True)))


def by_ray(case: Case) -> None:
    """Trials given to Ray Tune, as many at once as there are cores; its actors are used again, nothing is logged."""
    os.environ |= {"RAY_USAGE_STATS_ENABLED": "0", "TUNE_DISABLE_AUTO_CALLBACK_LOGGERS": "1"}
    import ray
    from ray import tune

    ray.init("local", num_cpus=CORES, include_dashboard=False, log_to_driver=False, logging_level=logging.ERROR)
    began = time.perf_counter()
    tuner = tune.Tuner(
        tune.with_resources(tune.with_parameters(_trainable(), case=case, rows=read_rows(case.data)), {"cpu": 1}),
        param_space={"number": tune.grid_search(list(range(case.trials)))},
        tune_config=tune.TuneConfig(metric="dev_error", mode="min", reuse_actors=True),
        run_config=tune.RunConfig(storage_path=tempfile.mkdtemp(prefix="goodfit-bench-ray-"), verbose=0),
    )
    results = tuner.fit()
    seconds = time.perf_counter() - began
    each = [result.metrics or {} for result in results]
    told("Ray Tune, PyTorch", seconds, [one["dev_error"] for one in each], [one["epochs"] for one in each])
    ray.shutdown()


def _trainable() -> Callable[..., None]:
    def trainable(config: dict[str, Any], case: Case, rows: Rows) -> None:
        from ray import tune

        torch.set_num_threads(1)
        number = config["number"]
        trained = train(case.space(FixedTrial(case.drawn[number], number)), rows, number)
        tune.report(trained._asdict())

    return trainable


def main() -> None:
    kind, path, *numbers = sys.argv[1:]
    case = Case.read(path)
    if kind == "ray":
        by_ray(case)
    else:
        by_optuna(case, *map(int, numbers))


if __name__ == "__main__":
    main()
