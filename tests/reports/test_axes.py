import math

import pytest

from goodfit.record.search_result import SearchParameter
from goodfit.reports.axes import Axis, error_axis, parameter_axis


def logarithmic(low: float, high: float, values: tuple[float, ...] = ()) -> Axis:
    return parameter_axis("rate", SearchParameter(scale="log", low=low, high=high), values)


def middle(axis: Axis, low: float, high: float) -> float:
    """Where halfway between two values lies."""
    first, last = axis.place(low), axis.place(high)
    assert first is not None
    assert last is not None
    return (first + last) / 2


def test_the_middle_of_a_logarithmic_range_is_the_geometric_mean():
    axis = logarithmic(1e-4, 1.0)
    assert axis.place(1e-2) == pytest.approx(middle(axis, 1e-4, 1.0))
    assert dict(zip(axis.names, axis.ticks, strict=True))["0.01"] == pytest.approx(-2)
    assert axis.title == "logarithmic"


def test_a_beta_of_0_99_is_halfway_between_0_9_and_0_999():
    axis = parameter_axis("beta1", SearchParameter(scale="one-minus-log", low=0.9, high=0.999), ())
    assert axis.place(0.99) == pytest.approx(middle(axis, 0.9, 0.999))
    assert {"0.9", "0.99", "0.999"} <= set(axis.names)
    assert axis.low < (axis.place(0.9) or 0) < (axis.place(0.999) or 0) < axis.high
    for name, tick in zip(axis.names, axis.ticks, strict=True):
        assert tick == pytest.approx(-math.log10(1 - float(name)))
    assert axis.title == "logarithmic in 1 − beta1"
    assert axis.text(0.99951) == "0.99951"


@pytest.mark.parametrize(
    ("values", "names"),
    [((32, 48, 96, 128), ("32", "48", "96", "128")), ((48, 64, 96, 128, 192, 256), ("32", "64", "128", "256"))],
)
def test_the_rungs_of_a_ladder_have_names_of_their_own(values: tuple[float, ...], names: tuple[str, ...]):
    axis = logarithmic(32, max(values), values)
    assert axis.names == names
    assert [10**tick for tick in axis.ticks] == pytest.approx([float(name) for name in names])


def test_whole_numbers_have_whole_ticks():
    axis = parameter_axis("layers", SearchParameter(scale="linear", low=1, high=3), (1, 2))
    assert axis.names == ("1", "2", "3")
    assert axis.low < 1 < 3 < axis.high


def test_one_value_alone_has_an_axis():
    assert parameter_axis("epochs", SearchParameter(scale="linear", low=20, high=20), ()).place(20) == 20
    assert logarithmic(0.1, 0.1).low < -1 < logarithmic(0.1, 0.1).high


def test_choices_have_their_names_whatever_their_kind():
    axis = parameter_axis("choice", SearchParameter(scale="choice", choices=("relu", None, True, [1, 2])), ())
    assert axis.names == ("relu", "None", "True", "[1, 2]")
    assert [axis.place(one) for one in ("relu", None, True, [1, 2], "tanh")] == [0, 1, 2, 3, None]


@pytest.mark.parametrize("value", [None, math.nan, -1.0, 0.0, True, "relu"])
def test_what_is_not_on_a_logarithmic_axis_has_no_place(value: object):
    assert logarithmic(0.1, 1.0).place(value) is None


def test_errors_far_apart_are_logarithmic_and_others_begin_at_zero():
    wide, narrow, perfect = (error_axis("dev error", errors) for errors in ([0.01, 0.5], [0.02, 0.05], [0.0, 0.9]))
    assert (wide.scale, narrow.scale, perfect.scale) == ("log", "linear", "linear")
    assert dict(zip(wide.names, wide.ticks, strict=True))["10 %"] == pytest.approx(-1)
    assert narrow.low < 0 <= narrow.ticks[0]
    assert narrow.place(0.05) == 0.05


def test_without_errors_there_is_an_axis_still():
    assert error_axis("dev error", [None, math.nan]).scale == "linear"
