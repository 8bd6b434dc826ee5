import pytest

from goodfit.wording import numbers


def plain(text: str) -> str:
    return text.replace("\u00a0", " ")


@pytest.mark.parametrize(
    ("share", "said"),
    [
        (0.0139, "1.4 %"),
        (0.00123, "0.12 %"),
        (0.0, "0 %"),
        (0.899, "89.9 %"),
        (1.0, "100 %"),
        (-0.002, "−0.20 %"),
        (None, "–"),
        (float("nan"), "–"),
    ],
)
def test_percentages_have_the_digits_that_matter(share: float | None, said: str):
    assert plain(numbers.percent(share)) == said


def test_an_interval_has_equal_digits_at_both_ends_and_does_not_break():
    assert numbers.share_range(0.006, 0.032) == "0.6\u00a0%\u00a0to\u00a03.2\u00a0%"
    assert numbers.share_range(0.006, None) == ""


def test_points_carry_sign_and_interval():
    assert [plain(text) for text in numbers.points(-0.014, -0.0203, 0.001)] == ["−1.4 points", "−2.0 to +0.1"]
    assert plain(numbers.gap({"value": 0.0, "low": -0.004, "high": 0.004})) == "0 points (−0.40 to +0.40)"
    assert numbers.gap(None) == "not known"


def test_changes_of_cost_share_their_decimals():
    assert [plain(text) for text in numbers.change(-0.0123, -0.02, 0.001)] == ["−0.0123", "−0.0200 to +0.0010"]


def test_a_probability_is_never_told_as_certain():
    assert [plain(numbers.chance(p)) for p in (0.0, 0.2, 0.99999)] == ["< 0.1 %", "20.0 %", "> 99.9 %"]


def test_numbers_for_sentences_and_for_columns():
    assert [numbers.number(n) for n in (1797, 152.0, 0.123456, -2.5)] == ["1,797", "152", "0.1235", "−2.5"]
    assert [numbers.fixed(n) for n in (3.0, 154.3, 99999.4, 0.01234)] == ["3.00", "154", "99,999", "0.0123"]


def test_metrics_are_told_in_their_own_way():
    said = [numbers.metric(name, 0.99812) for name in ("auc", "balanced_accuracy", "log_loss")]
    assert [plain(text) for text in said] == ["0.9981", "99.8 %", "0.998"]


@pytest.mark.parametrize(("seconds", "said"), [(4.24, "4.2 s"), (121.3, "2 min 1 s"), (7260, "2 h 1 min")])
def test_durations(seconds: float, said: str):
    assert plain(numbers.duration(seconds)) == said


def test_small_words():
    assert [plain(numbers.p_value(p)) for p in (0.00002, 0.0312, 1.0)] == ["< 0.001", "0.031", "1"]
    assert numbers.count(1, "class", "classes") == "1 class"
    assert numbers.count(1200, "round") == "1,200 rounds"
    assert numbers.sentence("the test set stays closed") == "The test set stays closed."
    assert numbers.settings({"keep_prob": 0.7, "hidden_units": [8, 8]}) == "keep_prob 0.7, hidden_units [8, 8]"
