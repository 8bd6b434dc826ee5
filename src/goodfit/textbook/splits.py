"""Training, dev and test sets: 60/20/20 up to 1,000,000 examples, 98/1/1 above.

Source: the course notes, "Train / Dev / Test sets". Examples are shuffled before they are divided, so that dev and test
set come from one distribution. The engine's `data/splits.py` keeps the same shares; it also stratifies by class, and
respects groups and time.
"""

import numpy as np
from jaxtyping import Float

LARGE = 1_000_000  # the course notes' bound


def split_sizes(m: int) -> tuple[int, int, int]:
    """Return the number of training, dev and test examples among m.

    Raises:
        ValueError: fewer than five examples; one of the sets would be empty.

    >>> split_sizes(10)
    (6, 2, 2)
    >>> split_sizes(5_000_000)
    (4900000, 50000, 50000)
    """
    if m < 5:
        raise ValueError(f"{m} examples do not make three sets; give five or more")
    # Rounded down, so that the remainder goes to the training set, which must be the largest.
    dev = m // 5 if m <= LARGE else m // 100
    return m - 2 * dev, dev, dev


def split(
    X: Float[np.ndarray, "inputs m"], Y: Float[np.ndarray, "outputs m"], seed: int = 0
) -> list[tuple[Float[np.ndarray, "inputs _"], Float[np.ndarray, "outputs _"]]]:
    """Draw the three sets at random, each as (X, Y).

    Args:
        X: inputs, an example a column.
        Y: targets, an example a column.
        seed: of the draw; the same seed gives the same sets.

    Raises:
        ValueError: fewer than five examples.

    >>> X = np.arange(10.0).reshape(1, 10)
    >>> train, dev, test = split(X, 2 * X)
    >>> train[0].shape, dev[0].shape, test[0].shape
    ((1, 6), (1, 2), (1, 2))
    >>> bool((train[1] == 2 * train[0]).all())
    True
    """
    train, dev, _ = split_sizes(X.shape[1])
    order = np.random.default_rng(seed).permutation(X.shape[1])
    return [(X[:, columns], Y[:, columns]) for columns in np.split(order, [train, train + dev])]
