"""A branch: a new run that starts from another one's parameters, where their shapes allow."""

import hashlib
from pathlib import Path

import numpy as np
from safetensors.numpy import load_file, save_file

from goodfit.engine.task import Model, State
from goodfit.nets.layers import Moments
from goodfit.record.run import Weights, flatten, unflatten
from goodfit.run_folder.archive import CHECKPOINT_FOLDER

_FILE = f"{CHECKPOINT_FOLDER}/origin.safetensors"


def write_origin(folder: Path, weights: Weights) -> None:
    """Leave the parameters that a run shall start from in its folder.

    Raises:
        OSError: they cannot be written.
    """
    save_file({name: np.ascontiguousarray(leaf) for name, leaf in weights.items()}, folder / _FILE)


def read_origin(folder: Path) -> tuple[Weights, str]:
    """The parameters that a run starts from, and what tells them from others."""
    return load_file(folder / _FILE), hashlib.sha256((folder / _FILE).read_bytes()).hexdigest()


def fitting(state: State, weights: Weights) -> list[str]:
    """Names of the weights that a first state has in the same shape; batch norm's averages all or none."""
    own = flatten(*state.model)
    fits = [name for name, leaf in weights.items() if name in own and own[name].shape == leaf.shape]
    averages = {name for name in own if name.startswith("averages.")}
    return fits if averages <= set(fits) else [name for name in fits if name not in averages]


def grafted(state: State, weights: Weights) -> State:
    """A first state with these weights where they fit."""
    fits = fitting(state, weights)
    params, averages = unflatten(flatten(*state.model) | {name: weights[name] for name in fits})
    model = Model(params, tuple(Moments(*average) for average in averages))  # pyright: ignore[reportArgumentType]
    averaged = np.ones_like(state.averaged) if any(name.startswith("averages.") for name in fits) else state.averaged
    return state._replace(model=model, best=model, averaged=averaged)
