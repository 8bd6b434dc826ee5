"""A search: as many trials as asked, the same however it is cut, and none twice after kill −9."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import optuna
import pytest
from optuna.trial import TrialState

from goodfit.data.splits import open_splits
from goodfit.plan import Plan
from goodfit.search.space import Space
from goodfit.search.storage import open_study
from goodfit.search.trials import ABOUT, Search, SpaceFunction
from goodfit.search.zoom import GoodfitZoomSampler
from goodfit.train.fit import fit
from goodfit.train.jobs import Job

BASE = Plan(hidden_units=(8,), batch_size=16, epochs=12, keep_prob=1.0)
SPACE = Space.parse(["learning_rate=log:1e-4..1e-1", "units=choice:4,8"], BASE)
ROUND = 8


@pytest.fixture(scope="module")
def splits():
    return open_splits("iris")


def searched(splits, url, trials, space: SpaceFunction = SPACE):
    sampler = GoodfitZoomSampler(3, ROUND, SPACE.structural, group=4)
    study = open_study(url, "one", "iris", sampler)
    told: list[tuple[int, float | None]] = []
    assert Search(study, space, splits, trials, ROUND, 3, lambda done, best: told.append((done, best))).run()
    return study, told


def facts(study):
    return [(trial.number, trial.state, trial.params, trial.value) for trial in study.trials]


@pytest.fixture(scope="module")
def whole(splits, tmp_path_factory):
    return searched(splits, f"sqlite:///{tmp_path_factory.mktemp('whole') / 'study.db'}", 16)


def test_all_trials_are_told_with_the_numbers_of_a_training_alone(splits, whole):
    study, told = whole
    assert len(study.trials) == 16
    assert {trial.state for trial in study.trials} <= {TrialState.COMPLETE, TrialState.PRUNED}
    assert told[-1] == (16, study.best_value)
    best = study.best_trial
    plan = Plan.from_dict(best.user_attrs[ABOUT]["plan"])
    assert plan == SPACE(optuna.trial.FixedTrial(best.params))
    run = fit(Job(plan, 3 * 1_000_003 + best.number), splits)
    assert best.value == run.history["dev_error"][np.nanargmin(run.history["dev_cost"])]


def test_a_search_in_two_pieces_is_the_search_in_one(splits, whole, tmp_path):
    url = f"sqlite:///{tmp_path / 'study.db'}"
    searched(splits, url, 5)
    assert facts(searched(splits, url, 16)[0])[:5] == facts(whole[0])[:5]
    assert len(searched(splits, url, 16)[0].trials) == 16


def test_a_plan_that_does_not_work_is_a_failed_trial_with_its_reason(splits, tmp_path):
    def space(trial):
        return BASE.with_(learning_rate=trial.suggest_float("rate", -1.0, -0.5))

    study, _ = searched(splits, f"sqlite:///{tmp_path / 'study.db'}", 2, space)
    assert [trial.state for trial in study.trials] == [TrialState.FAIL] * 2
    assert study.trials[0].user_attrs[ABOUT]["reason"].startswith("learning_rate is -0.")


KILLED = """
import sys
from tests_search import searched, open_splits
searched(open_splits("iris"), sys.argv[1], 16)
"""


def test_kill_9_at_ten_random_moments_loses_and_doubles_nothing(whole, tmp_path):
    """Each time another process goes on; the trials are those of a search that nobody disturbed, to the bit."""
    url = f"sqlite:///{tmp_path / 'study.db'}"
    (tmp_path / "tests_search.py").write_text(Path(__file__).read_text(encoding="utf-8"))
    command = [sys.executable, "-c", KILLED, url]
    environment = os.environ | {"PYTHONPATH": str(tmp_path)}
    for moment in np.random.default_rng(0).uniform(1.0, 5.0, 10):  # from before its first trial to about its end
        process = subprocess.Popen(command, env=environment, stderr=subprocess.DEVNULL)
        time.sleep(moment)
        process.send_signal(signal.SIGKILL)
        process.wait()
    done = subprocess.run(command, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    study = optuna.load_study(study_name="one", storage=url)
    assert facts(study) == facts(whole[0])
