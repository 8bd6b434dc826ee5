"""A file of records: read on from where it was read to, whatever is half written; another file is another curve."""

import numpy as np
import pytest

from goodfit.run_folder.records import Records

ROWS = np.arange(40, dtype="<f4").reshape(10, 4)


@pytest.fixture
def path(tmp_path):
    return tmp_path / "records.f32"


def write(path, rows, mode="ab"):
    with path.open(mode) as file:
        file.write(rows.tobytes())


def test_only_whole_rows_are_read_and_each_once(path):
    records = Records(path, 2, 4)
    write(path, ROWS[:3])
    with path.open("ab") as file:
        file.write(ROWS[3].tobytes()[:7])
    records.grow()
    assert records.values.tolist() == ROWS[:3, :2].tolist()
    with path.open("ab") as file:
        file.write(ROWS[3].tobytes()[7:])
    write(path, ROWS[4:])
    records.grow()
    records.grow()
    assert records.values.tolist() == ROWS[:, :2].tolist()


def test_epochs_with_a_look_are_kept_apart(path):
    rows = ROWS.copy()
    rows[[0, 2, 3], 2:] = np.nan
    rows[1, 2] = np.nan  # one layer has no such measure: still a look
    records = Records(path, 2, 4)
    write(path, rows[:3])
    records.grow()
    write(path, rows[3:6])
    records.grow()
    assert records.look_epochs.tolist() == [2, 5, 6]
    np.testing.assert_array_equal(records.looks, rows[[1, 4, 5], 2:])


def test_another_file_of_the_name_or_a_shorter_one_is_read_anew(path):
    records = Records(path, 2, 4)
    write(path, ROWS)
    records.grow()
    before = records.key
    write(path, ROWS[:2] + 1, "wb")  # cut short, in place
    records.grow()
    assert records.values.tolist() == (ROWS[:2, :2] + 1).tolist()
    other = path.with_name("other")
    write(other, ROWS[5:])
    other.replace(path)
    records.grow()
    assert records.values.tolist() == ROWS[5:, :2].tolist()
    assert records.key != before


def test_a_file_that_is_gone_is_said(path):
    with pytest.raises(FileNotFoundError):
        Records(path, 2, 4).grow()
