"""Words and sentences around numbers: counts, capitals, and typography for pages."""

import re
from collections.abc import Sequence

_UNITS = "%|points?|s|min|h|GiB|MiB"
_HELD_TOGETHER = re.compile(
    rf"(?<=\d) (?=(?:{_UNITS})(?!\w))"  # a number and its unit
    r"|(?<=[<>]) (?=\d)"  # a bound
    r"|(?<=[\d%],) (?=[−+]?\d[\d.,]*(?: %)?\])"  # the ends of an interval
)
_NO_BREAK_SPACE = "\u00a0"


def count(n: int, singular: str, plural: str | None = None) -> str:
    """Return a number of things.

    >>> count(1, "round"), count(3, "round"), count(1200, "class", "classes")
    ('1 round', '3 rounds', '1,200 classes')
    """
    return f"{n:,} {singular if n == 1 else plural or singular + 's'}"


def first_names(names: Sequence[str], most: int, separator: str = ", ") -> str:
    """Return the first names, and the number of the others.

    >>> first_names(["a", "b", "c", "d"], 2), first_names(["a", "b"], 2)
    ('a, b and 2 more', 'a, b')
    """
    more = f" and {len(names) - most:,} more" if len(names) > most else ""
    return separator.join(names[:most]) + more


def shape_words(shape: Sequence[int | None]) -> str:
    """Return a shape in words: its number of images, if that is not None, their size and color.

    >>> shape_words((1797, 8, 8, 1)), shape_words((None, 32, 32, 3))
    ('1,797 images of 8 × 8, gray', 'images of 32 × 32, in color')
    """
    count, height, width, channels = shape
    images = "images" if count is None else f"{count:,} images"
    return f"{images} of {height} × {width}, {'gray' if channels == 1 else 'in color'}"


def sentence(text: str) -> str:
    """Return text with a capital letter and a full stop.

    >>> sentence("the test set stays closed")
    'The test set stays closed.'
    """
    return text if not text else text[0].upper() + text[1:] + ("" if text[-1] in ".!?" else ".")


def mask_passwords(text: str) -> str:
    """Return text without the passwords of its addresses, since pages are passed on.

    >>> mask_passwords("--storage postgresql://ann:s3@cret@host/db --trials 8")
    '--storage postgresql://ann:***@host/db --trials 8'
    """
    return re.sub(r"(://[^:/@\s]*):\S*@", r"\1:***@", text)


def no_break(text: str) -> str:
    """Return text for a page, with no-break spaces between numbers and units and within intervals.

    >>> no_break("10.0 % [8.7 %, 11.4 %] of 3 sets").split()
    ['10.0', '%', '[8.7', '%,', '11.4', '%]', 'of', '3', 'sets']
    """
    return _HELD_TOGETHER.sub(_NO_BREAK_SPACE, text)
