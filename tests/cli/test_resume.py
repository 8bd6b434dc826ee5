"""`goodfit resume`: what people are told."""

from dataclasses import replace

from goodfit.api.result_types.fit import Fit
from goodfit.record.result import RunResult


def test_from_where_it_went_on_is_told_before_the_result(goodfit, functions, result):
    asked = []
    told = ["the checkpoint a is damaged, so it was renamed to b", "the training went on from step 8"]
    result["final"] |= {"test_error": None}
    result["command"] = "train"
    functions.resume = lambda run, *, progress: asked.append(run) or Fit(RunResult.from_dict(result), tuple(told))
    lines = goodfit("resume", "runs/a").stdout.splitlines()
    assert lines[:3] == [
        "The checkpoint a is damaged, so it was renamed to b.",
        "The training went on from step 8.",
        "Verdict: good fit",
    ]
    assert lines[-1] == "Report: runs/20260101-120000-digits-3f2a/report.html"
    assert goodfit("resume", "runs/a", "--json").json["resumed"] == told
    assert asked == ["runs/a", "runs/a"]


def test_of_improve_it_says_what_that_would_have_said(goodfit, functions, result):
    fit = Fit(RunResult.from_dict(result))
    resumed = ("the job went on after 3 of its trainings",)
    functions.resume = lambda run, *, progress: replace(fit, resumed=resumed)
    lines = goodfit("resume", "runs/a").stdout.splitlines()
    assert lines[:2] == ["The job went on after 3 of its trainings.", "Good fit? Yes."]
    functions.improve = lambda data, *, progress, **settings: fit
    assert lines[1:] == goodfit("improve", "digits").stdout.splitlines()
