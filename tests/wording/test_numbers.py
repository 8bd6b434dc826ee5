from collections.abc import Callable

import pytest

from goodfit.wording import numbers

NAN, INFINITY = float("nan"), float("inf")


@pytest.mark.parametrize(
    ("share", "text"),
    [
        (0.0139, "1.4 %"),
        (0.11, "11.0 %"),
        (0.005, "0.50 %"),
        (-0.015, "−1.5 %"),
        (1.234, "123.4 %"),
        (0.1 + 0.2, "30.0 %"),
        (0.00123, "0.12 %"),
        (0.00999, "1.0 %"),
        (0.00042, "0.042 %"),
        (0.0000042, "0.00042 %"),
        (4e-9, "< 0.0001 %"),
        (-4e-9, "> −0.0001 %"),
        (0.0, "0 %"),
        (-0.0, "0 %"),
        (0.899, "89.9 %"),
        (0.99962, "99.96 %"),
        (0.999999, "> 99.99 %"),
        (1, "100 %"),
        (1.0, "100 %"),
        (1.2534, "125.3 %"),
        (378548.324, "37,900,000 %"),
        (-0.002, "−0.20 %"),
        (None, "–"),
        (NAN, "–"),
        (INFINITY, "–"),
    ],
)
def test_percentages_have_the_digits_that_matter(share: float | None, text: str):
    assert numbers.percent(share) == text


@pytest.mark.parametrize(
    ("share", "low", "high", "text"),
    [
        (0.1, 0.0871, 0.114, "10.0 % [8.7 %, 11.4 %]"),
        (0.015, 0.0131, 0.0179, "1.50 % [1.31 %, 1.79 %]"),
        (0.0, 0.0, 0.00042, "0 % [0 %, 0.042 %]"),
        (0.97, 0.91, 1.0, "97.0 % [91.0 %, 100 %]"),
        (0.1, None, 0.114, "10.0 %"),
        (0.1, 0.0871, NAN, "10.0 %"),
        (None, 0.0871, 0.114, "–"),
    ],
)
def test_an_interval_has_the_digits_of_its_value(share: float | None, low: float | None, high: float, text: str):
    assert numbers.percent(share, low, high) == text


def test_an_interval_of_a_percentage_is_empty_if_an_end_is_unknown():
    assert numbers.percent_interval(0.006, 0.032) == "[0.6 %, 3.2 %]"
    assert numbers.percent_interval(0.006, None) == ""


def test_a_rough_percentage_is_100_only_for_all():
    assert [numbers.rough_percent(x) for x in (0.0, 0.874, 0.9999, 1.0, None)] == ["0 %", "87 %", "99 %", "100 %", "–"]


def test_a_gap_is_in_points_without_a_plus():
    assert numbers.gap(0.1, 0.087, 0.115) == "10.0 points [8.7, 11.5]"
    assert numbers.gap(0.01, 0.0078, 0.0128) == "1.00 points [0.78, 1.28]"  # a narrow interval shows more digits
    assert numbers.gap(0.0, -0.035, 0.096) == "0 points [−3.5, 9.6]"
    assert numbers.gap(-0.01, -0.027, 0.008) == "−1.0 points [−2.7, 0.8]"
    assert numbers.gap(0.021) == "2.1 points"
    assert numbers.gap(None) == "–"


def test_a_change_of_an_error_is_signed():
    assert numbers.change(-0.014, -0.0203, 0.001) == "−1.4 points [−2.0, +0.1]"
    assert numbers.change(0.0028, -0.0029, 0.0112) == "+0.3 points [−0.3, +1.1]"
    assert numbers.change(-0.0, -0.004, 0.004) == "0 points [−0.40, +0.40]"
    assert numbers.change_parts(-0.0046, NAN, 0.1) == ("−0.5 points", "")
    assert numbers.change_parts(NAN, -0.1, 0.1) == ("–", "")
    assert numbers.change(0.00004) == "+0.0040 points"


def test_changes_of_cost_share_their_decimals():
    assert numbers.cost_change(-0.0123, -0.02, 0.001) == "−0.0123 [−0.0200, +0.0010]"
    assert numbers.cost_change(0.1 + 0.2) == "+0.300"
    assert numbers.cost_change(0.0, 0.0, 0.0) == "0 [0, 0]"


@pytest.mark.parametrize(
    ("ratio", "text"),
    [
        (0.984, "98.4 % of a constant guess's cost"),
        (1.0, "100 % of a constant guess's cost"),
        (2.36, "2.4 times a constant guess's cost"),
        (153.2, "about 150 times a constant guess's cost"),
        (378548.324, "about 380,000 times a constant guess's cost"),
        (3e15, "about 3e15 times a constant guess's cost"),
    ],
)
def test_a_relative_size_is_a_percentage_below_twice_and_a_multiple_above(ratio: float, text: str):
    assert numbers.relative(ratio, "a constant guess's cost") == text


def test_a_probability_is_never_certain():
    assert [numbers.chance(p) for p in (0.0, 0.2, 0.99999, None)] == ["< 0.1 %", "20.0 %", "> 99.9 %", "–"]


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (1797, "1,797"),
        (152.0, "152"),
        (0.1 + 0.2, "0.3"),
        (0.018000000000000002, "0.018"),
        (0.123456, "0.1235"),
        (-2.5, "−2.5"),
        (-0.0, "0"),
        (999.96, "1,000"),
        (54123.7, "54,124"),
        (1.234567e15, "1.235e15"),
        (1.2e-7, "1.2e-7"),
        (-1.2e-7, "−1.2e-7"),
        (None, "–"),
        (NAN, "–"),
    ],
)
def test_numbers_of_sentences(value: float | None, text: str):
    assert numbers.number(value) == text


def test_numbers_of_columns_have_three_significant_digits():
    columns = [numbers.column_number(n) for n in (3.0, 154.3, 99999.4, 0.01234, -0.5, 1e-9, 0.0)]
    assert columns == ["3.00", "154", "99,999", "0.0123", "−0.500", "1e-9", "0.00"]


def test_exponents_can_be_typed():
    assert [numbers.scientific(x) for x in (1.234e-7, 3e10, -0.0, NAN)] == ["1.2e-7", "3e10", "0", "–"]
    assert float(numbers.scientific(1.234e-7)) == 1.2e-7


def test_metrics_have_the_digits_that_matter():
    assert [numbers.metric(name, 0.99812) for name in ("auc", "balanced_accuracy", "log_loss")] == [
        "0.9981",
        "99.8 %",
        "0.998",
    ]
    assert numbers.metric("1-r2", 0.4821) == "48.2 %"


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (-1.0, "0.0 s"),
        (4.24, "4.2 s"),
        (0.0, "0.0 s"),
        (0.0423, "0.04 s"),
        (1e-9, "0.001 s"),
        (59.97, "1 min 0 s"),
        (121.3, "2 min 1 s"),
        (7260, "2 h 1 min"),
        (1e7, "2,777 h 46 min"),
        (None, "–"),
    ],
)
def test_durations(seconds: float | None, text: str):
    assert numbers.duration(seconds) == text


def test_time_left_is_in_whole_seconds():
    assert [numbers.time_left(x) for x in (42.4, 200, -1, 59.7, None)] == [
        "42 s left",
        "3 min 20 s left",
        "0 s left",
        "1 min 0 s left",
        "",
    ]


def test_probabilities_of_chance():
    assert [numbers.p_value(p) for p in (0.00002, 0.0312, 1.0, None)] == ["< 0.001", "0.031", "1", "–"]


def test_memory():
    assert [numbers.memory(n) for n in (3 * 2**30, 5.2 * 2**20)] == ["3.0 GiB", "5.2 MiB"]


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.018000000000000002, "0.018"),
        (0.0003, "0.0003"),
        (3e-7, "3e-7"),
        (1e20, "1e20"),
        (1e-15, "1e-15"),
        (0.99999995, "0.99999995"),
        (30, "30"),
        (1.0, "1"),
        (-0.5, "-0.5"),  # as it is typed
        (True, "true"),
        (None, "None"),
        ((0.1 + 0.2, 0.8), "[0.3, 0.8]"),
        ("adam", "adam"),
    ],
)
def test_settings_are_written_as_people_type_them(value: object, text: str):
    assert numbers.setting(value) == text


def test_changed_settings_are_a_line():
    assert numbers.settings({"keep_prob": 0.7, "hidden_units": [8, 8]}) == "keep_prob 0.7, hidden_units [8, 8]"
    assert numbers.settings(None) == ""


def test_ticks():
    assert [numbers.tick_percent(x) for x in (0.0, 0.025, 1.0, -0.1)] == ["0 %", "2.5 %", "100 %", "−10 %"]
    assert [numbers.tick_points(x) for x in (0.0, 0.005, -0.01)] == ["0", "+0.5", "−1"]


@pytest.mark.parametrize(
    "function",
    [
        numbers.percent,
        numbers.gap,
        numbers.change,
        numbers.cost_change,
        numbers.number,
        numbers.column_number,
        numbers.scientific,
        numbers.tick_percent,
        numbers.rough_percent,
        numbers.times,
    ],
)
def test_no_text_has_a_hyphen_for_a_minus_or_a_negative_zero(function: Callable[[float], str]):
    for value in (-0.0, -1e-12, -0.004, -0.5, -3.0, -12345.0):
        text = function(value)
        assert not text.startswith("-")
        assert value != 0 or "−" not in text
