"""Convolutional networks: their parts, parameters and what they compute."""

from dataclasses import replace

import jax.numpy as jnp
import numpy as np
import pytest

from goodfit.nets.architectures import forward, forward_flops, init, layer_by_layer, network_size, probed_layers
from goodfit.nets.convolutional import blocks, image_shapes
from goodfit.plan import Plan

IMAGE = (28, 20, 1)


def structure_of(image=IMAGE, **settings):
    return replace(Plan(layer="convolutional", **settings).structure, image=image)


def test_the_picture_is_halved_before_its_feature_maps_grow():
    structure = structure_of(hidden_units=(8, 8, 16, 16, 32))
    assert image_shapes(structure) == [(28, 20, 8), (28, 20, 8), (14, 10, 16), (14, 10, 16), (7, 5, 32)]
    small = structure_of((5, 3, 3), hidden_units=(8, 16, 32))
    assert image_shapes(small) == [(5, 3, 8), (5, 3, 16), (5, 3, 32)]  # too small to be halved


@pytest.mark.parametrize(("depth", "per_stage"), [(20, 2), (56, 6), (110, 12)])
def test_a_network_by_its_depth_has_so_many_layers(depth, per_stage):
    """He et al. 2016: 3n + 2 with bottlenecks, projections not counted."""
    structure = structure_of((32, 32, 3), hidden_units=(16, 32, 64), depth=depth, architecture="residual")
    parts = blocks(structure)
    assert sum(len(block.convolutions) for block in parts) + 1 == depth
    assert [block.stage for block in parts] == [0] + [0] * per_stage + [1] * per_stage + [2] * per_stage
    assert [place for place, block in enumerate(parts) if block.halves] == [1 + per_stage, 1 + 2 * per_stage]
    assert [place for place, block in enumerate(parts) if block.projection] == [1 + per_stage, 1 + 2 * per_stage]
    inner = [convolution.maps_out for convolution in parts[1 + per_stage].convolutions]
    assert inner == [8, 8, 32]
    assert not any(block.shortcut for block in blocks(structure_of(depth=depth, hidden_units=(16, 32, 64))))


def test_parameters_have_their_shapes_and_hes_deviation():
    structure = structure_of(hidden_units=(64, 96), batch_norm="before")
    params, averages = init(structure, "auto", 3, 560, 10)
    assert [{name: leaf.shape for name, leaf in layer.items()} for layer in params] == [
        {"W": (3, 3, 1, 64), "gamma": (64,), "beta": (64,)},
        {"W": (3, 3, 64, 96), "gamma": (96,), "beta": (96,)},
        {"W": (96, 10), "b": (10,)},
    ]
    assert len(averages) == 2
    assert np.asarray(params[1]["W"]).std() == pytest.approx(np.sqrt(2 / (9 * 64)), rel=0.02)
    numbers, _ = network_size(structure_of(hidden_units=(64, 96)), 560, 10)
    assert numbers == (9 + 1) * 64 + (9 * 64 + 1) * 96 + (96 + 1) * 10
    assert forward_flops(structure, 560) == 2 * 9 * (28 * 20 * 64 + 14 * 10 * 64 * 96)


def outputs(structure, params, images):
    flat = jnp.array(images.reshape(len(images), -1), jnp.float32)
    return np.asarray(forward(structure, params, flat, None, None)[0])


@pytest.mark.parametrize("settings", [{}, {"depth": 8, "architecture": "residual"}])
def test_without_pooling_a_shifted_picture_has_the_same_outputs(settings):
    """The pattern lies so far from the border that no convolution sees the border."""
    structure = structure_of((24, 24, 1), hidden_units=(6, 6), activation="tanh", **settings)
    params, _ = init(structure, "auto", 1, 576, 3)
    image = np.zeros((1, 24, 24, 1))
    image[0, 9:14, 9:14, 0] = np.random.default_rng(0).normal(size=(5, 5))
    moved = np.roll(image, (2, -3), axis=(1, 2))
    np.testing.assert_allclose(outputs(structure, params, image), outputs(structure, params, moved), atol=1e-6)
    assert np.abs(outputs(structure, params, image)).max() > 1e-3


@pytest.mark.parametrize("depth", [8, 110])
def test_with_weights_of_zero_a_residual_network_passes_its_input_on(depth):
    structure = structure_of((8, 8, 1), hidden_units=(4,), depth=depth, architecture="residual", activation="relu")
    params, _ = init(structure, "auto", 0, 64, 2)
    still = (params[0], *({**layer, "W": 0 * layer["W"]} for layer in params[1:-1]), params[-1])
    image = np.abs(np.random.default_rng(0).normal(size=(2, 8, 8, 1)))
    _, _, hidden = layer_by_layer(structure, still, jnp.array(image.reshape(2, -1), jnp.float32), None, None)
    assert len(hidden) == structure.hidden_layers
    np.testing.assert_array_equal(hidden[0], hidden[-1])
    assert np.asarray(hidden[0]).max() > 0


def test_the_probed_layers_are_the_3x3_kernel_of_each_block_and_the_output():
    plain = structure_of(hidden_units=(8, 16))
    assert probed_layers(plain) == [0, 1, 2]
    deep = structure_of(hidden_units=(8, 16), depth=8, architecture="residual")
    params, _ = init(deep, "auto", 0, 560, 2)
    assert [params[place]["W"].shape[:2] for place in probed_layers(deep)] == [(3, 3), (3, 3), (3, 3), (16, 2)]
