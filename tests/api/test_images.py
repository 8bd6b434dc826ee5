"""Images from the folder to the report: train, test, diagnose, predict, and improve on the digits."""

import numpy as np
import polars as pl
import pytest
from PIL import Image

import goodfit
from goodfit.api.requests.fit import TrainRequest
from goodfit.api.training_job import prepare
from goodfit.data.images import cache, digits
from goodfit.data.notes import Note
from goodfit.errors import DataWarning, InputError
from goodfit.plan import Plan

PLAN = Plan(hidden_units=(8,), batch_size=16, epochs=15, keep_prob=1.0, learning_rate=0.02, decay="constant")


def save(path, image):
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(image.astype(np.uint8)).save(path)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """60 noisy images of 6 × 6, bright on the left or on the right; twelve of them are in the wrong folder."""
    generator = np.random.default_rng(0)
    root = tmp_path_factory.mktemp("sides") / "sides"
    for number in range(60):
        image = generator.normal(80, 20, (6, 6))
        side = number % 2
        image[:, 3 * side : 3 * side + 3] += 90
        name = ("left", "right")[side if number >= 12 else 1 - side]
        save(root / name / f"{number:02}.png", image.clip(0, 255))
    return root


@pytest.fixture(scope="module")
def fit(folder, tmp_path_factory):
    return goodfit.train(folder, plan=PLAN, out=tmp_path_factory.mktemp("runs"))


def test_a_folder_is_trained_and_its_decoded_images_stay_beside_the_run(fit, folder):
    result = fit.result
    assert (result.task, result.classes, result.data.image) == ("binary", ("left", "right"), (6, 6, 1))
    assert Note("60 images of 6 × 6, gray.") in result.notes
    assert fit.train_error < 0.35
    names = sorted(path.suffix for path in (fit.run.parent / ".images").iterdir())
    assert names == [".json", ".npy"]


def test_a_depth_takes_the_default_networks_stages(tmp_path):
    for number in range(20):
        save(tmp_path / "pictures" / "ab"[number % 2] / f"{number}.png", np.full((64, 64), 10 * number))
    changes = {"architecture": "residual", "depth": 20}
    plan = prepare(TrainRequest(tmp_path / "pictures", changes=changes, out=tmp_path))[2]
    assert (plan.layer, plan.depth) == ("convolutional", 20)
    assert list(plan.hidden_units) == sorted(set(plan.hidden_units))


def test_the_report_shows_samples_and_mistakes_as_pictures(fit):
    page = (fit.run / "report.html").read_text()
    with np.load(fit.run / "pictures.npz") as arrays:
        mistakes, files = len(arrays["mistakes"]), arrays["mistake_files"].tolist()
        assert len(arrays["samples"]) == 6
    assert 0 < mistakes < 12  # some of those with the wrong label are in the dev set
    assert page.count('<img class="picture" src="data:image/png;base64,') == 6 + mistakes
    assert page.count(" taken for <b>") == mistakes
    assert all(file in page for file in files)
    assert "60 images of 6 × 6, gray" in page
    assert 'alt="Training example of left, row ' in page


def test_the_run_is_tested_and_diagnosed_from_what_was_decoded(fit, monkeypatch):
    monkeypatch.setattr(cache, "decode_files", None)
    assert goodfit.open_test(fit.run).test_error.value <= 0.5
    assert goodfit.diagnose(fit.run).verdict


def test_pictures_without_labels_are_predicted_with_their_names(fit, folder, tmp_path):
    generator = np.random.default_rng(1)
    for number in range(8):
        image = generator.normal(80, 10, (12, 12))  # twice as large as in training
        image[:, 6 * (number % 2) : 6 * (number % 2) + 6] += 90
        save(tmp_path / "new" / f"{number}.png", image.clip(0, 255))
    (tmp_path / "new" / "bad.png").write_text("text")
    with pytest.warns(DataWarning, match=r"1 of 9 files is broken and without a prediction: 1 no image \(bad.png\)"):
        frame = goodfit.predict(fit.run, tmp_path / "new")
    assert frame.columns == ["file", "prediction", "probability:left", "probability:right"]
    assert frame["file"].to_list() == [*(f"{number}.png" for number in range(8)), "bad.png"]
    assert frame["prediction"].to_list() == ["left", "right"] * 4 + [None]
    assert goodfit.predict(fit.run, tmp_path / "new" / "1.png").rows()[0][:2] == ("1.png", "right")
    pl.DataFrame({"path": ["new/3.png", "new/2.png"], "other": [1, 2]}).write_csv(tmp_path / "list.csv")
    assert goodfit.predict(fit.run, tmp_path / "list.csv")["prediction"].to_list() == ["right", "left"]
    pixels = np.stack([np.asarray(Image.open(path)) for path in sorted(folder.rglob("*.png"))[10:12]])
    assert goodfit.predict(fit.run, pixels).columns[0] == "prediction"


def test_a_run_on_images_is_no_data_and_a_table_is_no_image(fit, tmp_path):
    for request in (
        lambda: goodfit.train(fit.run, out=tmp_path / "runs"),
        lambda: goodfit.improve("iris", dev=fit.run, out=tmp_path / "runs"),
        lambda: goodfit.train("iris", test=str(fit.run), out=tmp_path / "runs"),
        lambda: goodfit.predict(fit.run, fit.run),
    ):
        with pytest.raises(InputError, match=f"^{fit.run} is the folder of a run, not data; name the data that it was"):
            request()
    with pytest.raises(InputError, match="iris holds no images, but the run was trained on images"):
        goodfit.predict(fit.run, "iris")
    assert not (tmp_path / "runs").exists()


def test_nothing_is_written_for_bad_images(folder, tmp_path):
    for number in range(30):
        (tmp_path / "bad" / "ab"[number % 2]).mkdir(parents=True, exist_ok=True)
        (tmp_path / "bad" / "ab"[number % 2] / f"{number}.png").write_text("text")
    with pytest.raises(InputError, match="30 of 30 files are broken"):
        goodfit.train(tmp_path / "bad", plan=PLAN, out=tmp_path / "runs")
    assert not (tmp_path / "runs").exists()


def test_digits_are_improved_as_images(tmp_path, monkeypatch):
    pixels, labels = digits.read_digits()
    monkeypatch.setattr(digits, "read_digits", lambda: (pixels[:300], labels[:300]))  # the others only take time
    fit = goodfit.improve("digits", as_="images", rounds=0, plan=PLAN.with_(batch_size=64, epochs=8), out=tmp_path)
    result = fit.result
    assert list(result.baseline)[:3] == ["majority class", "softmax regression", "perceptron on pixels"]
    assert result.options["as"] == "images"
    assert "--as images" in result.command_line
    assert result.data.image == (8, 8, 1)
    assert goodfit.open_test(fit.run).test_error == fit.test_error
    assert not (tmp_path / ".images").exists()
