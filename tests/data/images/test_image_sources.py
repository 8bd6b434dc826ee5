"""Each kind of source of images, and each sentence for what can be wrong with it."""

import gzip
import struct
import tempfile
from typing import Any

import numpy as np
import polars as pl
import pytest
from PIL import Image
from sklearn.datasets import load_digits

from goodfit.data.dataset import Schema
from goodfit.data.notes import Note, guess, loss, warning
from goodfit.data.open import open_new_rows
from goodfit.data.splits import open_splits
from goodfit.errors import InputError

TWO = np.arange(24) % 2
KINDS = {"png": "png", "jpg": "jpg", "JPEG": "jpeg", "bmp": "bmp", "gif": "gif", "tif": "tif", "tiff": "tiff"}


@pytest.fixture(autouse=True)
def temporary(tmp_path, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "system"))
    (tmp_path / "system").mkdir()


def save(path, value, size=(4, 4), **options):
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(np.full(size, value, np.uint8)).save(path, **options)


@pytest.fixture
def folder(tmp_path):
    """24 images: 12 of class dark with the values 0 to 11, 12 of class light with 200 to 211."""
    for number in range(12):
        save(tmp_path / "shades" / "dark" / f"{number:02}.png", number)
        save(tmp_path / "shades" / "light" / f"{number:02}.png", 200 + number)
    return tmp_path / "shades"


def pixels_of(features):
    assert features.pixels is not None
    return features.pixels


def refused(source, sentence, **options):
    with pytest.raises(InputError, match=sentence):
        open_splits(source, **options)


# folders


def test_a_folder_with_a_sub_folder_a_class(folder):
    splits = open_splits(folder)
    dataset = splits.dataset
    assert dataset.schema == Schema((), "class", "binary", ("dark", "light"), (), (4, 4, 1))
    assert dataset.name == "shades"
    assert pixels_of(dataset.features)[:, 0, 0, 0].tolist() == [*range(12), *range(200, 212)]
    assert dataset.target.tolist() == [0] * 12 + [1] * 12
    assert dataset.notes == (
        Note("Target 'class' has 2 distinct words (dark, light), so the task is a choice between 2 classes."),
        Note("24 images of 4 × 4, gray."),
    )
    assert dataset.origin.kind == "image folder"
    assert dataset.files[11:13] == ("dark/11.png", "light/00.png")
    assert sorted([*splits.train, *splits.dev, *splits.test]) == list(range(24))


def test_every_kind_of_file_is_read(tmp_path):
    for place, ending in enumerate(KINDS):
        for number in range(4):
            save(tmp_path / "all" / "ab"[number % 2] / f"{place}{number}.{ending}", 100, format=None)
    assert (pixels_of(open_splits(tmp_path / "all").dataset.features) == 100).all()


def test_names_that_are_numbers_are_classes_however_many(tmp_path):
    for name in range(25):
        for number in range(2):
            save(tmp_path / "n" / str(name) / f"{number}.png", name)
    schema = open_splits(tmp_path / "n", no_test=True).dataset.schema
    assert (schema.task, schema.classes) == ("classes", tuple(map(str, range(25))))
    assert open_splits(tmp_path / "n", no_test=True, task="regression").dataset.schema.task == "regression"


def test_files_left_out_are_noted(folder):
    (folder / "empty").mkdir()
    (folder / ".hidden").mkdir()
    (folder / "dark" / "notes.txt").write_text("")
    (folder / "read me").write_text("")
    save(folder / "dark" / "deeper" / "a.png", 5)
    (folder / "dark" / "bad.png").write_text("text")
    save(folder / "light" / "wide.png", 210, (2, 8))
    save(folder / "light" / "color.png", 210, (4, 4, 3))
    Image.fromarray(np.full((4, 4), 210 * 257, np.uint16)).save(folder / "light" / "deep.png")
    whole = (folder / "dark" / "00.png").read_bytes()
    (folder / "dark" / "cut.png").write_bytes(whole[:45])
    assert open_splits(folder).dataset.notes[2:] == (
        guess("Subfolders of classes are not told apart: dark/deeper."),
        Note("Left out: 1 class folder without an image (empty)."),
        Note("Left out: 1 file without the extension of an image (dark/notes.txt)."),
        Note("Left out: 1 file beside the class folders (read me)."),
        warning("2 of 30 files are broken and left out: 1 no image (dark/bad.png), 1 truncated (dark/cut.png)."),
        warning(
            "1 image differs in size from the most common, 4 × 4: resized in proportion, the rest filled with the "
            "median of the border."
        ),
        guess("1 image has more than 8 bits per pixel: values from 0 to 65,535 became black to white."),
        Note("Pixels in the files: gray 26, color 1, gray of 16 bits 1."),
        Note("Sizes in the files, the most common first: 4 × 4 in 27, 2 × 8 in 1."),
        Note("27 of the images are gray, the others in color: all were converted to RGB."),
    )


def test_a_truncated_jpeg_is_left_out(folder):
    noise = np.random.default_rng(0).integers(0, 256, (32, 32)).astype(np.uint8)
    Image.fromarray(noise).save(folder / "dark" / "cut.jpg")
    content = (folder / "dark" / "cut.jpg").read_bytes()
    (folder / "dark" / "cut.jpg").write_bytes(content[: len(content) // 2])
    splits = open_splits(folder)
    assert len(splits.dataset) == 24
    assert "1 of 25 files is broken and left out: 1 truncated (dark/cut.jpg)" in splits.dataset.notes[2].text


def test_bad_folders(folder, tmp_path):
    for number in range(30):
        save(tmp_path / "lone" / f"{number}.png", number)
        save(tmp_path / "one" / "a" / f"{number}.png", number)
    (tmp_path / "one" / "b").mkdir()
    (tmp_path / "none" / "a").mkdir(parents=True)
    refused(tmp_path / "lone", "lone is a folder with images but no subfolders, so they have no labels; put")
    refused(tmp_path / "one", r"one has images of one class alone \(a\); a choice needs at least 2 classes")
    refused(tmp_path / "none", "has no image .* in any subfolder")
    refused(tmp_path / "lone" / "0.png", "is a single image without a label; give a folder")
    refused(folder / "dark", "has|images but no subfolders")
    refused(folder, "no column 'kind' to be the target: known names: class", target="kind")
    refused(folder, "no group column 'patient'", group="patient")
    refused(folder, "cannot be regression", task="regression")


def test_folders_of_sets_are_not_classes(tmp_path):
    for name in ("train", "test"):
        for number in range(24):
            save(tmp_path / "sets" / name / "ab"[number % 2] / f"{number}.png", number)
    alone = open_splits(tmp_path / "sets" / "train", test=tmp_path / "sets" / "test")
    for splits in (open_splits(tmp_path / "sets"), alone):
        assert (len(splits.train), len(splits.dev), len(splits.test)) == (18, 6, 24)
        assert splits.test.tolist() == list(range(24, 48))
        assert splits.dataset.schema.classes == ("a", "b")


def test_more_than_half_broken_or_too_few_is_refused_before_anything_is_written(folder, tmp_path):
    cache = tmp_path / "out" / ".images"
    for path in list(folder.rglob("*.png"))[:13]:
        path.write_text("text")
    refused(folder, "13 of 24 files are broken: .* that is more than half", cache=cache)
    (folder / "dark" / "00.png").unlink()
    for path in list(folder.rglob("*.png"))[:5]:
        path.unlink()
    refused(folder, "has 18 images with a class; at least 20 are needed", cache=cache)
    assert not (tmp_path / "out").exists()


# tables of paths


def test_a_table_of_paths_and_labels(folder, tmp_path):
    rows = [
        (f"shades/{path.parent.name}/{path.name}", path.parent.name.upper()) for path in sorted(folder.rglob("*.png"))
    ]
    frame = pl.DataFrame(rows, schema=["picture", "shade"], orient="row")
    frame.write_csv(tmp_path / "list.csv")
    dataset = open_splits(tmp_path / "list.csv").dataset
    assert dataset.schema == Schema((), "shade", "binary", ("DARK", "LIGHT"), (), (4, 4, 1))
    assert pixels_of(dataset.features)[:, 0, 0, 0].tolist() == [*range(12), *range(200, 212)]
    assert dataset.origin.kind == "image table"
    whole = frame.with_columns(picture=str(tmp_path) + "/" + pl.col("picture"))
    whole.write_csv(tmp_path / "whole.csv")
    assert open_splits(tmp_path / "whole.csv").dataset.fingerprint == dataset.fingerprint
    more = frame.with_columns(pl.Series("patient", np.arange(24) // 2), pl.Series("note", ["x"] * 24))
    more.write_csv(tmp_path / "more.csv")
    refused(tmp_path / "more.csv", "say which column of .*more.csv is the target; it has shade, patient, note")
    frame.select("picture").write_csv(tmp_path / "bare.csv")
    refused(tmp_path / "bare.csv", "has paths of images and no other column; add one with the label of each image")
    splits = open_splits(tmp_path / "more.csv", target="shade", group="patient")
    assert splits.dataset.groups is not None
    assert splits.dataset.groups.tolist() == [
        *np.repeat([0, 1, 4, 5, 6, 7, 8, 9, 10, 11, 2, 3], 2)
    ]  # as words: 10 before 2
    assert splits.dataset.schema.left_out == ("patient", "note")
    assert Note("Images are learned from their pixels alone; left out: note.") in splits.notes


def test_a_table_with_many_numbers_is_regression_and_rows_without_path_or_label_are_left_out(folder, tmp_path):
    paths = [f"shades/{path.parent.name}/{path.name}" for path in sorted(folder.rglob("*.png"))]
    lines = [f"{path},{number + 0.5}" for number, path in enumerate(paths)]
    lines[0], lines[1] = ",3.5", paths[1] + ","
    (tmp_path / "list.csv").write_text("\n".join(["path,age", *lines, "gone.png,1"]))
    dataset = open_splits(tmp_path / "list.csv", no_test=True).dataset
    assert dataset.schema.task == "regression"
    assert dataset.target.tolist() == [number + 0.5 for number in range(2, 24)]
    assert pixels_of(dataset.features)[:, 0, 0, 0].tolist() == [*range(2, 12), *range(200, 212)]
    assert dataset.notes[0] == loss("1 row has no value in 'age' and is left out.")
    assert dataset.notes[3:] == (
        loss("1 row has no value in 'path' and is left out."),
        warning("1 of 23 files is broken and left out: 1 not there (gone.png)."),
    )


def test_paths_that_leave_the_tables_folder_are_refused(folder, tmp_path):
    save(tmp_path / "secret.png", 1)
    (folder / "link.png").symlink_to(tmp_path / "secret.png")
    for word in ("../secret.png", str(tmp_path / "secret.png"), "link.png"):
        (folder / "list.csv").write_text(f"path,label\ndark/00.png,a\n{word},b\n")
        refused(
            folder / "list.csv", r"list.csv: the path '.*secret.png|link.png' \(image 2\) leaves the folder of the file"
        )


def test_a_table_with_names_of_files_that_are_not_there_is_a_table(tmp_path):
    lines = [f"img{number % 3}.png,{number},{number % 2}" for number in range(30)]
    (tmp_path / "list.csv").write_text("\n".join(["logo,clicks,sold", *lines]))
    schema = open_splits(tmp_path / "list.csv", target="sold").dataset.schema
    assert schema.image is None
    assert "logo" in [column.name for column in schema.columns]


@pytest.mark.parametrize("ending", ["heic", "HEIF", "mp4", "svg", "cr2"])
def test_paths_of_files_that_are_not_read_leave_a_table_one_of_images(folder, tmp_path, ending):
    (folder / "dark" / f"x.{ending}").write_bytes(b"\0\0\0\x18ftypheic")
    rows = [f"shades/{path.parent.name}/{path.name},{path.parent.name}" for path in sorted(folder.rglob("*.*"))]
    (tmp_path / "list.csv").write_text("\n".join(["path,shade", *rows]))
    splits = open_splits(tmp_path / "list.csv")
    assert len(splits.dataset) == 24
    text = f"1 of 25 files is broken and left out: 1 HEIC by content (shades/dark/x.{ending})."
    assert warning(text) in splits.notes


def test_paths_as_windows_writes_them_and_paths_of_nothing(folder, tmp_path):
    paths = [f"shades\\{path.parent.name}\\{path.name}" for path in sorted(folder.rglob("*.png"))]
    (tmp_path / "list.csv").write_text("\n".join(["path,label", *(f"{p},{p.split(chr(92))[1]}" for p in paths)]))
    splits = open_splits(tmp_path / "list.csv")
    assert splits.dataset.schema.image == (4, 4, 1)
    assert splits.dataset.files[0] == "shades/dark/00.png"
    (tmp_path / "gone.csv").write_text("path,label\n" + "\n".join(f"old/{n}.png,{n % 2}" for n in range(24)))
    refused(
        tmp_path / "gone.csv", "column 'path' of .*gone.csv names 24 images, but none is there: .*/old/0.png; write"
    )


@pytest.mark.parametrize("words", [("train", "test"), ("Training", "Validation"), ("train", "dev")])
def test_a_column_of_sets_is_not_ignored_in_silence(folder, tmp_path, words):
    rows = [
        f"shades/{path.parent.name}/{path.name},{words[number % 2]},{path.parent.name}"
        for number, path in enumerate(sorted(folder.rglob("*.png")))
    ]
    (tmp_path / "list.csv").write_text("\n".join(["path,split,shade", *rows]))
    texts = [note.text for note in open_splits(tmp_path / "list.csv", target="shade").notes]
    listing = ", ".join(sorted(words))
    assert any(text.startswith(f"Column 'split' ({listing}) seems to name a set for each image, but") for text in texts)


# arrays in files


# By name of the arrays: of training, and of a test set.
ARRAYS = {
    "keras": (("x_train", "y_train"), ("x_test", "y_test")),
    "medmnist": (("train_images", "train_labels"), ("test_images", "test_labels")),
    "capital": (("X_train", "Y_train"), ("X_test", "Y_test")),
    "camel": (("imagesTrain", "labelsTrain"), ("imagesTest", "labelsTest")),
}


@pytest.mark.parametrize("case", ARRAYS)
def test_arrays_named_for_sets_are_sets(tmp_path, case):
    train, test = ARRAYS[case]
    pixels = np.arange(40 * 16, dtype=np.uint16).reshape(40, 4, 4).astype(np.uint8)
    arrays = {train[0]: pixels[:24], train[1]: TWO, test[0]: pixels[24:], test[1]: TWO[:16, None]}
    np.savez(tmp_path / "a.npz", **arrays)
    splits = open_splits(tmp_path / "a.npz")
    assert splits.test.tolist() == list(range(24, 40))
    np.testing.assert_array_equal(pixels_of(splits.dataset.features)[..., 0], pixels)
    assert guess(f"The arrays were taken for sets: training is {train[0]}, test is {test[0]}.") in splits.notes
    assert len(open_splits(tmp_path / "a.npz", no_test=True).dataset) == 24
    with pytest.raises(InputError, match=f"holds several arrays of images .{train[0]}, {test[0]}.; write the one"):
        open_new_rows(tmp_path / "a.npz", Schema((), "label", "binary", ("0", "1"), (), (4, 4, 1)))


@pytest.mark.parametrize(
    "names", [("x", "y"), ("images", "y"), ("image", "label"), ("x", "labels"), ("Images", "Labels")]
)
def test_other_names_of_images_and_labels(tmp_path, names):
    np.savez(tmp_path / "a.npz", **{names[0]: np.arange(24 * 16).reshape(24, 4, 4) % 256, names[1]: TWO})
    splits = open_splits(tmp_path / "a.npz")
    assert (splits.dataset.schema.image, splits.dataset.target.tolist()) == ((4, 4, 1), TWO.tolist())


def test_a_table_of_such_names_stays_one(tmp_path):
    np.savez(tmp_path / "a.npz", x=np.arange(24.0), y=TWO)
    assert open_splits(tmp_path / "a.npz", target="y").dataset.schema.image is None


def test_npz_with_images_and_labels(tmp_path):
    images = np.arange(24 * 12, dtype=np.uint16).reshape(24, 2, 2, 3).astype(np.uint8)
    labels = np.arange(24) % 3
    np.savez(tmp_path / "a.npz", images=images, labels=labels)
    dataset = open_splits(tmp_path / "a.npz").dataset
    np.testing.assert_array_equal(pixels_of(dataset.features), images)
    assert dataset.target.tolist() == labels.tolist()
    assert dataset.schema == Schema((), "label", "classes", ("0", "1", "2"), (), (2, 2, 3), "integer")


@pytest.mark.parametrize(
    ("arrays", "sentence"),
    [
        ({"images": np.zeros((24, 2, 2), np.uint8)}, "has images but no labels; it needs images"),
        ({"labels": np.zeros(24)}, "has labels but no images; it needs images"),
        (
            {"images": np.zeros((24, 2, 2)), "labels": np.zeros(23)},
            "has 24 images but 23 labels; the numbers must match",
        ),
        ({"images": np.zeros((24, 2, 2)), "labels": np.zeros((24, 3))}, r"labels of shape \(24, 3\)"),
        ({"images": np.zeros((24, 2, 2, 2)), "labels": np.zeros(24)}, r"images has shape \(24, 2, 2, 2\)"),
        ({"images": np.full((24, 2, 2), -1), "labels": TWO}, "has pixels from -1 to -1; use 0 to 255"),
        ({"images": np.full((24, 2, 2), 1.5), "labels": TWO}, "neither whole nor from 0 to 1"),
        ({"images": np.full((24, 2, 2), np.nan), "labels": TWO}, "pixels that are missing or infinite"),
        ({"images": np.zeros((0, 2, 2)), "labels": np.zeros(0)}, r"has shape \(0, 2, 2\): there is no image in it"),
        ({"images": np.zeros((24, 4)), "labels": TWO}, r"has shape \(24, 4\); it needs images, height, width"),
        ({"images": np.full((24, 2, 2), "a"), "labels": TWO}, "values of type <U1 that are no pixels"),
        ({"images": np.array([np.zeros((2, 2)), "mixed"], object), "labels": np.zeros(2)}, "holds Python objects"),
    ],
)
def test_bad_npz(tmp_path, arrays, sentence):
    np.savez(tmp_path / "a.npz", **arrays)
    refused(tmp_path / "a.npz", sentence)


def idx(array):
    return struct.pack(f">BBBB{array.ndim}I", 0, 0, 8, array.ndim, *array.shape) + array.astype(np.uint8).tobytes()


@pytest.fixture
def mnist(tmp_path):
    """The four files of MNIST, the test set's gzipped; 30 and 20 images of 3 × 2."""
    arrays = {}
    for name, count, ending in (("train", 30, ""), ("t10k", 20, ".gz")):
        arrays[name] = np.arange(count * 6).reshape(count, 3, 2) % 256
        for part, array in (("images-idx3", arrays[name]), ("labels-idx1", np.arange(count) % 10)):
            content = idx(array)
            path = tmp_path / f"{name}-{part}-ubyte{ending}"
            path.write_bytes(gzip.compress(content) if ending else content)
    return arrays


def test_idx_files_with_their_labels_beside_them(mnist, tmp_path):
    test = tmp_path / "t10k-images-idx3-ubyte.gz"
    splits = open_splits(tmp_path / "train-images-idx3-ubyte", test=test)
    dataset = splits.dataset
    assert dataset.name == "train-images-idx3-ubyte"
    assert dataset.schema == Schema((), "label", "classes", tuple("0123456789"), (), (3, 2, 1), "integer")
    np.testing.assert_array_equal(pixels_of(dataset.features)[..., 0], np.concatenate([mnist["train"], mnist["t10k"]]))
    assert splits.test.tolist() == list(range(30, 50))
    assert dataset.target.tolist() == [*(np.arange(30) % 10), *(np.arange(20) % 10)]


def test_bad_idx(mnist, tmp_path):
    alone = tmp_path / "alone"
    alone.mkdir()
    for name in ("t10k-images-idx3-ubyte.gz", "train-images-idx3-ubyte", "train-labels-idx1-ubyte"):
        (alone / name).touch()
    refused(alone, "is a folder of IDX files; give the file of the images, .*/alone/train-images-idx3-ubyte$")
    images, labels = (tmp_path / f"train-{part}-ubyte" for part in ("images-idx3", "labels-idx1"))
    whole = images.read_bytes()
    refused(labels, "labels-idx1-ubyte holds labels, not images; give the file of the images")
    for content, sentence in {
        b"\0\0\x0d\x03" + whole[4:]: "is no IDX file of bytes: it begins with 0x00000d03, not 0x000008",
        b"text": "is no IDX file of bytes: it begins with 0x74657874",
        b"": "is no IDX file of bytes: it is empty",
        whole[:-1]: "is damaged: its header says 30 × 3 × 2 bytes, but 179 follow",
        whole + b"\0": "is damaged: its header says 30 × 3 × 2 bytes, but more than 180 follow",
        whole[:9]: "is damaged: its header is cut off",
        b"\0\0\x08\x03" + b"\xff" * 12 + whole[16:]: "is damaged: its header says .* bytes, but 180 follow",
        idx(np.zeros((5, 6))): "holds no images: it has 2 dimensions",
        idx(np.zeros((29, 3, 2))): "has 29 images but 30 labels; the numbers must match",
    }.items():
        images.write_bytes(content)
        refused(images, sentence)
    images.write_bytes(whole)
    labels.unlink()
    refused(images, r"has images but no labels: there is no train-labels-idx1-ubyte \(or .*.gz\) beside it")
    (tmp_path / "t10k-images-idx3-ubyte.gz").write_bytes(gzip.compress(whole)[:-20])
    refused(tmp_path / "t10k-images-idx3-ubyte.gz", "cannot be read: Compressed file ended|is damaged")


def test_sources_of_different_kinds_do_not_go_together(mnist, folder, tmp_path):
    train = tmp_path / "train-images-idx3-ubyte"
    (tmp_path / "table.csv").write_text("a,class\n1,2\n")
    np.savez(tmp_path / "a.npz", images=np.zeros((24, 5, 5), np.uint8), labels=np.arange(24) % 2)
    refused(folder, "holds images, but the test source .*table.csv is a table", test=tmp_path / "table.csv")
    refused("iris", "iris is a table, but the dev source .*shades holds images", dev=folder)
    refused(folder, "in different ways", test=train)
    refused(train, "has 30 images of 3 × 2, gray, but the test source .* 24 images of 5 × 5", test=tmp_path / "a.npz")


# the built-in digits


def test_digits_as_images():
    dataset = open_splits("digits", as_="images").dataset
    bunch: Any = load_digits()
    assert dataset.schema.image == (8, 8, 1)
    np.testing.assert_array_equal(pixels_of(dataset.features)[..., 0], np.round(bunch.images / 16 * 255))
    assert dataset.target.tolist() == bunch.target.tolist()
    assert dataset.origin.to_dict()["as"] == "images"


@pytest.mark.parametrize("source", ["iris", "table.csv", np.zeros((30, 3))])
def test_other_data_is_not_opened_as_images(source):
    refused(source, "--as images is not for this data: only the built-in digits", as_="images")


# without labels


SCHEMA = Schema((), "class", "binary", ("dark", "light"), (), (4, 4, 1))


def test_images_without_labels_take_the_schemas_shape(folder, tmp_path):
    save(folder / "big.png", 99, (8, 8, 3))
    (folder / "bad.png").write_text("text")
    rows = open_new_rows(folder, SCHEMA)
    assert rows.files[:3] == ("bad.png", "big.png", "dark/00.png")
    assert rows.readable.tolist() == list(range(1, 26))
    assert pixels_of(rows.features).shape == (25, 4, 4, 1)
    assert (pixels_of(rows.features)[0] == 99).all()
    single = open_new_rows(folder / "big.png", SCHEMA)
    assert (single.files, pixels_of(single.features).shape) == (("big.png",), (1, 4, 4, 1))


def test_arrays_without_labels_need_the_schemas_shape(tmp_path):
    np.savez(tmp_path / "a.npz", images=np.ones((2, 4, 4), np.uint8))
    assert pixels_of(open_new_rows(tmp_path / "a.npz", SCHEMA).features).shape == (2, 4, 4, 1)
    assert pixels_of(open_new_rows(np.ones((3, 4, 4)), SCHEMA).features).max() == 255
    with pytest.raises(
        InputError, match="digits has 1,797 images of 8 × 8, gray, but the run was trained on images of 4"
    ):
        open_new_rows("digits", SCHEMA)
    with pytest.raises(InputError, match="iris holds no images, but the run was trained on images: give a folder"):
        open_new_rows("iris", SCHEMA)
