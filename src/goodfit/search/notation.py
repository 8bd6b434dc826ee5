"""The notation of a dimension in YAML and on the command line, such as `learning_rate=log:1e-4..1e-1`."""

import math
from typing import Any

from goodfit.errors import InputError, nearest
from goodfit.search.scales import SCALES, Dimension, Scale, nearest_rung, on_ladder
from goodfit.settings import complement

_RANGE, _SCALE, _EACH_LAYER = "..", ":", " each layer"
_LAYERED = ("keep_prob",)
# The scale of a value on which its complement is drawn alike: `dropout` on a log scale is 1 − `keep_prob` on one.
_MIRRORED = {"linear": "linear", "log": "one-minus-log", "one-minus-log": "log", "choice": "choice"}


def read(name: str, text: str, tier: int, default: str) -> Dimension:
    """Return the dimension written as `text`.

    Args:
        name: of the hyperparameter.
        text: `scale:low..high` or `choice:a,b`, or either without the scale where `default` has one; ` each layer` may
            follow.
        tier: of its importance.
        default: the text of its usual range, which also serves as the example in error messages; may be empty.

    Raises:
        InputError: malformed, an unknown scale, a reversed range or one that its scale cannot have.
    """
    body = text.removesuffix(_EACH_LAYER).strip()
    each_layer = text.endswith(_EACH_LAYER)
    if each_layer and name not in _LAYERED:
        raise InputError(f"{name}={text}: only {' and '.join(_LAYERED)} can differ from layer to layer")
    usual, _, _ = default.partition(_SCALE)
    word, marked, body = body.partition(_SCALE) if _SCALE in body else (usual, usual, body)
    if not marked:
        raise InputError(f"{name}={text}: {name} has no usual scale; write one, as in {name}=integer:10..100")
    if word not in SCALES:
        raise InputError(f"{name}={text}: unknown scale '{word}': {nearest(word, SCALES)}")
    scale = SCALES[SCALES.index(word)]  # the same word, as a type checker sees it
    if scale == "choice":
        return Dimension(name, tier, scale, choices=_choices(name, text, body), each_layer=each_layer)
    low, high = _ends(name, text, body, default)
    _check(f"{name}={text}", scale, low, high)
    return Dimension(name, tier, scale, low, high, each_layer=each_layer)


def mirrored(name: str, text: str) -> str:
    """Return the text for 1 − value, as in a line for `dropout` that is read as one for `keep_prob`.

    >>> mirrored("dropout", "log:0.1..0.5"), mirrored("dropout", "[0.2, 0.3]")
    ('one-minus-log:0.5..0.9', '[0.8,0.7]')

    Raises:
        InputError: neither numbers nor a range of them, or on a scale that no share has.
    """
    body, each_layer = text.removesuffix(_EACH_LAYER).strip(), text.endswith(_EACH_LAYER)
    word, marked, body = body.partition(_SCALE) if _SCALE in body else ("", "", body)
    if marked and word not in _MIRRORED:
        raise InputError(f"{name}={text}: {name} is a share; use one of the scales {', '.join(_MIRRORED)}")
    separator = _RANGE if _RANGE in body else ","
    try:
        numbers = [repr(complement(float(number))) for number in body.strip("[]").split(separator)]
    except ValueError:
        raise InputError(f"{name}={text} is no number and no range; write it as in {name}=log:0.1..0.5") from None
    written = separator.join(reversed(numbers) if separator == _RANGE else numbers)  # 1 − value turns a range around
    written = f"[{written}]" if body.startswith("[") else written
    return f"{_MIRRORED.get(word, '')}{marked}{written}{_EACH_LAYER if each_layer else ''}"


def written(dimension: Dimension) -> str:
    """Return the text that `read` reads back.

    >>> written(Dimension("beta1", 2, "one-minus-log", 0.9, 0.999))
    'one-minus-log:0.9..0.999'
    """
    if dimension.scale == "choice":
        body = ",".join(map(str, dimension.choices))
    else:
        body = _RANGE.join(map(_number_text, (dimension.low, dimension.high)))
    return f"{dimension.scale}{_SCALE}{body}{_EACH_LAYER if dimension.each_layer else ''}"


def is_fixed(text: str, default: str) -> bool:
    """True where the text is one value rather than a range or a choice."""
    listed = default.startswith("choice") and "," in text
    # Any letters before a colon are meant as a scale, so that a misspelled one reaches `read`, which names it.
    scale, marked, _ = text.partition(_SCALE)
    return not (_RANGE in text or listed or text.endswith(_EACH_LAYER) or (marked and scale.replace("-", "").isalpha()))


def _number_text(number: float) -> str:
    return str(int(number)) if number == int(number) else repr(number)


def _choices(name: str, text: str, body: str) -> tuple[Any, ...]:
    """Return the choices listed in `body`, numbers as numbers."""
    choices = tuple(_plain(word.strip()) for word in body.split(",")) if body.strip() else ()
    if not choices or "" in choices:
        raise InputError(f"{name}={text}: an empty choice; list what to choose from, as in {name}=choice:a,b")
    if len(set(choices)) < len(choices):
        raise InputError(f"{name}={text}: a choice is listed twice; list each one once")
    return choices


def _plain(word: str) -> int | float | str:
    for kind in (int, float):  # in this order: 32 must not become 32.0, which is no number of units
        try:
            return kind(word)
        except ValueError:
            continue
    return word


def _ends(name: str, text: str, body: str, default: str) -> tuple[float, float]:
    """Return the ends of the range in `body`."""
    low, separator, high = body.partition(_RANGE)
    try:
        ends = float(low), float(high)
    except ValueError:
        ends = (math.nan, math.nan)
    if not separator or not all(map(math.isfinite, ends)):
        example = default if _RANGE in default else "linear:0.1..0.9"
        raise InputError(f"{name}={text} is no range; write it as in {name}={example}")
    return ends


def _check(line: str, scale: Scale, low: float, high: float) -> None:
    """Raise InputError where the scale cannot have these ends."""
    if low > high:
        raise InputError(f"{line}: the range is reversed; write {_number_text(high)}..{_number_text(low)}")
    if low == high:
        raise InputError(f"{line}: the range has no width; write the value alone, {_number_text(low)}, to fix it")
    if scale == "log" and low <= 0:
        raise InputError(f"{line}: zero and negative numbers have no logarithm; start above 0, or use linear")
    if scale == "one-minus-log" and high >= 1:
        raise InputError(f"{line}: one-minus-log cannot reach 1, where 1 − value is 0; end below it, such as at 0.999")
    for end in (low, high):
        if scale == "integer" and end != int(end):
            raise InputError(f"{line}: {end:g} is no whole number; use whole ends, or linear")
        if scale in ("power", "ladder") and not on_ladder(scale, end):
            problem = "is no power of two" if scale == "power" else "is no power of two, nor the middle of two"
            raise InputError(f"{line}: {end:g} {problem}; use {nearest_rung(scale, end)}")
