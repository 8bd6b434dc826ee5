import numpy as np

from goodfit.data.images import memory_map
from goodfit.data.images.memory_map import keep_rows

ROWS = np.arange(5_000, dtype=np.uint16).view(np.uint8).reshape(-1, 2, 1, 1)


def test_many_rows_move_together_by_pieces(tmp_path, monkeypatch):
    monkeypatch.setattr(memory_map, "PIECE", 14)
    np.save(tmp_path / "a.npy", ROWS)
    rows = np.flatnonzero(np.random.default_rng(0).random(5_000) < 0.5)
    keep_rows(tmp_path / "a.npy", rows)
    np.testing.assert_array_equal(np.load(tmp_path / "a.npy"), ROWS[rows])


def test_stored_pixels_are_found_by_their_listing_read_only_and_aligned(tmp_path):
    calls = []

    def make(path):
        calls.append(path)
        np.save(path, ROWS)
        return {"told": len(calls)}

    def opened(place, listing):
        pixels, facts = memory_map.mapped([place], [listing], tmp_path / "cache", make)
        np.testing.assert_array_equal(pixels, ROWS)
        assert not pixels.flags.writeable
        assert pixels.ctypes.data % 64 == 0  # so that JAX takes it as it is
        return facts["told"]

    assert [opened("a", 1), opened("a", 1), opened("b", 1), opened("a", 1), opened("b", 1)] == [1, 1, 2, 1, 2]
    assert [opened("a", 2), opened("a", 1)] == [3, 4]  # one listing a place is kept
    assert len(list((tmp_path / "cache").iterdir())) == 4


def test_a_header_that_says_another_order_of_the_same_bytes_is_damage(tmp_path):
    for count in (1, 2):
        _, facts = memory_map.mapped(
            ["a"], [1], tmp_path, lambda path, count=count: np.save(path, ROWS) or {"told": count}
        )
        assert facts["told"] == count
        path = next(tmp_path.glob("*.npy"))
        path.write_bytes(path.read_bytes().replace(b"False", b"True ", 1))
