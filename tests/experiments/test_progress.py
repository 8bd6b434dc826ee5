"""The time of a training without what comes before it."""

import time

import numpy as np
import pytest

from goodfit.engine.control import Progress
from goodfit.experiments.progress import Stopwatch

NO_RECORDS = np.zeros((0, 6))


@pytest.fixture
def visit(monkeypatch):
    """Shows a stopwatch the epochs of jobs at a moment of a made-up clock."""
    stopwatch = Stopwatch()

    def look(at: float, **epochs: int) -> Stopwatch:
        monkeypatch.setattr(time, "perf_counter", lambda: at)
        assert not stopwatch([Progress(int(job[3:]), epoch, 9, NO_RECORDS) for job, epoch in epochs.items()])
        return stopwatch

    return look


def test_time_counts_once_all_models_of_a_stack_have_had_an_epoch(visit):
    visit(0.0, job0=0, job1=0)
    visit(8.0, job0=2, job1=0)  # compiled, and one epoch takes several visits
    assert visit(9.0, job0=3, job1=1).seconds == 0
    assert visit(10.5, job0=5, job1=3).seconds == 1.5
    assert visit(12.0, job0=6, job1=3).epochs == {0: 3, 1: 2}


def test_of_the_next_stack_too(visit):
    visit(0.0, job0=0)
    visit(8.0, job0=5)
    visit(10.0, job0=9)
    visit(11.0, job1=0)  # loaded
    visit(19.0, job1=5)  # compiled
    stopwatch = visit(22.0, job1=9)
    assert (stopwatch.seconds, stopwatch.epochs) == (2 + 3, {0: 4, 1: 4})
