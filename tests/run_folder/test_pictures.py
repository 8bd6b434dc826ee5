import numpy as np
import pytest

from goodfit.data.splits import open_splits
from goodfit.run_folder.names import PICTURES_FILE
from goodfit.run_folder.pictures import write_pictures


@pytest.fixture(scope="module")
def digits():
    return open_splits("digits", as_="images")


def written(folder, splits, outputs):
    write_pictures(folder, splits, splits.dev, outputs)
    with np.load(folder / PICTURES_FILE) as archive:
        return {name: archive[name] for name in archive.files}


def test_three_samples_of_each_class_come_from_the_training_set(digits, tmp_path):
    arrays = written(tmp_path, digits, np.full((len(digits.dev), 10), 0.1))
    assert arrays["sample_truths"].tolist() == [digit for digit in "0123456789" for _ in range(3)]
    assert set(arrays["sample_rows"]) <= set(digits.train)
    np.testing.assert_array_equal(arrays["samples"], digits.dataset.features.pixels[arrays["sample_rows"]])
    assert arrays["samples"].dtype == np.uint8


def test_the_mistakes_that_cost_most_come_first(digits, tmp_path):
    """All right but 30, the n-th of which gives the truth a probability of n/100: only 24 are kept."""
    truth = digits.dataset.target[digits.dev]
    outputs = np.eye(10)[truth]
    wrong = np.random.default_rng(0).permutation(len(truth))[:30]
    for place, row in enumerate(wrong):
        outputs[row] = 0
        outputs[row, truth[row]], outputs[row, truth[row] - 1] = (place + 1) / 100, 1 - (place + 1) / 100
    arrays = written(tmp_path, digits, outputs)
    assert arrays["mistake_rows"].tolist() == digits.dev[wrong[:24]].tolist()
    assert arrays["truths"].tolist() == [str(code) for code in truth[wrong[:24]]]
    assert arrays["predictions"].tolist() == [str((code - 1) % 10) for code in truth[wrong[:24]]]
    np.testing.assert_allclose(arrays["probabilities"], 1 - np.arange(1, 25) / 100)
    np.testing.assert_allclose(arrays["costs"], -np.log(np.arange(1, 25) / 100))
    assert arrays["mistake_files"].tolist() == []


def test_without_a_mistake_there_are_none(digits, tmp_path):
    arrays = written(tmp_path, digits, np.eye(10)[digits.dataset.target[digits.dev]])
    assert arrays["mistakes"].shape == (0, 8, 8, 1)


def test_of_numbers_the_largest_misses_and_samples_from_small_to_large(tmp_path):
    splits = open_splits("digits", as_="images", task="regression")
    target = splits.dataset.target[splits.dev]
    outputs = target[:, None].copy()
    outputs[[7, 3], 0] += [20, -10]
    arrays = written(tmp_path, splits, outputs)
    assert arrays["mistake_rows"][:2].tolist() == splits.dev[[7, 3]].tolist()
    assert arrays["predictions"][0] == target[7] + 20
    assert len(arrays["sample_truths"]) == 10
    assert (np.diff(arrays["sample_truths"]) >= 0).all()
    assert np.isnan(arrays["probabilities"]).all()


def test_a_table_leaves_nothing(tmp_path):
    splits = open_splits("iris")
    write_pictures(tmp_path, splits, splits.dev, np.full((len(splits.dev), 3), 1 / 3))
    assert list(tmp_path.iterdir()) == []
