"""The model of a run: its networks with their preparations, written without pickle and read without JAX."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from safetensors import SafetensorError
from safetensors.numpy import load, save

from goodfit.data.preparation import Preparation
from goodfit.plan import Structure
from goodfit.record.calibration import UNCALIBRATED, Calibration
from goodfit.record.member import MemberData
from goodfit.record.plain import PlainData
from goodfit.record.run import Weights, pack, unpack
from goodfit.run_folder.json_files import damaged, read_bytes, read_value, write_json
from goodfit.run_folder.names import MODEL_FILE, PREDICTOR_FILE, PREPARATION_FILE
from goodfit.run_folder.whole_files import write_whole


class SavedModel(NamedTuple):
    """The networks of a run, whose outputs are averaged.

    Attributes:
        members: the networks.
        calibration: of the mean.
    """

    members: tuple[MemberData, ...]
    calibration: Calibration


@dataclass(frozen=True, kw_only=True)
class _Preparations(PlainData):
    """The preparations, each once however many networks share it."""

    preparations: tuple[Preparation, ...]


@dataclass(frozen=True, kw_only=True)
class _MemberFacts(PlainData):
    """A network without its arrays; its preparation by its place in the list."""

    name: str
    structure: dict[str, Any]
    preparation: int
    weight: float
    temperature: float
    offsets: tuple[float, ...]
    residuals: tuple[float, ...]


@dataclass(frozen=True, kw_only=True)
class _ModelFacts(PlainData):
    """The model without its arrays."""

    temperature: float
    offsets: tuple[float, ...]
    members: tuple[_MemberFacts, ...]


def write_model(folder: Path, members: Sequence[MemberData], calibration: Calibration = UNCALIBRATED) -> None:
    """Write the networks of a run; arguments as the fields of `SavedModel`.

    Raises:
        OSError: a file cannot be written.
    """
    # By identity: networks that were prepared alike share one object, which is written once.
    preparations = list({id(member.preparation): member.preparation for member in members}.values())
    places = {id(preparation): place for place, preparation in enumerate(preparations)}
    arrays: Weights = {}
    for place, member in enumerate(members):
        arrays |= {f"{place}/{name}": leaf for name, leaf in pack(member.weights).items()}
    # safetensors writes an array's memory as it lies: a transposed view would be read back in the wrong order.
    write_whole(folder / MODEL_FILE, save({name: np.ascontiguousarray(leaf) for name, leaf in arrays.items()}))
    write_json(folder / PREPARATION_FILE, _Preparations(preparations=tuple(preparations)).to_dict())
    facts = tuple(
        _MemberFacts(
            name=member.name,
            structure=asdict(member.structure),
            preparation=places[id(member.preparation)],
            weight=member.weight,
            **member.calibration._asdict(),
            residuals=member.residuals,
        )
        for member in members
    )
    write_json(folder / PREDICTOR_FILE, _ModelFacts(**calibration._asdict(), members=facts).to_dict())


def read_model(folder: Path) -> SavedModel:
    """Return the networks of a run.

    Raises:
        InputError: a file is missing or damaged.
    """
    facts = read_value(_ModelFacts, folder / PREDICTOR_FILE)
    preparations = read_value(_Preparations, folder / PREPARATION_FILE).preparations
    try:
        arrays = load(read_bytes(folder / MODEL_FILE))
    except SafetensorError as error:
        raise damaged(folder / MODEL_FILE, error) from None
    try:
        members = [_member(place, member, arrays, preparations) for place, member in enumerate(facts.members)]
    except (KeyError, IndexError, TypeError, ValueError) as error:
        raise damaged(folder / PREDICTOR_FILE, f"it does not fit its arrays: {error}") from None
    return SavedModel(tuple(members), Calibration(facts.temperature, facts.offsets))


def _member(place: int, facts: _MemberFacts, arrays: Weights, preparations: Sequence[Preparation]) -> MemberData:
    settings = {**facts.structure, "hidden_units": tuple(facts.structure["hidden_units"]), "image": None}
    weights = {name.split("/", 1)[1]: leaf for name, leaf in arrays.items() if name.startswith(f"{place}/")}
    return MemberData(
        facts.name,
        Structure(**settings),
        unpack(weights),
        preparations[facts.preparation],
        facts.weight,
        Calibration(facts.temperature, facts.offsets),
        facts.residuals,
    )
