"""Start of a branch: a new run that continues from another run's parameters, as far as their shapes allow."""

import hashlib
from pathlib import Path

import numpy as np
from safetensors.numpy import load_file, save

from goodfit.engine.task import Model, State
from goodfit.nets.layers import Moments
from goodfit.record.run import Weights, flatten, unflatten
from goodfit.run_folder.names import ORIGIN_FILE
from goodfit.run_folder.whole_files import write_whole


def write_origin(folder: Path, weights: Weights) -> None:
    """Write the parameters that a run shall start from to its folder.

    Raises:
        OSError: the file cannot be written.
    """
    write_whole(folder / ORIGIN_FILE, save({name: np.ascontiguousarray(weight) for name, weight in weights.items()}))


def read_origin(folder: Path) -> tuple[Weights, str]:
    """Return the parameters that a run starts from, and a digest that identifies them."""
    return load_file(folder / ORIGIN_FILE), hashlib.sha256((folder / ORIGIN_FILE).read_bytes()).hexdigest()


def fitting_names(state: State, weights: Weights) -> list[str]:
    """Return the names of the weights that have the same shape in a new network; batch norm's averages all or none.

    Args:
        state: of the new network.
        weights: of the run that it starts from.
    """
    target = flatten(*state.model)
    fits = [name for name, weight in weights.items() if name in target and target[name].shape == weight.shape]
    averages = {name for name in target if name.startswith("averages.")}
    # One count of steps corrects the bias of all averages, so those of two runs cannot be mixed.
    return fits if averages <= set(fits) else [name for name in fits if name not in averages]


def warm_started(state: State, weights: Weights) -> State:
    """Return a new network's state with another run's weights wherever they fit."""
    fits = fitting_names(state, weights)
    params, averages = unflatten(flatten(*state.model) | {name: weights[name] for name in fits})
    model = Model(params, tuple(Moments(*average) for average in averages))  # pyright: ignore[reportArgumentType]
    has_averages = any(name.startswith("averages.") for name in fits)
    # Saved averages are corrected for their bias already, so the denominator of the correction is 1.
    averaged = np.ones_like(state.averaged) if has_averages else state.averaged
    return state._replace(model=model, best=model, averaged=averaged)
