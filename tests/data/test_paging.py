"""Hints to the system on files mapped into memory."""

import mmap

import numpy as np
import pytest

from goodfit.data.paging import mapped_at_random, read_ahead

PAGE = mmap.PAGESIZE
ROW = 2 * PAGE


class Hints(mmap.mmap):
    """A mapping that records the hints it is given, and passes none on to the system."""

    def madvise(self, *hint):
        self.__dict__.setdefault("hints", []).append(hint)


@pytest.fixture
def mapping():
    return Hints(-1, 128 + 20 * ROW)


@pytest.fixture
def array(mapping):
    """Rows of two pages each, behind a header."""
    return np.ndarray((20, ROW // 8, 8), np.uint8, buffer=mapping, offset=128)


def test_neighboring_rows_are_asked_for_together(array, mapping):
    read_ahead(array, np.array([9, 4, 5]))
    assert mapping.hints == [
        (mmap.MADV_WILLNEED, 4 * ROW, 2 * ROW + 128),  # from the page in which row 4 begins
        (mmap.MADV_WILLNEED, 9 * ROW, ROW + 128),
    ]


@pytest.mark.parametrize("turned", [lambda a: a, lambda a: a[:, :, ::-1], lambda a: a.reshape(20, 2, -1, 8)])
def test_a_slice_of_any_view_is_asked_for_at_once(array, mapping, turned):
    read_ahead(turned(array), slice(2, 12))
    assert mapping.hints == [(mmap.MADV_WILLNEED, 2 * ROW, 10 * ROW + 128)]


def test_a_part_of_the_rows_counts_from_its_own_beginning(array, mapping):
    read_ahead(array[10:], slice(0, 1))
    assert mapping.hints == [(mmap.MADV_WILLNEED, 10 * ROW, ROW + 128)]


def test_any_order_is_announced_once(array, mapping):
    assert mapped_at_random(array) is array
    assert mapping.hints == [(mmap.MADV_RANDOM,)]


@pytest.mark.parametrize("rows", [np.array([], np.int64), slice(3, 3)])
def test_no_row_is_no_question(array, mapping, rows):
    read_ahead(array, rows)
    assert not hasattr(mapping, "hints")


def test_ordinary_memory_is_left_alone():
    plain = np.arange(12).reshape(3, 4)
    read_ahead(plain, np.array([0, 2]))
    assert mapped_at_random(plain) is plain


def test_a_real_mapping_takes_it(tmp_path):
    np.save(tmp_path / "a.npy", np.arange(30_000).reshape(300, 100))
    array = mapped_at_random(np.load(tmp_path / "a.npy", mmap_mode="r"))
    rows = np.array([299, 7, 8])
    read_ahead(array, rows)
    np.testing.assert_array_equal(array[rows, 0], [29_900, 700, 800])
