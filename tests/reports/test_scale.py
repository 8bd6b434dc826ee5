import pytest

from goodfit.reports.scale import scale


def test_positions_are_shares_of_the_span():
    made = scale([0.1, 0.5], room=0.0)
    assert (made.low, made.high) == (0.0, 0.5)
    assert [made.place(value) for value in (0.0, 0.125, 0.5, 9.0)] == [0.0, 25.0, 100.0, 100.0]


def test_zero_is_always_shown_with_round_ticks_around_it():
    made = scale([-0.021, 0.008, None, float("nan")])
    assert made.low < -0.021
    assert made.high > 0.008
    assert made.ticks == (-0.02, -0.01, 0.0)


@pytest.mark.parametrize("values", [[], [0.0, 0.0], [None, float("inf")]])
def test_a_scale_of_nothing_but_zero_ends_at_one_percent(values):
    made = scale(values, room=0.0)
    assert (made.low, made.high) == (0.0, 0.01)
    assert made.ticks == (0.0, 0.002, 0.004, 0.006, 0.008, 0.01)
