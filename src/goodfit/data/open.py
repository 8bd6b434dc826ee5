"""Open data: any source to a `Dataset` with features and a target, and new rows to features alone."""

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from jaxtyping import Int

from goodfit.data.data_source import ColumnName, DataSource
from goodfit.data.dataset import Dataset, Features, Origin, Schema, TaskKind
from goodfit.data.images.inputs import image_inputs, new_images
from goodfit.data.images.load import check_alike
from goodfit.data.images.stored import ImageFiles
from goodfit.data.inputs import Inputs
from goodfit.data.notes import Note, loss
from goodfit.data.source import As, Source
from goodfit.data.sources import open_source
from goodfit.data.tables.columns import TypedColumn
from goodfit.data.tables.inputs import encode, read_features, table_inputs, unknown_levels
from goodfit.data.tables.labels import label_type
from goodfit.data.tables.reading_notes import missing_marks, unreadable_values
from goodfit.data.tables.roles import Labels, Roles, find_roles, read_labels, target_notes
from goodfit.data.tables.stack import stack
from goodfit.errors import InputError

_Parts = dict[str, Int[np.ndarray, "rows"]]


def open_data(
    data: DataSource,
    *,
    target: ColumnName | None = None,
    task: TaskKind | None = None,
    group: ColumnName | None = None,
    time: ColumnName | None = None,
    dev: DataSource | None = None,
    test: DataSource | None = None,
    no_test: bool = False,
    as_: As | None = None,
    cache: Path | None = None,
) -> tuple[Dataset, _Parts]:
    """Open data, and a dev and a test source of the same columns after them.

    Args:
        data: a table or images, as for `open_source`.
        target: the column to predict, or its position if no column has that number for a name; not needed where the
            source names it.
        task: binary, classes or regression; None to infer it.
        group: a column whose rows of one value stay in one set; not learned from.
        time: a column that orders the rows; learned from, with its trend.
        dev: a source whose rows are appended to the data.
        test: a source whose rows are appended after those.
        no_test: leave out the test set that a folder of sets comes with.
        as_: `images`, to open the built-in digits as images.
        cache: folder of decoded images, created if needed; None for the system's temporary folder.

    Returns:
        The dataset, and its rows by the source that they came from: `data` and, if there are such, `dev` and `test`.

    Raises:
        InputError: the data cannot be learned from; the sentence says why.
    """
    sources, unused = _open_sources(open_source(data, images=True if as_ else None), dev, test, no_test)
    _check_kinds(sources)
    parts = list(sources.values())
    roles = find_roles(parts[0], target, group, time)
    if task == "regression":  # names of folders may be amounts, such as ages
        parts[0] = replace(parts[0], categories=parts[0].categories - {roles.target})
    rows, labels, inputs = _labeled_inputs(parts, roles, task, cache)
    classes, first_target = labels.target.classes, parts[0].columns[roles.target]
    dataset = Dataset(
        name=parts[0].name,
        features=inputs.features,
        target=labels.target.values,
        schema=Schema(
            inputs.columns,
            roles.target,
            labels.target.task,
            classes,
            tuple(inputs.left_out),
            inputs.image,
            label_type(first_target, classes, text=parts[0].separator is not None) if classes else None,
            inputs.depth,
        ),
        notes=(*labels.notes, *target_notes(parts[0], target), *unused, *inputs.notes),
        origin=_origin(sources, roles, task, as_),
        groups=labels.groups,
        times=labels.times,
        files=inputs.files,
        left_out=inputs.left_out,
    )
    source_of_row = np.repeat(np.arange(len(parts)), [len(source) for source in parts])[rows]
    return dataset, {name: np.flatnonzero(source_of_row == index) for index, name in enumerate(sources)}


def _open_sources(
    data: Source, dev: DataSource | None, test: DataSource | None, no_test: bool
) -> tuple[dict[str, Source], list[Note]]:
    """Return the sources by name, and notes on sets of the data's own folder that are not used.

    Raises:
        InputError: a dev or test source cannot be opened, or holds several sets.
    """
    sources, unused = {"data": data}, []
    for name, rows in (("dev", dev), ("test", test)):
        own = data.sets.get(name)
        if rows is not None:
            sources[name] = open_source(rows)
            if sources[name].sets:
                raise InputError(f"{rows} holds several sets of images; give the folder of the {name} set alone")
        elif own is not None and not (no_test and name == "test"):
            sources[name] = own
        if own is not None and sources.get(name) is not own:
            reason = "another one was given" if rows is not None else "no test set was wanted"
            unused.append(loss(f"The {name} set {own.place} is not used, since {reason}."))
    return sources, unused


def _labeled_inputs(
    sources: list[Source], roles: Roles, task: TaskKind | None, cache: Path | None
) -> tuple[Int[np.ndarray, "rows"], Labels, Inputs]:
    """Return the positions of the usable rows, among the rows of all sources, and their labels and features."""
    stacked = stack(sources, roles)
    rows = stacked[roles.target].raw.is_not_null().arg_true().to_numpy().astype(np.int64)
    # Labels come before pixels: a mistake in them is reported at once, not after minutes of decoding.
    columns = _take(stacked, rows)
    labels = read_labels(sources, columns, rows, roles, task)
    if len(labels.target.rows) < len(rows):
        rows = rows[labels.target.rows]
        columns = _take(stacked, rows)
    if sources[0].images is None:
        return rows, labels, table_inputs(sources, columns, rows, roles, labels.target.values)
    inputs = image_inputs(sources, rows, roles, cache)
    if len(inputs.usable) == len(rows):
        return rows, labels, inputs
    # Without the broken images the labels are read again; the first note, on the task, is made anew.
    rows, set_aside = rows[inputs.usable], labels.target.notes[1:]
    labels = read_labels(sources, _take(stacked, rows), rows, roles, task)
    if len(labels.target.rows) < len(rows):  # without broken images, a class may have lost all but one example
        rows, inputs = rows[labels.target.rows], inputs.take(labels.target.rows)
    return rows, labels._replace(notes=[*labels.notes, *set_aside]), inputs


def _take(columns: dict[str, TypedColumn], rows: Int[np.ndarray, "rows"]) -> dict[str, TypedColumn]:
    """Return the columns of these rows."""
    return {name: column.take(rows) for name, column in columns.items()}


def _origin(sources: dict[str, Source], roles: Roles, task: TaskKind | None, as_: As | None) -> Origin:
    addresses = {name: source.address for name, source in sources.items()}
    return Origin(
        addresses["data"],
        sources["data"].kind,
        roles.target,
        task,
        roles.group,
        roles.time,
        addresses.get("dev"),
        addresses.get("test"),
        as_=as_,
    )


def _check_kinds(sources: dict[str, Source]) -> None:
    """Refuse a dev or test source of another kind than the data.

    Raises:
        InputError: one is a table and the other holds images, or the images do not go together.
    """
    first = sources["data"]
    for name, source in sources.items():
        kinds = ["is a table" if part.images is None else "holds images" for part in (first, source)]
        if kinds[0] != kinds[1]:
            raise InputError(f"{first.place} {kinds[0]}, but the {name} source {source.place} {kinds[1]}")
        if source is not first and first.images is not None:
            check_alike(first, source, name)


@dataclass(frozen=True, eq=False)
class NewRows:
    """Rows without labels, to predict.

    Attributes:
        features: of the rows that can be read.
        files: of image files the paths, as people know them, of all rows; empty for other data.
        readable: positions of the rows with features among all rows.
        notes: on what was guessed, and on values that cannot be read.
    """

    features: Features
    files: tuple[str, ...]
    readable: Int[np.ndarray, "readable"]
    notes: tuple[Note, ...] = ()


def open_new_rows(data: DataSource, schema: Schema) -> NewRows:
    """Open rows to predict: the columns of a schema, or images in its shape.

    Args:
        data: a table with the schema's columns (others are ignored), or a folder or table of images, one image, an
            array, or an NPZ or IDX file.
        schema: of the data that a network was trained on.

    Raises:
        InputError: the data cannot be opened, or do not fit the schema.
    """
    source = open_source(data, images=schema.image is not None, labeled=False, depth=schema.depth)
    if schema.image is None:
        columns = read_features(source, schema.columns)
        features = encode(columns, schema.columns, source.place)
        values = columns.values()
        notes = (*source.notes, *unreadable_values(values), *missing_marks(values))
        return NewRows(features, (), np.arange(len(source)), (*unknown_levels(source, schema, features), *notes))
    loaded = new_images(source, schema.image, schema.depth)
    files = source.images.names if isinstance(source.images, ImageFiles) else ()
    notes = tuple(note for note in (*source.notes, *loaded.notes) if note.severity != "info")
    return NewRows(Features.of_pixels(loaded.pixels), files, loaded.readable, notes)
