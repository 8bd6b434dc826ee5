"""Findings in order: causes first, what they explain under them, and the list that people read."""

import pytest

from goodfit.diagnosis.finding import Finding, Findings, Remedy
from goodfit.diagnosis.findings import NAMES
from goodfit.diagnosis.findings.explanations import CONSEQUENCES, arranged


def finding(finding_id, severity=1, sentence="It was seen."):
    remedy = Remedy("cure", f"cure {finding_id}", "it helps", {})
    return Finding(finding_id, NAMES[finding_id], severity, 0.9, sentence, {}, (remedy,))


def tree(findings):
    return [(found.id, found.explained_by) for found in findings]


def test_what_a_finding_explains_stands_under_it_however_severe():
    findings = arranged(
        [finding("divergence"), finding("inputs-not-normalized", 2), finding("dead-relus"), finding("leaking-feature")]
    )
    assert tree(findings) == [
        ("inputs-not-normalized", None),
        ("divergence", "inputs-not-normalized"),
        ("dead-relus", "inputs-not-normalized"),
        ("leaking-feature", None),
    ]


def test_a_chain_of_causes_is_followed():
    findings = arranged([finding("dead-relus"), finding("vanishing-gradient"), finding("learning-rate-too-high")])
    assert tree(findings) == [
        ("learning-rate-too-high", None),
        ("dead-relus", "learning-rate-too-high"),
        ("vanishing-gradient", "dead-relus"),
    ]


def test_findings_without_a_common_cause_are_in_the_order_of_severity():
    findings = arranged([finding("batch-too-large", 2), finding("label-noise", 2), finding("duplicate-examples", 1)])
    assert [found.id for found in findings] == ["duplicate-examples", "batch-too-large", "label-noise"]
    assert all(found.explained_by is None for found in findings)


def test_every_explanation_is_of_known_findings_and_none_goes_round():
    def reached(cause):
        return {cause}.union(*(reached(consequence) for consequence in CONSEQUENCES.get(cause, ())))

    for cause, consequences in CONSEQUENCES.items():
        assert {cause, *consequences} <= set(NAMES)
        assert all(cause not in reached(consequence) for consequence in consequences)


@pytest.mark.parametrize("text", [str, repr])
def test_findings_print_as_a_short_list(text):
    findings = arranged(
        [finding("dead-relus", sentence="Units are dead."), finding("learning-rate-too-high", sentence="It leaps.")]
    )
    assert text(findings) == (
        "1. It leaps.\n   Try: cure learning-rate-too-high.\n"
        "   It explains: Units are dead.\n      Try: cure dead-relus."
    )
    assert text(Findings()) == "No problems found."
    assert Findings() == []
