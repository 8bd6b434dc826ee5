"""Data inspected before any training, from Python and on the command line."""

import json

import numpy as np
import pytest
from sklearn.datasets import load_digits

import goodfit
from goodfit.cli.main import main
from goodfit.errors import InputError


def test_it_counts_rows_and_sets_and_names_the_target(table):
    inspection = goodfit.inspect(table, target="kind")
    assert (inspection.rows, inspection.target, inspection.task) == (500, "kind", "binary")
    assert inspection.sizes == {"train": 300, "dev": 100, "test": 100}
    assert [column.name for column in inspection.columns] == ["kind", "x", "z", "weight", "color"]
    assert repr(inspection) == "Inspection(rings: 500 rows, 4 columns to learn from; train 300, dev 100, test 100)"


def test_without_a_target_there_are_no_sets(table):
    inspection = goodfit.inspect(table)
    assert (inspection.target, inspection.task, inspection.sizes) == (None, None, {})
    assert [column.name for column in inspection.columns] == ["x", "z", "weight", "color", "kind"]


def test_images_show_their_shape_and_labels():
    inspection = goodfit.inspect("digits", as_="images")
    assert [column.name for column in inspection.columns] == ["digit"]
    assert inspection.headline == "digits: 1,797 images of 8 × 8, gray; train 1,079, dev 359, test 359"
    texts = [note.text for note in inspection.notes]
    start = "Images of each class (train, dev, test): "
    counts = next(text for text in texts if text.startswith(start)).removeprefix(start).rstrip(".")
    sums = [sum(map(int, part.replace(",", "").split()[1:])) for part in counts.split("; ")]
    assert sums == np.bincount(load_digits(return_X_y=True)[1]).tolist()


def test_a_page_shows_names_as_text():
    columns = {"<b>": np.linspace(0, 1, 40), "y": np.arange(40) % 2}
    assert "&lt;b&gt;" in goodfit.inspect(columns, target="y")._repr_html_()


def test_the_command_prints_the_table_and_the_notes(table, capsys):
    with pytest.raises(SystemExit, match="0"):
        main(["inspect", str(table), "--target", "kind"])
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith("rings: 500 rows")
    assert lines[1].split() == ["column", "read", "as", "missing", "values"]
    assert sum(line.startswith("Note: Target 'kind'") for line in lines) == 1


def test_json_is_the_object_itself(table, capsys):
    with pytest.raises(SystemExit, match="0"):
        main(["inspect", str(table), "--target", "kind", "--json"])
    assert json.loads(capsys.readouterr().out) == goodfit.inspect(table, target="kind").to_dict()


def test_bad_data_is_refused_in_a_sentence(tmp_path, capsys):
    (tmp_path / "empty.csv").write_text("")
    with pytest.raises(InputError, match=r"empty\.csv is empty"):
        goodfit.inspect(tmp_path / "empty.csv")
    with pytest.raises(SystemExit, match="2"):
        main(["inspect", str(tmp_path / "none.csv")])
    assert "none.csv" in capsys.readouterr().err
