"""Digits as three sets of arrays, scaled once."""

import os

import numpy as np
import pytest
from sklearn.datasets import load_digits


@pytest.fixture(scope="session")
def digits():
    """Inputs [1797, 64] of mean 0 and deviation 1, and the targets."""
    inputs, targets = load_digits(return_X_y=True)
    return ((inputs - inputs.mean()) / inputs.std()).astype(np.float32), targets.astype(np.int32)


@pytest.fixture(scope="session")
def softmax():
    """In float64, by rows."""

    def probabilities(logits):
        powers = np.exp(logits - logits.max(axis=1, keepdims=True))
        return powers / powers.sum(axis=1, keepdims=True)

    return probabilities


@pytest.fixture(scope="session")
def keras(tmp_path_factory):
    """Keras on JAX, unless the environment names another backend; JAX promotes ranks, since Keras adds biases so."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("KERAS_BACKEND", os.environ.get("KERAS_BACKEND", "jax"))
        patch.setenv("KERAS_HOME", str(tmp_path_factory.mktemp("keras")))
        library = pytest.importorskip("keras", reason="Keras is not installed: pip install -e '.[keras]'")
    import jax

    with jax.numpy_rank_promotion("allow"):
        yield library
