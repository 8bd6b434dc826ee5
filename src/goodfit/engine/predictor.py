"""The predictor: one or more networks, each with its preparation and weight, averaged and calibrated."""

import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, Self

import numpy as np
from jaxtyping import Float, Int
from safetensors.numpy import load_file, save_file
from scipy.special import expit, softmax

from goodfit.data.dataset import Features, Schema
from goodfit.data.preparation import Preparation
from goodfit.engine.stack import logits
from goodfit.engine.task import Model
from goodfit.errors import InputError
from goodfit.nets.layers import Moments
from goodfit.plan import Structure
from goodfit.record.calibration import UNCALIBRATED, Calibration
from goodfit.record.run import Run, Weights, pack, unflatten, unpack

MODEL_FILE, PREPARATION_FILE, PREDICTOR_FILE = "model.safetensors", "preparation.json", "predictor.json"
_ROWS_AT_ONCE = 4_096


@dataclass(frozen=True)
class Member:
    """One network of a predictor.

    Attributes:
        name: name of its plan.
        structure: structure of the network.
        weights: parameters and running averages.
        preparation: preparation of its inputs.
        weight: weight in the average.
        calibration: of its own probabilities, before they are averaged.
        residuals: of its training, which correct the bias of a target's transform; empty without one.
    """

    name: str
    structure: Structure
    weights: Weights
    preparation: Preparation
    weight: float = 1.0
    calibration: Calibration = UNCALIBRATED
    residuals: tuple[float, ...] = ()

    def outputs(
        self, features: Features, schema: Schema, rows: Int[np.ndarray, "rows"] | None = None
    ) -> Float[np.ndarray, "rows outputs"]:
        """Return class probabilities, or one column of predictions in the target's unit, for all or these rows."""
        chunks = _chunks(features, rows)
        return np.concatenate([self.outputs_of(self.preparation.transform(chunk), schema) for chunk in chunks])

    def outputs_of(self, inputs: Float[np.ndarray, "rows width"], schema: Schema) -> Float[np.ndarray, "rows outputs"]:
        """Return the same for prepared features."""
        params, averages = unflatten(self.weights)
        model = Model(params, tuple(Moments(*average) for average in averages))  # pyright: ignore[reportArgumentType]
        # The shape of images is a fact of the data, so a plan's structure does not have it.
        structure = replace(self.structure, image=self.preparation.pixels and self.preparation.pixels.shape)
        z = logits(structure, model, inputs).astype(np.float64)
        if schema.task == "regression":
            return self.preparation.target_out(z[:, 0], self.residuals)[:, None]
        if schema.task == "binary":
            positive = expit(z[:, 0])
            probabilities = np.stack([1 - positive, positive], axis=1)
        else:
            probabilities = softmax(z, axis=1)
        return self.calibration.apply(probabilities)


def member_of(
    run: Run,
    name: str,
    weights: Weights | None = None,
    weight: float = 1.0,
    calibration: Calibration = UNCALIBRATED,
) -> Member:
    """Return the run's best network, or one of its snapshots, as a member."""
    parameters = run.best if weights is None else weights
    return Member(name, run.plan.structure, parameters, run.preparation, weight, calibration, run.residuals)


@dataclass(frozen=True)
class Predictor:
    """The weighted mean of its members' outputs; probabilities are then calibrated.

    Attributes:
        schema: needed to read a row.
        members: networks; their weights need not sum to 1.
        calibration: of the mean probabilities.
    """

    schema: Schema
    members: tuple[Member, ...]
    calibration: Calibration = UNCALIBRATED

    def outputs(
        self, features: Features, rows: Int[np.ndarray, "rows"] | None = None
    ) -> Float[np.ndarray, "rows outputs"]:
        """Return calibrated class probabilities, or one column of predictions, for all or these rows."""
        mean = np.concatenate([self._mean(chunk) for chunk in _chunks(features, rows)])
        return mean if self.schema.task == "regression" else self.calibration.apply(mean)

    def _mean(self, features: Features) -> Float[np.ndarray, "rows outputs"]:
        """Return the weighted mean of the members' outputs."""
        total = sum(member.weight for member in self.members)
        mean = np.zeros(1)
        prepared: dict[int, np.ndarray] = {}
        for member in self.members:
            key = id(member.preparation)  # members of one call share the object, so features are prepared once
            if key not in prepared:
                prepared[key] = member.preparation.transform(features)
            mean = mean + member.outputs_of(prepared[key], self.schema) * (member.weight / total)
        return mean

    def save(self, folder: Path) -> None:
        """Write the weights, preparations and list of members, without pickle."""
        preparations = list({id(member.preparation): member.preparation for member in self.members}.values())
        place = {id(preparation): index for index, preparation in enumerate(preparations)}
        arrays: Weights = {}
        members = []
        for index, member in enumerate(self.members):
            arrays |= {f"{index}/{name}": leaf for name, leaf in pack(member.weights).items()}
            members.append(
                {
                    "name": member.name,
                    "structure": asdict(member.structure),
                    "preparation": place[id(member.preparation)],
                    "weight": member.weight,
                    **member.calibration._asdict(),
                    "residuals": member.residuals,
                }
            )
        # safetensors writes an array's memory as it lies: a transposed view would be read back in the wrong order.
        save_file({name: np.ascontiguousarray(leaf) for name, leaf in arrays.items()}, folder / MODEL_FILE)
        (folder / PREPARATION_FILE).write_text(json.dumps([preparation.to_dict() for preparation in preparations]))
        facts = {**self.calibration._asdict(), "members": members}
        (folder / PREDICTOR_FILE).write_text(json.dumps(facts, indent=1))

    @classmethod
    def load(cls, folder: Path, schema: Schema) -> Self:
        """Read a predictor that `save` wrote.

        Raises:
            InputError: a file is missing or damaged.
        """
        try:
            facts = json.loads((folder / PREDICTOR_FILE).read_text())
            preparations = [
                Preparation.from_dict(values) for values in json.loads((folder / PREPARATION_FILE).read_text())
            ]
            arrays = load_file(folder / MODEL_FILE)
            members = tuple(_member(index, entry, arrays, preparations) for index, entry in enumerate(facts["members"]))
            return cls(schema, members, _calibration(facts))
        except FileNotFoundError as error:
            name = Path(error.filename or MODEL_FILE).name
            raise InputError(f"{folder} has no {name}: the run is damaged or not finished; train it again") from None
        except Exception as error:  # any other failure means the same to the user
            raise InputError(f"the model in {folder} is damaged ({error}); train it again") from None


def _chunks(features: Features, rows: Int[np.ndarray, "rows"] | None) -> Iterator[Features]:
    """Yield the features of all or these rows in chunks: together, images may not fit in memory."""
    indices = np.arange(len(features.numbers)) if rows is None else rows
    starts = range(0, max(1, len(indices)), _ROWS_AT_ONCE)  # without rows too there is a chunk, an empty one
    return (features.take(indices[start : start + _ROWS_AT_ONCE]) for start in starts)


def _member(index: int, facts: dict[str, Any], arrays: Weights, preparations: list[Preparation]) -> Member:
    settings = {**facts["structure"], "hidden_units": tuple(facts["structure"]["hidden_units"]), "image": None}
    structure = Structure(**settings)
    weights = {name.split("/", 1)[1]: leaf for name, leaf in arrays.items() if name.startswith(f"{index}/")}
    preparation, residuals = preparations[facts["preparation"]], tuple(facts.get("residuals", ()))
    calibration, weight = _calibration(facts), facts["weight"]
    return Member(facts["name"], structure, unpack(weights), preparation, weight, calibration, residuals)


def _calibration(facts: dict[str, Any]) -> Calibration:
    """Return a calibration as it was saved; older runs have no offsets, and their members no temperature."""
    return Calibration(float(facts.get("temperature", 1.0)), tuple(facts.get("offsets", ())))
