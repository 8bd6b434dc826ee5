import numpy as np
import pytest
from sklearn.metrics import r2_score

from goodfit.diagnosis.metrics import expected_calibration_error, metrics

THREE = np.array([[0.7, 0.2, 0.1], [0.1, 0.8, 0.1], [0.3, 0.4, 0.3], [0.15, 0.25, 0.6], [0.5, 0.3, 0.2]])


def test_figures_of_three_classes():
    figures = metrics("classes", np.array([0, 1, 0, 2, 2]), THREE)
    assert figures["error_rate"] == pytest.approx(2 / 5)
    assert figures["log_loss"] == pytest.approx(-np.log([0.7, 0.8, 0.3, 0.6, 0.2]).mean())
    assert figures["balanced_accuracy"] == pytest.approx((1 / 2 + 1 + 1 / 2) / 3)
    # pairs in order: class 0 has 5 of 6, class 1 all 4, class 2 5 of 6
    first, third = [1, 1, 1, 1, 1, 0], [1, 1, 1, 1, 1, 0]
    assert figures["auc"] == pytest.approx((sum(first) / 6 + 1 + sum(third) / 6) / 3)
    assert set(figures) == {"error_rate", "log_loss", "auc", "balanced_accuracy", "ece"}


def test_a_class_may_be_absent():
    figures = metrics("classes", np.array([0, 1, 0, 1, 0]), THREE)
    assert figures["balanced_accuracy"] == pytest.approx((2 / 3 + 1 / 2) / 2)
    assert figures["log_loss"] == pytest.approx(-np.log([0.7, 0.8, 0.3, 0.25, 0.5]).mean())
    assert figures["auc"] == pytest.approx((6 / 6 + 4 / 6) / 2)


def test_one_class_alone_has_no_auc():
    figures = metrics("binary", np.ones(3, dtype=int), np.array([[0.2, 0.8], [0.6, 0.4], [0.1, 0.9]]))
    assert "auc" not in figures
    assert figures["error_rate"] == pytest.approx(1 / 3)
    assert figures["balanced_accuracy"] == pytest.approx(2 / 3)


def test_two_classes_have_the_auc_of_the_second():
    probabilities = np.array([[0.9, 0.1], [0.6, 0.4], [0.65, 0.35], [0.2, 0.8]])
    assert metrics("binary", np.array([0, 0, 1, 1]), probabilities)["auc"] == pytest.approx(3 / 4)


def test_outputs_of_single_precision_need_not_sum_to_one_exactly():
    figures = metrics("classes", np.array([0, 1, 0, 2, 2]), (THREE * 1.00001).astype(np.float32))
    assert figures["log_loss"] == pytest.approx(-np.log([0.7, 0.8, 0.3, 0.6, 0.2]).mean(), abs=1e-6)


def test_regression_has_the_set_s_own_r2():
    rng = np.random.default_rng(0)
    truth = rng.normal(3, 2, 50)
    predicted = truth + rng.normal(0, 1, 50)
    figures, errors = metrics("regression", truth, predicted[:, None]), predicted - truth
    assert figures["1-r2"] == pytest.approx(np.square(errors).sum() / np.square(truth - truth.mean()).sum())
    assert figures["1-r2"] == pytest.approx(1 - r2_score(truth, predicted))
    assert figures["rmse"] == pytest.approx(np.sqrt(np.square(errors).mean()))
    assert figures["mae"] == pytest.approx(np.abs(errors).mean())


@pytest.mark.parametrize("value", [0.0, 0.1, 1e9])
def test_equal_targets_have_the_r2_that_scikit_learn_gives_for_zeros(value):
    truth = np.full(7, value)  # seven times 0.1 has a mean that is not 0.1
    assert metrics("regression", truth, truth[:, None])["1-r2"] == 1 - r2_score(np.zeros(7), np.zeros(7)) == 0
    assert metrics("regression", truth, truth[:, None] + 1)["1-r2"] == 1 - r2_score(np.zeros(7), np.ones(7)) == 1


def test_expected_calibration_error_by_hand():
    probabilities = np.array([[0.9, 0.1], [0.9, 0.1], [0.3, 0.7], [0.3, 0.7]])
    truth = np.array([0, 1, 1, 1])  # confidence 0.9 is right in 1/2, 0.7 in all
    assert expected_calibration_error(truth, probabilities) == pytest.approx((0.4 + 0.3) / 2)
    sure = np.array([[1.0, 0.0], [0.0, 1.0]])
    assert expected_calibration_error(np.array([0, 1]), sure) == 0
