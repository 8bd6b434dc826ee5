"""What pages are made of: values, contour lines, and highlighted code."""

import numpy as np
import pytest

from goodfit.lessons.contours import contour
from goodfit.lessons.drawing import axis, buttons, figure, line, panel, regions, unbroken
from goodfit.lessons.page import _paragraphs, _prose
from goodfit.lessons.source import highlighted, listing
from goodfit.textbook.averages import window


def test_a_line_keeps_gaps_and_four_digits():
    made = line([1, 2, 3], [0.123456, np.nan, np.inf], "a", "blue", label="")
    assert (made["x"], made["y"], made["label"]) == ([1, 2, 3], [0.1235, None, None], "")


def test_a_figure_says_one_sentence_for_each_state():
    x = axis("x", 0, 1)
    shown = [panel("p", x, x, [line([0, 1], [0, 1], "a", "blue")])]
    controls = [buttons("a", "A", ["1", "2"]), buttons("b", "B", ["1", "2", "3"])]
    assert len(figure(shown, controls, ["s."] * 6)["says"]) == 6
    with pytest.raises(ValueError, match="one sentence for each state"):
        figure(shown, controls, ["s."] * 5)


def test_regions_are_steps_of_a_tenth():
    made = regions(np.array([[0.0, 0.049, 0.5], [0.95, 1.0, 0.349]]), "blue", "orange")
    assert made["cells"] == ["005", "993"]


def test_a_contour_of_a_paraboloid_is_its_circle():
    side = np.linspace(-2, 2, 81)
    z = side[None] ** 2 + side[:, None] ** 2
    x, y = contour(side, side, z, 1.0)
    known = np.isfinite(x)
    np.testing.assert_allclose(np.hypot(x[known], y[known]), 1.0, atol=1e-3)
    lengths = np.hypot(x[0::3] - x[1::3], y[0::3] - y[1::3])
    assert lengths.sum() == pytest.approx(2 * np.pi, rel=1e-3)


def test_a_contour_through_a_saddle_has_two_branches():
    side = np.linspace(-1, 1, 40)  # no grid point at 0
    x, y = contour(side, side, side[None] * side[:, None], 0.0)
    known = np.isfinite(x)
    assert np.abs(x[known] * y[known]).max() < 1e-3
    assert {(bool(a > 0.5), bool(b > 0.5)) for a, b in zip(x, y, strict=True)} >= {(True, False), (False, True)}


@pytest.mark.parametrize("corners", range(16))
def test_a_contour_crosses_each_cell_between_above_and_below(corners):
    z = np.array([[corners & 1, corners >> 1 & 1], [corners >> 3 & 1, corners >> 2 & 1]], dtype=float)
    x, y = contour(np.array([0.0, 1.0]), np.array([0.0, 1.0]), z, 0.5)
    round_ = [z[0, 0], z[0, 1], z[1, 1], z[1, 0]]
    edges = sum(a != b for a, b in zip(round_, [*round_[1:], round_[0]], strict=True))
    ends = {(a, b) for a, b in zip(x, y, strict=True) if np.isfinite(a)}
    assert len(ends) == edges
    assert ends <= {(0.5, 0.0), (1.0, 0.5), (0.5, 1.0), (0.0, 0.5)}


def test_highlighted_code_is_the_code_itself():
    made = listing(window)
    assert made.place == "goodfit.textbook.averages.window"
    assert made.html.striptags() == " ".join(made.plain.split())
    assert "<b>return</b>" in made.html
    assert highlighted("x = '<b>'  # a & b") == "x = <i>&#39;&lt;b&gt;&#39;</i>  <i># a &amp; b</i>"


def test_prose_has_its_signs_and_escapes_the_rest():
    assert _prose("β^{t} and v_{1}, `a<b`, *now*") == (
        "β<sup>t</sup> and v<sub>1</sub>, <code>a&lt;b</code>, <strong>now</strong>"
    )
    assert _paragraphs("one\n  two\n\n  three") == ["one two", "three"]
    assert unbroken("J = 3 at 20 °F") == "J\u00a0=\u00a03 at 20\u00a0°F"
