"""The first screen of a report as an HTML fragment, for notebooks."""

from pathlib import Path

from markupsafe import escape

from goodfit.reports.answers import Answer, answers
from goodfit.reports.view import read_view

_BOX = "border-left:4px solid #7a8794;padding:.2em 1em;margin:.6em 0;font-family:system-ui,sans-serif"


def first_screen(run: Path) -> str:
    """Return the answers of a run's report as one HTML fragment with its own style.

    Raises:
        InputError: it is no run, or a file of it is damaged.
    """
    return "".join(answer_html(answer) for answer in answers(read_view(Path(run))))


def answer_html(answer: Answer) -> str:
    """Return an answer as an HTML fragment with its own style."""
    lines = [f"<p><small>{escape(answer.question)}</small><br><strong>{escape(answer.headline)}</strong> "]
    lines.append(f"{escape(answer.detail)}</p>")
    lines += [f"<p>{escape(sentence)}</p>" for sentence in answer.sentences]
    items = "".join(f"<li>{escape(item)}</li>" for item in answer.items)
    lines.append(f"<ul>{items}</ul>" if items else "")
    return f'<div style="{_BOX}">{"".join(lines)}</div>'
