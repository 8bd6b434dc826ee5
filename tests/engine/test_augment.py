"""Augmentation: what each change does to a picture, how far it goes, and that none is like another."""

import jax.numpy as jnp
import numpy as np
import pytest

from goodfit.engine import augment as module
from goodfit.engine.augment import augment

KEY = jnp.uint32(7)


@pytest.fixture
def only(monkeypatch):
    """Leaves one kind of change."""

    def leave(*names):
        for name in ("SHIFT", "ANGLE", "SCALE", "CONTRAST", "BRIGHTNESS", "DISTORTION"):
            if name not in names:
                monkeypatch.setattr(module, name, 0.0)

    return leave


def augmented(images, strength=1.0, flip=0.0, key=KEY):
    return np.asarray(augment(jnp.array(images, jnp.float32), key, jnp.float32(strength), jnp.float32(flip)))


def smooth(count=200, size=21, seed=0):
    """Each picture a soft spot in its middle, its channels a ramp and a constant."""
    y, x = np.mgrid[-1 : 1 : size * 1j, -1 : 1 : size * 1j]
    spot = np.exp(-8 * (x**2 + y**2))
    return np.broadcast_to(np.stack([spot, x, np.full_like(x, 2.0)], axis=-1), (count, size, size, 3))


def center(images):
    """Of the spots, as a share of the side."""
    spot, (y, x) = images[..., 0], np.mgrid[0:1:21j, 0:1:21j]
    mass = spot.sum(axis=(1, 2))
    return np.stack([(spot * y).sum(axis=(1, 2)), (spot * x).sum(axis=(1, 2))], axis=1) / mass[:, None] - 0.5


def test_at_strength_0_nothing_changes_and_the_same_key_draws_the_same():
    images = np.random.default_rng(0).normal(size=(5, 8, 9, 2))
    np.testing.assert_allclose(augmented(images, 0.0), images, atol=1e-5)
    np.testing.assert_array_equal(augmented(images), augmented(images))
    other = augmented(images, key=jnp.uint32(8))
    assert all(np.abs(one - two).max() > 0.01 for one, two in zip(augmented(images), other, strict=True))


@pytest.mark.parametrize("strength", [0.5, 1.0])
def test_positions_are_drawn_evenly_up_to_the_farthest(only, strength):
    only("SHIFT")
    moved = center(augmented(smooth(2000), strength))
    most = module.SHIFT * strength
    assert np.abs(moved).max() <= most + 0.005
    np.testing.assert_allclose(moved.std(axis=0), most / np.sqrt(3), rtol=0.06)
    np.testing.assert_allclose(moved.mean(axis=0), 0, atol=0.1 * most)


def test_a_turned_ramp_rises_in_another_direction(only):
    only("ANGLE")
    inner = augmented(smooth(500))[:, 6:15, 6:15, 1]
    down, right = np.gradient(inner, axis=(1, 2))
    angles = np.arctan2(down.mean(axis=(1, 2)), right.mean(axis=(1, 2)))
    assert np.abs(angles).max() <= module.ANGLE + 0.01
    assert angles.std() == pytest.approx(module.ANGLE / np.sqrt(3), rel=0.1)


def test_a_scaled_ramp_is_steeper_or_flatter(only):
    only("SCALE")
    slopes = np.diff(augmented(smooth(500))[:, 10, 6:15, 1], axis=1).mean(axis=1) / 0.1
    assert 1 - module.SCALE - 0.01 <= slopes.min() < 0.93
    assert 1.07 < slopes.max() <= 1 + module.SCALE + 0.01


def test_a_distorted_ramp_is_bent_and_by_so_much_on_the_mean(only):
    only("DISTORTION")
    change = (augmented(smooth(500)) - smooth(500))[:, 4:17, 4:17, 1]
    at_points = module.DISTORTION * 2  # of the side, which is 2 wide here; between the points it is less
    assert 0.4 * at_points < change.std() < at_points
    neighbors = np.corrcoef(change[:, :, :-1].ravel(), change[:, :, 1:].ravel())[0, 1]
    assert neighbors > 0.9


def test_brightness_and_contrast_change_the_values_alone(only):
    only("BRIGHTNESS", "CONTRAST")
    constant = augmented(smooth(500))[..., 2]
    np.testing.assert_allclose(constant.std(axis=(1, 2)), 0, atol=1e-5)
    values = constant[:, 0, 0]
    assert values.min() >= 2 * (1 - module.CONTRAST) - module.BRIGHTNESS - 1e-3
    assert values.std() == pytest.approx(np.hypot(2 * module.CONTRAST, module.BRIGHTNESS) / np.sqrt(3), rel=0.1)


def test_flips_come_with_their_probability(only):
    only()
    rises = augmented(smooth(2000), 0.0, 0.25)[:, 10, -1, 1]
    assert set(np.round(rises, 4)) == {-1.0, 1.0}
    assert (rises < 0).mean() == pytest.approx(0.25, abs=0.03)
    assert (augmented(smooth(50), 0.0, 1.0)[:, 10, -1, 1] < 0).all()
