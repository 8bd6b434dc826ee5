import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.stats import norm, rankdata
from sklearn.preprocessing import OneHotEncoder, QuantileTransformer, RobustScaler, StandardScaler

from goodfit.data.dataset import Column, Dataset, Features, Origin, Schema, TaskKind
from goodfit.data.preparation import PIECES, Preparation, width
from goodfit.data.splits import open_splits

KINDS = ("standard", "robust", "quantile")  # a column stays a column; `piecewise` has tests of its own


def dataset(numbers, codes=None, levels=(), missing=(), target=None, task: TaskKind = "regression"):
    """Columns n0, n1, … and c0, c1, …; those in `missing` have missing values."""
    numbers = np.asarray(numbers, np.float64)
    rows = len(numbers)
    codes = np.zeros((rows, 0), np.int32) if codes is None else np.asarray(codes, np.int32)
    columns = [Column(f"n{i}", "number", (), f"n{i}" in missing) for i in range(numbers.shape[1])]
    columns += [
        Column(f"c{i}", "category", tuple("abcdefgh"[:count]), f"c{i}" in missing) for i, count in enumerate(levels)
    ]
    classes = () if task == "regression" else ("no", "yes")
    target = np.zeros(rows) if target is None else np.asarray(target)
    return Dataset(
        "made", Features(numbers, codes), target, Schema(tuple(columns), "y", task, classes, ()), (), Origin()
    )


def test_standard_on_digits_is_scikit_learns_standard_scaler():
    splits = open_splits("digits")
    numbers = splits.dataset.features.numbers
    inputs = Preparation.fit("standard", splits.dataset, splits.train).transform(splits.dataset.features)
    expected = np.asarray(StandardScaler().fit(numbers[splits.train]).transform(numbers))
    constant = np.ptp(numbers[splits.train], axis=0) == 0
    assert inputs.dtype == np.float32
    np.testing.assert_allclose(inputs[:, ~constant], expected[:, ~constant], rtol=1e-6, atol=1e-7)
    assert not inputs[:, constant].any()


def test_standard_gives_mean_zero_and_variance_one_where_the_course_notes_slip_would_not():
    numbers = np.array([[0.0], [10.0], [20.0], [30.0]])
    inputs = Preparation.fit("standard", dataset(numbers), np.arange(4)).transform(dataset(numbers).features)
    np.testing.assert_allclose(inputs[:, 0], [-3 / 5**0.5, -1 / 5**0.5, 1 / 5**0.5, 3 / 5**0.5], rtol=1e-6)


def test_robust_is_scikit_learns_robust_scaler_then_a_smooth_clip():
    splits = open_splits("breast_cancer")
    numbers = splits.dataset.features.numbers
    inputs = Preparation.fit("robust", splits.dataset, splits.train).transform(splits.dataset.features)
    scaled = np.asarray(RobustScaler().fit(numbers[splits.train]).transform(numbers))
    np.testing.assert_allclose(inputs, scaled / np.sqrt(1 + (scaled / 3) ** 2), rtol=2e-6, atol=1e-7)
    assert np.abs(inputs).max() < 3
    assert np.abs(scaled).max() > 10


def test_robust_divides_by_half_of_the_range_where_the_quartiles_are_equal():
    numbers = np.array([[0.0]] * 9 + [[8.0]])
    inputs = Preparation.fit("robust", dataset(numbers), np.arange(10)).transform(dataset(numbers).features)
    assert inputs[:, 0].tolist() == pytest.approx([0.0] * 9 + [2 / (1 + 4 / 9) ** 0.5], rel=1e-6)


@settings(max_examples=60, deadline=None)
@given(arrays(np.float64, st.integers(2, 80), elements=st.integers(-20, 20).map(float)))
def test_quantile_gives_the_fitted_rows_the_normal_scores_of_their_mean_ranks(values):
    data = dataset(values[:, None])
    inputs = Preparation.fit("quantile", data, np.arange(len(values))).transform(data.features)
    scores = norm.ppf((rankdata(values) - 0.5) / len(values)) if np.ptp(values) else np.zeros(len(values))
    np.testing.assert_allclose(inputs[:, 0], scores, atol=1e-6)


def test_quantile_with_more_rows_than_knots_is_scikit_learns_within_the_tails():
    values = np.random.default_rng(0).lognormal(size=(20_000, 1))
    data = dataset(values)
    preparation = Preparation.fit("quantile", data, np.arange(len(values)))
    assert len(preparation.knots[0][0]) == 1000
    inputs = preparation.transform(data.features)[:, 0]
    transformer = QuantileTransformer(n_quantiles=1000, output_distribution="normal", subsample=20_000)
    expected = transformer.fit_transform(values)
    inner = np.abs(expected[:, 0]) < 2.3
    np.testing.assert_allclose(inputs[inner], expected[inner, 0], atol=0.01)
    new = preparation.transform(Features(np.array([[-1.0], [1e9]]), np.zeros((2, 0), np.int32)))
    np.testing.assert_allclose(new[:, 0], norm.ppf([0.0005, 0.9995]), atol=1e-5)  # beyond the ends: the last knot


def test_categories_are_scikit_learns_one_hot():
    codes = np.random.default_rng(1).integers(-1, [3, 2], size=(50, 2))
    data = dataset(np.zeros((50, 0)), codes, levels=(3, 2))
    inputs = Preparation.fit("standard", data, np.arange(50)).transform(data.features)
    encoder = OneHotEncoder(handle_unknown="ignore", sparse_output=False).fit([[0, 0], [1, 1], [2, 1]])
    assert np.array_equal(inputs, np.asarray(encoder.transform(codes)))


@pytest.mark.parametrize("kind", KINDS)
def test_missing_numbers_are_zero_and_indicated(kind):
    numbers = [[1.0, 1.0], [np.nan, 2.0], [3.0, 3.0], [5.0, 4.0], [7.0, np.nan]]
    codes = [[0], [1], [-1], [1], [0]]
    data = dataset(numbers, codes, levels=(2,), missing=("n0", "c0"))
    preparation = Preparation.fit(kind, data, np.arange(4))
    inputs = preparation.transform(data.features)
    assert inputs.shape == (5, preparation.width)
    assert preparation.width == 2 + 2 + 2
    assert inputs[1, 0] == 0
    assert inputs[4, 1] == 0  # missing where training had none: 0, without an indicator
    assert inputs[:, 2:4].tolist() == [[1, 0], [0, 1], [0, 0], [0, 1], [1, 0]]
    assert inputs[:, 4].tolist() == [0, 1, 0, 0, 0]
    assert inputs[:, 5].tolist() == [0, 0, 1, 0, 0]
    fitted = inputs[[0, 2, 3], 0]
    assert fitted[0] < fitted[1] == 0 < fitted[2] or kind == "standard"
    if kind == "standard":
        np.testing.assert_allclose(fitted, (np.array([1, 3, 5]) - 3) / np.std([1, 3, 5]), rtol=1e-6)


@pytest.mark.parametrize("kind", KINDS)
def test_columns_that_are_constant_or_absent_in_the_fitted_rows_are_zero(kind):
    numbers = [[5.0, np.nan, 0.1], [5.0, np.nan, 0.1], [5.0, np.nan, 0.1], [6.0, 2.0, 7.0]]
    data = dataset(numbers, [[0], [0], [2], [1]], levels=(3,))
    inputs = Preparation.fit(kind, data, np.arange(3)).transform(data.features)
    assert not inputs[:, :3].any()
    assert inputs[:, 3:].tolist() == [[1, 0, 0], [1, 0, 0], [0, 0, 1], [0, 0, 0]]  # level b: not in the fitted rows


@settings(max_examples=40, deadline=None)
@given(kind=st.sampled_from(KINDS), seed=st.integers(0, 1000))
def test_only_the_fitted_rows_are_looked_at_and_the_width_is_the_schemas(kind, seed):
    generator = np.random.default_rng(seed)
    numbers = np.where(generator.random((40, 3)) < 0.2, np.nan, generator.normal(size=(40, 3)))
    codes = generator.integers(-1, 4, size=(40, 1))
    target = generator.normal(size=40)
    rows = np.sort(generator.choice(40, 15, replace=False))
    other_rows = np.setdiff1d(np.arange(40), rows)
    data = dataset(numbers, codes, (4,), ("n1", "c0"), target)
    preparation = Preparation.fit(kind, data, rows)
    numbers, codes, target = numbers.copy(), codes.copy(), target.copy()
    numbers[other_rows], codes[other_rows], target[other_rows] = 1e6, 0, -1e6
    changed = Preparation.fit(kind, dataset(numbers, codes, (4,), ("n1", "c0"), target), rows)
    assert json.dumps(changed.to_dict()) == json.dumps(preparation.to_dict())
    assert preparation.width == Preparation.fit(kind, data, other_rows).width == 3 + 4 + 2


@pytest.mark.parametrize("kind", KINDS)
def test_a_preparation_survives_json_to_the_bit(kind):
    splits = open_splits("diabetes")
    preparation = Preparation.fit(kind, splits.dataset, splits.train)
    again = Preparation.from_dict(json.loads(json.dumps(preparation.to_dict())))
    features = splits.dataset.features
    assert again.transform(features).tobytes() == preparation.transform(features).tobytes()
    assert again.to_dict() == preparation.to_dict()
    assert again.width == preparation.width == 10


def test_a_preparation_without_numbers_survives_json():
    data = dataset(np.zeros((3, 0)), [[0], [1], [1]], levels=(2,))
    for kind in KINDS:
        preparation = Preparation.fit(kind, data, np.arange(3))
        again = Preparation.from_dict(json.loads(json.dumps(preparation.to_dict())))
        assert again.transform(data.features).tolist() == [[1, 0], [0, 1], [0, 1]]


def test_rows_are_prepared_alike_alone_and_among_many():
    generator = np.random.default_rng(0)
    data = dataset(generator.normal(size=(40_000, 2)))
    for kind in KINDS:
        preparation = Preparation.fit(kind, data, np.arange(1000))
        inputs = preparation.transform(data.features)
        some = np.array([0, 16_383, 16_384, 39_999])
        assert np.array_equal(preparation.transform(data.features.take(some)), inputs[some])


def test_the_target_of_regression_is_standardized_by_the_fitted_rows():
    data = dataset(np.arange(5.0)[:, None], target=[1.0, 3.0, 5.0, 7.0, 1000.0])
    preparation = Preparation.fit("standard", data, np.arange(4))
    scaled = preparation.target_in(data.target)
    np.testing.assert_allclose(scaled[:4], np.array([-3, -1, 1, 3]) / 5**0.5, rtol=1e-12)
    np.testing.assert_allclose(preparation.target_out(scaled), data.target, rtol=1e-12)
    constant = Preparation.fit("standard", dataset([[1.0], [2.0]], target=[4.0, 4.0]), np.arange(2))
    assert constant.target_in(np.array([4.0, 5.0])).tolist() == [0.0, 1.0]


def test_class_codes_pass_unchanged():
    data = dataset(np.arange(4.0)[:, None], target=np.array([0, 1, 1, 0]), task="binary")
    preparation = Preparation.fit("standard", data, np.arange(4))
    assert preparation.target_in(data.target) is data.target
    assert preparation.target_out(np.array([0.25, 0.5])).tolist() == [0.25, 0.5]


def test_piecewise_rises_from_minus_one_to_one_within_each_piece():
    """17 ends 0, 1, …, 16: a value is 1 on the pieces left of it, −1 on those right of it, between on its own."""
    numbers = np.repeat(np.arange(17.0), 3)[:, None]
    data = dataset(numbers)
    preparation = Preparation.fit("piecewise", data, np.arange(len(numbers)))
    requested = Features(np.array([[4.25], [-9.0], [99.0], [np.nan]]), np.zeros((4, 0), np.int32))
    inputs = preparation.transform(requested)
    assert inputs.shape == (4, 1 + PIECES)
    ends = np.arange(17.0)
    expected = 2 * np.interp(4.25, ends, np.arange(len(ends))) - 2 * np.arange(PIECES) - 1
    np.testing.assert_allclose(inputs[0, 1:], np.clip(expected, -1, 1), rtol=1e-6)
    assert inputs[1, 1:].tolist() == [-1.0] * PIECES
    assert inputs[2, 1:].tolist() == [1.0] * PIECES
    assert inputs[3].tolist() == [0.0] * (1 + PIECES)
    robust = Preparation.fit("robust", data, np.arange(len(numbers))).transform(requested)
    np.testing.assert_array_equal(inputs[:, :1], robust)


def test_pieces_that_a_column_of_few_values_lacks_are_zero():
    numbers = np.array([[0.0], [1.0], [1.0], [5.0]] * 10)
    inputs = Preparation.fit("piecewise", dataset(numbers), np.arange(40)).transform(dataset(numbers).features)
    assert inputs[:4, 1:3].tolist() == [[-1, -1], [1, -1], [1, -1], [1, 1]]
    assert not inputs[:, 3:].any()


@pytest.mark.parametrize("kind", [*KINDS, "piecewise"])
def test_the_width_is_known_before_anything_is_fitted(kind):
    data = dataset(np.random.default_rng(0).normal(size=(30, 3)), np.zeros((30, 1)), (4,), ("n1", "c0"))
    preparation = Preparation.fit(kind, data, np.arange(30))
    assert width(kind, data.schema) == preparation.width == preparation.transform(data.features).shape[1]


def test_pieces_survive_json_to_the_bit():
    data = open_splits("iris").dataset
    preparation = Preparation.fit("piecewise", data, np.arange(0, 150, 2))
    again = Preparation.from_dict(json.loads(json.dumps(preparation.to_dict())))
    np.testing.assert_array_equal(again.transform(data.features), preparation.transform(data.features))


@pytest.mark.parametrize("kind", [*KINDS, "piecewise"])
@pytest.mark.parametrize("huge", [np.finfo(np.float64).max, -1e300, 1e20])
def test_a_fill_value_overflows_nothing(kind, huge):
    numbers = np.append(0.25 * np.arange(39), huge)[:, None]
    inputs = Preparation.fit(kind, dataset(numbers), np.arange(40)).transform(dataset(numbers).features)
    assert np.isfinite(inputs).all()
    assert np.argmax(np.sign(huge) * inputs[:, 0]) == 39
