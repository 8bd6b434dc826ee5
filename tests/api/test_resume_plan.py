"""An edited plan of an unfinished run is not ignored in silence."""

from types import SimpleNamespace
from typing import Any

import pytest

from goodfit.api.resume import _edited_plan
from goodfit.plan import Plan

PLAN = Plan(learning_rate=1e-5, hidden_units=(8, 4))


@pytest.mark.parametrize(
    ("text", "begin"),
    [
        (PLAN.to_yaml(), None),
        (PLAN.to_yaml() + "# a comment\n", None),
        (PLAN.with_(learning_rate=0.1).to_yaml(), "plan.yaml was edited, but"),
        (PLAN.with_(hidden_units=(8,)).to_yaml(), "plan.yaml was edited, but"),
        ("lr: 0.1", "plan.yaml cannot be read, so"),
        (None, "plan.yaml cannot be read, so"),
    ],
)
def test_an_edited_plan_is_said(tmp_path, text, begin):
    if text is not None:
        (tmp_path / "plan.yaml").write_text(text)
    started: Any = SimpleNamespace(nudges=[], jobs=[SimpleNamespace(plan=PLAN)])
    sentences = list(_edited_plan(tmp_path, started))
    assert len(sentences) == (begin is not None)
    assert not begin or sentences[0].startswith(begin)
