"""Every call of backward in a PyTorch program, announced to those who watch.

A tensor's hooks see its gradient, but not the cost that it is a gradient of. So `torch.autograd.backward`, which all of
PyTorch's ways to call backward go through, is replaced as long as anyone watches.
"""

from collections.abc import Callable
from typing import Any

Watcher = Callable[[Any], Callable[[], None]]  # takes the cost; what it returns is called after the backward pass

_watchers: list[Watcher] = []
_running: list[Any] = []  # costs of the backward passes that have not returned
_originals: list[Callable[..., Any]] = []  # PyTorch's own function, once it was replaced


def watch_backward(torch: Any, watcher: Watcher) -> Callable[[], None]:
    """Call a watcher before each backward pass from now on.

    Args:
        torch: the library.
        watcher: must not raise.

    Returns:
        A function that ends it.
    """
    if not _originals:
        _originals.append(torch.autograd.backward)
    if torch.autograd.backward is _originals[0]:
        torch.autograd.backward = _announced
    _watchers.append(watcher)

    def end() -> None:
        if watcher in _watchers:
            _watchers.remove(watcher)
        # Whoever replaced it after us goes on calling ours, which announces nothing then.
        if not _watchers and torch.autograd.backward is _announced:
            torch.autograd.backward = _originals[0]

    return end


def _announced(*arguments: Any, **named: Any) -> None:
    # Checkpointing calls backward within a backward pass; only the outer one starts at a cost.
    cost = None if _running else arguments[0] if arguments else named.get("tensors")
    cost = cost[0] if isinstance(cost, tuple | list) and cost else cost
    followers = [watcher(cost) for watcher in _watchers] if hasattr(cost, "grad_fn") else []
    _running.append(cost)
    try:
        _originals[0](*arguments, **named)
    finally:
        _running.pop()
    for follower in followers:
        follower()
