"""Run directories: what a refused job leaves, and what a finished one."""

import pytest

from goodfit.errors import InputError
from goodfit.run_folder.folders import fresh_folder


def refuse(out, *written):
    with fresh_folder(out, "wine") as folder:
        for path in (folder / "journal.jsonl", *written):
            path.write_text("{}")
        raise InputError("the plan is too large for the memory")


def test_a_refused_job_leaves_nothing(tmp_path):
    with pytest.raises(InputError, match="too large"):
        refuse(tmp_path / "runs")
    assert list(tmp_path.iterdir()) == []


def test_other_runs_in_the_folder_stay(tmp_path):
    out = tmp_path / "runs"
    with fresh_folder(out, "wine") as finished:
        pass
    with pytest.raises(InputError, match="too large"):
        refuse(out)
    assert list(out.iterdir()) == [finished]


def test_a_ledger_written_on_the_way_stays(tmp_path):
    out = tmp_path / "runs"
    with pytest.raises(InputError, match="too large"):
        refuse(out, out / "test_openings.jsonl")
    assert [path.name for path in out.iterdir()] == ["test_openings.jsonl"]
