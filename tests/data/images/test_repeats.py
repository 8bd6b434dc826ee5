"""The same picture in two classes, or in training and another set, is said; others are not."""

import shutil

import numpy as np
import pytest
from PIL import Image

from goodfit.data.splits import open_splits


@pytest.fixture
def folder(tmp_path):
    """Sets of different pictures: 12 of each class in train, 6 in test."""
    shades = iter(range(255))
    for name, number in (("train", 12), ("test", 6)):
        for label in "ab":
            (tmp_path / "sets" / name / label).mkdir(parents=True)
            for place in range(number):
                pixels = np.full((3, 3), next(shades), np.uint8)
                Image.fromarray(pixels).save(tmp_path / "sets" / name / label / f"{place:02}.png")
    return tmp_path / "sets"


def warnings_of(source, **options):
    notes = open_splits(source, **options).notes
    return [note.text for note in notes if note.severity == "warning" and "icture" in note.text]


def test_different_pictures_are_not_said(folder):
    assert warnings_of(folder) == []


def test_a_picture_in_two_classes_also_under_another_format_and_depth(folder):
    train = folder / "train"
    shutil.copy(train / "a" / "00.png", train / "b" / "copy.png")
    Image.open(train / "a" / "01.png").save(train / "b" / "copy.bmp")
    Image.open(train / "a" / "02.png").convert("RGB").save(train / "b" / "copy.webp", lossless=True)
    shutil.copy(train / "a" / "03.png", train / "b" / "three.png")
    texts = warnings_of(train, dev=folder / "test", no_test=True)
    assert texts == [
        "4 pictures are in more than one class (a/00.png is b/copy.png, a/01.png is b/copy.bmp, a/02.png is "
        "b/copy.webp and 1 more); correct the labels."
    ]


def test_a_picture_of_training_in_a_given_set(folder):
    shutil.copy(folder / "train" / "a" / "05.png", folder / "test" / "a" / "copy.png")
    shutil.copytree(folder / "test", folder / "val")
    (text,) = [text for text in warnings_of(folder) if "test set" in text]
    assert text == (
        "1 of 13 pictures of the test set are also in the training set (test/a/copy.png is train/a/05.png), so that "
        "its error looks too small."
    )


def test_arrays_name_the_number_of_the_image(tmp_path):
    images = np.arange(40 * 4, dtype=np.uint8).reshape(40, 2, 2)
    images[7] = images[2]
    np.savez(tmp_path / "a.npz", images=images, labels=np.arange(40) % 2)
    texts = warnings_of(tmp_path / "a.npz", no_test=True)
    assert "1 picture is in more than one class (image 3 is image 8); correct the labels." in texts


def test_the_same_picture_with_two_amounts_is_no_mistake_in_a_class(tmp_path):
    images = np.arange(40 * 4, dtype=np.uint8).reshape(40, 2, 2)
    images[7] = images[2]
    np.savez(tmp_path / "a.npz", images=images, labels=np.arange(40) + 0.5)
    assert not [text for text in warnings_of(tmp_path / "a.npz") if "class" in text]
