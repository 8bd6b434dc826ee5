import numpy as np
import pytest
from scipy.stats import bootstrap

from goodfit.diagnosis.gaps import Interval, gaps_from_runs, judge, newcombe, wilson
from goodfit.errors import InputError

SIZES = {"train_size": 6000, "dev_size": 2000}


# The four examples of the course notes, and their 15 %/16 % against a human error of 15 %
@pytest.mark.parametrize("sizes", [SIZES, {}])
@pytest.mark.parametrize(
    ("train", "dev", "human", "verdict"),
    [
        (0.01, 0.11, 0.0, "high variance"),
        (0.15, 0.14, 0.0, "high bias"),
        (0.15, 0.30, 0.0, "high bias and high variance"),
        (0.005, 0.01, 0.0, "good fit"),
        (0.15, 0.16, 0.15, "good fit"),
        (0.15, 0.16, 0.0, "high bias"),
    ],
)
def test_the_examples_of_the_course_notes(train, dev, human, verdict, sizes):
    gaps = judge(train, dev, human_error=human, **sizes)
    assert gaps.verdict == verdict
    assert ("the gaps have no intervals" in gaps.reason) == (not sizes)


def test_the_reason_states_the_numbers():
    assert judge(0.01, 0.11, **SIZES).reason == (
        "Variance is high: dev error 11.0 % is 10.0 points [8.7, 11.5] above train error 1.0 %, more than 2.0 points. "
        "Avoidable bias is low: train error 1.0 % is 1.00 points [0.78, 1.28] above human error 0 %."
    )
    assert judge(0.15, 0.14, **SIZES).reason == (
        "Avoidable bias is high: train error 15.0 % is 15.0 points [14.1, 15.9] above human error 0 %, "
        "more than 2.0 points. "
        "Variance is low: dev error 14.0 % is below train error 15.0 % (difference −1.0 points [−2.7, 0.8])."
    )
    assert judge(0.005, 0.01).reason == (
        "Neither gap exceeds 2.0 points: train error 0.50 % is 0.50 points above human error 0 %, and dev error 1.0 % "
        "is 0.50 points above train error 0.50 %. Without the sizes of the sets, the gaps have no intervals."
    )


def test_gaps_carry_wilsons_and_newcombes_intervals():
    gaps = judge(0.05, 0.11, human_error=0.01, test_error=0.2, test_size=500, **SIZES)
    train = wilson(0.05, 6000)
    assert gaps.avoidable_bias == Interval(0.05 - 0.01, train.low - 0.01, train.high - 0.01)
    assert gaps.variance == newcombe(0.11, 2000, 0.05, 6000)
    assert gaps.dev_overfitting == newcombe(0.2, 500, 0.11, 2000)
    assert (
        "The dev set is overfitted: test error 20.0 % is 9.0 points [5.4, 12.9] above dev error 11.0 %." in gaps.reason
    )
    assert judge(0.05, 0.11, test_error=0.11, test_size=500, **SIZES).reason.count("overfitted") == 0


def test_equal_errors_on_few_examples_cannot_rule_out_a_gap():
    assert judge(0.0, 0.0, train_size=100, dev_size=36).reason == (
        "Variance is unclear: dev and train error are both 0 %, but 36 dev examples cannot rule out a gap of 9.6 "
        "points. Avoidable bias is low: train error 0 % is no higher than human error 0 %. "
        "Try --folds 5, which measures on training and dev set together. "
        "About 210 dev examples (with training examples in proportion) would settle the variance."
    )


def test_a_small_dev_set_cannot_tell_and_says_what_would():
    gaps = judge(0.01, 0.03, train_size=60_000, dev_size=100)
    assert gaps.verdict == "too few examples to tell"
    assert "Try --folds 5" in gaps.reason
    needed = int(gaps.reason.split("About ")[1].split(" ")[0].replace(",", ""))
    assert judge(0.01, 0.03, train_size=60_000, dev_size=int(1.2 * needed)).verdict == "good fit"
    assert judge(0.01, 0.03, train_size=60_000, dev_size=needed // 2).verdict == "too few examples to tell"


def test_a_gap_on_the_limit_is_never_settled():
    reason = judge(0.0, 0.0200001, train_size=5000, dev_size=5000).reason
    assert "The variance is so close to the limit that no number of dev examples" in reason


def test_a_high_gap_decides_though_the_other_is_unclear():
    gaps = judge(0.15, 0.17, train_size=6000, dev_size=100)
    assert gaps.verdict == "high bias"
    assert "Variance is unclear: dev error 17.0 %" in gaps.reason


def test_min_gap_moves_the_limit():
    assert judge(0.01, 0.11, min_gap=0.2, **SIZES).verdict == "good fit"
    assert judge(0.005, 0.03, min_gap=0.01, **SIZES).verdict == "high variance"
    assert judge(0.005, 0.03, min_gap=0.02, **SIZES).verdict == "too few examples to tell"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"train_error": 1.0, "dev_error": 11.0}, "dev error is 11; give a share between 0 and 1"),
        ({"train_error": -0.1, "dev_error": 0.1}, "train error is -0.1"),
        ({"train_error": 0.1, "dev_error": 0.1, "human_error": 2}, "human error is 2"),
        ({"train_error": 0.1, "dev_error": 0.1, "train_size": 5}, "only some of the sizes"),
        ({"train_error": 0.1, "dev_error": 0.1, "test_error": 0.1, **SIZES}, "only some of the sizes"),
        ({"train_error": 0.1, "dev_error": 0.1, "train_size": 5, "dev_size": 0}, "at least 1"),
    ],
)
def test_bad_numbers_are_refused(arguments, message):
    with pytest.raises(InputError, match=message):
        judge(**arguments)


def _wrong(count, size, seeds=1):
    errors = np.zeros((seeds, size))
    errors[:, :count] = 1
    return errors


def test_one_seeds_errors_are_judged_like_the_bare_numbers():
    runs = gaps_from_runs(_wrong(60, 6000), _wrong(220, 2000), human_error=0.0)
    bare = judge(0.01, 0.11, **SIZES)
    assert runs.reason == bare.reason
    for interval, expected in ((runs.avoidable_bias, bare.avoidable_bias), (runs.variance, bare.variance)):
        assert interval is not None
        assert expected is not None
        assert (interval.low, interval.value, interval.high) == pytest.approx(
            (expected.low, expected.value, expected.high)
        )


def test_a_human_error_not_given_is_taken_as_0_for_classes_and_told():
    gaps = gaps_from_runs(_wrong(60, 6000), _wrong(220, 2000))
    assert gaps.avoidable_bias is not None
    assert gaps.avoidable_bias.value == pytest.approx(0.01)
    assert "above an assumed human error of 0 %" in gaps.reason


def test_no_errors_on_few_examples_are_no_proof():
    few = gaps_from_runs(_wrong(0, 1000, 3), _wrong(0, 30, 3))
    assert few.verdict == "too few examples to tell"
    assert few.variance.high == pytest.approx(wilson(0, 30).high)
    assert gaps_from_runs(_wrong(0, 1000, 3), _wrong(0, 500, 3)).verdict == "good fit"


def test_seeds_that_differ_widen_the_interval_and_are_blamed():
    rng = np.random.default_rng(0)
    rates = np.array([[0.0], [0.05], [0.1]])
    gaps = gaps_from_runs(_wrong(0, 5000, 3), (rng.random((3, 5000)) < rates).astype(float))
    steady = gaps_from_runs(_wrong(0, 5000, 3), (rng.random((3, 5000)) < 0.05).astype(float))
    assert steady.verdict == "high variance"
    assert gaps.verdict == "too few examples to tell"
    assert "the 3 seeds differ so much that more seeds" in gaps.reason
    assert (gaps.variance.high - gaps.variance.value) == pytest.approx(1.96 * 0.05 / np.sqrt(3), rel=0.1)


def test_groups_widen_the_interval():
    groups = np.repeat(np.arange(20), 100)
    dev = _wrong(100, 2000)  # one whole group
    independent = gaps_from_runs(_wrong(0, 5000), dev)
    grouped = gaps_from_runs(_wrong(0, 5000), dev, dev_groups=groups)
    assert independent.verdict == "high variance"
    assert grouped.verdict == "too few examples to tell"
    assert grouped.variance.high == pytest.approx(wilson(0.05, 19).high, abs=0.01)
    single = gaps_from_runs(_wrong(0, 5000), dev, dev_groups=np.zeros(2000, dtype=int))
    assert single.variance == independent.variance


@pytest.mark.parametrize("seeds", [1, 3])
def test_the_gaps_interval_covers(seeds):
    rng = np.random.default_rng(seeds)
    covered = []
    for _ in range(300):
        hard, easy = rng.beta(0.3, 3, 300), rng.beta(0.1, 5, 900)
        dev, train = (rng.random((seeds, 300)) < hard), (rng.random((seeds, 900)) < easy)
        interval = gaps_from_runs(train.astype(float), dev.astype(float)).variance
        covered.append(interval.low <= 0.3 / 3.3 - 0.1 / 5.1 <= interval.high)
    assert 0.91 <= np.mean(covered) <= 0.985


def _squares(scale, size, seed):
    """Squared misses of three networks, normal with this mean square, in units of the target's squared spread."""
    return scale * np.random.default_rng(seed).chisquare(1, (3, size))


SPREAD = 50.0


def test_regression_without_a_human_error_has_its_bias_from_a_larger_network():
    train, dev = _squares(0.3, 5000, 0), _squares(0.3, 5000, 1)
    unknown, confirmed, refuted = (
        gaps_from_runs(train, dev, spread=SPREAD, bias_shown=bias) for bias in (None, True, False)
    )
    assert (unknown.verdict, confirmed.verdict, refuted.verdict) == (
        "too few examples to tell",
        "high bias",
        "good fit",
    )
    assert "avoidable bias is unknown" in unknown.reason.lower()
    assert confirmed.reason.startswith("Avoidable bias is high: a larger network lowered the train RMSE of 27.")
    assert "a larger network did not lower the train RMSE" in refuted.reason
    assert unknown.avoidable_bias is None
    assert confirmed.avoidable_bias is None


def test_regression_with_a_human_error_is_judged_by_it():
    train, dev = _squares(0.3, 5000, 0), _squares(0.5, 5000, 1)
    gaps = gaps_from_runs(
        train, dev, spread=SPREAD, human_error=0.1 * SPREAD, test_misses=_squares(0.9, 5000, 2), bias_shown=False
    )
    assert gaps.verdict == "high bias and high variance"
    assert gaps.avoidable_bias is not None
    assert gaps.dev_overfitting is not None
    deviation = np.sqrt(0.3) / np.sqrt(2 * 15000)  # of the RMSE of normal misses; three independent seeds
    assert gaps.avoidable_bias.value == pytest.approx(np.sqrt(0.3) - 0.1, abs=3 * deviation)
    assert gaps.avoidable_bias.high - gaps.avoidable_bias.value == pytest.approx(1.96 * deviation, rel=0.2)
    assert gaps.variance.value == pytest.approx(np.sqrt(0.5) - np.sqrt(0.3), abs=0.02)
    assert gaps.dev_overfitting.value == pytest.approx(np.sqrt(0.9) - np.sqrt(0.5), abs=0.02)
    # people read them in the target's unit: √0.3 of the spread of 50 is 27.4, 22.4 above the human 5
    assert "train RMSE 27." in gaps.reason
    assert "above human RMSE 5" in gaps.reason
    assert "more than 2.0 % of the target's spread of 50" in gaps.reason


@pytest.mark.parametrize("scale", [1e-9, 1.0, 1e9])
def test_the_unit_of_a_target_changes_no_gap(scale):
    rng = np.random.default_rng(3)
    train, dev = scale * rng.normal(0, 2, (1, 400)), scale * rng.normal(0, 3, (1, 200))
    gaps = gaps_from_runs(
        (train / scale) ** 2 / 9, (dev / scale) ** 2 / 9, spread=3 * scale, human_error=scale, min_gap=0.1
    )
    assert gaps.avoidable_bias
    assert gaps.avoidable_bias.value == pytest.approx((np.sqrt(np.mean(train**2)) / scale - 1) / 3)
    expected = (np.sqrt(np.mean(dev**2)) - np.sqrt(np.mean(train**2))) / scale / 3
    assert gaps.variance.value == pytest.approx(expected)
    assert gaps.verdict == "high bias and high variance"


def test_the_interval_of_an_rmse_gap_is_that_of_scipys_bootstrap():
    rng = np.random.default_rng(5)
    train, dev = rng.lognormal(0, 0.7, 600), rng.lognormal(0.5, 0.7, 300)
    gap = gaps_from_runs(train[None], dev[None], spread=1.0).variance
    expected = bootstrap(
        (dev, train), lambda a, b: np.sqrt(a.mean()) - np.sqrt(b.mean()), vectorized=False, method="percentile", rng=1
    ).confidence_interval
    assert gap.value == pytest.approx(np.sqrt(dev.mean()) - np.sqrt(train.mean()))
    width = expected.high - expected.low
    assert (gap.low, gap.high) == pytest.approx(tuple(expected), abs=0.06 * width)


@pytest.mark.parametrize("tail", ["lognormal", "student 2", "one huge miss", "normal"])
def test_no_gap_is_claimed_where_a_few_huge_misses_make_it(tail):
    """Train, dev and test come from one distribution; the bootstrap alone claimed gaps of the first."""
    rng = np.random.default_rng(3)
    draw = {
        "lognormal": lambda n: np.exp(1.7 * rng.normal(size=n)),
        "student 2": lambda n: rng.standard_t(2, n),
        "one huge miss": lambda n: rng.normal(size=n) * np.where(rng.random(n) < 0.005, 100, 1),
        "normal": lambda n: rng.normal(size=n),
    }[tail]
    claims = 0
    for _ in range(50):
        train, dev, test = (draw(n)[None] ** 2 for n in (240, 80, 80))
        gaps = gaps_from_runs(train, dev, test_misses=test, spread=1.0)
        claims += gaps.verdict == "high variance"
        claims += gaps.dev_overfitting is not None and gaps.dev_overfitting.low > 0.02
    assert claims <= 9  # of 100 at a level of 5 %: more have a probability below 0.03


@pytest.mark.parametrize("tail", ["lognormal", "normal"])
def test_a_gap_that_heavy_tails_do_not_explain_is_found(tail):
    rng = np.random.default_rng(4)
    misses = np.exp(1.7 * rng.normal(size=400)) if tail == "lognormal" else rng.normal(size=400)
    gaps = gaps_from_runs((misses[None, :300] / 100) ** 2, misses[None, 300:] ** 2, spread=1.0)
    assert gaps.verdict == "high variance"
