"""Groups of trials on a Ray cluster: each group is a task that has a node, with all its devices, to itself."""

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
_ANSWER_SECONDS = 15.0  # for a cluster to answer; Ray itself would try for more than a minute
_POLL_SECONDS = 0.5  # between checks for Ctrl-C and for free nodes
_REST_SECONDS = 10.0  # without work for a node that lost some: Ray may not have noticed yet that it is dead
_MOST_LOSSES = 5  # of one group; after that many, the group itself must be killing its nodes
_PASSED_ON = ("GOODFIT_", "JAX_", "XLA_")  # prefixes of the environment variables that nodes receive
_QUIET = {"log_to_driver": False, "logging_level": "ERROR"}
_REASON_MARK = "Ray says: "
_PROBE = f"""
import sys, ray
try:
    ray.init(sys.argv[1], **{_QUIET})
except Exception as error:
    sys.exit(f"{_REASON_MARK}{{error}}")
"""


@contextmanager
def cluster(address: str, splits: Splits, memory: int | None = None) -> Iterator[Workers]:
    """Yield workers on a Ray cluster; on CPUs they give the same bits as training here.

    Args:
        address: HOST:PORT of a cluster that this machine belongs to; "local" starts one on this machine alone. If this
            process is in a Ray session already, that session is used instead.
        splits: the data, sent to the cluster once.
        memory: bytes that a stack may take; half of its node's free memory when None.

    Raises:
        InputError: Ray is not installed, nothing answers at the address, or no node can train.
    """
    try:
        import ray  # pyright: ignore[reportMissingImports]
    except ImportError:
        raise InputError("Ray is not installed; pip install 'goodfit[ray]'") from None
    starts_session = not ray.is_initialized()
    if starts_session:
        _join(ray, address)
    try:
        with redirect_stdout(sys.stderr):  # Ray prints lost nodes on stdout, which is for the result
            yield _Nodes(ray, ray.put(splits), memory)
    finally:
        if starts_session:
            ray.shutdown()


def _join(ray: Any, address: str) -> None:
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")  # Ray would send statistics of its use to its makers
    if address != LOCAL:
        _check(address)
        ray.init(address, **_QUIET)
        return
    with warnings.catch_warnings():
        # JAX warns of forked children that go on in Python; those of Ray only execute other programs
        warnings.filterwarnings("ignore", r"os\.fork\(\) was called", RuntimeWarning)
        # One CPU, since a group takes a whole node: it trains on all of this machine's cores by itself.
        ray.init(LOCAL, num_cpus=1, include_dashboard=False, **_QUIET)


def _check(address: str) -> None:
    """Join the cluster and leave it, in a process that can be killed when it takes too long.

    Raises:
        InputError: this is no address, or the cluster does not answer, or it refuses this machine.
    """
    deadline = time.monotonic() + _ANSWER_SECONDS
    try:
        socket.create_connection(_host_and_port(address), _ANSWER_SECONDS).close()
        remaining = max(deadline - time.monotonic(), 0)
        command = [sys.executable, "-c", _PROBE, address]
        probe = subprocess.run(command, timeout=remaining, capture_output=True, text=True, check=False)
    except subprocess.TimeoutExpired as error:
        if b"InvalidAuthToken" in (error.stderr or b""):  # Ray would retry for more than a minute
            hint = "give it by `export RAY_AUTH_MODE=token RAY_AUTH_TOKEN=...`"
            raise InputError(f"the Ray cluster at {address} requires another token; {hint}") from None
        raise _no_answer(address, f"nothing within {_ANSWER_SECONDS:.0f} s") from None
    except OSError as error:
        raise _no_answer(address, error.strerror or f"nothing within {_ANSWER_SECONDS:.0f} s") from None
    if probe.returncode:
        reason = textwrap.shorten(probe.stderr.rpartition(_REASON_MARK)[2], 300)
        raise InputError(f"this machine cannot join the Ray cluster at {address}: {reason}")


def _host_and_port(address: str) -> tuple[str, int]:
    try:
        parts = urlsplit(f"//{address}")
        host, port = parts.hostname, parts.port
    except ValueError:
        host = port = None
    if not host or not port:
        raise InputError(f"{address!r} is not the address of a Ray cluster; give HOST:PORT, or --ray alone")
    return host, port


def _no_answer(address: str, reason: str) -> InputError:
    hint = "start one with `ray start --head`, or give --ray alone for this machine"
    return InputError(f"no Ray cluster answers at {address} ({reason}); {hint}")


@dataclass
class _Schedule:
    """The state of the groups of a wave, each known by its index.

    Attributes:
        waiting: groups without a node.
        running: group and node, by task.
        records: of finished groups, by group.
        losses: number of nodes lost, by group.
        resting: times when nodes may have work again, by node.
    """

    waiting: list[int]
    running: dict[Any, tuple[int, str]] = field(default_factory=dict)
    records: dict[int, list[TrialRecord]] = field(default_factory=dict)
    losses: dict[int, int] = field(default_factory=dict)
    resting: dict[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class _Nodes:
    """Trains groups on the nodes of a cluster, one group at a time on each node.

    Attributes:
        ray: the module.
        splits: a reference to the data in the object store.
        memory: bytes that a stack may take; half of its node's free memory when None.
    """

    ray: Any
    splits: Any
    memory: int | None

    def __call__(self, groups: Sequence[Group]) -> Iterator[list[TrialRecord] | None]:
        """Yield each group's records in order; a group whose node is lost is given to another node."""
        schedule = _Schedule(list(range(len(groups))))
        try:
            for index in range(len(groups)):
                with interruptible(threading.Event()) as interrupted:
                    while index not in schedule.records and not interrupted.is_set():
                        self._start_tasks(groups, schedule)
                        self._collect(schedule)
                if index not in schedule.records:
                    yield None
                    return
                yield schedule.records.pop(index)
        finally:
            for task in schedule.running:
                self.ray.cancel(task, force=True)

    def _start_tasks(self, groups: Sequence[Group], schedule: _Schedule) -> None:
        """Give waiting groups to free nodes.

        Raises:
            InputError: no node is left.
        """
        if not schedule.waiting:
            return
        # Asked each time, because nodes join and leave while a search runs.
        nodes = {node["NodeID"]: node["Resources"] for node in self.ray.nodes() if _can_train(node)}
        if not nodes:
            raise InputError("no node of the Ray cluster can train; add one with `ray start --address HOST:PORT`")
        busy = {node for _, node in schedule.running.values()}
        for node, resources in nodes.items():
            if schedule.waiting and node not in busy and schedule.resting.get(node, 0.0) < time.monotonic():
                index = schedule.waiting.pop(0)
                task = self._task(node, resources).remote(groups[index], self.splits, self.memory)
                schedule.running[task] = (index, node)

    def _task(self, node: str, resources: Mapping[str, float]) -> Any:
        """Return `train` as a remote function on this node, with all its devices.

        Ray must not retry it, since it would do so with this node's resources; `_collect` gives it to another node.
        """
        this_node = self.ray.util.scheduling_strategies.NodeAffinitySchedulingStrategy(node, soft=False)
        # A node starts with its own environment; what was set for XLA and JAX here must hold there for equal bits.
        settings = {name: value for name, value in os.environ.items() if name.startswith(_PASSED_ON)}
        return self.ray.remote(
            max_retries=0,
            num_cpus=resources["CPU"],
            num_gpus=resources.get("GPU", 0),
            runtime_env={"env_vars": settings},
            scheduling_strategy=this_node,
        )(train)

    def _collect(self, schedule: _Schedule) -> None:
        """Take the results of tasks that end before the next poll; the group of a lost task waits again.

        Raises:
            GoodfitError: a group lost its node again and again, or its training raised this.
        """
        if not schedule.running:
            time.sleep(_POLL_SECONDS)
            return
        for task in self.ray.wait(list(schedule.running), timeout=_POLL_SECONDS)[0]:
            index, node = schedule.running.pop(task)
            records, loss = self._result(task)
            if records is not None:
                schedule.records[index] = records
                continue
            schedule.waiting.insert(0, index)  # first again: records are yielded in the order of the groups
            schedule.resting[node] = time.monotonic() + _REST_SECONDS
            schedule.losses[index] = schedule.losses.get(index, 0) + 1
            if schedule.losses[index] == _MOST_LOSSES:
                where = f"{_MOST_LOSSES} nodes of the Ray cluster"
                raise InputError(f"a stack was lost on {where} ({loss}); give it less --memory")

    def _result(self, task: Any) -> tuple[list[TrialRecord] | None, str]:
        """Return the task's records; None where its node or its process was lost, with the reason."""
        try:
            return self.ray.get(task), "interrupted there"
        except self.ray.exceptions.RayTaskError as error:  # raised by the training, not by Ray
            if isinstance(error.cause, GoodfitError):
                raise error.cause from None
            if "failed to import on the worker" in str(error):
                reason = str(error).strip().rpartition("\n")[2]
                raise InputError(f"a node of the Ray cluster cannot train ({reason}); install goodfit there") from None
            raise
        except self.ray.exceptions.RayError as error:
            return None, textwrap.shorten(str(error), 300)


def _can_train(node: Mapping[str, Any]) -> bool:
    return node["Alive"] and node["Resources"].get("CPU", 0) >= 1
