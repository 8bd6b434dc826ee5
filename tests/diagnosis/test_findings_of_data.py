"""Findings in the data and the target, and properties of every finding."""

import importlib
import json
import math
import re
from dataclasses import replace
from pkgutil import iter_modules

import numpy as np
import pytest

from goodfit.diagnosis import findings
from goodfit.diagnosis.finding import ClassRecall, DataFacts, Leak, Observation, Signals
from goodfit.diagnosis.findings import (
    FINDINGS,
    NAMES,
    costs,
    duplicates,
    examine,
    imbalance,
    label_noise,
    leak,
    missed_class,
    output,
    overfitted,
    shift,
)
from goodfit.diagnosis.findings.remedies import DEFAULT_NETWORK
from goodfit.plan import Plan
from goodfit.record.run import Outcome

STUCK = np.full(40, 0.97)


@pytest.mark.parametrize(("share", "error", "sick"), [(0.8, 0.141, True), (0.79, 0.2, False), (0.8, 0.139, False)])
def test_a_rare_class_that_is_given_up(make_observation, share, error, sick):
    """Always guessing the common class misses 20 %; an error of 14 % of all is 70 % of that."""
    counts = {"class_counts": (round(1000 * share), 1000 - round(1000 * share)), "task": "binary"}
    finding = imbalance.find(make_observation(dev_error=error, data=counts))
    assert (finding is not None) is sick
    if finding is not None:  # goodfit takes class weights off its probabilities again, so only others are told of them
        assert [remedy.id for remedy in finding.remedies] == ["balanced-metric"]
        elsewhere = imbalance.find(replace(make_observation(dev_error=error, data=counts), plan=None))
        assert elsewhere is not None
        assert elsewhere.remedies[0].changes == {"class_balance": 1.0}


@pytest.mark.parametrize("balance", [0.0, 0.5, 1.0])
def test_an_objective_with_class_weights_is_not_set_beside_costs_without(make_observation, balance):
    observation = make_observation(objective=0.9, dev_cost=0.5, plan={"class_balance": balance})
    assert len(costs.cost_above_objective(observation)) == (0 if balance else 20)
    plot = costs.cost_plot(observation)
    assert plot is not None
    assert ("objective" in plot.lines) is (balance == 0)
    assert {"train cost", "dev cost", "constant guess"} <= set(plot.lines)


RARE = {"class_counts": (1820, 180), "task": "binary"}


def test_a_rare_class_that_is_not_found_is_said_with_its_counts(make_observation):
    recall = ClassRecall(("no", "yes"), found=(815, 5), totals=(819, 81), lower_threshold=(62, 240))
    finding = imbalance.find(make_observation(data={**RARE, "recall": recall}))
    assert finding is not None
    assert finding.severity == 1
    assert finding.sentence == (
        "91.0 % of the examples are 'no', and of 81 'yes' on dev the network finds 5 (balanced accuracy 52.8 %): its "
        "error of 8.9 % is hardly better than that of predicting 'no' for everyone (9.0 %)."
    )
    assert finding.remedies[0].name == (
        "take rows with a probability of 'yes' above 9.0 % for 'yes': that finds 62 of 81 on dev, with 240 others"
    )
    assert finding.evidence["balanced_accuracy"] == pytest.approx((815 / 819 + 5 / 81) / 2)
    assert not any(remedy.changes for remedy in finding.remedies)  # weights are taken off the probabilities again


@pytest.mark.parametrize(("lower", "advised"), [((62, 300), True), ((62, 320), False), ((1, 100), False)])
def test_a_lower_threshold_is_advised_where_it_tells_the_classes_apart(make_observation, lower, advised):
    """62 of 81 are 77 %: twice the share of 313 among 819 others."""
    recall = ClassRecall(("no", "yes"), (815, 5), (819, 81), lower)
    finding = imbalance.find(make_observation(data={**RARE, "recall": recall}))
    assert finding is not None
    assert (finding.remedies[0].id == "lower-threshold") is advised


@pytest.mark.parametrize(
    ("found", "sick"), [((810, 60), False), ((819, 0), True), ((800, 30), True)], ids=["found", "none", "a third"]
)
def test_a_rare_class_is_judged_by_what_is_found_of_it(make_observation, found, sick):
    """Errors of 3.3 %, 9 % and 7.8 % beside the 9 % of guessing: the finding begins at 0.7 of it, 6.3 %."""
    recall = ClassRecall(("no", "yes"), found, (819, 81))
    for plan in ({}, {"class_balance": 1.0}):
        assert (imbalance.find(make_observation(data={**RARE, "recall": recall}, plan=plan)) is not None) is sick


def test_of_many_classes_the_one_that_is_found_least_is_named(make_observation):
    recall = ClassRecall(("a", "b", "c"), (850, 30, 1), (860, 70, 70))
    counts = {"class_counts": (860, 70, 70), "recall": recall}
    finding = imbalance.find(make_observation(data=counts))
    assert finding is not None
    assert "of 70 'c' on dev the network finds 1 (balanced accuracy 47.7 %)" in finding.sentence


@pytest.mark.parametrize(
    ("found", "totals", "missed"),
    [
        ((90, 80, 0), (100, 90, 12), "Of 12 'c' on dev the network finds none (balanced accuracy 59.6 %)"),
        ((90, 80, 0, 0), (100, 90, 6, 5), "Of 6 'c' on dev the network finds none, nor any of 1 other class"),
        ((90, 80, 1), (100, 90, 12), None),  # 1 is found
        ((90, 80, 0), (100, 90, 4), None),  # too few to tell
        ((95, 2, 0), (100, 50, 40), None),  # nothing is told apart: high bias, or no better than a guess
    ],
)
def test_a_class_that_is_never_found_is_said(make_observation, found, totals, missed):
    recall = ClassRecall(tuple("abcd")[: len(totals)], found, totals)
    finding = missed_class.find(make_observation(data={"task": "classes", "class_counts": totals, "recall": recall}))
    assert (finding is not None) is (missed is not None)
    if finding is not None and missed is not None:
        assert finding.sentence.startswith(missed)
        assert finding.severity == 1  # such a network is no good fit


@pytest.mark.parametrize(
    ("train_end", "rise", "later", "dev_error", "sick"),
    [
        (0.0, 3.0, 30, 0.3, True),
        (0.2, 3.0, 30, 0.3, False),
        (0.0, 1.1, 30, 0.3, False),
        (0.0, 3.0, 6, 0.3, False),
        (0.0, 3.0, 30, 0.05, False),
    ],
    ids=["overfits", "cannot fit", "no rise", "just kept", "good anyway"],
)
def test_a_network_that_learns_by_heart_after_the_kept_epoch(make_observation, train_end, rise, later, dev_error, sick):
    kept = 40 - later
    dev = np.concatenate([np.linspace(1, 0.5, kept), np.linspace(0.5, 0.5 * rise, later + 1)[1:]])
    train = np.linspace(0.6, train_end, 40)
    finding = overfitted.find(make_observation(dev_cost=dev, train_error=train, dev_error=dev_error))
    assert (finding is not None) is sick
    if finding is not None:
        assert finding.epoch == kept
        assert f"the dev cost rose for {later} epochs" in finding.sentence


@pytest.mark.parametrize(("count", "dev", "sick"), [(10, 200, True), (9, 200, False), (2, 20, False), (3, 20, True)])
def test_duplicates_across_the_sets(make_observation, count, dev, sick):
    finding = duplicates.find(make_observation(data={"duplicates": count, "dev": dev}))
    assert (finding is not None) is sick
    if finding is not None:
        assert finding.evidence["share"] == count / dev
        assert f"{count} of {dev} dev examples" in finding.sentence


@pytest.mark.parametrize(
    ("score", "runner_up", "guess", "sick"),
    [
        (0.991, 0.98, 0.5, True),
        (0.989, 0.98, 0.5, False),
        (0.96, 0.79, 0.5, True),  # 4 errors of 100 beside 21: a leak with wrong entries
        (0.96, 0.81, 0.5, False),
        (0.959, 0.5, 0.5, False),
        (0.995, 0.98, 0.98, False),  # nearly all are of one class
        (0.998, 0.98, 0.98, True),
    ],
)
def test_a_feature_that_gives_the_class_away(score, runner_up, guess, sick, make_observation):
    finding = leak.find(make_observation(data={"leak": Leak("churned_on", score, runner_up, guess)}))
    assert (finding is not None) is sick
    if finding is not None:
        assert finding.severity == 1
        assert "'churned_on' alone predicts the target to" in finding.sentence


def test_a_feature_that_gives_the_number_away(make_observation):
    for score, sick in ((0.975, True), (0.965, False)):
        facts = {"leak": Leak("a", score, 0.9, 0.0), "task": "regression", "class_counts": None}
        assert (leak.find(make_observation(data=facts)) is not None) is sick


def test_label_noise(make_observation):
    assert label_noise.find(make_observation(data={"label_noise": 0.049})) is None
    finding = label_noise.find(make_observation(data={"label_noise": 0.12}))
    assert finding is not None
    assert "12.0 % of the labels" in finding.sentence
    assert finding.remedies[0].changes == {"label_smoothing": 0.1}
    finding_ids = [finding.id for finding in examine(make_observation(data={"label_noise": 0.12}))]
    assert finding_ids == [label_noise.ID]
    broken = [finding.id for finding in examine(make_observation(STUCK, dead=1.0, data={"label_noise": 0.12}))]
    assert label_noise.ID not in broken  # a network that learned nothing cannot tell


def test_dev_and_test_that_differ(make_observation):
    assert shift.find(make_observation()) is None
    finding = shift.find(make_observation(data={"shift": ("Dev and test do not come from one distribution: age.",)}))
    assert finding is not None
    assert finding.sentence == "Dev and test do not come from one distribution: age."


def costs_and_errors(costs, errors, **facts):
    history = {"epoch": np.arange(1, len(costs) + 1), "train_cost": np.array(costs), "train_error": np.array(errors)}
    facts = {"m": 600, "task": "classes", "class_counts": (200, 200, 200)} | facts
    return Observation(Signals(history), data=DataFacts(**facts))


@pytest.mark.parametrize(("share", "sick"), [(0.94, True), (0.96, False)])
def test_a_cost_that_no_log_loss_can_be(share, sick):
    """A wrong answer has at most probability ½, so that its log loss is at least log 2."""
    cost = share * math.log(2) * 0.3
    assert (output.find(costs_and_errors([cost] * 5, [0.3] * 5)) is not None) is sick


def test_a_cost_below_that_bound_in_half_of_the_epochs_or_once_where_both_are_of_the_same_moment():
    """With a goodfit plan they are; epochs without wrong answers do not count."""
    costs, errors = [0.4, 0.4, 0.1, 0.01, 0.01], [0.3, 0.3, 0.3, 0.0, 0.0]
    observation = costs_and_errors(costs, errors)
    assert output.find(observation) is None
    assert output.find(Observation(observation.signals, Plan(), observation.data)) is not None
    assert output.find(costs_and_errors(costs[1:], errors[1:])) is not None


def test_probabilities_that_are_given_to_a_loss_of_logarithms_make_it_negative():
    finding = output.find(costs_and_errors([-0.4, -0.7, -0.9], [0.5, 0.2, 0.0]))
    assert finding is not None
    assert finding.layer == "output"
    assert output.find(costs_and_errors([-0.4, -0.7], [0.5, 0.2], task="regression", class_counts=None)) is None


@pytest.mark.parametrize("classes", [2, 3, 10])
def test_a_softmax_taken_twice(classes):
    """Softmax of the sure answer (1, 0, …, 0) is e/(e + C − 1); its logarithm is the cost of a perfect fit."""
    sure = np.exp(np.eye(classes)[0])
    floor = -math.log(sure[0] / sure.sum())
    facts = {"class_counts": (100,) * classes}
    fitting = [floor + 0.4, floor + 0.1, floor + 0.01]
    assert output.find(costs_and_errors(fitting, [0.4, 0.1, 0.01], **facts)) is not None
    below = [floor + 0.4, floor + 0.1, 0.9 * floor]
    assert output.find(costs_and_errors(below, [0.4, 0.1, 0.01], **facts)) is None
    assert output.find(costs_and_errors(fitting, [0.9, 0.5, 0.3], **facts)) is None


@pytest.mark.parametrize(
    ("units", "facts", "sick"),
    [
        (1, {"class_counts": (200, 200, 200)}, True),
        (3, {"class_counts": (200, 200, 200)}, False),
        (1, {"class_counts": (300, 300), "task": "binary"}, False),
        (4, {"class_counts": None, "task": "regression"}, True),
        (1, {"class_counts": None, "task": "regression"}, False),
    ],
)
def test_outputs_that_do_not_fit_the_task(make_observation, units, facts, sick):
    weights = {"layers.0.W": np.ones((16, 16)), "layers.10.W": np.ones((16, units)), "layers.10.b": np.ones(units)}
    finding = output.find(make_observation(weights=weights, data=facts))
    assert (finding is not None) is sick


@pytest.mark.parametrize(
    ("facts", "sick"),
    [
        ({"task": "regression", "class_counts": None, "target_values": 2}, True),
        ({"task": "regression", "class_counts": None, "target_values": 10}, True),
        ({"task": "regression", "class_counts": None, "target_values": 11}, False),
        ({"task": "regression", "class_counts": None, "target_values": 10, "m": 199}, False),
        ({"task": "classes", "class_counts": (4,) * 20}, True),
        ({"task": "classes", "class_counts": (5,) * 20}, False),
        ({"task": "classes", "class_counts": (4,) * 19}, False),
    ],
)
def test_a_target_that_is_read_as_another_kind(facts, sick):
    observation = Observation(Signals({}), data=DataFacts(**({"m": 600} | facts)))
    assert (output.find(observation) is not None) is sick


def test_every_finding_has_a_name_of_its_own_and_is_listed_once():
    """A file with a `find` that no list names would never be asked."""
    modules = [importlib.import_module(f"{findings.__name__}.{file.name}") for file in iter_modules(findings.__path__)]
    finds = {module.find for module in modules if hasattr(module, "find")}
    assert set(FINDINGS) == finds
    assert len(FINDINGS) == len(finds) == len(NAMES) == len(set(NAMES.values())) >= 23


def sick_observations(make_observation):
    """An observation for nearly every symptom, most with several."""
    low = np.geomspace(0.8, 0.02, 40)
    facts = {"leak": Leak("a", 1.0, 0.5, 0.5), "duplicates": 50, "label_noise": 0.2, "shift": ("They differ.",)}
    norm = {"batch_norm": "before", "batch_size": 4}
    yield make_observation(STUCK, dead=1.0, data=facts)
    yield make_observation(np.zeros(0), outcome=Outcome.DIVERGED, plan={"learning_rate": 5.0})
    yield make_observation(STUCK, saturated=1.0, plan={"activation": "sigmoid", "batch_size": 1})
    yield make_observation(STUCK, update=1e-9)
    yield make_observation(STUCK, objective=5.0, plan={"l2": 90.0, "l1": 1.0, "weight_decay": 0.1}, weight=0.01)
    yield make_observation(STUCK, objective=5.0, plan={"keep_prob": (0.1, 0.9), "input_keep_prob": 0.2})
    yield make_observation(STUCK, objective=0.2, plan=norm)
    yield make_observation(
        np.concatenate([[0.9, 7.0], low]), plan={"hidden_units": (), "keep_prob": 1.0, "learning_rate": 0.5}
    )
    yield make_observation(np.full(1, 0.7), train_error=0.6, looks=1)
    yield make_observation(STUCK, plan={"batch_size": 0}, curvature="saddle")
    yield make_observation(np.linspace(1, 0.5, 40), plan={"batch_size": 0})
    yield make_observation(np.linspace(9, 0.5, 40), weight=50.0, size=300.0, hidden=5)
    yield make_observation(STUCK, weight=0.0)
    yield make_observation(dev_error=0.2, data={"class_counts": (480, 120), "task": "binary"})


def test_every_prescription_is_another_valid_plan_and_everything_goes_into_json(make_observation):
    ids = set()
    for observation in sick_observations(make_observation):
        all_findings = examine(observation)
        assert all_findings
        for finding in all_findings:
            ids.add(finding.id)
            assert 0 <= finding.confidence <= 1
            assert finding.sentence.endswith(".")
            assert finding.remedies
            for remedy in finding.remedies:
                assert observation.plan.with_(**remedy.changes) != observation.plan or not remedy.changes
            facts = json.loads(json.dumps(finding.to_dict(), allow_nan=False))
            assert list(facts) == [
                "id", "name", "severity", "layer", "epoch", "confidence", "sentence", "evidence", "prescriptions",
                "explained_by",
            ]  # fmt: skip
            assert facts["id"] == finding.id
            assert facts["prescriptions"][0]["id"] == finding.remedies[0].id
            assert facts["prescriptions"][0]["name"] == finding.remedies[0].name
            assert facts["explained_by"] in {None, *(other.id for other in all_findings)}
            if finding.plot is not None:
                assert all(len(line) == len(finding.plot.x) for line in finding.plot.lines.values())
    assert len(ids) >= 18


def test_the_last_remedy_of_a_sick_plan_is_the_default_network():
    plan = Plan(hidden_units=(8,) * 9, activation="sigmoid", learning_rate=1e3, optimizer="gradient_descent", epochs=3)
    observation = Observation(Signals({}, outcome=Outcome.DIVERGED), plan)
    reset = examine(observation)[0].remedies[-1]
    assert reset.id == DEFAULT_NETWORK
    assert plan.with_(**reset.changes) == Plan(batch_size=plan.batch_size, preparation=plan.preparation)
    default = Observation(Signals({}, outcome=Outcome.DIVERGED), Plan())
    assert DEFAULT_NETWORK not in [remedy.id for remedy in examine(default)[0].remedies]


def test_an_id_is_of_lower_case_words():
    assert all(re.fullmatch(r"[a-z]+(-[a-z]+)*", finding_id) for finding_id in NAMES)
