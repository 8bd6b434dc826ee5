"""The output of a training in a process of its own: its last line is what it died of."""

import pytest

from goodfit.run_folder.names import LOG_FILE
from goodfit.run_folder.process_log import last_words


@pytest.mark.parametrize(
    ("log", "words"),
    [
        (b"", ""),
        (b"loading\nKilled\n", "Killed"),
        (b'loading\n{"error": "the data has moved"}\n', "the data has moved"),
        (b'{"error": 7}', "7"),
        (b"[1]\n", "[1]"),
        (b"Traceback\n\xffKilled\n\n", "\ufffdKilled"),
        (b"x" * 10_000 + b"\nlast\n", "last"),
    ],
)
def test_the_last_line_or_its_error(tmp_path, log, words):
    assert last_words(tmp_path) == ""
    (tmp_path / LOG_FILE).parent.mkdir()
    (tmp_path / LOG_FILE).write_bytes(log)
    assert last_words(tmp_path) == words
