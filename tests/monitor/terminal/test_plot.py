"""The plot in a terminal: known points land in known cells."""

import numpy as np
import pytest

from goodfit.monitor.terminal.plot import Canvas, Line, Mark, Scale, _thinned, plot

LEFT, RIGHT = 9, 6


def text(rows):
    return [row.plain for row in rows]


def line(values, epochs=None, **more):
    values = np.array(values, np.float64)
    epochs = np.arange(1, len(values) + 1) if epochs is None else np.array(epochs)
    return Line(epochs.astype(np.float64), values, "blue", **more)


def test_dots_of_a_character_are_those_of_braille():
    canvas = Canvas(2, 1)
    canvas.dot(0, 0, "")
    canvas.dot(3, 3, "")
    assert text(canvas.rows()) == ["⠁⢀"]
    canvas.dot(4, 0, "")  # outside
    canvas.dot(0, -1, "")
    assert text(canvas.rows()) == ["⠁⢀"]


def test_a_line_goes_from_dot_to_dot_and_leaves_gaps():
    canvas = Canvas(4, 1)
    canvas.line([(0, 3), (3, 0), None, (7, 3)], "")
    assert text(canvas.rows()) == ["⡠⠊ ⢀"]
    canvas = Canvas(6, 1)
    canvas.line([(0, 0), (11, 0)], "", dashed=True)
    assert text(canvas.rows()) == ["⠉⠁ ⠉⠁ "]


@pytest.mark.parametrize(
    ("value", "log", "row"),
    [(1.0, False, 0), (0.0, False, 10), (0.5, False, 5), (2.0, False, 0), (1.0, True, 0), (0.1, True, 5)],
)
def test_values_have_their_rows(value, log, row):
    assert Scale(0.01 if log else 0.0, 1.0, log, 11).row(value) == row


def test_what_has_no_place_is_left_out():
    assert Scale(0.01, 1.0, True, 11).row(0.0) is None
    assert Scale(0.01, 1.0, False, 11).row(float("nan")) is None
    assert Scale(0.01, 1.0, False, 11).row(float("inf")) is None


def test_known_points_land_in_known_cells():
    rows = text(plot([line([1.0, 0.01], [0, 8], name="dev")], [], LEFT + 20 + RIGHT, 6, log=True, unit=""))
    assert all(len(row) == LEFT + 20 + RIGHT for row in rows[:-1])
    inner = [row[LEFT:-RIGHT] for row in rows]
    assert ord(inner[0][0]) & 1  # the first point: the top left dot
    assert ord(inner[4][19]) - 0x2800 & 0x80  # the last point: the bottom right dot
    assert rows[0].startswith("      1 ┤")
    assert rows[4].startswith("   0.01 ┤")
    assert rows[4].endswith(" dev  ")
    assert rows[5].endswith("epoch 8")


def test_names_that_end_in_one_row_stand_below_each_other():
    same = [0.5] * 8
    rows = text(plot([line(same, name="train"), line(same, name="dev")], [], 60, 8, log=True, unit=""))
    assert sorted(row[-RIGHT:].strip() for row in rows[:-1] if row[-RIGHT:].strip()) == ["dev", "train"]


def test_errors_begin_at_zero_and_are_percentages():
    rows = text(plot([line(np.linspace(0.4, 0.1, 40))], [], 60, 8, log=False, unit="%"))
    assert rows[6].startswith("    0 % ┤")
    assert 30 < float(rows[0].split("┤")[0].strip().rstrip(" %")) < 42


def test_marks_stand_under_their_epochs_and_the_newest_has_room():
    marks = [Mark(epoch, f"▲{number}", "") for number, epoch in enumerate((0, 50, 51, 100), 1)]
    row = text(plot([line(np.ones(100))], marks, LEFT + 50 + RIGHT, 6, log=True, unit=""))[-1]
    assert row[LEFT : LEFT + 2] == "▲1"
    assert row[LEFT + 25 : LEFT + 27] == "▲3"  # its neighbor, one epoch before, has no room
    assert row.index("▲4") == LEFT + 49


def test_a_long_curve_is_thinned_and_keeps_its_spike():
    values = np.ones(100_000)
    values[56_789] = 100.0
    assert len(_thinned(line(values), 90).values) <= 2 * 90 + 1
    rows = text(plot([line(values)], [], 60, 10, log=True, unit=""))
    inner = 60 - LEFT - RIGHT
    (column,) = [place for place, cell in enumerate(rows[0][LEFT:-RIGHT]) if cell != " "]
    assert column == int(0.56789 * inner)


@pytest.mark.parametrize("values", [[], [np.nan, np.inf], [0.0, -1.0], [3.0]])
@pytest.mark.parametrize("log", [True, False])
def test_whatever_the_values_it_is_drawn(values, log):
    assert len(plot([line(values, name="dev")], [], 60, 9, log=log, unit="")) == 9
