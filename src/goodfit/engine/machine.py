"""The machine that trains: its devices, its memory and its cache of compiled programs."""

import os
from functools import cache
from pathlib import Path

import jax

from goodfit.errors import InputError

_GPU_PLATFORMS = ("gpu", "cuda", "rocm")


def prepare_jax() -> None:
    """Give JAX one CPU device per core and a compilation cache.

    Does nothing that is too late, where JAX is already in use (in a notebook, or by Keras).

    Raises:
        InputError: this process was forked from one that did so before.
    """
    if _first_process() != os.getpid():
        why = "this process was forked from one that had used JAX, whose threads are not there, so it would hang"
        raise InputError(f"{why}; start it anew, as multiprocessing.get_context('spawn') and joblib's loky do")
    if not jax.config.jax_compilation_cache_dir:  # pyright: ignore[reportAttributeAccessIssue]
        home = os.environ.get("XDG_CACHE_HOME") or str(Path.home() / ".cache")
        jax.config.update("jax_compilation_cache_dir", os.environ.get("GOODFIT_CACHE", f"{home}/goodfit/xla"))
        # JAX's default leaves out programs that compile in under a second; every process would compile those again.
        jax.config.update("jax_persistent_cache_min_compile_time_secs", 0.0)
        jax.config.update("jax_persistent_cache_min_entry_size_bytes", 0)
    # Negative until someone sets it, such as a test that wants two devices.
    if jax.config.jax_num_cpu_devices < 1:  # pyright: ignore[reportAttributeAccessIssue]
        try:
            jax.config.update("jax_num_cpu_devices", len(os.sched_getaffinity(0)))
        except (AttributeError, RuntimeError):  # this system has no affinity, or JAX already has its devices
            return


def devices() -> tuple[jax.Device, ...]:  # pyright: ignore[reportInvalidTypeForm]
    """Return the devices that a stack is spread over.

    Raises:
        InputError: the environment asks for devices that are not there.
    """
    prepare_jax()
    try:
        return tuple(jax.local_devices())
    except (RuntimeError, AssertionError):  # JAX has one or the other, by platform
        platforms = os.environ.get("JAX_PLATFORMS")
        if not platforms:
            raise
        advice = "unset it, or set it to cpu"
        raise InputError(f"JAX finds no device of the platform JAX_PLATFORMS={platforms}; {advice}") from None


@cache
def _first_process() -> int:
    """Return the number of the process that called this first: a fork takes over what is cached."""
    return os.getpid()


def on_gpu() -> bool:
    """True if those devices are GPUs."""
    return devices()[0].platform in _GPU_PLATFORMS


def free_memory() -> int:
    """Return the free bytes of the GPU, or the available bytes of this machine."""
    if on_gpu():
        stats = devices()[0].memory_stats() or {}
        # A backend that reports nothing is taken for a GPU of 8 GiB.
        return int(stats.get("bytes_limit", 8 << 30) - stats.get("bytes_in_use", 0))
    try:
        lines = Path("/proc/meminfo").read_text().splitlines()
        available = next(line for line in lines if line.startswith("MemAvailable"))
        return int(available.split()[1]) * 1024
    except (OSError, StopIteration):  # no Linux: half of the memory that is built in
        return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") // 2
