import polars as pl
import pytest

from goodfit.data.dataset import Column
from goodfit.data.notes import loss
from goodfit.data.tables import inference
from goodfit.data.tables.columns import type_columns
from goodfit.errors import InputError

N = 40


def infer_columns(frame, numbering=None, index=()):
    return inference.infer_columns(type_columns(frame), numbering, index)


def test_kinds_missing_values_and_levels():
    frame = pl.DataFrame(
        {
            "size": [None, *range(N - 1)],
            "sold": [True, False] * 20,
            "seen": ["1970-01-02", "1970-01-05"] * 20,
            "town": ["b", "a", None, "b"] * 10,
        }
    )
    columns, left_out, notes = infer_columns(frame)
    assert columns == (
        Column("size", "number", missing=True),
        Column("sold", "boolean"),
        Column("seen", "date"),
        Column("town", "category", ("a", "b"), missing=True),
    )
    assert left_out == {}
    assert notes == []


def test_useless_columns_are_left_out_with_a_note():
    frame = pl.DataFrame(
        {
            "kept": list(range(N)),
            "one": [1] * N,
            "same": ["5", "5.0"] * 20,
            "word": ["x"] * N,
            "none": [None] * N,
            "text": [f"sentence {i}" for i in range(N)],
            "lists": [[1]] * N,
            "rowid": list(range(N)),
            "one_or_missing": [None, *[1.0] * (N - 1)],
        }
    )
    columns, left_out, notes = infer_columns(frame, {"rowid": True})
    assert [column.name for column in columns] == ["kept", "one_or_missing"]
    assert set(left_out) == {"one", "same", "word", "none", "text", "lists", "rowid"}
    assert notes == [
        loss("Left out: 3 columns are constant (one, same, word)."),
        loss("Left out: column none is empty."),
        loss("Left out: column text differs in nearly every row, as identifiers and free text do."),
        loss("Left out: column lists holds lists or bytes."),
        loss("Left out: column rowid only numbers the rows."),
    ]


def test_many_columns_left_out_share_one_note():
    frame = pl.DataFrame({"kept": list(range(N))} | {f"c{i}": [i] * N for i in range(7)})
    assert infer_columns(frame)[2] == [loss("Left out: 7 columns are constant (c0, c1, c2, c3, c4 and 2 more).")]


def test_words_that_mostly_repeat_are_kept_at_any_length():
    frame = pl.DataFrame({"text": [f"sentence {i % 35}" for i in range(N)]})
    assert len(infer_columns(frame)[0][0].categories) == 35


@pytest.mark.parametrize(
    ("rows_of_levels", "first", "lost"),  # of levels in the order of their names, the rarest first
    [
        ([2] * 10 + [3] * 50, 10, 20),  # fifty are kept, however rare
        ([4] * 60, 0, 0),
        ([1] * 7 + [3] * 20 + [4] * 60, 27, 67),
        ([30] * 200, 0, 0),
        ([4] * 10 + [5] * 1_000, 10, 40),
        ([1] * 20 + [2] * 30, 0, 0),
    ],
)
def test_levels_frequent_enough_to_learn_are_kept(rows_of_levels, first, lost):
    names = [f"w{i:04d}" for i in range(len(rows_of_levels))]
    words = [word for word, rows in zip(names, rows_of_levels, strict=True) for _ in range(rows)]
    columns, _, notes = infer_columns(pl.DataFrame({"town": words}))
    assert columns[0].categories == tuple(names[first:])
    sentence = f"Column 'town' has {len(names):,} different words; all but the {len(names) - first:,} most frequent "
    assert notes == ([loss(f"{sentence}({lost:,} rows) count as unknown.")] if lost else [])


def test_a_few_unreadable_values_count_as_missing_with_a_note():
    frame = pl.DataFrame({"size": [*map(str, range(38)), "big", "huge"], "day": ["2024-01-01"] * 39 + ["soon"]})
    columns, _, notes = infer_columns(frame)
    assert columns == (Column("size", "number", missing=True), Column("day", "date", missing=True))
    assert notes == [
        loss("Column 'size': 2 of 40 rows could not be read as numbers ('big' 1, 'huge' 1) and count as missing."),
        loss("Column 'day': 1 of 40 rows could not be read as dates ('soon' 1) and counts as missing."),
    ]


@pytest.mark.parametrize(("last_resort", "names"), [(True, ["n"]), (False, None)])
def test_a_row_number_is_used_only_if_no_other_column_is_left(last_resort, names):
    frame = pl.DataFrame({"n": range(N), "one": [1] * N})
    if names is None:
        with pytest.raises(InputError, match="column n only numbers the rows; column one is constant"):
            infer_columns(frame, {"n": last_resort})
    else:
        columns, left_out, _ = infer_columns(frame, {"n": last_resort})
        assert [column.name for column in columns] == names
        assert tuple(left_out) == ("one",)
    left_out = infer_columns(frame.with_columns(two=pl.col("n") % 7), {"n": last_resort}).left_out
    assert left_out == {"n": "only numbers the rows", "one": "is constant"}


def test_the_index_of_a_saved_frame_is_left_out():
    frame = pl.DataFrame({"when": ["2024-01-01", "2024-01-02"] * 20, "size": [1, 2, 3, 4] * 10})
    assert infer_columns(frame, index=["when"])[1:] == (
        {"when": "is the index of the frame that was saved"},
        [loss("Left out: column when is the index of the frame that was saved.")],
    )
