import numpy as np
import polars as pl
import pytest

from goodfit.data.notes import Note
from goodfit.data.tables.columns import type_column
from goodfit.data.tables.target import read_target


def read(values, task=None, name="price"):
    return read_target(type_column(pl.Series(name, values)), task)


def test_a_number_with_many_values_is_regression():
    values = [i * 0.25 for i in range(812)]
    target = read(values)
    assert target.task == "regression"
    assert target.classes == ()
    assert target.values.tolist() == values
    assert target.note == Note(
        "Target 'price' has 812 distinct numbers, so the task is regression (change it with --task)."
    )


def test_text_that_is_numbers_is_numbers():
    assert read([str(i) for i in range(100)]).values.tolist() == list(range(100))


def test_few_whole_numbers_are_classes_in_the_order_of_numbers():
    target = read([10, 9, 2] * 10)
    assert target.task == "classes"
    assert target.classes == ("2", "9", "10")
    assert target.values.tolist() == [2, 1, 0] * 10
    assert target.note == Note(
        "Target 'price' has 3 distinct numbers (2, 9, 10), so the task is a choice between 3 classes (change it with "
        "--task)."
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
    ],
)
def test_the_task_that_values_look_like(values, task):
    assert read(values).task == task


def test_words_keep_their_spelling_and_stand_in_the_order_of_the_alphabet():
    target = read(["Yes", "No", "Yes", "No"])
    assert target.classes == ("No", "Yes")
    assert target.values.tolist() == [1, 0, 1, 0]
    assert target.note == Note(
        "Target 'price' has 2 distinct words (No, Yes), so the task is a choice between 2 classes."
    )


def test_the_task_can_be_asked_for():
    requested = read([1, 2, 3] * 10, "regression")
    assert requested.task == "regression"
    assert requested.note == Note("Target 'price' has 3 distinct numbers; the task is regression, as requested.")
    classes = read([0.5 * i for i in range(30)] * 2, "classes")
    assert len(classes.classes) == 30
    assert classes.classes[:3] == ("0.0", "0.5", "1.0")
    assert np.array_equal(classes.values, [*range(30), *range(30)])
    assert read(["a", "b"] * 10, "classes").task == "classes"


def test_a_column_named_like_our_own_words_is_no_trouble():
    assert read(["a", "b"] * 5, name="rows").classes == ("a", "b")
    assert read(["a", "b"] * 5, name="word").classes == ("a", "b")
