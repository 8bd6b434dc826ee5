"""Exponentially weighted averages: v(t) = β·v(t−1) + (1 − β)·θ(t), v(0) = 0.

That is Σ (1 − β)·βⁿ·θ(t − n) over all n: an average over about the last 1/(1 − β) values, in which older values weigh
less. Because v begins at 0, it is too small at first; v(t)/(1 − β^t) is not. Source: the course notes, "Exponentially
weighted averages" and "Bias correction". The engine averages gradients this way (`engine/optimizers.py`), and the
moments of batch norm (`engine/step.py`).
"""

import numpy as np
from jaxtyping import Float


def exponentially_weighted_averages(
    theta: Float[np.ndarray, "steps ..."], beta: float, bias_correction: bool = False
) -> Float[np.ndarray, "steps ..."]:
    """v after each step.

    Args:
        theta: the values, in order of time.
        beta: share of the average that is kept in each step, from 0 to below 1.
        bias_correction: divide what is returned by 1 − β^t; the next step starts from the uncorrected average.

    >>> exponentially_weighted_averages(np.array([40.0, 48.0]), beta=0.5).tolist()
    [20.0, 34.0]
    >>> exponentially_weighted_averages(np.array([40.0, 40.0]), beta=0.5, bias_correction=True).tolist()
    [40.0, 40.0]
    """
    v, averages = np.zeros(theta.shape[1:]), np.empty(theta.shape)
    for t, value in enumerate(theta, start=1):
        v = beta * v + (1 - beta) * value
        # The weights of the t values so far, (1 − β)·(1 + β + … + β^(t−1)), add up to 1 − β^t; division makes it 1.
        averages[t - 1] = v / (1 - beta**t) if bias_correction else v
    return averages


def window(beta: float) -> float:
    """Return about how many values are averaged, 1/(1 − β): a weight that old has fallen to about a third (1/e).

    >>> window(0.5), round(window(0.9), 9), round(window(0.98), 9)
    (2.0, 10.0, 50.0)
    """
    return 1 / (1 - beta)
