"""A search: as many trials as asked, the same however it is cut, and none twice after kill −9."""

import os
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import optuna
import pytest
from optuna.trial import TrialState

from goodfit.data.splits import open_splits
from goodfit.engine.fit import fit
from goodfit.engine.jobs import Job
from goodfit.plan import Plan
from goodfit.search.patient_storage import PatientStorage
from goodfit.search.sampler import GoodfitZoomSampler
from goodfit.search.space import Space
from goodfit.search.storage import open_study
from goodfit.search.trials import Search, SpaceFunction
from goodfit.search.workers import Group, LocalWorker, TrialRecord, Workers

BASE = Plan(hidden_units=(8,), batch_size=16, epochs=12, keep_prob=1.0)
SPACE = Space.parse(["learning_rate=log:1e-4..1e-1", "units=choice:4,8"], BASE)
WAVE = 8


@pytest.fixture(scope="module")
def splits():
    return open_splits("iris")


def searched(splits, url, trials, space: SpaceFunction = SPACE, workers: Workers | None = None):
    sampler = GoodfitZoomSampler(3, WAVE, SPACE.structural, group=4)
    study = open_study(url, "one", "iris", sampler)
    notified: list[tuple[int, float | None]] = []
    assert Search(
        study, space, workers or LocalWorker(splits), trials, WAVE, 3, lambda done, best: notified.append((done, best))
    ).run()
    return study, notified


def facts(study):
    return [(trial.number, trial.state, trial.params, trial.value) for trial in study.trials]


@pytest.fixture(scope="module")
def finished(splits, tmp_path_factory):
    return searched(splits, f"sqlite:///{tmp_path_factory.mktemp('finished') / 'study.db'}", 16)


def test_all_trials_are_reported_with_the_numbers_of_a_training_alone(splits, finished):
    study, notified = finished
    assert len(study.trials) == 16
    assert {trial.state for trial in study.trials} <= {TrialState.COMPLETE, TrialState.PRUNED}
    assert notified[-1] == (16, study.best_value)
    best = study.best_trial
    record = TrialRecord.read(best)
    assert record
    assert record.plan
    plan = record.plan
    assert plan == SPACE(optuna.trial.FixedTrial(best.params))
    run = fit(Job(plan, 3 * 1_000_003 + best.number), splits)
    assert best.value == run.history["dev_error"][np.nanargmin(run.history["dev_cost"])]


def test_a_search_in_two_pieces_is_the_search_in_one(splits, finished, tmp_path):
    url = f"sqlite:///{tmp_path / 'study.db'}"
    searched(splits, url, 5)
    assert facts(searched(splits, url, 16)[0])[:5] == facts(finished[0])[:5]
    assert len(searched(splits, url, 16)[0].trials) == 16


def test_a_plan_that_does_not_work_is_a_failed_trial_with_its_reason(splits, tmp_path):
    def space(trial):
        return BASE.with_(learning_rate=trial.suggest_float("rate", -1.0, -0.5))

    study, _ = searched(splits, f"sqlite:///{tmp_path / 'study.db'}", 2, space)
    assert [trial.state for trial in study.trials] == [TrialState.FAIL] * 2
    record = TrialRecord.read(study.trials[0])
    assert record
    assert record.reason.startswith("learning_rate is -0.")


def test_a_wave_of_one_structure_is_trained_in_stacks_for_as_many_machines(splits, tmp_path):
    sizes = []

    def workers(groups):
        sizes.extend(len(group.plans) for group in groups)
        return ([TrialRecord(outcome="finished", dev_error=0.5) for _ in group.plans] for group in groups)

    study = open_study(f"sqlite:///{tmp_path / 'study.db'}", "one", "iris", optuna.samplers.RandomSampler(0))
    space = Space.parse(["learning_rate=log:1e-4..1e-1"], BASE)
    assert Search(study, space, workers, 44, 40, 3, lambda done, best: None).run()
    assert sizes == [16, 16, 8, 4]


class Cut(BaseException):
    """In place of a kill."""


@dataclass
class Remembered:
    """Trains each group once, and knows it from then on."""

    workers: LocalWorker
    records: dict[tuple[int, ...], list[TrialRecord]] = field(default_factory=dict)

    def __call__(self, groups: Sequence[Group]) -> Iterator[list[TrialRecord] | None]:
        for group in groups:
            if group.seeds not in self.records:
                (kept,) = self.workers([group])
                assert kept is not None
                self.records[group.seeds] = kept
            yield self.records[group.seeds]


WRITES = ("create_new_trial", "set_trial_param", "set_trial_user_attr", "set_trial_intermediate_value")
WRITES += ("set_trial_state_values",)


def test_cut_before_any_write_a_search_goes_on_to_the_same_end(splits, finished, tmp_path, monkeypatch):
    """The study is cut before its first write to the storage, goes on, is cut before its second, and so forth."""
    left, workers = [0], Remembered(LocalWorker(splits))

    def counted(write):
        def cut(*arguments, **named):
            left[0] -= 1
            if left[0] < 0:
                raise Cut
            return write(*arguments, **named)

        return cut

    url, cuts = f"sqlite:///{tmp_path / 'study.db'}", 0
    with monkeypatch.context() as patch:
        for name in WRITES:
            patch.setattr(PatientStorage, name, counted(getattr(PatientStorage, name)))
        while True:
            left[0] = 3 + 5 * (cuts % 8)
            try:
                study, _ = searched(splits, url, 16, workers=workers)
                break
            except Cut:
                cuts += 1
    assert facts(study) == facts(finished[0])
    assert cuts >= 6


KILLED = """
import os, signal, sys, time
import numpy as np
from tests_search import open_splits, searched  # loaded here, once for all the forks

def search(ready):
    splits = open_splits("iris")
    os.write(ready, b".")
    searched(splits, sys.argv[1], 16)
    os._exit(0)

for moment in np.random.default_rng(0).uniform(0.0, 2.0, 10):  # seconds: from its first write to about its end
    ours, its = os.pipe()
    child = os.fork()
    if child == 0:
        search(its)
    os.close(its)
    assert os.read(ours, 1) == b".", "it comes to no start"
    os.close(ours)
    time.sleep(moment)
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
searched(open_splits("iris"), sys.argv[1], 16)
"""


def test_kill_9_at_ten_random_moments_loses_and_doubles_nothing(finished, tmp_path):
    """Each time another process goes on; the trials are those of a search that nobody disturbed, to the bit."""
    url = f"sqlite:///{tmp_path / 'study.db'}"
    (tmp_path / "tests_search.py").write_text(Path(__file__).read_text(encoding="utf-8"))
    command = [sys.executable, "-c", KILLED, url]
    environment = os.environ | {"PYTHONPATH": str(tmp_path)}
    process = subprocess.run(command, env=environment, capture_output=True, text=True)
    assert process.returncode == 0, process.stderr
    study = optuna.load_study(study_name="one", storage=url)
    assert facts(study) == facts(finished[0])


@pytest.mark.parametrize("ends", ["finished", "dead"])
def test_a_search_waits_for_the_last_trials_of_another_process(splits, tmp_path, ends):
    """The process ends its trial, or dies, and its trial is trained here."""
    url = f"sqlite:///{tmp_path / 'study.db'}"
    study, _ = searched(splits, url, 8)
    with subprocess.Popen(["sleep", "60"]) as process:
        trial = study.ask()
        trial.set_user_attr("goodfit owner", f"{socket.gethostname()}:{process.pid}")

        def end():
            if ends == "finished":
                study.tell(trial, 0.0)
            process.kill()
            process.wait()

        timer = threading.Timer(1.5, end)
        timer.start()
        again, _ = searched(splits, url, 9)
        timer.join()
    states = [stored.state for stored in again.trials]
    assert len(states) == 9
    assert TrialState.RUNNING not in states
    assert (again.trials[8].value == 0.0) == (ends == "finished")
