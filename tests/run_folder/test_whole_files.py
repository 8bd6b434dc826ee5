"""Files on a full disk: one error of the system's, and what was there before stays."""

import os
import subprocess
import sys

import numpy as np
import polars as pl
import pytest
from safetensors.numpy import save

from goodfit.run_folder.json_files import write_json
from goodfit.run_folder.whole_files import write_table, write_whole

DATA = np.random.default_rng(0).random(100_000)
WRITERS = {
    "bytes": lambda path: write_whole(path, DATA.tobytes()),
    "weights": lambda path: write_whole(path, save({"w": DATA})),
    "table": lambda path: write_table(path, pl.DataFrame({"a": DATA})),
    "json": lambda path: write_json(path, DATA),
}
# A limit of the file's size is a full disk that a test can have to itself.
LIMITED = """
import resource, signal, sys
from pathlib import Path
sys.path.insert(0, sys.argv[1])
from test_whole_files import WRITERS
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))
try:
    WRITERS[sys.argv[2]](Path(sys.argv[3]))
except OSError as error:
    print(error.strerror)
"""


@pytest.mark.parametrize("writer", WRITERS)
def test_on_a_full_disk_nothing_that_was_there_is_lost(tmp_path, writer):
    path = tmp_path / "file.dat"
    path.write_text("before")
    command = [sys.executable, "-c", LIMITED, os.path.dirname(__file__), writer, str(path)]
    outcome = subprocess.run(command, capture_output=True, text=True, check=True)
    assert outcome.stdout == "File too large\n"
    assert path.read_text() == "before"
    assert list(tmp_path.iterdir()) == [path]


def test_a_table_is_read_as_it_was_written(tmp_path):
    table = pl.DataFrame({"a": [1, None], "b": ["x", "y"]})
    write_table(tmp_path / "t.parquet", table)
    assert pl.read_parquet(tmp_path / "t.parquet").equals(table)
    assert [path.name for path in tmp_path.iterdir()] == ["t.parquet"]
