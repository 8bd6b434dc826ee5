"""Notes on image files: what could not be read, and how the others were brought to one form."""

from collections.abc import Sequence

from goodfit.data.images.cache import LARGEST_SIDE, Decoded, broken_words
from goodfit.data.notes import Note, guess, warning
from goodfit.wording.numbers import number

_MODES = {
    "1": "black and white",
    "L": "gray",
    "LA": "gray with transparency",
    "P": "palette",
    "RGB": "color",
    "RGBA": "color with transparency",
    "I": "gray of 32 bits",
    "F": "floating-point gray",
    **dict.fromkeys(("I;16", "I;16B", "I;16L", "I;16N"), "gray of 16 bits"),
    **dict.fromkeys(("RGB;16", "RGBA;16"), "color of 16 bits"),
}


def decoding_notes(decoded: Decoded, names: Sequence[str]) -> list[Note]:
    """Return notes on the files that are left out and on the changes made to the others.

    Args:
        decoded: the images.
        names: of their files, as people know them.
    """
    height, width = decoded.pixels.shape[1:3]
    notes = []
    if decoded.broken:
        broken = [(names[row], reason) for row, reason in decoded.broken]
        notes.append(warning(f"{broken_words(broken, len(names), ' and left out')}."))
    if decoded.shrunk:
        notes.append(
            warning(f"The images were shrunk to {height} × {width}: the longer side is at most {LARGEST_SIDE} pixels.")
        )
    if decoded.resized:
        images = "1 image differs" if decoded.resized == 1 else f"{decoded.resized:,} images differ"
        notes.append(
            warning(
                f"{images} in size from the most common, {height} × {width}: resized in proportion, the rest filled "
                "with the median of the border."
            )
        )
    notes += [*_depth_notes(decoded), *_notes_on_parts(decoded)]
    modes = list(decoded.modes)
    if len(modes) > 1 or modes[0] not in ("L", "RGB"):
        kinds = ", ".join(f"{_MODES.get(mode, mode)} {n:,}" for mode, n in decoded.modes.items())
        notes.append(Note(f"Pixels in the files: {kinds}."))
    if decoded.resized or decoded.shrunk:
        sizes = ", ".join(f"{rows} × {columns} in {n:,}" for rows, columns, n in decoded.sizes)
        notes.append(Note(f"Sizes in the files, the most common first: {sizes}."))
    if decoded.gray:
        notes.append(Note(f"{decoded.gray:,} of the images are gray, the others in color: all were converted to RGB."))
    return notes


def notes_on_new(decoded: Decoded, names: Sequence[str]) -> list[Note]:
    """Return notes on images to predict, which are always brought to the form of the training images."""
    broken = [(names[row], reason) for row, reason in decoded.broken]
    lost = [warning(f"{broken_words(broken, len(names), ' and without a prediction')}.")] if broken else []
    return [*lost, *(note for note in _depth_notes(decoded) if note.severity == "warning"), *_notes_on_parts(decoded)]


def _depth_notes(decoded: Decoded) -> list[Note]:
    """Return notes on images of more than 8 bits per pixel or channel."""
    notes = []
    if decoded.deep:
        images = "1 image has" if decoded.deep == 1 else f"{decoded.deep:,} images have"
        ranges = {decoded.depth.range_of(mode): None for mode in decoded.modes if mode[0] in "IF"}
        ends = " and ".join(f"{number(black)} to {number(white)}" for black, white in ranges)
        notes.append(guess(f"{images} more than 8 bits per pixel: values from {ends} became black to white."))
    if decoded.clipped:
        images = "1 image has" if decoded.clipped == 1 else f"{decoded.clipped:,} images have"
        notes.append(warning(f"{images} values beyond those of the training images, which became black or white."))
    return notes


def _notes_on_parts(decoded: Decoded) -> list[Note]:
    """Return notes on files of which a part is read: one of several pictures, or 8 of 16 bits."""
    notes = []
    if decoded.frames:
        files = "1 file holds" if decoded.frames == 1 else f"{decoded.frames:,} files hold"
        notes.append(guess(f"{files} more than one picture, such as an animation or pages; the first is read."))
    cut = sum(n for mode, n in decoded.modes.items() if mode[0] not in "IF" and mode.endswith(";16"))
    if cut:
        images = "1 image has" if cut == 1 else f"{cut:,} images have"
        notes.append(
            guess(f"{images} 16 bits per channel, of which the upper 8 are read; if they look dark, rescale them.")
        )
    return notes
