import numpy as np
import polars as pl
import pytest

from goodfit.data.notes import Note, warning
from goodfit.data.tables.columns import type_column
from goodfit.data.tables.target import read_target
from goodfit.errors import InputError


def read(values, task=None, name="price"):
    return read_target(type_column(pl.Series(name, values)), task)


def test_a_number_with_many_values_is_regression():
    values = [i * 0.25 for i in range(812)]
    target = read(values)
    assert target.task == "regression"
    assert target.classes == ()
    assert target.values.tolist() == values
    assert target.notes == (
        Note("Target 'price' has 812 distinct numbers, so the task is regression (change it with --task classes)."),
    )


def test_text_that_is_numbers_is_numbers():
    assert read([str(i) for i in range(100)]).values.tolist() == list(range(100))


def test_few_whole_numbers_are_classes_in_the_order_of_numbers():
    target = read([10, 9, 2] * 10)
    assert target.task == "classes"
    assert target.classes == ("2", "9", "10")
    assert target.values.tolist() == [2, 1, 0] * 10
    assert target.notes == (
        Note(
            "Target 'price' has 3 distinct numbers (2, 9, 10), so the task is a choice between 3 classes (change it "
            "with --task regression)."
        ),
    )


@pytest.mark.parametrize(
    ("values", "task"),
    [
        ([0.5, 1.5] * 20, "binary"),
        ([0.5, 1.5, 2.5] * 20, "regression"),
        (list(range(20)) * 4, "classes"),
        (list(range(21)) * 4, "regression"),
        (list(range(10)) * 3, "regression"),  # 3 examples a value are too few for classes
        (["a", "b"] * 20, "binary"),
        (["a", "b", "c"] * 20, "classes"),
        ([True, False] * 20, "binary"),
        ([3] * 30 + [2] * 20 + [1] * 10, "classes"),  # three levels show no distribution
        ([1] * 9 + [2] * 40 + [3] * 9 + [4] * 40 + [5] * 9, "classes"),  # frequencies that go up and down
        ([5, 1] * 20 + [2, 3, 4] * 18, "classes"),  # of one size, but for chance
        ([10, 20, 30, 500, 1000] * 9, "classes"),
        (["007", "012", "0100"] * 20, "classes"),
        ([f"{code:02d}" for code in range(30)] * 3, "classes"),
    ],
)
def test_the_task_that_values_look_like(values, task):
    assert read(values).task == task


def test_words_keep_their_spelling_and_stand_in_the_order_of_the_alphabet():
    target = read(["Yes", "No", "Yes", "No"])
    assert target.classes == ("No", "Yes")
    assert target.values.tolist() == [1, 0, 1, 0]
    assert target.notes == (
        Note("Target 'price' has 2 distinct words (No, Yes), so the task is a choice between 2 classes."),
    )


def test_the_task_can_be_asked_for():
    requested = read([1, 2, 3] * 10, "regression")
    assert requested.task == "regression"
    assert requested.notes == (Note("Target 'price' has 3 distinct numbers; the task is regression, as requested."),)
    classes = read([0.5 * i for i in range(30)] * 2, "classes")
    assert len(classes.classes) == 30
    assert classes.classes[:3] == ("0.0", "0.5", "1.0")
    assert np.array_equal(classes.values, [*range(30), *range(30)])
    assert read(["a", "b"] * 10, "classes").task == "classes"


def test_a_column_named_like_our_own_words_is_no_trouble():
    assert read(["a", "b"] * 5, name="rows").classes == ("a", "b")
    assert read(["a", "b"] * 5, name="word").classes == ("a", "b")


@pytest.mark.parametrize(
    "values",
    [
        np.random.default_rng(0).poisson(1.4, 3000),  # goals
        np.append(np.random.default_rng(1).poisson(1.0, 999), 12),  # visits, with a gap in the tail
        np.clip(np.random.default_rng(2).normal(5, 1.5, 2000).round(), 1, 10),  # rooms
        np.clip(np.random.default_rng(3).normal(6, 2.5, 2000).round(), 1, 10),  # ratings, piled up at their ends
        np.random.default_rng(4).integers(0, 18, 3000),  # ages of children
    ],
)
def test_counts_ratings_and_ages_are_amounts(values):
    target = read(values.tolist())
    assert target.task == "regression"
    assert target.values.tolist() == values.tolist()
    assert target.notes[0].severity == "guess"


@pytest.mark.parametrize(
    ("values", "classes"),
    [
        (["1", "01", "10"] * 20, ("01", "1", "10")),
        (["007", "012", "100"] * 20, ("007", "012", "100")),
        (["1E2", "1E3"] * 20, ("1E2", "1E3")),
        (["+1", "-1"] * 20, ("-1", "+1")),
        (["1.0", "2.0", "10.0"] * 20, ("1.0", "2.0", "10.0")),
        (["1.1", "1.10"] * 20, ("1.1", "1.10")),
        ([2**60, 2**60 + 1, 2**60 + 2] * 20, (str(2**60), str(2**60 + 1), str(2**60 + 2))),
        ([1.0, 2.0] * 20, ("1", "2")),
    ],
)
def test_labels_are_spelled_as_they_stand_and_never_merged(values, classes):
    target = read(values)
    assert target.classes == classes
    assert [classes[code] for code in target.values] == [
        str(v) if isinstance(v, int) else f"{v:g}" if isinstance(v, float) else v for v in values
    ]


@pytest.mark.parametrize(
    ("values", "task", "sentence"),
    [
        ([0.5 * i for i in range(30)], "classes", "ask for --task regression"),
        ([*map(str, range(29)), "x"], None, "--task regression"),
        (["a"] * 20 + ["b", "c"], None, "--task regression"),
        ([1, 2, 3] * 10, "binary", "ask for --task classes"),
    ],
)
def test_a_refusal_names_the_task_to_ask_for(values, task, sentence):
    with pytest.raises(InputError, match=sentence):
        read(values, task)


@pytest.mark.parametrize(
    ("single", "sentence"),
    [
        (["rare"], "The class 'rare' has a single example, which is set aside; it is never predicted."),
        (
            ["y", "x"],
            "2 classes have a single example each (x, y); these rows are set aside, and the classes are never "
            "predicted.",
        ),
    ],
)
def test_rows_of_classes_with_one_example_are_set_aside(single, sentence):
    target = read([*single, *["a", "b"] * 20])
    assert target.classes == ("a", "b")
    assert target.task == "binary"
    assert target.rows.tolist() == list(range(len(single), 40 + len(single)))
    assert target.values.tolist() == [0, 1] * 20
    assert target.notes[1:] == (warning(sentence),)


@pytest.mark.parametrize(("classes", "severity"), [(10, "guess"), (5, "guess"), (2, "info")])
def test_classes_of_whole_numbers_that_may_be_amounts_are_a_guess(classes, severity):
    target = read_target(type_column(pl.Series("y", [1 + i % classes for i in range(200)])), None)
    assert target.task == ("binary" if classes == 2 else "classes")
    assert [(note.severity, "--task regression" in note.text) for note in target.notes] == [(severity, True)]
