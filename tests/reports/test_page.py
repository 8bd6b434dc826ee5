import json
import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from goodfit.errors import InputError
from goodfit.reports import page as page_module
from goodfit.reports.page import write_report
from goodfit.wording import numbers

Made = Callable[[str], Path]
Read = Callable[[str], Any]  # conftest's Page

KINDS = ["classes", "binary", "regression", "train", "tune", "interrupted", "hostile"]
TEMPLATES = Path(page_module.__file__).parent / "templates"
MARKUP = ["</script><script>alert(1)</script>", '<img src="x" onerror="alert(2)">', "@train & 'co' {{ 7 * 7 }}"]


def result_of(run: Path) -> dict[str, Any]:
    return json.loads((run / "result.json").read_text())


def said(text: str) -> str:
    return " ".join(text.split())


@pytest.mark.parametrize("kind", KINDS)
def test_the_page_needs_nothing_from_outside(page: Read, kind: str):
    links = [a.get("src") or a.get("href") for _, a in page(kind).tags if "src" in a or "href" in a]
    assert all(link.startswith("#") and link[1:] in page(kind).ids for link in links)
    assert not {"link", "iframe", "img", "object", "embed", "base", "form"} & {tag for tag, _ in page(kind).tags}
    assert not re.search(r"url\(|@import", (TEMPLATES / "report.css").read_text())
    assert len(page(kind).source.encode()) < 7_000_000


@pytest.mark.parametrize("kind", KINDS)
def test_ids_are_unique_and_nothing_unfilled_shows(page: Read, kind: str):
    assert len(page(kind).ids) == len(set(page(kind).ids))
    assert not re.search(r"\b(None|Undefined|nan|undefined)\b", page(kind).text)
    assert page(kind).source.startswith("<!doctype html>")


@pytest.mark.parametrize("kind", ["classes", "binary", "regression"])
def test_the_values_shown_are_those_of_the_result(made: Made, page: Read, kind: str):
    result, text = result_of(made(kind)), page(kind).text
    final = result["final"]
    test = final["test_error"]
    for error in (final["train_error"], final["dev_error"], test["value"]):
        assert said(numbers.percent(error)) in text
    assert said(numbers.percent_interval(test["low"], test["high"])) in text
    for error in result["baseline"].values():
        assert said(numbers.percent(error)) in text
    for name in ("variance", "dev_overfitting"):
        gap = [final[name][end] for end in ("value", "low", "high")]
        spread = final.get("spread")
        assert said(numbers.amount(*(spread * end for end in gap)) if spread else numbers.gap(*gap)) in text
    for turn in result["rounds"]:
        assert turn["reason"] in text
        for trial in turn["experiments"]:
            effect, interval = numbers.change_parts(*(trial["error_effect"][name] for name in ("value", "low", "high")))
            assert f"{said(effect)} {said(interval)}" in text
            assert trial["prescription"] in text
            assert trial["why"] in text
    for metric, value in final["test_metrics"].items():
        assert said(numbers.metric(metric, value)) in text


@pytest.mark.parametrize("kind", ["classes", "regression", "train", "tune"])
def test_everything_needed_to_run_it_again(made: Made, page: Read, kind: str):
    result, text = result_of(made(kind)), page(kind).text
    assert result["command_line"] in text
    assert result["data"]["fingerprint"] in text
    assert f"Seed {result['seed']}" in text
    assert "goodfit 0.1.0" in text
    assert "keep_prob: 0.7" in page(kind).source
    assert [a["data-copy"] for tag, a in page(kind).tags if tag == "button"] == ["plan-yaml", "command-line"]


def test_the_answers_come_before_the_pictures(page: Read):
    text = page("classes").text
    parts = [
        "Is it a good fit?",
        "What error to expect on new data?",
        "What held it back?",
        "What was tried, and what was it worth?",
        "What to do next?",
        "Where the error comes from",
        "How training went",
        "What was tried Each prescription",
        "Would more data help?",
        "Which classes are confused",
        "Can the probabilities be trusted?",
        "The worst mistakes",
        "The ensemble",
        "Step by step",
        "The data",
        "The final plan",
        "Run it again",
    ]
    places = [text.index(part) for part in parts]
    assert places == sorted(places)


def test_what_a_run_has_not_is_left_out(page: Read):
    assert {"tried", "data-size", "ensemble", "residuals"}.isdisjoint(page("train").ids)
    assert {"gaps", "curves", "confusion", "calibration", "mistakes"} <= set(page("train").ids)
    assert {"confusion", "calibration", "data-size"}.isdisjoint(page("regression").ids)
    assert {"residuals", "mistakes", "tried", "ensemble"} <= set(page("regression").ids)
    assert {"mistakes", "tried", "calibration", "ensemble"}.isdisjoint(page("interrupted").ids)
    assert "This run was interrupted." in page("interrupted").text
    assert "majority class 50.0 %" in page("interrupted").text


def test_the_search_is_told_for_tune_alone(page: Read):
    assert [kind for kind in KINDS if "search" in page(kind).ids] == ["tune"]
    text = page("tune").text
    for wanted in (
        "The winner of 8 trials has a dev error of 3.0 %, the mean over 3 fresh seeds that no trial used; "
        "of 2 other finalists, 1 did measurably worse.",
        "Learning_rate's best values lie at the upper end of its range (1): widen it.",
        "Winner ✓ kept learning_rate 0.01235",
        "Finalist 3 learning_rate 0.5 +3.0 points [+2.0, +4.0]",
        "learning_rate 75.0 % beta1 20.0 % units 5.0 %",
        "3 trials did not train to the end",
        "0 5 80.0 % Halving: a dev error of 0.8 after 5 epochs; the median was 0.1.",
        "3 5 – Failed: diverged",
        "Study digits-1a2b",
    ):
        assert wanted in text
    assert {"tried", "ensemble", "data-size"}.isdisjoint(page("tune").ids)
    made = page("tune").figures
    assert {name: len(choices["all"]) for name, choices in made.items() if name.startswith("search")} == {
        "search-parallel": 1,
        "search-parameters": 4,
        "search-time": 1,
    }
    places = [a["data-place"] for _, a in page("tune").tags if "data-place" in a]
    assert sorted(places) == sorted(made)


def test_figures_are_there_to_choose_from(page: Read):
    made = page("classes").figures
    assert {name: len(choices) for name, choices in made.items()} == {
        "curves": 8,
        "confusion": 2,
        "calibration": 2,
        "data-size": 1,
    }
    assert set(page("regression").figures) == {"curves", "residuals"}
    places = [a["data-place"] for _, a in page("classes").tags if "data-place" in a]
    assert sorted(places) == sorted(made)
    plots = [a for _, a in page("classes").tags if a.get("class") == "plot"]
    assert all(a["role"] == "img" and a["aria-label"] for a in plots)


def test_each_round_and_network_can_be_chosen_and_the_last_round_is_open(page: Read):
    options = [a["value"] for tag, a in page("classes").tags if tag == "option"]
    assert options == [str(i) for i in range(8)]
    chapters = [a for tag, a in page("classes").tags if tag == "input" and a["name"] == "chapter"]
    assert [a["value"] for a in chapters if "checked" in a] == ["2"]
    assert re.search(r"Baselines Round 1 Round 2 Ensemble members", page("classes").text)


def test_kept_prescriptions_are_marked_in_words_and_shape(page: Read):
    assert page("classes").text.count("✓ kept") == 1
    marks = [a["class"] for tag, a in page("classes").tags if (a.get("class") or "").startswith("mark")]
    assert len(marks) == 24
    assert sum("kept" in mark for mark in marks) == 2


def test_names_with_markup_are_shown_and_never_run(page: Read):
    source, text, tags = page("hostile").source, page("hostile").text, page("hostile").tags
    assert [a.get("id") or a.get("type") for tag, a in tags if tag == "script"] == ["figures", None, None]
    assert not any(key.startswith("on") for _, attributes in tags for key in attributes)
    for name in MARKUP:
        assert name in text
        assert name not in source
    assert page("hostile").figures["confusion"]["dev"][0]["data"][0]["y"][2] == "@train &amp; 'co' {{ 7 …"


def test_sentences_show_code_as_code(page: Read):
    assert "<code>goodfit predict</code>" in page("classes").source
    assert "`" not in page("classes").text


def test_notes_are_told_once(page: Read):
    assert page("classes").text.count("Left out: 3 columns are constant.") == 1


def test_colors_of_figures_are_in_the_style_sheet_for_light_and_dark(page: Read):
    style = (TEMPLATES / "report.css").read_text()
    light, dark = (set(re.findall(r"--([\w-]+):", block)) for block in re.findall(r":root[^{]*\{([^}]*)\}", style)[:2])
    used = {name for kind in KINDS for name in re.findall(r'"@([\w-]+)"', page(kind).data)}
    assert {"train", "dev", "ink", "grid", "wrong-high"} <= used
    assert used <= light
    assert light == dark


def test_the_script_is_short_and_the_styles_print_and_narrow(page: Read):
    assert len((TEMPLATES / "report.js").read_text().splitlines()) < 300
    style = (TEMPLATES / "report.css").read_text()
    for wanted in ("@media print", "(max-width: 760px)", "(prefers-color-scheme: dark)", ":focus-visible"):
        assert wanted in style
    assert '<meta name="viewport" content="width=device-width' in page("train").source


def test_the_same_run_makes_the_same_page(made: Made, page: Read):
    assert write_report(made("binary")).read_text(encoding="utf-8") == page("binary").source


def test_a_run_that_cannot_be_written_to_is_refused(made: Made, tmp_path: Path):
    run = Path(shutil.copytree(made("train"), tmp_path / "run", ignore=shutil.ignore_patterns("report.html")))
    (run / "report.html").mkdir()
    with pytest.raises(InputError, match=r"cannot write .*report\.html.*permissions"):
        write_report(run)


def test_what_ails_the_training_is_told_and_drawn(made: Made, tmp_path: Path):
    run = shutil.copytree(made("train"), tmp_path / "run")
    result = result_of(run)
    finding = {
        "id": "vanishing-gradient",
        "severity": 2,
        "name": "vanishing gradient",
        "layer": "layer 1",
        "epoch": 1,
        "confidence": 0.93,
        "sentence": "The gradient shrinks to 0.2 times a layer <b>here</b>.",
        "evidence": {"rate": 0.2},
        "prescriptions": [
            {"id": "residual", "name": "residual network", "why": "the gradient has a way past", "changes": {}}
        ],
        "plot": {
            "title": "Gradient by layer",
            "x_name": "layer",
            "y_name": "size",
            "x": [1.0, 2.0, 3.0],
            "lines": {"epoch 1": [0.04, 0.2, 1.0], "epoch 5": [0.01, None, 1.0], "epoch 9": [None, 0.1, 1.0]},
            "log": True,
        },
    }
    consequence = finding | {"id": "learning-rate-too-low", "plot": None, "explained_by": "vanishing-gradient"}
    result["final"]["findings"] = [finding, consequence]
    (run / "result.json").write_text(json.dumps(result))
    text = write_report(run).read_text()
    assert "Vanishing gradient" in text
    assert "confidence 93\u00a0%" in text
    assert "0.2 times a layer &lt;b&gt;here&lt;/b&gt;." in text
    assert "residual network: the gradient has a way past" in text
    assert text.count("Explained by: vanishing gradient.") == 1
    figures = text.split('id="figures">')[1].split("</script>")[0]
    drawn = json.loads(figures)["finding-0"]["all"][0]
    assert [each["y"] for each in drawn["data"]] == [[0.04, 0.2, 1], [0.01, None, 1], [None, 0.1, 1]]
    assert [each["text"] for each in drawn["layout"]["annotations"]] == ["epoch 1", "epoch 9"]
    assert drawn["layout"]["yaxis"]["type"] == "log"


def test_a_storage_s_password_is_not_passed_on_with_the_page(made: Made, tmp_path: Path):
    run = shutil.copytree(made("tune"), tmp_path / "run")
    result = result_of(run)
    result["command_line"] = "goodfit tune digits --storage postgresql://ann:s3cret@host:5432/db --trials 8"
    result["study"]["storage"] = "postgresql://ann:s3cret@host:5432/db"
    (run / "result.json").write_text(json.dumps(result))
    text = write_report(run).read_text()
    assert "s3cret" not in text
    assert "--storage postgresql://ann:***@host:5432/db --trials 8" in text


def test_probabilities_that_needed_no_adjusting(made: Made, tmp_path: Path):
    run = shutil.copytree(made("classes"), tmp_path / "run")
    result = result_of(run)
    result["calibration"] |= {"temperature": 1.0, "log_loss_after": result["calibration"]["log_loss_before"]}
    (run / "result.json").write_text(json.dumps(result))
    text = write_report(run).read_text()
    assert "The ensemble's probabilities are used as they are: no temperature lowered the dev log loss" in text
    assert "were adjusted" not in text


def test_augmentations_effect_is_told_without_a_learning_curve(made: Made, tmp_path: Path):
    run = shutil.copytree(made("classes"), tmp_path / "run")
    result = result_of(run) | {
        "augmentation": {
            "examples": None,
            "low": None,
            "high": None,
            "sentence": "Leaving augmentation out changed nothing.",
        }
    }
    for curve in (result["learning_curve"], None):
        (run / "result.json").write_text(json.dumps(result | {"learning_curve": curve}))
        assert write_report(run).read_text().count("Leaving augmentation out changed nothing.") == 1
