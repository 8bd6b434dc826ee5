"""Every call of backward in a PyTorch program, announced to those who watch.

A tensor's hooks see its gradient, but not the cost that it is a gradient of. So `torch.autograd.backward`, which all of
PyTorch's ways to call backward go through, is replaced as long as anyone watches.
"""

from collections.abc import Callable
from typing import Any

Watcher = Callable[[Any], Callable[[], None]]  # takes the cost; what it returns is called after the backward pass

_watchers: list[Watcher] = []
_running: list[Any] = []  # costs of the backward passes that have not returned


def watch_backward(torch: Any, watcher: Watcher) -> Callable[[], None]:
    """Call a watcher before each backward pass from now on.

    Args:
        torch: the library.
        watcher: must not raise.

    Returns:
        A function that ends it.
    """
    original = torch.autograd.backward

    def announced(*arguments: Any, **named: Any) -> None:
        # Checkpointing calls backward within a backward pass; only the outer one starts at a cost.
        cost = None if _running else arguments[0] if arguments else named.get("tensors")
        cost = cost[0] if isinstance(cost, tuple | list) and cost else cost
        followers = [watcher(cost) for watcher in _watchers] if isinstance(cost, torch.Tensor) else []
        _running.append(cost)
        try:
            original(*arguments, **named)
        finally:
            _running.pop()
        for follower in followers:
            follower()

    if not _watchers:
        torch.autograd.backward = announced
    _watchers.append(watcher)

    def end() -> None:
        if watcher in _watchers:
            _watchers.remove(watcher)
        # Whoever replaced it after us goes on calling ours, which announces nothing then.
        if not _watchers and torch.autograd.backward is announced:
            torch.autograd.backward = original

    return end
