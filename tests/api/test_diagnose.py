"""Diagnoses of bare error rates: values, what a notebook shows, and JSON."""

import pytest
from scipy.stats import binomtest

from goodfit.api.diagnose_errors import diagnose_errors


def test_a_diagnosis_is_a_frozen_value_with_a_short_repr():
    diagnosis = diagnose_errors(0.01, 0.11, 6000, 2000, human_error=0.005)
    assert repr(diagnosis) == "Diagnosis(high variance; train error 1.0 %, dev error 11.0 %)"
    assert diagnosis.variance.value == pytest.approx(0.11 - 0.01)
    bias, wilson = diagnosis.avoidable_bias, binomtest(60, 6000).proportion_ci(method="wilson")
    assert bias
    assert (bias.low, bias.high) == pytest.approx((wilson.low - 0.005, wilson.high - 0.005))
    with pytest.raises(AttributeError):
        setattr(diagnosis, "verdict", "good fit")  # noqa: B010 -- a type checker refuses the plain assignment


def test_a_notebook_shows_verdict_errors_and_gaps():
    screen = diagnose_errors(0.15, 0.30, 6000, 2000)._repr_html_()
    for words in ("High bias and high variance", "train error 15.0 %, dev error 30.0 %", "Variance: 15.0 points ["):
        assert words in screen


def test_its_dictionary_is_json_with_the_names_of_its_fields():
    facts = diagnose_errors(0.01, 0.02, 6000, 2000, test_error=0.05, test_size=1000).to_dict()
    assert facts["dev_overfitting"]["value"] == pytest.approx(0.03)
    assert (facts["train_error"], facts["dev_error"], facts["metric"]) == (0.01, 0.02, "error_rate")
    assert "run" not in facts
