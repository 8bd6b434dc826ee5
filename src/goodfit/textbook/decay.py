"""Learning rate decay: smaller steps near the solution; epochs are counted from 1.

inverse: α₀/(1 + γ·epoch); exponential: base^epoch·α₀, with 0.95; inverse square root: K·α₀/√epoch. Source: the course
notes, "Learning rate decay". The engine's forms are in `engine/decay.py`; all steps of an epoch share one α.

With the first two the first epoch is already below α₀: 1/(1 + γ) or 0.95 of it.
"""


def inverse(alpha0: float, gamma: float, epoch: int) -> float:
    """α₀/(1 + γ·epoch).

    >>> [inverse(0.5, 1.0, epoch) for epoch in (1, 3, 4)]
    [0.25, 0.125, 0.1]
    """
    return alpha0 / (1 + gamma * epoch)


def exponential(alpha0: float, base: float, epoch: int) -> float:
    """base^epoch·α₀.

    >>> [exponential(0.5, 0.5, epoch) for epoch in (1, 2, 3)]
    [0.25, 0.125, 0.0625]
    """
    return base**epoch * alpha0


def inverse_sqrt(alpha0: float, K: float, epoch: int) -> float:
    """K·α₀/√epoch.

    >>> [inverse_sqrt(0.5, 1.0, epoch) for epoch in (1, 4, 16)]
    [0.5, 0.25, 0.125]
    """
    return K / epoch**0.5 * alpha0
