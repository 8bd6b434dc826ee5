"""The page of a descent: the first rise is named and marked, and J stands beside the cost without penalty."""

import json
import math
import re
from html.parser import HTMLParser

import pytest

from goodfit.errors import InputError
from goodfit.plan import Plan
from goodfit.reports.descent import descent_figure, write_descent

PLAN = Plan(l2=0.5, l1=0.0, hidden_units=(8, 4), activation="tanh", batch_norm="none")


def drawn(descent):
    return descent_figure(descent["objective"], descent["cost"], descent["first_rise"]).to_dict()


@pytest.fixture
def falling():
    return {
        "rate": 0.1,
        "objective": [2.0, 1.5, 1.25, 1.2],
        "cost": [1.5, 1.0, 1.05, 1.1],
        "first_rise": None,
        "cause": None,
        "good_rate": 0.1,
        "gradients": None,
        "reason": "J never rose in 3 iterations at learning rate 0.1",
        "next": "dropout may come back on",
        "iterations": 3,
        "rows": 60,
    }


@pytest.fixture
def rising(falling):
    return falling | {
        "objective": [2.0, 1.5, 4.0, math.inf],
        "first_rise": 2,
        "cause": "learning rate",
        "good_rate": 0.025,
        "gradients": {"verdict": "great", "reason": "relative error 1e-9"},
        "reason": "J rose in iteration 2 at learning rate 0.1: the learning rate is too large",
    }


class Words(HTMLParser):
    def __init__(self, source):
        super().__init__()
        self.words, self.silent = [], False
        self.feed(source)

    @property
    def text(self):
        return " ".join(" ".join(self.words).split())

    def handle_starttag(self, tag, attrs):
        self.silent = tag in ("script", "style")

    def handle_data(self, data):
        if not self.silent:
            self.words.append(data)


def test_the_page_says_what_came_of_it_and_needs_nothing_from_outside(falling, tmp_path):
    path = write_descent(tmp_path / "page.html", falling, "digits <b>", PLAN)
    source = path.read_text(encoding="utf-8")
    text = Words(source).text
    assert "J never rose in 3 iterations at learning rate 0.1." in text
    assert "Next: Dropout may come back on." in text
    assert "3 iterations of gradient descent on 60 training examples, dropout off" in text
    assert "λ = 0.5, 0" in text
    assert "8, 4; tanh, batch norm none" in text
    assert "digits &lt;b&gt;" in source
    assert not re.search(r"<(link|iframe|img)|src=|@import", source.partition("<script>")[0])
    assert "Largest rate without a rise" not in text


def test_j_and_the_cost_are_two_lines_with_their_names_at_the_ends(falling):
    figure = drawn(falling)
    j, cost = figure["data"]
    assert (j["x"], j["y"]) == ([0, 1, 2, 3], falling["objective"])
    assert cost["y"] == falling["cost"]
    assert cost["line"]["dash"] == "dash"
    assert {label["text"] for label in figure["layout"]["annotations"]} == {"J", "without<br>penalty"}
    assert "shapes" not in figure["layout"]


def test_without_penalty_there_is_one_line(falling, tmp_path):
    falling["cost"] = falling["objective"]
    assert len(drawn(falling)["data"]) == 1
    text = Words(write_descent(tmp_path / "page.html", falling, "digits", PLAN).read_text(encoding="utf-8")).text
    assert "The plan has no L2 or L1 penalty, so J is the cost itself." in text


def test_the_first_rise_is_marked_and_what_is_no_number_is_left_out(rising, tmp_path):
    figure = drawn(rising)
    assert figure["data"][0]["y"] == [2.0, 1.5, 4.0, None]
    ring = figure["data"][2]
    assert (ring["x"], ring["y"]) == ([2], [4.0])
    assert [(shape["x0"], shape["x1"]) for shape in figure["layout"]["shapes"]] == [(2, 2)]
    assert figure["layout"]["annotations"][-1]["text"] == "J rises in iteration 2"
    json.dumps(figure, allow_nan=False)
    text = Words(write_descent(tmp_path / "page.html", rising, "digits", PLAN).read_text(encoding="utf-8")).text
    assert "J rose in iteration 2" in text
    assert "Largest rate without a rise 0.025" in text
    assert "Gradient check great: relative error 1e-9" in text


def test_a_wide_range_is_drawn_on_a_logarithmic_axis(rising):
    rising["objective"] = [2.0, 1.5, 400.0, 90000.0]
    layout = drawn(rising)["layout"]
    assert layout["yaxis"]["type"] == "log"
    ends = {label["text"]: label["y"] for label in layout["annotations"]}
    assert ends["J"] == pytest.approx(math.log10(90000), rel=1e-3)


def test_a_file_that_cannot_be_written_is_one_sentence(falling, tmp_path):
    with pytest.raises(InputError, match=r"cannot write .*; give another file with --out"):
        write_descent(tmp_path / "nowhere" / "page.html", falling, "digits", PLAN)
