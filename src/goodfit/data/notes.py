"""Notes: sentences about the data, each with a severity that programs can read."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Literal, Self

Severity = Literal["warning", "loss", "guess", "info"]  # from most to least harm


@dataclass(frozen=True)
class Note:
    """A sentence about the data.

    Attributes:
        text: a complete sentence, with its period.
        severity: `warning` where results may mislead or be worse for it, `loss` where rows, columns or values are not
            used, `guess` where the data could be meant otherwise, else `info`.

    >>> Note("3 rows without a price are left out.").to_dict()
    {'text': '3 rows without a price are left out.', 'severity': 'info'}
    """

    text: str
    severity: Severity = "info"

    def to_dict(self) -> dict[str, str]:
        """Return plain values, as result.json has them."""
        return asdict(self)

    @classmethod
    def from_dict(cls, entry: Mapping[str, Any]) -> Self:
        """Return the note that `to_dict` wrote."""
        return cls(entry["text"], entry["severity"])


def warning(text: str) -> Note:
    """Return a note that people should act on."""
    return Note(text, "warning")


def loss(text: str) -> Note:
    """Return a note on rows, columns or values that are not used."""
    return Note(text, "loss")


def guess(text: str) -> Note:
    """Return a note on a reading of the data that could be meant otherwise."""
    return Note(text, "guess")
