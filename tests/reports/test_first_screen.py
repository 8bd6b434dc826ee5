"""The first screen of a report as an HTML fragment."""

from collections.abc import Callable
from pathlib import Path

from goodfit.reports.answers import answers
from goodfit.reports.first_screen import first_screen
from goodfit.reports.view import read_view


def test_every_question_is_answered_and_markup_is_escaped(made: Callable[[str], Path]):
    html = first_screen(made("hostile"))
    assert all(answer.question in html for answer in answers(read_view(made("hostile"))))
    assert "<script>" not in html
