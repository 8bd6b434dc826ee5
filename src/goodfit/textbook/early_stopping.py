"""Early stopping: of all epochs, keep the parameters that did best on the dev set.

The dev cost falls, and then rises when the network begins to learn the training set by heart. Source: the course notes,
"Other regularization methods"; patience: Prechelt 1998. The engine does both inside its program (`end_epoch` in
`engine/step.py`), with costs free of penalties and dropout.

The course notes look for the best point of training and dev set error together; the training cost keeps falling, so it
is the dev set that decides.
"""

from collections.abc import Sequence


def best_epoch(dev_costs: Sequence[float]) -> int:
    """Return the epoch, from 1, with the lowest dev cost; of equals the first.

    >>> best_epoch([0.9, 0.5, 0.4, 0.6, 0.4])
    3
    """
    return min(range(len(dev_costs)), key=lambda place: dev_costs[place]) + 1


def stop_epoch(dev_costs: Sequence[float], patience: int) -> int:
    """Return the epoch, from 1, after which `patience` epochs in a row were no better than the best so far.

    It is the last epoch where that never happens, or where patience is 0, which turns early stopping off in a plan.

    >>> stop_epoch([0.9, 0.5, 0.6, 0.7, 0.4, 0.3], patience=2)
    4
    >>> stop_epoch([0.9, 0.5, 0.6, 0.7, 0.4, 0.3], patience=3)
    6
    """
    for epoch in range(1, len(dev_costs) + 1):
        if 0 < patience <= epoch - best_epoch(dev_costs[:epoch]):
            return epoch
    return len(dev_costs)
