"""NaN or infinity in the data: one such value makes every cost and every weight undefined from its first step on.

The evidence is the values themselves, where they are seen. The remedy is to fill or remove them, or to mend what makes
them: a division by zero, the logarithm of 0, a column of equal values that is divided by its deviation.
"""

from goodfit.diagnosis.finding import Finding, Observation, Remedy
from goodfit.diagnosis.program_facts import NonFinite
from goodfit.wording.numbers import number

ID = "non-finite-data"
NAME = "NaN or infinity in the data"
_FEW = 3  # columns or examples that a sentence lists


def find(observation: Observation) -> Finding | None:
    """Return the finding if an input or a target of training or of the dev set is not a finite number."""
    places = _places(observation)
    if not places:
        return None
    sentences = " ".join(_sentence(name, values) for name, values in places.items())
    fill = Remedy(
        "fill-missing-values",
        "fill or remove these values, or mend the step before that makes them (a division by 0, a logarithm of 0)",
        "a single NaN makes the cost and then every weight undefined",
        {},
    )
    counts = {f"non_finite_{name.replace(' ', '_')}": float(values.count) for name, values in places.items()}
    return Finding(ID, NAME, 1, 1.0, sentences, counts, (fill,), layer="inputs" if "inputs" in places else None)


def _places(observation: Observation) -> dict[str, NonFinite]:
    """Return the values that are not finite, by the name of their array."""
    program, data = observation.program, observation.data
    values = {"inputs": data.non_finite if data else None}
    if program is not None:
        values = {
            "inputs": program.inputs.non_finite or values["inputs"],
            "targets": program.targets.non_finite,
            "dev inputs": program.dev_inputs.non_finite,
            "dev targets": program.dev_targets.non_finite,
        }
    return {name: places for name, places in values.items() if places is not None}


def _sentence(name: str, values: NonFinite) -> str:
    """Return 'The inputs hold a value that is NaN or infinite, in column 5 of example 900 (counted from 0).'

    Examples are counted in the order in which the program trains on them, which shuffling changes.
    """
    amount = "a value that is" if values.count == 1 else f"{number(values.count)} values that are"
    parts = {"column": values.columns, "example": values.rows}
    where = " of ".join(f"{part}{'s' if len(at) > 1 else ''} {_listed(at)}" for part, at in parts.items() if at)
    return f"The {name} hold {amount} NaN or infinite{f', in {where} (counted from 0)' if where else ''}."


def _listed(places: tuple[int, ...]) -> str:
    return ", ".join(map(str, places[:_FEW])) + (" and others" if len(places) > _FEW else "")
