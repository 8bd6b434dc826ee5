"""The machine as the tests see it: two CPU devices, its free memory, the compilation cache."""

import os
import subprocess
import sys

import jax

from goodfit.engine import machine


def test_devices():
    assert len(machine.devices()) == 2  # as tests/conftest.py asks
    assert not machine.on_gpu()


def test_free_memory_is_what_the_system_says():
    page, total = os.sysconf("SC_PAGE_SIZE"), os.sysconf("SC_PHYS_PAGES")
    assert 0 < machine.free_memory() <= page * total


def test_the_compilation_cache_is_where_it_was_asked_for():
    machine.prepare_jax()
    assert jax.config.values["jax_compilation_cache_dir"] == os.environ["GOODFIT_CACHE"]
    assert jax.config.values["jax_persistent_cache_min_compile_time_secs"] == 0


def test_in_a_process_that_uses_jax_already_the_devices_that_are_there_are_taken():
    """As in a notebook: asking for more devices then would raise."""
    lines = (
        "import jax, jax.numpy as jnp",
        "jnp.zeros(1).block_until_ready()",
        "from goodfit.engine import machine",
        "machine.prepare_jax()",
        "print(len(machine.devices()))",
    )
    environment = {name: value for name, value in os.environ.items() if name != "JAX_NUM_CPU_DEVICES"}
    done = subprocess.run(
        [sys.executable, "-c", "\n".join(lines)], env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == "1"
