import numpy as np
import polars as pl
import pytest

from goodfit.data.open import open_data, open_new_rows

N = 3_000
GENERATOR = np.random.default_rng(0)
STORES = GENERATOR.integers(0, 100, N)
EFFECTS = GENERATOR.normal(size=100) * 2
X, NOISE = GENERATOR.normal(size=(2, N))
SALES = 10 + EFFECTS[STORES] + X + NOISE / 2


def kind_of(numbers, target):
    dataset, _ = open_data(pl.DataFrame({"number": numbers, "x": X, "target": target}), target="target")
    return dataset.schema.columns[0].kind


@pytest.mark.parametrize(
    ("numbers", "target"),
    [
        (STORES, SALES),
        (STORES.astype(float), SALES),
        ([str(store) for store in STORES], SALES),
        (10_000 + STORES * 7919 % 90_000, SALES),  # as postal codes are
        (STORES, np.where(SALES > 10, "high", "low")),
        (STORES, np.digitize(SALES, [8, 10, 12])),
        (pl.Series(STORES).set(pl.Series(STORES == 5), None), SALES),
    ],
    ids=["regression", "floats", "text", "postal codes", "two classes", "four classes", "missing"],
)
def test_numbers_of_stores_are_names(numbers, target):
    assert kind_of(numbers, target) == "category"


@pytest.mark.parametrize(
    ("numbers", "target"),
    [
        (STORES, 0.1 * STORES + NOISE),
        (STORES, np.sin(STORES / 5) + NOISE / 10),
        (STORES, (STORES - 50.0) ** 2),
        (STORES, np.exp(STORES / 10)),
        (STORES, NOISE),
        (STORES, STORES > 50),
        (STORES % 20, EFFECTS[STORES % 20] + NOISE),  # too few to matter
        (STORES + 0.5, SALES),
        (np.arange(N) // 4, EFFECTS[np.arange(N) // 4 % 100] + NOISE),  # four rows of each
    ],
    ids=["line", "wave", "parabola", "exponential", "noise", "threshold", "few", "halves", "rare"],
)
def test_amounts_are_numbers(numbers, target):
    assert kind_of(numbers, target) == "number"


def test_the_note_and_the_levels_at_prediction():
    dataset, _ = open_data(pl.DataFrame({"store": STORES, "x": X, "sales": SALES}), target="sales")
    (note,) = [note for note in dataset.notes if "'store'" in note.text and note.severity == "guess"]
    assert "100 different whole numbers" in note.text
    levels = dataset.schema.columns[0].categories
    assert sorted(map(int, levels)) == list(range(100))
    for new in ([7, 99, 500], [7.0, 99.0, None], ["7", "99.0", "x"]):
        features = open_new_rows(pl.DataFrame({"store": new, "x": [0.0] * 3}), dataset.schema).features
        assert [levels[code] if code >= 0 else None for code in features.codes[:, 0]] == ["7", "99", None]
