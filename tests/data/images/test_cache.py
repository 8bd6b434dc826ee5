import json
import mmap
import os
import tempfile
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from goodfit.data.images import cache
from goodfit.data.images.cache import Form, decode_cached
from goodfit.errors import InputError


def save(path, pixels):
    Image.fromarray(np.asarray(pixels, np.uint8)).save(path)


@pytest.fixture
def files(tmp_path):
    """Ten gray images of 3 × 4, the n-th full of 10·n."""
    folder = tmp_path / "files"
    folder.mkdir()
    for number in range(10):
        save(folder / f"{number}.png", np.full((3, 4), 10 * number))
    return folder


@pytest.fixture
def decodings(monkeypatch):
    """Number of files decoded at each call."""
    counts = []
    real = cache.decode_files
    monkeypatch.setattr(cache, "decode_files", lambda paths, *rest: counts.append(len(paths)) or real(paths, *rest))
    return counts


def opened(folder, cache, shape=None):
    names = sorted(path.name for path in folder.iterdir())
    return decode_cached([str(folder / name) for name in names], names, str(folder), cache, Form(len(names), shape))


def test_the_second_start_reads_what_the_first_decoded(files, tmp_path, decodings):
    first = opened(files, tmp_path / "cache")
    second = opened(files, tmp_path / "cache")
    assert decodings == [10]
    for decoded in (first, second):
        assert decoded.pixels.shape == (10, 3, 4, 1)
        assert decoded.pixels[:, 0, 0, 0].tolist() == list(range(0, 100, 10))
        assert decoded.readable.tolist() == list(range(10))
        assert isinstance(decoded.pixels.base, mmap.mmap | np.memmap)
    assert sorted(path.suffix for path in (tmp_path / "cache").iterdir()) == [".json", ".npy"]


@pytest.mark.parametrize("place", [5, -1])
@pytest.mark.parametrize("kind", [".npy", ".json"])
def test_a_flipped_byte_makes_the_cache_anew(files, tmp_path, decodings, kind, place):
    opened(files, tmp_path / "cache")
    path = next((tmp_path / "cache").glob(f"*{kind}"))
    content = bytearray(path.read_bytes())
    content[place] ^= 1
    path.write_bytes(content)
    assert opened(files, tmp_path / "cache").pixels[9, 0, 0, 0] == 90
    assert decodings == [10, 10]
    opened(files, tmp_path / "cache")
    assert decodings == [10, 10]


def test_a_cache_that_is_cut_off_or_lost_in_part_is_made_anew(files, tmp_path, decodings):
    for spoil in (lambda path: os.truncate(path, 60), Path.unlink):
        opened(files, tmp_path / "cache")
        spoil(next((tmp_path / "cache").glob("*.npy")))
        assert opened(files, tmp_path / "cache").pixels[9, 0, 0, 0] == 90
    assert decodings == [10, 10, 10]


def test_a_file_that_changed_or_came_makes_it_anew_and_the_old_one_goes(files, tmp_path, decodings):
    opened(files, tmp_path / "cache")
    save(files / "0.png", np.full((3, 4), 255))
    os.utime(files / "0.png", ns=(0, 0))
    assert opened(files, tmp_path / "cache").pixels[0, 0, 0, 0] == 255
    save(files / "a.png", np.full((3, 4), 7))
    assert len(opened(files, tmp_path / "cache").pixels) == 11
    assert decodings == [10, 10, 11]
    assert len(list((tmp_path / "cache").glob("*.npy"))) == 1


def test_broken_files_are_left_out_and_the_rest_moves_together(files, tmp_path):
    for name in ("0.png", "4.png", "5.png"):
        (files / name).write_bytes(b"text")
    for _ in range(2):
        decoded = opened(files, tmp_path / "cache")
        assert decoded.pixels[:, 0, 0, 0].tolist() == [10, 20, 30, 60, 70, 80, 90]
        assert decoded.readable.tolist() == [1, 2, 3, 6, 7, 8, 9]
        assert decoded.broken == [(0, "no image"), (4, "no image"), (5, "no image")]


def test_more_than_half_broken_is_refused_and_leaves_nothing(files, tmp_path):
    for name in "012345":
        (files / f"{name}.png").write_bytes(b"text")
    with pytest.raises(
        InputError, match=r"6 of 10 files are broken: 6 no image \(0.png, .* and 1 more\); that is more"
    ):
        opened(files, tmp_path / "out" / "cache")
    assert not (tmp_path / "out").exists()


def test_the_commonest_size_is_taken_and_others_are_counted(files, tmp_path):
    save(files / "0.png", np.full((5, 5), 9))
    decoded = opened(files, tmp_path / "cache")
    assert decoded.pixels.shape == (10, 3, 4, 1)
    assert (decoded.resized, decoded.shrunk, decoded.gray) == (1, False, 0)
    assert (decoded.pixels[0] == 9).all()


def test_one_image_in_color_makes_all_so_though_the_sample_missed_it(files, tmp_path, monkeypatch, decodings):
    monkeypatch.setattr(cache, "_SAMPLE", 2)
    save(files / "5.png", np.full((3, 4, 3), [1, 2, 3]))
    decoded = opened(files, tmp_path / "cache")
    assert decoded.pixels.shape == (10, 3, 4, 3)
    assert decoded.pixels[5, 0, 0].tolist() == [1, 2, 3]
    assert decoded.pixels[9, 0, 0].tolist() == [90, 90, 90]
    assert (decoded.gray, decodings) == (9, [10, 10])


def test_large_images_are_made_smaller_to_64_on_the_longer_side(tmp_path):
    folder = tmp_path / "files"
    folder.mkdir()
    for number in range(3):
        save(folder / f"{number}.png", np.full((150, 200), number))
    save(folder / "half.png", np.full((75, 100), 3))
    decoded = opened(folder, tmp_path / "cache")
    assert decoded.pixels.shape == (4, 48, 64, 1)
    assert (decoded.shrunk, decoded.resized) == (True, 0)


def test_images_of_many_small_sizes_are_resized_but_not_said_to_be_made_smaller(tmp_path):
    """No size is commoner than another; the largest is taken as it is."""
    (tmp_path / "images").mkdir()
    for side in (3, 12, 5):
        save(tmp_path / "images" / f"{side:02}.png", np.zeros((side, side)))
    decoded = opened(tmp_path / "images", tmp_path / "cache")
    assert decoded.pixels.shape[1:3] == (12, 12)
    assert (decoded.shrunk, decoded.resized) == (False, 2)


def test_a_shape_that_is_asked_for_is_given(files, tmp_path):
    assert opened(files, tmp_path / "cache", (8, 8, 3)).pixels.shape == (10, 8, 8, 3)
    assert opened(files, tmp_path / "cache").pixels.shape == (10, 3, 4, 1)
    assert len(list((tmp_path / "cache").glob("*.npy"))) == 2


def test_without_a_folder_the_cache_is_in_the_systems_temporary_one_for_this_user_alone(files, tmp_path, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    opened(files, None)
    temporary = tmp_path / f"goodfit-images-{os.getuid()}"
    assert temporary.stat().st_mode & 0o777 == 0o700
    assert list(temporary.glob("*.npy"))


def test_an_unwritable_folder_is_an_input_error(files, tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(InputError, match="cannot write the decoded images to"):
        opened(files, tmp_path / "file" / "cache")


def test_leftovers_of_a_killed_process_are_removed_after_a_day(files, tmp_path):
    cache = tmp_path / "cache"
    cache.mkdir()
    for name in ("old.partial.npy", "new.partial.npy"):
        (cache / name).write_bytes(b"")
    os.utime(cache / "old.partial.npy", (0, 0))
    opened(files, cache)
    assert [path.name for path in cache.glob("*.partial.npy")] == ["new.partial.npy"]


def test_the_facts_are_plain(files, tmp_path):
    opened(files, tmp_path / "cache")
    sealed = json.loads(next((tmp_path / "cache").glob("*.json")).read_text())
    assert json.loads(sealed["facts"])["files"] == 10
