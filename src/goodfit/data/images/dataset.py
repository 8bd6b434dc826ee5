"""Images with their labels as a `Dataset`, and images without labels as features of a run's schema."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
from jaxtyping import Int, UInt8

from goodfit.data.dataset import Dataset, Features, Schema, TaskKind
from goodfit.data.images.arrays import gathered
from goodfit.data.images.cache import LARGEST_SIDE, Decoded, broken_words, cached
from goodfit.data.images.listing import Images
from goodfit.data.notes import Note, warning
from goodfit.data.tables.columns import as_words
from goodfit.data.tables.roles import FEWEST_ROWS, missing_values, read_groups, read_times, role_column, target_column
from goodfit.data.tables.target import Target, read_target
from goodfit.errors import InputError


def open_images(
    first: Images,
    others: Mapping[str, Any],
    *,
    target: str | int | None,
    task: TaskKind | None,
    group: str | None,
    time: str | None,
    cache: Path | None,
) -> tuple[Dataset, dict[str, Int[np.ndarray, "rows"]]]:
    """Images and their labels; the same as `open_data` does with tables.

    What the labels are is looked at before any image is decoded, so that their faults cost no time.

    Raises:
        InputError: they cannot be learned from; the sentence says why.
    """
    parts = [first, *(_same_kind(first, name, other) for name, other in others.items())]
    target = target_column(first.columns.columns, first.place, target, first.target)
    roles = {role: name for role, name in (("group", group), ("time", time)) if name is not None}
    known = [target, *(role_column(first.columns.columns, first.place, *role, target) for role in roles.items())]
    whole = _stacked(parts, known)
    rows = whole[target].is_not_null().arg_true().to_numpy().astype(np.int64)
    _check_number(len(rows), first.place, target)
    _read_labels(first, whole[rows][target], task)
    for role, read in (("group", read_groups), ("time", read_times)):
        if role in roles:
            read(whole[rows][roles[role]])
    pixels, sound, told = _pixels(parts, rows, cache)
    rows = rows[sound]
    _check_number(len(rows), first.place, target)
    frame = whole[rows]
    answer = _read_labels(first, frame[target], task)
    left_out = tuple(name for name in first.columns.columns if name != target)
    dataset = Dataset(
        name=first.name,
        features=Features(np.zeros((len(rows), 0)), np.zeros((len(rows), 0), np.int32), pixels),
        target=answer.values,
        schema=Schema((), target, answer.task, answer.classes, left_out, tuple(pixels.shape[1:])),
        notes=(
            Note(f"{_shape_words(pixels.shape)}."),
            answer.note,
            *missing_values(whole[target].null_count(), target),
            *_columns_left_out([name for name in left_out if name not in roles.values()]),
            *dict.fromkeys(note for part in parts for note in part.notes),
            *told,
        ),
        origin={
            "source": first.source,
            "kind": first.kind,
            "target": target,
            "task": task,
            "group": group,
            "time": time,
        }
        | {name: part.source for name, part in zip(others, parts[1:], strict=True)},
        groups=None if group is None else read_groups(frame[group]),
        times=None if time is None else read_times(frame[time]),
        files=_files(parts, rows),
    )
    came_from = np.repeat(np.arange(len(parts)), [len(part) for part in parts])[rows]
    return dataset, {name: np.flatnonzero(came_from == place) for place, name in enumerate(["data", *others])}


def features_of_images(images: Images, schema: Schema) -> tuple[Features, Int[np.ndarray, "sound"]]:
    """Images without labels, brought to the schema's shape; and the places of those that could be read.

    Raises:
        InputError: none can be read, or pixels have another shape.
    """
    shape = schema.image
    if shape is None:
        raise InputError(
            f"{images.place} holds images, but the run was trained on a table; give a table of its columns"
        )
    if images.pixels is not None:
        if images.pixels.shape[1:] != shape:
            found = _shape_words(images.pixels.shape)
            raise InputError(f"{images.place} has {found}, but the run was trained on {_shape_words((0, *shape), '')}")
        pixels, _ = gathered([images.pixels], None, images.place, None)
        sound = np.arange(len(pixels))
    else:
        decoded = cached(images.paths, images.files, images.place, None, shape)
        pixels, sound = decoded.pixels, decoded.kept
    return Features(np.zeros((len(sound), 0)), np.zeros((len(sound), 0), np.int32), pixels), sound


def _same_kind(first: Images, name: str, other: Any) -> Images:
    if not isinstance(other, Images):
        raise InputError(f"{first.place} holds images, but the {name} source {other.place} is a table")
    if (first.pixels is None) != (other.pixels is None):
        raise InputError(
            f"{first.place} and the {name} source {other.place} hold images in different ways (files, arrays); "
            "give both in the same way"
        )
    if first.pixels is not None and other.pixels is not None and first.pixels.shape[1:] != other.pixels.shape[1:]:
        found = [_shape_words(each.pixels.shape) for each in (first, other) if each.pixels is not None]
        raise InputError(f"{first.place} has {found[0]}, but the {name} source {other.place} has {found[1]}")
    return other


def _stacked(parts: Sequence[Images], names: list[str]) -> pl.DataFrame:
    """What is known of all images; a column of different types becomes text, which is read again by its kind."""
    for part in parts[1:]:
        lacking = [name for name in names if name not in part.columns.columns]
        if lacking:
            raise InputError(f"{part.place} lacks {', '.join(lacking)}; it needs the same columns as {parts[0].place}")
    frames = [part.columns.select(names) for part in parts]
    mixed = [name for name in names if len({frame[name].dtype for frame in frames}) > 1]
    return pl.concat([frame.with_columns(as_words(frame[name]) for name in mixed) for frame in frames])


def _check_number(count: int, place: str, target: str) -> None:
    if count < FEWEST_ROWS:
        raise InputError(f"{place} has {count} images with a {target}; at least {FEWEST_ROWS} are needed")


def _read_labels(images: Images, labels: pl.Series, task: TaskKind | None) -> Target:
    """The target; integer labels are classes, however many, except from a table."""
    named = images.kind == "image folder" or (images.pixels is not None and labels.dtype.is_integer())
    return read_target(labels, task, whole_classes=named)


def _pixels(
    parts: Sequence[Images], rows: Int[np.ndarray, "rows"], cache: Path | None
) -> tuple[UInt8[np.ndarray, "sound height width channels"], Int[np.ndarray, "sound"], list[Note]]:
    """The pixels of these rows, the places among them of those that could be read, and what people are told."""
    place = ", ".join(part.place for part in parts)
    arrays = [part.pixels for part in parts if part.pixels is not None]
    if arrays:
        everything = len(rows) == sum(len(part) for part in parts)
        pixels, told = gathered(arrays, None if everything else rows, place, cache)
        return pixels, np.arange(len(rows)), [Note(text) for text in told]
    paths = [path for part in parts for path in part.paths]
    files = [file for part in parts for file in part.files]
    names = [files[row] for row in rows]
    decoded = cached([paths[row] for row in rows], names, place, cache)
    return decoded.pixels, decoded.kept, _told(decoded, names)


def _files(parts: Sequence[Images], rows: Int[np.ndarray, "rows"]) -> tuple[str, ...]:
    files = [file for part in parts for file in part.files]
    return tuple(files[row] for row in rows) if files else ()


def _told(decoded: Decoded, names: Sequence[str]) -> list[Note]:
    """Notes on the changes made to the images."""
    height, width = decoded.pixels.shape[1:3]
    told = []
    if decoded.broken:
        broken = [(names[row], why) for row, why in decoded.broken]
        told.append(warning(f"{broken_words(broken, len(names), ' and left out')}."))
    if decoded.shrunk:
        told.append(
            warning(f"The images were shrunk to {height} × {width}: the longer side is at most {LARGEST_SIDE} pixels.")
        )
    if decoded.resized:
        images = "1 image differs" if decoded.resized == 1 else f"{decoded.resized:,} images differ"
        told.append(
            warning(
                f"{images} in size from the most common, {height} × {width}: resized in proportion, the rest filled "
                "with the median of the border."
            )
        )
    if decoded.deep:
        images = "1 image has" if decoded.deep == 1 else f"{decoded.deep:,} images have"
        told.append(Note(f"{images} 16 bits per pixel: scaled to 8."))
    if decoded.gray:
        told.append(Note(f"{decoded.gray:,} of the images are gray, the others in color: all were converted to RGB."))
    return told


def _shape_words(shape: Sequence[int], number: str | None = None) -> str:
    count, height, width, channels = shape
    many = f"{count:,} " if number is None else number
    return f"{many}images of {height} × {width}, {'gray' if channels == 1 else 'in color'}"


def _columns_left_out(names: Sequence[str]) -> list[Note]:
    if not names:
        return []
    return [Note(f"Images are learned from their pixels alone; left out: {', '.join(names)}.")]
