"""JSON lines: appended whole or not at all, and read as far as they are whole."""

import errno
import io
import json
from pathlib import Path

import numpy as np
import pytest

from goodfit.errors import InputError
from goodfit.run_folder.json_lines import append_lines, cut_after, parse_lines, read_lines


def facts(path):
    return [line.facts for line in read_lines(path)]


def test_what_is_appended_is_read_back_numpy_numbers_as_numbers(tmp_path):
    path = tmp_path / "lines.jsonl"
    assert read_lines(path) == []
    append_lines(path, [{"a": 1}, {"b": "ä"}])
    append_lines(path, [{"c": np.float64(0.5), "d": np.array([1, 2])}], flush=True)
    assert facts(path) == [{"a": 1}, {"b": "ä"}, {"c": 0.5, "d": [1, 2]}]
    assert path.read_bytes().count(b"\n") == 3


@pytest.mark.parametrize("length", range(1, 10))
def test_a_line_torn_by_a_crash_is_passed_over_and_the_next_one_is_not_lost(tmp_path, length):
    path = tmp_path / "lines.jsonl"
    append_lines(path, [{"a": 1}])
    path.write_bytes(path.read_bytes() + b'{"b": 2}\n'[:length])
    assert facts(path) == [{"a": 1}, {"b": 2}][: 1 + (length == 9)]
    append_lines(path, [{"c": 3}])
    assert [line for line in facts(path) if line] == [{"a": 1}, *([{"b": 2}] if length >= 8 else []), {"c": 3}]


@pytest.mark.parametrize("text", [b"", b"{", b"[1]", b"7", b'"a"', b"null", b"\xff", b"[" * 100_000, b'{"a": 1}{'])
def test_a_line_without_an_object_has_no_facts(text):
    (line, last) = parse_lines(text + b'\n{"a": 2}\n{"a": 3}')
    assert (line.number, line.text, line.facts) == (1, text, None)
    assert (last.number, last.facts) == (2, {"a": 2})


def test_a_line_break_inside_a_text_is_no_end_of_a_line(tmp_path):
    append_lines(tmp_path / "lines.jsonl", [{"text": "one\ntwo\r\u2028three"}])
    assert facts(tmp_path / "lines.jsonl") == [{"text": "one\ntwo\r\u2028three"}]


def test_a_full_disk_leaves_the_file_as_it_was(tmp_path, monkeypatch):
    path = tmp_path / "lines.jsonl"
    append_lines(path, [{"a": 1}])

    class Full(io.FileIO):
        def write(self, data):
            return super().write(data[:3])

    monkeypatch.setattr(Path, "open", lambda self, mode, buffering: Full(self, mode.replace("b", "")))
    with pytest.raises(OSError, match="No space left") as caught:
        append_lines(path, [{"b": 2}])
    assert caught.value.errno == errno.ENOSPC
    monkeypatch.undo()
    assert path.read_bytes() == b'{"a": 1}\n'


def test_the_first_lines_are_kept(tmp_path):
    path = tmp_path / "lines.jsonl"
    append_lines(path, [{"a": number} for number in range(5)])
    cut_after(path, 2)
    assert path.read_text() == "".join(json.dumps({"a": number}) + "\n" for number in range(2))


def test_a_file_that_cannot_be_read_is_a_sentence(tmp_path):
    with pytest.raises(InputError, match=f"^cannot read {tmp_path} "):
        read_lines(tmp_path)
