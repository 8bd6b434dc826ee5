"""Sub-folders that are sets, sub-folders that are classes, and folders too high or too low."""

import numpy as np
import pytest
from PIL import Image

from goodfit.data.notes import Note, guess, loss
from goodfit.data.sources import open_source
from goodfit.data.splits import open_splits
from goodfit.errors import InputError


@pytest.fixture
def make(tmp_path):
    """Makes folders of images: by path the number of images in it, each of its own gray."""
    shades = iter(range(10_000))

    def write(folders):
        for name, number in folders.items():
            folder = tmp_path / "top" / name
            folder.mkdir(parents=True, exist_ok=True)
            for place in range(number):
                shade = next(shades)
                pixels = np.array([[shade % 256, shade // 256], [0, 255]], np.uint8)
                Image.fromarray(pixels).save(folder / f"{place}.png")
        return tmp_path / "top"

    return write


def sets_of(*names, classes=("a", "b"), number=12):
    return {f"{name}/{label}": number for name in names for label in classes}


# By name the folders, and which of them are for training, dev and test.
NAMED = {
    "training_set": (sets_of("training_set", "test_set"), ("training_set", None, "test_set")),
    "seg_train": (
        sets_of("seg_train/seg_train", "seg_test/seg_test") | {"seg_pred/seg_pred": 3},
        ("seg_train", None, "seg_test"),
    ),
    "annotations": (sets_of("train", "val") | {"annotations": 0}, ("train", "val", None)),
    "masks": (sets_of("train", "val") | {"annotations/trimaps": 5}, ("train", "val", None)),
    "Training": (sets_of("Training", "Testing"), ("Training", None, "Testing")),
    "valid": (sets_of("train", "valid", "test"), ("train", "valid", "test")),
    "glued": (sets_of("trainset", "valset", "testset"), ("trainset", "valset", "testset")),
    "years": (sets_of("train2017", "val2017"), ("train2017", "val2017", None)),
    "prefix": (
        sets_of("asl_alphabet_train/asl_alphabet_train") | {"asl_alphabet_test": 3},
        ("asl_alphabet_train", None, None),
    ),
    "capitals": (sets_of("TRAIN", "TEST") | {"Meta": 4}, ("TRAIN", None, "TEST")),
    "numbered": (sets_of("01_train", "02_dev", "03_test"), ("01_train", "02_dev", "03_test")),
    "camel": (sets_of("imgTrain", "imgTest"), ("imgTrain", None, "imgTest")),
    "system": (
        sets_of("train", "test") | {"@eaDir/a": 3, "__MACOSX/train/a": 3, ".ipynb_checkpoints/a": 3},
        ("train", None, "test"),
    ),
}


@pytest.mark.parametrize("case", NAMED)
def test_sub_folders_that_hold_the_same_classes_are_sets(make, case):
    folders, (train, dev, test) = NAMED[case]
    top = make(folders)
    splits = open_splits(top)
    files = np.array(splits.dataset.files)
    assert splits.dataset.schema.classes == ("a", "b")
    assert all(name.startswith(train + "/") for name in files[splits.train])
    for rows, name in ((splits.dev, dev), (splits.test, test)):
        assert {file.split("/")[0] for file in files[rows]} == {name or train}
        assert len(rows) == (24 if name else len(rows))
    assert open_splits(top).dataset.fingerprint == splits.dataset.fingerprint
    sentence = next(note for note in splits.notes if note.severity == "guess")
    assert sentence.text.startswith("The subfolders were taken for sets: training is ")


def test_what_was_taken_for_a_set_is_said_and_so_is_what_was_not(make):
    top = make(sets_of("train", "val") | {"masks": 2, "notes": 0})
    (top / "read.txt").write_text("")
    assert open_source(top).notes == (
        guess("The subfolders were taken for sets: training is train, dev is val."),
        loss("Left out: masks, no set, since it does not hold the class folders."),
        Note("Left out: 1 folder without an image (notes)."),
        Note("Left out: 1 file beside the sets (read.txt)."),
    )


def test_given_sets_go_before_those_of_the_folder(make, tmp_path):
    top = make(sets_of("train", "test") | sets_of("more", number=10))
    with pytest.raises(InputError, match="which is which"):
        open_splits(top)
    (top / "more").rename(tmp_path / "more")
    splits = open_splits(top, test=tmp_path / "more")
    assert len(splits.test) == 20
    assert loss(f"The test set {top / 'test'} is not used, since another one was given.") in splits.notes
    splits = open_splits(top, no_test=True)
    assert len(splits.test) == 0
    assert len(splits.dataset) == 24
    assert loss(f"The test set {top / 'test'} is not used, since no test set was wanted.") in splits.notes
    with pytest.raises(InputError, match=f"{top} holds several sets of images; give the folder of the dev set alone"):
        open_splits(tmp_path / "more", dev=top)


@pytest.mark.parametrize(
    "folders",
    [
        sets_of("raw", "processed"),
        sets_of("healthy", "sick", classes=("left", "right")),
        sets_of("train", "val", "extra"),
        sets_of("train1", "train2", "test"),
        sets_of("images", "test"),
    ],
)
def test_sets_that_cannot_be_told_apart_are_asked_about(make, folders):
    with pytest.raises(
        InputError, match=r"hold the same subfolders \(.*\), so they are sets, not classes; which is which\?"
    ):
        open_splits(make(folders))


# By name the folders, and the classes.
CLASSES = {
    "flat": ({"a": 15, "b": 15}, ("a", "b")),
    "one sub-folder in each": ({"a/images": 15, "b/images": 15}, ("a", "b")),
    "a few sub-folders": ({"a": 15, "a/old": 3, "b": 15, "b/old": 3}, ("a", "b")),
    "a class named train": ({"car": 12, "plane": 12, "train": 12}, ("car", "plane", "train")),
    "words with set names": ({"test_tube": 15, "train_station": 15}, ("test_tube", "train_station")),
    "systems": ({"a": 15, "b": 15, "@eaDir": 3, "a/@eaDir": 3, "__MACOSX/a": 3, ".thumbnails": 3}, ("a", "b")),
    "labels": ({"a": 15, "b": 15, "annotations": 0, "labels/deep": 0}, ("a", "b")),
}


@pytest.mark.parametrize("case", CLASSES)
def test_other_sub_folders_are_classes(make, case):
    folders, classes = CLASSES[case]
    splits = open_splits(make(folders))
    assert splits.dataset.schema.classes == classes
    assert len(splits.dataset) == sum(
        number for name, number in folders.items() if not {"@", "_", "."} & {name[0], name[2:3]}
    )


@pytest.mark.parametrize(
    ("folders", "place"),
    [
        ({"images/a": 12, "images/b": 12}, "images"),
        (sets_of("data/train", "data/test"), "data"),
        (sets_of("project/data/train", "project/data/test"), "project/data"),
        (sets_of("data/train", "data/test") | {"docs": 2, "notebooks/figures": 3}, "data"),
        ({"archive/photos/a": 12, "archive/photos/b": 12, "labels": 0}, "archive/photos"),
    ],
)
def test_a_folder_too_high_names_the_one_to_give(make, folders, place):
    top = make(folders)
    with pytest.raises(InputError, match=f"are further down than {top}: give {top / place} "):
        open_splits(top)
    assert open_splits(top / place).dataset.schema.classes == ("a", "b")


def test_sets_within_classes_and_several_folders_of_sets_are_refused(make):
    top = make({f"x/{name}/{part}": 9 for name in "ab" for part in ("train", "test")})
    with pytest.raises(
        InputError, match=r"each class in .*x holds sets \(test, train\); put the classes into the sets"
    ):
        open_splits(top / "x")
    make(sets_of("y/one/train", "y/one/test", "y/two/train", "y/two/test"))
    with pytest.raises(
        InputError, match=r"y holds several folders of sets \(one, two\); give one of them, such as .*one"
    ):
        open_splits(top / "y")
    make({"z/train": 9, "z/test": 9})
    with pytest.raises(InputError, match=r"z are sets \(test, train\), but .*train has images and no subfolders"):
        open_splits(top / "z")


@pytest.mark.parametrize("name", ["val", "test"])
def test_a_set_that_lacks_a_class_is_measured_and_that_is_said(make, name):
    splits = open_splits(make(sets_of("train", classes="abc", number=20) | sets_of(name, classes="ab")))
    assert splits.dataset.schema.classes == ("a", "b", "c")
    rows = splits.dev if name == "val" else splits.test
    assert np.bincount(splits.dataset.target[rows], minlength=3).tolist() == [12, 12, 0]
    set_name = "dev" if name == "val" else name
    texts = [note.text for note in splits.notes if note.severity == "warning"]
    assert f"The {set_name} set lacks c: its error says nothing about it." in texts


def test_a_class_of_the_test_set_alone_is_said(make):
    splits = open_splits(make(sets_of("train", number=20) | sets_of("test", classes="abc", number=6)))
    texts = [note.text for note in splits.notes if note.severity == "warning"]
    assert "The training set has no example of c, so the network cannot learn to predict it." in texts


def test_a_set_without_the_classes_of_training_is_left_out(make):
    source = open_source(make(sets_of("train") | {"val/images": 5, "test": 4}))
    assert not source.sets
    texts = [note.text for note in source.notes if note.severity == "loss"]
    assert texts == [
        "Left out: test, without labels, since it holds none of the class folders of train.",
        "Left out: val, without labels, since it holds none of the class folders of train.",
    ]


WORDS = [
    "001",
    "01",
    "1e3",
    "1000",
    "2020-01-01",
    "true",
    "nan",
    "NA",
    "null",
    "1.0",
    "1",
    "größe",
    "two words",
    "日本",
    "-5",
]


def test_names_of_folders_are_words(make):
    top = make(sets_of("train", "test", classes=WORDS, number=4))
    splits = open_splits(top)
    schema = splits.dataset.schema
    assert sorted(schema.classes) == sorted(WORDS)
    assert (schema.task, schema.label_type) == ("classes", None)
    for rows in (splits.train, splits.test):
        classes = [schema.classes[code] for code in splits.dataset.target[rows]]
        assert classes == [splits.dataset.files[row].split("/")[1] for row in rows]


@pytest.mark.parametrize(
    "pair",
    [("001", "01"), ("1e3", "1000"), ("2020-01-01", "2020-01-02"), ("true", "false"), ("nan", "NA"), ("1.0", "1")],
)
def test_two_names_are_two_classes(make, pair):
    assert sorted(open_splits(make(dict.fromkeys(pair, 15))).dataset.schema.classes) == sorted(pair)
