"""What a folder of images holds: images by extension and by content, kinds that are not read, and what is no file."""

import os

import numpy as np
import pytest
from PIL import Image

from goodfit.data.images.kinds import kind_of_content, unreadable_kind
from goodfit.data.images.tree import list_folder
from goodfit.data.notes import warning
from goodfit.data.open import open_new_rows
from goodfit.data.sources import open_source
from goodfit.data.splits import open_splits
from goodfit.errors import InputError


@pytest.fixture
def folder(tmp_path):
    """24 images in two classes."""
    for number in range(24):
        path = tmp_path / "top" / "ab"[number % 2] / f"{number}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(np.full((3, 3), 10 * number, np.uint8)).save(path)
    return tmp_path / "top"


KINDS = {
    "HEIC": ("heic", b"\0\0\0\x18ftypheic"),
    "RAW": ("CR2", b"FUJIFILMCCD-RAW"),
    "SVG": ("svg", b"<?xml version='1.0'?><!-- x --><svg>"),
    "PSD": ("psd", b"8BPS\0\1"),
    "video": ("MOV", b"\0\0\0\x14ftypqt  "),
    "JPEG XL": ("jxl", b"\xff\x0a\xfa"),
    "PDF": ("pdf", b"%PDF-1.7"),
    "DICOM": ("dcm", bytes(128) + b"DICM"),
}


@pytest.mark.parametrize("kind", KINDS)
def test_files_that_are_not_read_are_counted_by_kind(folder, kind):
    ending, content = KINDS[kind]
    for number in range(3):
        (folder / "a" / f"x{number}.{ending}").write_bytes(content)
    (folder / "b" / "without_extension").write_bytes(content)
    text = f"Left out: 4 {kind} files, which goodfit cannot read; convert them to JPEG or PNG."
    assert warning(text) in open_splits(folder).notes
    assert warning(text) in open_source(folder, images=True, labeled=False).notes
    assert kind_of_content(content) == unreadable_kind(f"x.{ending}") == kind


def test_several_kinds_are_counted_together(folder):
    for name in ("1.heic", "2.HEIC", "3.heif", "4.mp4"):
        (folder / "a" / name).write_bytes(b"")
    text = "Left out: 3 HEIC files and 1 video file, which goodfit cannot read; convert them to JPEG or PNG."
    assert warning(text) in open_splits(folder).notes


def test_a_class_or_a_folder_of_such_files_alone(folder, tmp_path):
    (folder / "c").mkdir()
    (folder / "c" / "1.heic").write_bytes(b"")
    splits = open_splits(folder)
    assert splits.dataset.schema.classes == ("a", "b")
    assert warning("No image of c can be read, so that folder is no class.") in splits.notes
    schema = splits.dataset.schema
    for place, sentence in (
        (folder / "c", "no image that can be read, but 1 HEIC file;"),
        (folder / "c" / "1.heic", "is a HEIC file"),
    ):
        with pytest.raises(InputError, match=sentence):
            open_new_rows(place, schema)
    (tmp_path / "all" / "a").mkdir(parents=True)
    (tmp_path / "all" / "a" / "1.heic").write_bytes(b"")
    with pytest.raises(InputError, match="no image that can be read in any subfolder, but 1 HEIC file; convert"):
        open_splits(tmp_path / "all")


@pytest.mark.parametrize(
    ("name", "kind"),
    [("plain", "PNG"), ("photo.0017", "JPEG"), ("2020.01.01 12.30", "WEBP"), ("x.PNG", "PNG"), ("y.JPEG", "PNG")],
)
def test_names_without_an_extension_or_with_another_are_read(folder, name, kind):
    Image.fromarray(np.full((3, 3), 99, np.uint8)).save(folder / "a" / name, kind)
    splits = open_splits(folder)
    assert f"a/{name}" in splits.dataset.files
    assert not [note for note in splits.notes if note.severity == "warning"]


def test_what_is_no_file_is_passed_over_and_links_are_followed_once(folder, tmp_path):
    os.mkfifo(folder / "a" / "pipe.png")
    os.mkfifo(folder / "a" / "pipe")
    (folder / "a" / "folder.png").mkdir()
    (tmp_path / "other").mkdir()
    for name in folder.iterdir():
        (tmp_path / "other" / name.name).symlink_to(name)
    assert len(open_splits(tmp_path / "other").dataset) == 24
    (folder / "a" / "again").symlink_to(folder)
    assert len(list(list_folder(folder).all_images())) == 24
