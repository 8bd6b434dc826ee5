"""The textbook's code as a reader sees it: the words of the language, comments and texts told apart by weight."""

import inspect
import io
import keyword
import textwrap
import tokenize
from collections.abc import Callable
from typing import Any, NamedTuple

from markupsafe import Markup, escape


class Listing(NamedTuple):
    """A function as the page shows it."""

    name: str
    place: str
    plain: str
    html: Markup


def listing(function: Callable[..., Any]) -> Listing:
    """Return a function's source, and where it stands."""
    code = textwrap.dedent(inspect.getsource(function)).rstrip()
    return Listing(function.__name__, f"{function.__module__}.{function.__qualname__}", code, highlighted(code))


def highlighted(code: str) -> Markup:
    """Return code as HTML.

    >>> print(highlighted("if x < 'a':  # why\\n    pass"))
    <b>if</b> x &lt; <i>&#39;a&#39;</i>:  <i># why</i>
        <b>pass</b>
    """
    lines = code.splitlines(keepends=True)
    html, row, column = Markup(""), 1, 0
    for token in tokenize.generate_tokens(io.StringIO(code).readline):
        tag = _tag(token)
        if tag is None:
            continue  # its text is part of what stands between the tokens with a tag
        html += escape(_between(lines, (row, column), token.start)) + Markup(f"<{tag}>{{}}</{tag}>").format(
            token.string
        )
        row, column = token.end
    return html + escape(_between(lines, (row, column), (len(lines), len(lines[-1]))))


def _tag(token: tokenize.TokenInfo) -> str | None:
    if token.type in (tokenize.COMMENT, tokenize.STRING):
        return "i"
    return "b" if token.type == tokenize.NAME and keyword.iskeyword(token.string) else None


def _between(lines: list[str], start: tuple[int, int], end: tuple[int, int]) -> str:
    """Return the text from one place to another; rows count from 1, as the tokens' do."""
    (first, start_column), (last, stop) = start, end
    if first == last:
        return lines[first - 1][start_column:stop]
    return lines[first - 1][start_column:] + "".join(lines[first : last - 1]) + lines[last - 1][:stop]
