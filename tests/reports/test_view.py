import json
import math
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from goodfit.errors import InputError
from goodfit.reports.answers import answers
from goodfit.reports.view import read_view

Made = Callable[[str], Path]


def test_levels_hold_the_errors_and_intervals_of_the_result(made: Made):
    view = read_view(made("classes"))
    final = view.final
    assert final.test_error
    assert [level.name for level in view.levels] == ["human", "train", "dev", "test"]
    assert [level.error for level in view.levels[1:]] == [final.train_error, final.dev_error, final.test_error.value]
    dev, test = view.levels[2:]
    assert (test.low, test.high) == (final.test_error.low, final.test_error.high)
    assert dev.low is not None
    assert dev.high is not None
    assert dev.low < dev.error < dev.high
    assert (dev.before, dev.gap_name, dev.gap) == (final.train_error, "variance", final.variance)
    assert (dev.size, test.size) == (360, 359)


def test_without_a_human_error_regression_has_no_human_level(made: Made):
    view = read_view(made("regression"))
    assert [level.name for level in view.levels] == ["train", "dev", "test"]
    assert view.levels[0].gap_name is None
    assert all(level.low is not None and level.low < level.error for level in view.levels)


def test_trials_are_sorted_by_what_decides(made: Made):
    experiments = read_view(made("classes")).rounds[0].experiments
    costs = [experiment.cost_effect.value for experiment in experiments]
    assert costs == sorted(costs)
    assert experiments[0].adopted


def test_only_a_search_has_a_view_of_one(made: Made):
    assert read_view(made("train")).search is None
    assert read_view(made("tune")).search


def test_the_test_set_comes_before_dev_and_training_rows_are_not_shown(made: Made):
    assert [one.name for one in read_view(made("binary")).sets] == ["test", "dev"]


def test_an_interrupted_run_shows_what_there_is(made: Made):
    view = read_view(made("interrupted"))
    assert (view.rounds, view.sets) == ((), ())
    assert [(level.name, level.low) for level in view.levels] == [("human", None), ("train", None), ("dev", None)]
    assert len(view.curves) == 1
    assert len(view.journal) == 7  # neither the decision without a sentence nor the torn line


def copied(made: Made, tmp_path: Path) -> Path:
    return Path(shutil.copytree(made("interrupted"), tmp_path / "run"))


def test_what_is_no_run_is_refused(tmp_path: Path):
    with pytest.raises(InputError, match=r"nowhere is not a run directory.*goodfit runs"):
        read_view(tmp_path / "nowhere")
    with pytest.raises(InputError, match=r"not a run directory"):
        read_view(tmp_path)


@pytest.mark.parametrize("name", ["result.json", "source.json", "history.parquet"])
def test_damaged_files_are_named(made: Made, tmp_path: Path, name: str):
    run = copied(made, tmp_path)
    (run / name).write_text("{")
    with pytest.raises(InputError, match=rf"{name} is damaged.*again"):
        read_view(run)


def test_a_result_without_its_facts_is_damaged(made: Made, tmp_path: Path):
    run = copied(made, tmp_path)
    (run / "result.json").write_text(json.dumps({"command": "improve"}))
    with pytest.raises(InputError, match="it has no 'goodfit'"):
        read_view(run)


def test_nan_in_a_result_is_not_known(made: Made, tmp_path: Path):
    run = copied(made, tmp_path)
    result = json.loads((run / "result.json").read_text()) | {"baseline": {"majority class": float("nan")}}
    (run / "result.json").write_text(json.dumps(result))
    assert math.isnan(read_view(run).result.baseline["majority class"])


def test_errors_that_are_undefined_are_no_levels_and_said_to_be_unmeasured(made: Made, tmp_path: Path):
    run = copied(made, tmp_path)
    result = json.loads((run / "result.json").read_text())
    result["final"] |= {"train_error": None, "dev_error": None}
    (run / "result.json").write_text(json.dumps(result))
    view = read_view(run)
    assert view.levels == ()
    assert answers(view)[1].headline == "Not measured yet"


def test_the_plan_is_shown_even_where_its_file_is_missing(made: Made, tmp_path: Path):
    run = copied(made, tmp_path)
    (run / "plan.yaml").unlink()
    assert "keep_prob: 0.7" in read_view(run).plan_yaml
