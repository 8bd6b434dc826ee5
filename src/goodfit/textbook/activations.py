"""Activations g(z) and their slopes g′(z), element by element.

Sources: ReLU (Nair & Hinton 2010), leaky ReLU (Maas et al. 2013), ELU (Clevert et al. 2016), SELU (Klambauer et al.
2017), GELU (Hendrycks & Gimpel 2016, in its tanh form), SiLU (Elfwing et al. 2018), softplus (Dugas et al. 2001). The
names in `ACTIVATIONS` are the engine's (`nets/layers.py`), and so are the variants: leaky ReLU has slope 0.01 below 0,
ELU has α = 1, and where a function has two slopes at 0, the one here is the one that JAX takes.
"""

import numpy as np
from jaxtyping import Float

Values = Float[np.ndarray, "..."]

LEAK = 0.01  # Maas et al. 2013
SELU_ALPHA, SELU_SCALE = 1.6732632423543772, 1.0507009873554805  # Klambauer et al. 2017: mean 0, variance 1 stay
GELU_CUBIC = 0.044715  # Hendrycks & Gimpel 2016


def sigmoid(z: Values) -> Values:
    """1/(1 + e^−z), written as e^−ln(1 + e^−z), which does not overflow.

    >>> sigmoid(np.array([0.0, np.log(3), -1000.0])).round(12).tolist()
    [0.5, 0.75, 0.0]
    """
    # logaddexp factors out the larger exponent, so e^1000 is never formed.
    return np.exp(-np.logaddexp(0, -z))


def sigmoid_derivative(z: Values) -> Values:
    """g·(1 − g).

    >>> sigmoid_derivative(np.array([0.0])).tolist()
    [0.25]
    """
    # 1 − g(z) = g(−z); the subtraction would cancel to 0 where g is near 1.
    return sigmoid(z) * sigmoid(-z)


def tanh(z: Values) -> Values:
    """(e^z − e^−z)/(e^z + e^−z).

    >>> tanh(np.array([0.0, np.log(3)])).round(12).tolist()
    [0.0, 0.8]
    """
    return np.tanh(z)


def tanh_derivative(z: Values) -> Values:
    """1 − g².

    >>> tanh_derivative(np.array([0.0, np.log(3)])).round(12).tolist()
    [1.0, 0.36]
    """
    return 1 - np.tanh(z) ** 2


def relu(z: Values) -> Values:
    """max(0, z).

    >>> relu(np.array([-2.0, 3.0])).tolist()
    [0.0, 3.0]
    """
    return np.maximum(z, 0)


def relu_derivative(z: Values) -> Values:
    """1 above 0, else 0.

    >>> relu_derivative(np.array([-2.0, 0.0, 3.0])).tolist()
    [0.0, 0.0, 1.0]
    """
    return np.where(z > 0, 1.0, 0.0)


def leaky_relu(z: Values) -> Values:
    """z above 0, 0.01·z below.

    >>> leaky_relu(np.array([-2.0, 3.0])).tolist()
    [-0.02, 3.0]
    """
    return np.where(z >= 0, z, LEAK * z)


def leaky_relu_derivative(z: Values) -> Values:
    """1 from 0 on, 0.01 below.

    >>> leaky_relu_derivative(np.array([-2.0, 3.0])).tolist()
    [0.01, 1.0]
    """
    return np.where(z >= 0, 1.0, LEAK)


def elu(z: Values) -> Values:
    """z above 0, e^z − 1 below.

    >>> elu(np.array([-np.log(2), 3.0])).tolist()
    [-0.5, 3.0]
    """
    # np.where computes both branches: the minimum keeps e^z of a large z, which is not used, from overflowing.
    # expm1 is e^z − 1 without its cancellation near 0.
    return np.where(z > 0, z, np.expm1(np.minimum(z, 0)))


def elu_derivative(z: Values) -> Values:
    """1 above 0, e^z below.

    >>> elu_derivative(np.array([-np.log(2), 3.0])).tolist()
    [0.5, 1.0]
    """
    return np.where(z > 0, 1.0, np.exp(np.minimum(z, 0)))


def selu(z: Values) -> Values:
    """λ·z above 0, λα·(e^z − 1) below.

    >>> selu(np.array([-np.log(2), 1.0])).round(4).tolist()
    [-0.879, 1.0507]
    """
    return SELU_SCALE * np.where(z > 0, z, SELU_ALPHA * np.expm1(np.minimum(z, 0)))


def selu_derivative(z: Values) -> Values:
    """λ above 0, λα·e^z below.

    >>> selu_derivative(np.array([-np.log(2), 1.0])).round(4).tolist()
    [0.879, 1.0507]
    """
    return SELU_SCALE * np.where(z > 0, 1.0, SELU_ALPHA * np.exp(np.minimum(z, 0)))


def gelu(z: Values) -> Values:
    """z·Φ(z), where Φ is the normal distribution function, here (1 + tanh(√(2/π)·(z + 0.044715·z³)))/2.

    >>> gelu(np.array([-10.0, 0.0, 1.0, 10.0])).round(4).tolist()
    [-0.0, 0.0, 0.8412, 10.0]
    """
    return z / 2 * (1 + np.tanh(_gelu_inner(z)))


def gelu_derivative(z: Values) -> Values:
    """(1 + t)/2 + (z/2)·(1 − t²)·√(2/π)·(1 + 3·0.044715·z²), where t is the tanh.

    >>> gelu_derivative(np.array([0.0, 10.0])).tolist()
    [0.5, 1.0]
    """
    t = np.tanh(_gelu_inner(z))
    # The product rule on (z/2)·(1 + t); (1 − t²) is tanh's slope, the last two factors are the inner function's.
    return (1 + t) / 2 + z / 2 * (1 - t**2) * np.sqrt(2 / np.pi) * (1 + 3 * GELU_CUBIC * z**2)


def _gelu_inner(z: Values) -> Values:
    # A fit to Φ: the tanh of this cubic is within 0.001 of it and needs no erf.
    return np.sqrt(2 / np.pi) * (z + GELU_CUBIC * z**3)


def silu(z: Values) -> Values:
    """z·sigmoid(z).

    >>> silu(np.array([0.0, 1000.0])).tolist()
    [0.0, 1000.0]
    """
    return z * sigmoid(z)


def silu_derivative(z: Values) -> Values:
    """σ·(1 + z·(1 − σ)), where σ is the sigmoid.

    >>> silu_derivative(np.array([0.0])).tolist()
    [0.5]
    """
    # The product rule on z·σ with σ′ = σ·(1 − σ), and 1 − σ(z) = σ(−z) as above.
    return sigmoid(z) * (1 + z * sigmoid(-z))


def softplus(z: Values) -> Values:
    """ln(1 + e^z).

    >>> np.exp(softplus(np.array([np.log(3)]))).round(12).tolist(), softplus(np.array([1000.0])).tolist()
    ([4.0], [1000.0])
    """
    return np.logaddexp(0, z)


def softplus_derivative(z: Values) -> Values:
    """The sigmoid.

    >>> softplus_derivative(np.array([0.0])).tolist()
    [0.5]
    """
    return sigmoid(z)


ACTIVATIONS = {
    "relu": (relu, relu_derivative),
    "leaky_relu": (leaky_relu, leaky_relu_derivative),
    "tanh": (tanh, tanh_derivative),
    "sigmoid": (sigmoid, sigmoid_derivative),
    "gelu": (gelu, gelu_derivative),
    "silu": (silu, silu_derivative),
    "elu": (elu, elu_derivative),
    "selu": (selu, selu_derivative),
    "softplus": (softplus, softplus_derivative),
}
