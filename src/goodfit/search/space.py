"""A search space: a function from an Optuna trial to a plan, as users of Optuna write them, with a description."""

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, Self

import optuna
import yaml

from goodfit.errors import InputError, nearest
from goodfit.plan import SETTINGS, Plan
from goodfit.search import notation, scales, trial_plans
from goodfit.search.importance import LAST_TIER, USUAL, applies
from goodfit.search.scales import Dimension
from goodfit.search.trial_plans import LAYERS, UNITS, WIDTHS
from goodfit.settings import suggestion

_PER_DIMENSION = 10  # trials for each hyperparameter searched (Loeppky, Sacks & Welch 2009)
_EXAMPLE = "learning_rate=log:1e-4..1e-1"
_COMPLEMENTS = {entry.complement: entry.name for entry in SETTINGS.values() if entry.complement}
_IN_YAML = f"one `{_EXAMPLE.replace('=', ': ')}` a line"


class LeftOut(NamedTuple):
    """The hyperparameters that a default space leaves out because there are few trials.

    Attributes:
        trials: number of trials.
        tiers: names of these hyperparameters, by tier.
    """

    trials: int
    tiers: tuple[tuple[str, ...], ...]


@dataclass(frozen=True)
class Space:
    """The searched hyperparameters and their ranges; called with an Optuna trial, it returns the trial's plan.

    Attributes:
        base: the plan whose settings hold where the space says nothing.
        dimensions: in the course notes' order of importance.
        fixed: names and values of the settings that were given one value.
        left_out: the rest of a default space with few trials.
    """

    base: Plan
    dimensions: tuple[Dimension, ...]
    fixed: tuple[tuple[str, Any], ...] = ()
    left_out: LeftOut | None = None

    @classmethod
    def default(cls, trials: int, base: Plan) -> Self:
        """Return the first tiers of importance around a plan, as many as leave ten trials to each hyperparameter.

        >>> [dimension.name for dimension in Space.default(40, Plan()).dimensions]
        ['learning_rate', 'beta1', 'batch_size', 'units']

        Args:
            trials: number of trials of the search.
            base: the plan that trials differ from.

        Raises:
            InputError: fewer than one trial.
        """
        if trials < 1:
            raise InputError(f"a search of {trials} trials finds nothing; give 1 or more")
        names = [name for name, usual in USUAL.items() if usual.tier <= LAST_TIER and applies(name, base)]
        tiers = [[name for name in names if USUAL[name].tier == tier] for tier in range(1, LAST_TIER + 1)]
        needed_trials = itertools.accumulate(_PER_DIMENSION * len(tier) for tier in tiers)
        count = max(sum(least <= trials for least in needed_trials), 1)  # the first tier even with too few trials
        space = cls.parse([f"{name}={USUAL[name].text}" for tier in tiers[:count] for name in tier], base)
        return cls(space.base, space.dimensions, left_out=LeftOut(trials, tuple(map(tuple, tiers[count:]))))

    @classmethod
    def parse(cls, lines: Sequence[str], base: Plan) -> Self:
        """Read lines such as `learning_rate=log:1e-4..1e-1`, `activation=choice:relu,tanh` and `epochs=30`.

        Args:
            lines: `name=scale:low..high`, or without the scale for the usual one; `name=value` fixes a setting.
            base: the plan that trials differ from.

        Raises:
            InputError: a malformed line, a range that its scale cannot have, an unknown name.
            PlanError: a value that no plan takes.
        """
        texts: dict[str, str] = {}
        for line in lines:
            name, equals, text = (part.strip() for part in line.partition("="))
            if not (name and equals and text):
                raise InputError(f"the space's line {line!r} is malformed; write it as in {_EXAMPLE}")
            if name in _COMPLEMENTS:
                name, text = _COMPLEMENTS[name], notation.mirrored(name, text)
            if name in texts:
                raise InputError(f"the space has {name} twice; give it one line")
            texts[name] = text
        fixed = {name: _value(name, text) for name, text in texts.items() if notation.is_fixed(text, _usual(name))}
        if WIDTHS in texts and (WIDTHS not in fixed or {UNITS, LAYERS} & texts.keys()):
            raise InputError(f"{WIDTHS} is searched as {UNITS} and {LAYERS}; write {UNITS}={USUAL[UNITS].text}")
        # The order of importance: it is the order of draws, so that the same lines in any order are the same search.
        ranged = sorted(texts.keys() - fixed.keys(), key=list(USUAL).index)
        dimensions = tuple(notation.read(name, texts[name], USUAL[name].tier, USUAL[name].text) for name in ranged)
        trial_plans.check(base, fixed, dimensions)
        return cls(base, dimensions, tuple(fixed.items()))

    @classmethod
    def from_yaml(cls, text: str, base: Plan) -> Self:
        """Read a YAML mapping with lines such as `learning_rate: log:1e-4..1e-1`.

        Raises:
            InputError: not a mapping, or as in `parse`.
            PlanError: a value that no plan takes.
        """
        try:
            lines = yaml.load(text, yaml.BaseLoader)  # all as text: numbers are read as on the command line
        except yaml.YAMLError as error:
            raise InputError(f"the space is not valid YAML ({str(error).splitlines()[0]}); write {_IN_YAML}") from None
        if not isinstance(lines, dict):
            raise InputError(f"the space is not a YAML mapping; write {_IN_YAML}")
        return cls.parse([f"{name}={_flow(value)}" for name, value in lines.items()], base)

    def to_yaml(self) -> str:
        """Return the YAML that `from_yaml` reads back with the same base."""
        lines = {dimension.name: notation.written(dimension) for dimension in self.dimensions} | dict(self.fixed)
        return yaml.safe_dump(lines, sort_keys=False)

    def __call__(self, trial: optuna.trial.BaseTrial) -> Plan:
        """Return the trial's plan, whose parameters Optuna draws on their scales."""
        settings = dict(self.fixed)
        for dimension in self.dimensions:  # `layers` comes before the dimensions that each layer has
            if dimension.each_layer:
                layers = range(1, trial_plans.depth(self.base, settings) + 1)
                settings[dimension.name] = tuple(scales.suggest(dimension, trial, layer) for layer in layers)
            else:
                settings[dimension.name] = scales.suggest(dimension, trial)
        return trial_plans.plan_of(self.base, settings)

    @property
    def structural(self) -> frozenset[str]:
        """Optuna's names of the parameters that change what is compiled, which makes them expensive to vary."""
        fixed = dict(self.fixed)
        compiled = [
            dimension
            for dimension in self.dimensions
            if trial_plans.is_structural(self.base, fixed, self.dimensions, dimension)
        ]
        return frozenset(name for dimension in compiled for name in self._parameters(dimension))

    def values(self, params: dict[str, Any]) -> dict[str, Any]:
        """Return a trial's parameters as people read them: beta1 for Optuna's 1-beta1, units for log2 units."""
        return dict(scales.readable(name, value) for name, value in params.items())

    def position(self, name: str, value: Any) -> float:
        """Return the position in its range, 0 to 1 on the hyperparameter's scale, of a value as in `values`."""
        for dimension in self.dimensions:
            if name in {scales.readable(parameter, 1.0)[0] for parameter in self._parameters(dimension)}:
                return scales.position(dimension, value)
        raise InputError(f"{name} is not searched: {nearest(name, [dimension.name for dimension in self.dimensions])}")

    def description(self) -> str:
        """Return one or two sentences on what is searched and why."""
        names = _joined([dimension.name for dimension in self.dimensions])
        if self.left_out is None or not self.left_out.tiers:
            return f"Searched, in the order of importance: {names}."
        trials, tiers = self.left_out
        least = _PER_DIMENSION * (len(self.dimensions) + len(tiers[0]))
        return (
            f"With {trials} trials, only the most important hyperparameters are searched: {names}. With {least} or "
            f"more, ten for each, {_joined(tiers[0])} would be searched too; here they keep the plan's values."
        )

    def _parameters(self, dimension: Dimension) -> list[str]:
        """Return Optuna's names of a dimension's parameters: one, or one for each layer of the deepest network."""
        if not dimension.each_layer:
            return [scales.parameter(dimension)]
        layers = [searched for searched in self.dimensions if searched.name == LAYERS]
        depths = [depth for searched in layers for depth in scales.values(searched)]
        most = max(depths, default=trial_plans.depth(self.base, dict(self.fixed)))
        return [scales.parameter(dimension, layer) for layer in range(1, most + 1)]


def _usual(name: str) -> str:
    """Return the text of its usual range.

    Raises:
        InputError: nothing of that name can be searched; the nearest name that can be is suggested.
    """
    if name == WIDTHS:
        return ""
    if name not in USUAL:
        raise InputError(f"unknown hyperparameter '{name}' in the space: {suggestion(name, SETTINGS, USUAL)}")
    return USUAL[name].text


def _value(name: str, text: str) -> Any:
    try:
        return yaml.safe_load(text)
    except yaml.YAMLError:
        raise InputError(
            f"{name}={text} is neither a value nor a range; write it as in {_EXAMPLE} or epochs=30"
        ) from None


def _flow(value: Any) -> str:
    return f"[{', '.join(map(str, value))}]" if isinstance(value, list) else str(value)


def _joined(names: Sequence[str]) -> str:
    return " and ".join([", ".join(names[:-1]), names[-1]] if len(names) > 1 else names)
