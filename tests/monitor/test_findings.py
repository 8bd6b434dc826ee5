"""The doctor beside a live training: what it says of the records so far, and how often it is asked."""

from types import SimpleNamespace

import numpy as np
import pytest

from goodfit.engine.step import RECORDED
from goodfit.monitor import findings
from goodfit.monitor.findings import LiveDoctor, finding_views
from goodfit.plan import Plan
from goodfit.record.findings import FindingResult, RemedyResult
from goodfit.record.run import LAYER_STATISTICS
from goodfit.run_folder.live_state import About, DataOverview
from goodfit.run_folder.records import Records

LAYERS = ("inputs", "layer 1", "output")
ABOUT = About(
    recorded=tuple(RECORDED),
    layers=LAYERS,
    health_columns=tuple(LAYER_STATISTICS),
    data=DataOverview(m=800, task="binary", class_counts=(400, 400), dev=200),
    metric="error_rate",
    untouched_copies=0,
)
PLAN = Plan(hidden_units=(8,), activation="relu", decay="constant", epochs=40)


@pytest.fixture
def dead(tmp_path):
    """A network that learns nothing, of whose units all are dead."""
    records = Records(tmp_path / "none", len(RECORDED), len(RECORDED) + len(LAYERS) * len(LAYER_STATISTICS), key="a")
    values = np.tile(np.array([0.7, 0.7, 0.5, 0.5, 0.7, 0.003], np.float32), (30, 1))
    seen = np.ones((2, len(LAYERS), len(LAYER_STATISTICS)), np.float32)
    seen[:, 0, LAYER_STATISTICS.index("dead")] = 0.0
    seen[:, 1, [LAYER_STATISTICS.index(name) for name in ("deviation", "gradient", "update")]] = 0.0
    records.values, records.look_epochs, records.looks = values, np.array([1, 20]), seen.reshape(2, -1)
    return records


def ask(examined, records):
    return examined.examine(records, ABOUT, PLAN)


def test_dead_units_are_found_in_their_layer(dead):
    found = {finding.name: finding for finding in ask(LiveDoctor(), dead)}
    assert found["dead ReLUs"].layer == "layer 1"


def test_a_finding_is_shown_with_the_name_of_its_cause(dead):
    dead.looks = dead.looks.reshape(2, len(LAYERS), -1)
    dead.looks[:, 1, LAYER_STATISTICS.index("weight")] = 0.0
    dead.looks = dead.looks.reshape(2, -1)
    views = {view.id: view for view in finding_views(ask(LiveDoctor(), dead), PLAN, PLAN.structure)}
    assert views["bad-initialization"].explained_by is None
    assert views["dead-relus"].explained_by == "bad initialization"


def test_it_is_asked_again_only_for_new_epochs_and_not_too_often(dead, monkeypatch):
    now, asked = [0.0], []
    monkeypatch.setattr(findings, "time", SimpleNamespace(monotonic=lambda: now[0]))
    monkeypatch.setattr(findings, "examine", lambda case: asked.append(case) or [])
    examined = LiveDoctor()
    for at, key, expected in ((0.0, "a", 1), (9.0, "a", 1), (9.5, "b", 2), (10.0, "c", 2), (11.5, "c", 3)):
        now[0], dead.key = at, key
        ask(examined, dead)
        assert len(asked) == expected


def test_before_the_first_epoch_nothing_is_found(dead):
    dead.values = dead.values[:0]
    assert ask(LiveDoctor(), dead) == ()


def test_a_remedy_turns_knobs_where_it_can_and_else_branches():
    plan = Plan(clip_norm=0.0)

    def remedy(**changes):
        suggested = RemedyResult(id="do", name="do", why="so", changes=changes)
        finding = FindingResult(
            id="x",
            name="x",
            severity=1,
            layer=None,
            epoch=None,
            confidence=1.0,
            sentence="x",
            evidence={},
            prescriptions=(suggested,),
            plot=None,
        )
        ((view,),) = [seen.remedies for seen in finding_views([finding], plan, plan.structure)]
        return view.nudge, view.branch

    assert remedy(learning_rate=0.1) == ({"learning_rate": 0.1}, None)
    assert remedy(learning_rate=0.1, epochs=90) == ({"learning_rate": 0.1, "epochs": 90}, None)
    assert remedy(clip_norm=1.0) == (None, {"clip_norm": 1.0})
    assert remedy(batch_norm="before", learning_rate=0.1) == (None, {"batch_norm": "before", "learning_rate": 0.1})
    assert remedy(hidden_units=(8, 8)) == (None, {"hidden_units": (8, 8)})
    assert remedy() == (None, None)
