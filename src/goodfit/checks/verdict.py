"""The outcome of a gradient check: the relative error in the bands of the course notes, by block and overall."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from jaxtyping import Bool, Float

from goodfit.record.plain import PlainData
from goodfit.wording.numbers import scientific

Verdict = Literal["great", "look closer", "wrong"]
BlockVerdict = Literal["great", "look closer", "wrong", "within rounding"]

GREAT, LIKELY, WRONG = 1e-7, 1e-5, 1e-3  # course notes: gradient checking
_EVIDENT = 3.0  # multiple of the differences' own doubt from which a disagreement is evident
_MOST_KINKS = 0.1  # share of a block's entries; with more, some entries may have several kinks, which do not show


@dataclass(frozen=True)
class Block(PlainData):
    """The outcome for one block of the parameters.

    Attributes:
        name: its path in the pytree.
        size: number of entries.
        error: ||a − b|| / (||a|| + ||b||) over them, with the gradient a and the differences b.
        gradient_norm: ||a||.
        verdict: by the bands of the course notes; `within rounding` if the differences cannot resolve the gradient.
    """

    name: str
    size: int
    error: float
    gradient_norm: float
    verdict: BlockVerdict


@dataclass(frozen=True)
class Entry(PlainData):
    """An entry of the gradient: its block, its index in the block, and both values."""

    name: str
    index: tuple[int, ...]
    gradient: float
    numerical: float


@dataclass(frozen=True, repr=False)
class GradientCheck(PlainData):
    """The outcome of a gradient check.

    The bands of the course notes are: below 1e-7 great, around 1e-5 look closer, from 1e-3 wrong. Here everything
    between 1e-7 and 1e-3 is `look closer`; above 1e-5 `reason` says that a mistake is likely.

    Attributes:
        error: relative error over everything that was compared.
        verdict: the worst of the verdicts overall and on the blocks, so that a wrong bias is not lost beside a
            large matrix.
        reason: the verdict in a sentence.
        cost: at the parameters.
        parameters: number of entries.
        directions: number of random directions compared in each block; None if every entry was compared.
        blocks: the outcome for each block.
        worst: the entries that differ most, the worst first; empty with directions.
        warnings: reasons not to trust the check itself.
        epsilon: the step that was given; None if it was scaled to the values.
        resolution: the relative error that the differences' own inaccuracy explains: the change when ε is halved.
        chance_of_missing: probability that one wrong entry of typical size in the largest block passes as great.
    """

    error: float
    verdict: Verdict
    reason: str
    cost: float
    parameters: int
    directions: int | None
    blocks: tuple[Block, ...]
    worst: tuple[Entry, ...]
    warnings: tuple[str, ...]
    epsilon: float | None
    resolution: float
    chance_of_missing: float

    @property
    def latest_wrong(self) -> tuple[str, ...]:
        """Names of the wrong blocks in the last layer that has any: a wrong derivative spoils all earlier layers.

        Layers are distinguished and ordered by the numbers in the blocks' names.
        """
        return latest(self.blocks)

    def __repr__(self) -> str:
        """Return the verdict and its reason on one line."""
        return f"GradientCheck({self.verdict}; {self.reason})"

    def to_dict(self) -> dict[str, Any]:
        """Return the outcome as JSON values."""
        return super().to_dict() | {"latest_wrong": list(self.latest_wrong)}


def latest(blocks: Sequence[Block]) -> tuple[str, ...]:
    """Return the names of the wrong blocks in the last layer that has any."""
    wrong = [block.name for block in blocks if block.verdict == "wrong"]
    layer = max(map(layer_of, wrong), default=())
    return tuple(name for name in wrong if layer_of(name) == layer)


def layer_of(name: str) -> tuple[int, ...]:
    """Return the numbers in a block's name, which order the layers whatever the names around them.

    >>> layer_of("layers.10.W") > layer_of("layers.9.W"), layer_of("W2")
    (True, (2,))
    """
    return tuple(int(number) for number in re.findall(r"\d+", name))


def relative_error(a: Float[np.ndarray, "n"], b: Float[np.ndarray, "n"]) -> float:
    """Return ||a − b|| / (||a|| + ||b||) (course notes: gradient checking); 0 if both are 0.

    >>> round(relative_error(np.array([3.0, 4.0]), np.array([0.0, 0.0])), 3)
    1.0
    """
    total = _norm(a) + _norm(b)
    return _norm(a - b) / total if total else 0.0


def distrusted(kinks: Bool[np.ndarray, "probes"], places: Sequence[slice]) -> Bool[np.ndarray, "probes"]:
    """Return the probes to ignore: those at kinks, and all probes of a block with many kinks."""
    left_out = kinks.copy()
    for probes in places:
        left_out[probes] |= kinks[probes].sum() > _MOST_KINKS * len(kinks[probes])
    return left_out


@dataclass(frozen=True)
class Judged:
    """Comparison of gradient and differences over some probes.

    Attributes:
        error: relative error over all of them.
        sound: relative error over those that are not ignored.
        resolution: the part of it that the differences' inaccuracy explains.
        evident: True if the two differ by clearly more than that.
        verdict: on these probes.
    """

    error: float
    sound: float
    resolution: float
    evident: bool
    verdict: Verdict


def judged(
    gradient: Float[np.ndarray, "probes"],
    slopes: Float[np.ndarray, "probes"],
    doubts: Float[np.ndarray, "probes"],
    left_out: Bool[np.ndarray, "probes"],
) -> Judged:
    """Compare gradient and differences; a disagreement that rounding or kinks explain is never called wrong."""
    error, trusted = relative_error(gradient, slopes), ~left_out
    a, b = gradient[trusted], slopes[trusted]
    sound, doubt, total = relative_error(a, b), _norm(doubts[trusted]), _norm(a) + _norm(b)
    evident = _norm(a - b) > _EVIDENT * doubt
    verdict = band(sound)
    if verdict == "wrong" and not evident:
        verdict = "look closer"
    # A great verdict must not rest on what was left out.
    if verdict == "great" and left_out.any() and (error >= GREAT or left_out.mean() > _MOST_KINKS):
        verdict = "look closer"
    return Judged(error, sound, doubt / total if total else 0.0, evident, verdict)


def band(error: float) -> Verdict:
    """Return the band of a relative error in the course notes.

    >>> band(9e-10), band(1e-5), band(1e-3)
    ('great', 'look closer', 'wrong')
    """
    return "great" if error < GREAT else "wrong" if error >= WRONG else "look closer"


def worst_of(overall: Judged, blocks: list[Judged]) -> Verdict:
    """Return the verdict on everything."""
    # A block counts where it differs evidently: rounding alone makes a large relative error of tiny gradients.
    order: tuple[Verdict, ...] = ("great", "look closer", "wrong")
    return max([overall.verdict, *(block.verdict for block in blocks if block.evident)], key=order.index)


def block_verdict(block: Judged) -> BlockVerdict:
    """Return the verdict on a block; differences that only show their own inaccuracy leave it open."""
    return "within rounding" if block.sound >= GREAT and not block.evident else block.verdict


def reason(verdict: Verdict, overall: Judged, blocks: Sequence[Block], latest: tuple[str, ...], ignored: float) -> str:
    """Return the verdict in a sentence; `ignored` is the share of the probes that are left out."""
    words = f"relative error {scientific(overall.error)}"
    if verdict == "great":
        return f"{words}: gradient and differences agree, so the gradient is very likely right"
    if verdict == "wrong":
        if not latest:
            return f"{words}: the gradient is wrong"
        where = f"the last layer with a mistake is that of {' and '.join(latest)}"
        return f"{words}: the gradient is wrong; {where}; start there, since it spoils all earlier layers"
    if ignored == 1:
        return f"{words}, but kinks of the cost spoil the whole check, so it proves nothing; pass a smaller epsilon"
    if ignored:
        return f"{words}; without the entries that kinks spoil it is {scientific(overall.sound)}"
    if not overall.evident and not any(block.verdict == "look closer" for block in blocks):
        return f"{words}: no more than the differences' own inaccuracy explains"
    largest = max([overall.sound, *(block.error for block in blocks if block.verdict == "look closer")])
    if largest <= LIKELY:
        return f"{words}: this can be right, but look for single entries that differ much"
    return f"{words}, {scientific(largest)} in the worst block: more than rounding explains; a mistake is likely"


def _norm(values: Float[np.ndarray, "n"]) -> float:
    return float(np.linalg.norm(values))
