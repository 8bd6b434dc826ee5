"""The last word on a fit: gaps may be small because the network learned nothing, or because its errors deceive."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from goodfit.diagnosis.finding import Finding
from goodfit.diagnosis.gaps import Gaps
from goodfit.diagnosis.intervals import Interval
from goodfit.record.findings import FindingResult
from goodfit.wording import numbers

_SEVERE = 1  # nothing is learned, or the errors deceive


@dataclass(frozen=True)
class Guess:
    """A constant prediction beside the network, on the same examples.

    Attributes:
        prediction: in words: a class in quotation marks, or "the mean".
        error: of the constant.
        network: error of the network, with its interval.
    """

    prediction: str
    error: float
    network: Interval

    @property
    def is_beaten(self) -> bool:
        """True if the whole interval of the network's error is below the constant's error."""
        return self.network.high < self.error

    @property
    def is_undecided(self) -> bool:
        """True if so few examples were measured that the network may as well halve the constant's error."""
        return self.network.low < self.error / 2 and self.network.value < self.error <= self.network.high

    @property
    def sentence(self) -> str:
        """A sentence on a network that is no better, or not shown to be."""
        error = numbers.percent(self.network.value, self.network.low, self.network.high)
        claim = "Not shown to be better" if self.is_undecided else "No better"
        return f"{claim} than predicting {self.prediction} for everyone: {error} beside {numbers.percent(self.error)}."


def conclude(gaps: Gaps, guess: Guess | None, findings: Sequence[Finding | FindingResult]) -> Gaps:
    """Return the gaps with a verdict that is never good where the network is no better than a guess, or deceives.

    A high gap stays the verdict: it says more, and is no good fit either.

    Args:
        gaps: with the verdict on them alone.
        guess: the best constant prediction, on the test set if it was opened, else on the dev set; None if unknown.
        findings: in the training and the data.
    """
    beaten = guess is None or guess.is_beaten
    severe = [finding.sentence for finding in findings if finding.severity == _SEVERE]
    verdict = gaps.verdict
    if verdict in ("good fit", "too few examples to tell"):
        if not beaten:
            verdict = "too few examples to tell" if guess and guess.is_undecided else "no better than a guess"
        if severe and verdict != "no better than a guess":
            verdict = "not to be trusted"
    sentences = [guess.sentence] if guess and not beaten else severe[:1]
    return replace(gaps, verdict=verdict, reason=" ".join([*sentences, gaps.reason]))
