"""What a gradient check found: the seed's relative error in the seed's bands, by block and as a whole."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal

import numpy as np
from jaxtyping import Bool, Float

from goodfit.checks.parameters import layer_of
from goodfit.wording.numbers import scientific

Verdict = Literal["great", "look closer", "wrong"]
BlockVerdict = Literal["great", "look closer", "wrong", "within rounding"]

GREAT, LIKELY, WRONG = 1e-7, 1e-5, 1e-3  # seed: gradient checking
_EVIDENT = 3.0  # times what the differences are in doubt by
_MOST_KINKS = 0.1  # of a block's entries; with more, others may have several, which do not show


@dataclass(frozen=True)
class Block:
    """One block of the parameters.

    Attributes:
        name: its path in the pytree.
        size: how many entries it has.
        error: ||a − b|| / (||a|| + ||b||) over them, a being the gradient and b the differences.
        gradient_norm: ||a||.
        verdict: by the seed's bands; `within rounding` where the differences cannot see so small a gradient.
    """

    name: str
    size: int
    error: float
    gradient_norm: float
    verdict: BlockVerdict


@dataclass(frozen=True)
class Entry:
    """One entry of the gradient: its block, its index there, and both values."""

    name: str
    index: tuple[int, ...]
    gradient: float
    numerical: float


@dataclass(frozen=True)
class GradientCheck:
    """The outcome of a gradient check.

    The seed's bands are: below 1e-7 `great`, from 1e-3 `wrong`, and around 1e-5 one should look closer. All between
    1e-7 and 1e-3 is called `look closer` here; above 1e-5 `reason` says that a mistake is likely.

    Attributes:
        error: the seed's relative error over everything that was compared.
        verdict: the worst of the whole's and the blocks', so that a wrong bias is not lost beside a large matrix.
        reason: that in a sentence.
        cost: at the parameters.
        parameters: how many entries there are.
        directions: random directions compared in each block; None where every entry was.
        blocks: each of the blocks.
        worst: the entries that differ most, the worst first; empty with directions.
        warnings: why the check itself may not be trusted.
        epsilon: the step that was given; None where it was scaled to the values.
        resolution: the relative error that the differences' own inaccuracy explains: what halving epsilon changes.
        chance_of_missing: that one wholly wrong entry of typical size in the largest block passes as great.
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
        """The wrong blocks of the latest layer that has any: a wrong derivative spoils every earlier layer's too.

        Layers are told apart and ordered by the numbers in the blocks' names.
        """
        return latest(self.blocks)

    def to_dict(self) -> dict[str, Any]:
        """Plain values, as they stand in JSON."""
        return {**asdict(self), "latest_wrong": list(self.latest_wrong)}


def latest(blocks: Sequence[Block]) -> tuple[str, ...]:
    """The wrong blocks of the latest layer that has any."""
    wrong = [block.name for block in blocks if block.verdict == "wrong"]
    layer = max(map(layer_of, wrong), default=())
    return tuple(name for name in wrong if layer_of(name) == layer)


def relative_error(a: Float[np.ndarray, "n"], b: Float[np.ndarray, "n"]) -> float:
    """||a − b|| / (||a|| + ||b||) (course notes: gradient checking); 0 where both are 0.

    >>> round(relative_error(np.array([3.0, 4.0]), np.array([0.0, 0.0])), 3)
    1.0
    """
    total = _norm(a) + _norm(b)
    return _norm(a - b) / total if total else 0.0


def distrusted(kinks: Bool[np.ndarray, "probes"], places: Sequence[slice]) -> Bool[np.ndarray, "probes"]:
    """Which probes count for nothing: those at kinks, and all of a block that has many."""
    left_out = kinks.copy()
    for at in places:
        left_out[at] |= kinks[at].sum() > _MOST_KINKS * len(kinks[at])
    return left_out


@dataclass(frozen=True)
class Judged:
    """Gradient and differences of some probes, compared.

    Attributes:
        error: over all of them.
        sound: over those that are not left out.
        resolution: the part of it that the differences' inaccuracy explains.
        evident: whether the two differ by more than that.
        verdict: of these probes.
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
    """Compare: what rounding or a kink explains asks for a closer look, and is never called wrong."""
    error, kept = relative_error(gradient, slopes), ~left_out
    a, b = gradient[kept], slopes[kept]
    sound, doubt, total = relative_error(a, b), _norm(doubts[kept]), _norm(a) + _norm(b)
    evident = _norm(a - b) > _EVIDENT * doubt
    verdict = band(sound)
    if verdict == "wrong" and not evident:
        verdict = "look closer"
    if verdict == "great" and left_out.any() and (error >= GREAT or left_out.mean() > _MOST_KINKS):
        verdict = "look closer"
    return Judged(error, sound, doubt / total if total else 0.0, evident, verdict)


def band(error: float) -> Verdict:
    """The seed's band of a relative error.

    >>> band(9e-10), band(1e-5), band(1e-3)
    ('great', 'look closer', 'wrong')
    """
    return "great" if error < GREAT else "wrong" if error >= WRONG else "look closer"


def worst_of(whole: Judged, blocks: list[Judged]) -> Verdict:
    """The verdict on everything."""
    order: tuple[Verdict, ...] = ("great", "look closer", "wrong")
    return max([whole.verdict, *(block.verdict for block in blocks if block.evident)], key=order.index)


def block_verdict(block: Judged) -> BlockVerdict:
    """The verdict on a block; where the differences see no more than their own inaccuracy, they say nothing of it."""
    return "within rounding" if block.sound >= GREAT and not block.evident else block.verdict


def reason(verdict: Verdict, whole: Judged, blocks: Sequence[Block], latest: tuple[str, ...], spoilt: float) -> str:
    """The verdict in a sentence; `spoilt` is the share of the probes that count for nothing."""
    told = f"relative error {scientific(whole.error)}"
    if verdict == "great":
        return f"{told}: gradient and differences agree, so the gradient is very likely right"
    if verdict == "wrong":
        if not latest:
            return f"{told}: the gradient is wrong"
        where = f"the latest wrong layer is that of {' and '.join(latest)}"
        return f"{told}: the gradient is wrong; {where}; begin there, for it spoils every earlier layer too"
    if spoilt == 1:
        return f"{told}, but kinks of the cost spoil all of it, so nothing is proved; take a smaller epsilon"
    if spoilt:
        return f"{told}; without what kinks spoil it is {scientific(whole.sound)}"
    if not whole.evident and not any(block.verdict == "look closer" for block in blocks):
        return f"{told}: no more than the differences' own inaccuracy explains"
    largest = max([whole.sound, *(block.error for block in blocks if block.verdict == "look closer")])
    if largest <= LIKELY:
        return f"{told}: can be right, but look for single entries that differ much"
    return f"{told}, {scientific(largest)} in the worst block: more than rounding explains; a mistake is likely"


def _norm(values: Float[np.ndarray, "n"]) -> float:
    return float(np.linalg.norm(values))
