"""Groups of trials on a Ray cluster: each is a task that has a node, with all its devices, to itself."""

import os
import socket
import subprocess
import sys
import textwrap
import threading
import time
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, redirect_stdout
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from goodfit.data.dataset import Splits
from goodfit.errors import GoodfitError, InputError
from goodfit.interrupt import interruptible
from goodfit.search.workers import Group, TrialRecord, Workers, train

LOCAL = "local"
_ANSWER = 15.0  # seconds that a cluster has to answer; Ray itself goes on trying for more than a minute
_LOOK = 0.5  # seconds between looks for Ctrl-C and for nodes
_REST = 10.0  # seconds without work for a node that lost some: Ray may not have seen yet that it is dead
_LOSSES = 5  # of one group; with more it is the group that kills its nodes
_SETTINGS = ("GOODFIT_", "JAX_", "XLA_")  # environment variables that the nodes are given
_QUIET = {"log_to_driver": False, "logging_level": "ERROR"}
_SAYS = "Ray says: "
_PROBE = f"""
import sys, ray
try:
    ray.init(sys.argv[1], **{_QUIET})
except Exception as error:
    sys.exit(f"{_SAYS}{{error}}")
"""


@contextmanager
def cluster(address: str, splits: Splits, memory: int | None = None) -> Iterator[Workers]:
    """Workers on a Ray cluster; they train each group as it would be trained here, to the bit on CPUs.

    Args:
        address: HOST:PORT of a cluster that this machine belongs to; "local" starts one of this machine alone. A
            session of Ray that this process is in already is used in place of either.
        splits: the data, sent to the cluster once.
        memory: bytes that a stack may take; half of what is free on its node when None.

    Raises:
        InputError: Ray is not installed, nothing answers at the address, or no node can train.
    """
    try:
        import ray  # pyright: ignore[reportMissingImports]
    except ImportError:
        raise InputError("Ray is not installed; pip install 'goodfit[ray]'") from None
    ours = not ray.is_initialized()
    if ours:
        _join(ray, address)
    try:
        with redirect_stdout(sys.stderr):  # where Ray prints that a node was lost, and stdout is for the result
            yield _Nodes(ray, ray.put(splits), memory)
    finally:
        if ours:
            ray.shutdown()


def _join(ray: Any, address: str) -> None:
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    if address != LOCAL:
        _check(address)
        ray.init(address, **_QUIET)
        return
    with warnings.catch_warnings():
        # JAX fears for children that go on in Python; those of Ray only become other programs
        warnings.filterwarnings("ignore", r"os\.fork\(\) was called", RuntimeWarning)
        ray.init(LOCAL, num_cpus=1, include_dashboard=False, **_QUIET)


def _check(address: str) -> None:
    """Join the cluster and leave it, in a process that can be ended when it takes too long.

    Raises:
        InputError: this is no address, or the cluster does not answer, or will not have this machine.
    """
    began = time.monotonic()
    try:
        socket.create_connection(_host_and_port(address), _ANSWER).close()
        left = max(_ANSWER - (time.monotonic() - began), 0)
        command = [sys.executable, "-c", _PROBE, address]
        probe = subprocess.run(command, timeout=left, capture_output=True, text=True, check=False)
    except subprocess.TimeoutExpired as error:
        if b"InvalidAuthToken" in (error.stderr or b""):  # Ray would ask again for more than a minute
            wish = "give its own by `export RAY_AUTH_MODE=token RAY_AUTH_TOKEN=...`"
            raise InputError(f"the Ray cluster at {address} wants another token; {wish}") from None
        raise _silent(address, f"nothing within {_ANSWER:.0f} s") from None
    except OSError as error:
        raise _silent(address, error.strerror or f"nothing within {_ANSWER:.0f} s") from None
    if probe.returncode:
        why = textwrap.shorten(probe.stderr.rpartition(_SAYS)[2], 300)
        raise InputError(f"this machine cannot join the Ray cluster at {address}: {why}")


def _host_and_port(address: str) -> tuple[str, int]:
    try:
        place = urlsplit(f"//{address}")
        host, port = place.hostname, place.port
    except ValueError:
        host = port = None
    if not host or not port:
        raise InputError(f"{address!r} is not the address of a Ray cluster; give HOST:PORT, or --ray alone")
    return host, port


def _silent(address: str, why: str) -> InputError:
    wish = "start one with `ray start --head`, or give --ray alone for this machine"
    return InputError(f"no Ray cluster answers at {address} ({why}); {wish}")


@dataclass
class _Round:
    """Where the groups of a round are.

    Attributes:
        waiting: places of groups that no node has.
        running: the place and the node by task.
        done: trainings by place.
        losses: nodes lost by place.
        resting: when a node may have work again.
    """

    waiting: list[int]
    running: dict[Any, tuple[int, str]] = field(default_factory=dict)
    done: dict[int, list[TrialRecord]] = field(default_factory=dict)
    losses: dict[int, int] = field(default_factory=dict)
    resting: dict[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class _Nodes:
    """Trains groups on the nodes of a cluster, one at a time on each.

    Attributes:
        ray: the module.
        splits: a reference to the data in the object store.
        memory: bytes that a stack may take.
    """

    ray: Any
    splits: Any
    memory: int | None

    def __call__(self, groups: Sequence[Group]) -> Iterator[list[TrialRecord] | None]:
        """Each group's trainings; a group whose node is lost is given to another."""
        now = _Round(list(range(len(groups))))
        try:
            for place in range(len(groups)):
                with interruptible(threading.Event()) as interrupted:
                    while place not in now.done and not interrupted.is_set():
                        self._give(groups, now)
                        self._take(now)
                if place not in now.done:
                    yield None
                    return
                yield now.done.pop(place)
        finally:
            for task in now.running:
                self.ray.cancel(task, force=True)

    def _give(self, groups: Sequence[Group], now: _Round) -> None:
        """Waiting groups to free nodes.

        Raises:
            InputError: no node is left.
        """
        if not now.waiting:
            return
        nodes = {node["NodeID"]: node["Resources"] for node in self.ray.nodes() if _trains(node)}
        if not nodes:
            raise InputError("no node of the Ray cluster can train; add one with `ray start --address HOST:PORT`")
        busy = {node for _, node in now.running.values()}
        for node, resources in nodes.items():
            if now.waiting and node not in busy and now.resting.get(node, 0.0) < time.monotonic():
                place = now.waiting.pop(0)
                task = self._task(node, resources).remote(groups[place], self.splits, self.memory)
                now.running[task] = (place, node)

    def _task(self, node: str, resources: Mapping[str, float]) -> Any:
        """`train` on this node and with all of it; again elsewhere is our own affair, since nodes differ."""
        only_here = self.ray.util.scheduling_strategies.NodeAffinitySchedulingStrategy(node, soft=False)
        settings = {name: value for name, value in os.environ.items() if name.startswith(_SETTINGS)}
        return self.ray.remote(
            max_retries=0,
            num_cpus=resources["CPU"],
            num_gpus=resources.get("GPU", 0),
            runtime_env={"env_vars": settings},
            scheduling_strategy=only_here,
        )(train)

    def _take(self, now: _Round) -> None:
        """What has ended until the next look.

        Raises:
            GoodfitError: a group lost its node again and again, or what its training raised.
        """
        if not now.running:
            time.sleep(_LOOK)
            return
        for task in self.ray.wait(list(now.running), timeout=_LOOK)[0]:
            place, node = now.running.pop(task)
            kept, why = self._result(task)
            if kept is not None:
                now.done[place] = kept
                continue
            now.waiting.insert(0, place)
            now.resting[node] = time.monotonic() + _REST
            now.losses[place] = now.losses.get(place, 0) + 1
            if now.losses[place] == _LOSSES:
                raise InputError(f"a stack was lost on {_LOSSES} nodes of the Ray cluster ({why}); give less --memory")

    def _result(self, task: Any) -> tuple[list[TrialRecord] | None, str]:
        """What the task gave; or nothing, where its node or its process was lost, and why."""
        try:
            return self.ray.get(task), "interrupted there"
        except self.ray.exceptions.RayTaskError as error:  # raised by the training, not by Ray
            if isinstance(error.cause, GoodfitError):
                raise error.cause from None
            if "failed to import on the worker" in str(error):
                why = str(error).strip().rpartition("\n")[2]
                raise InputError(f"a node of the Ray cluster cannot train ({why}); install goodfit there") from None
            raise
        except self.ray.exceptions.RayError as error:
            return None, textwrap.shorten(str(error), 300)


def _trains(node: Mapping[str, Any]) -> bool:
    return node["Alive"] and node["Resources"].get("CPU", 0) >= 1
