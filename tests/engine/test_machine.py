"""The machine as the tests see it: two CPU devices, its free memory, the compilation cache."""

import os
import subprocess
import sys
import tempfile

import jax
import pytest

from goodfit.engine import machine
from goodfit.errors import InputError


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


@pytest.mark.parametrize("error", [RuntimeError("no libtpu"), RuntimeError("not in the list"), AssertionError()])
@pytest.mark.parametrize("platforms", ["tpu", "nonsense", "cuda,tpu"])
def test_a_platform_that_is_not_there_is_one_sentence(monkeypatch, platforms, error):
    def local_devices():
        raise error

    monkeypatch.setattr(jax, "local_devices", local_devices)
    monkeypatch.delenv("JAX_PLATFORMS", raising=False)
    with pytest.raises(type(error)):
        machine.devices()
    monkeypatch.setenv("JAX_PLATFORMS", platforms)
    with pytest.raises(InputError) as refused:
        machine.devices()
    advice = "unset it, or set it to cpu"
    assert str(refused.value) == f"JAX finds no device of the platform JAX_PLATFORMS={platforms}; {advice}"


def test_a_process_forked_after_jax_is_refused_and_a_spawned_one_works():
    lines = (
        "import multiprocessing, sys, warnings",
        "from goodfit.engine import machine",
        "def work():",
        "    try:",
        "        machine.devices()",
        "    except Exception as error:",
        "        print(error)",
        "    else:",
        "        print('works')",
        "if __name__ == '__main__':",
        "    warnings.simplefilter('ignore')",
        "    machine.devices()",
        "    for method in ('fork', 'spawn'):",
        "        process = multiprocessing.get_context(method).Process(target=work)",
        "        process.start()",
        "        process.join(60)",
        "        print(process.exitcode)",
    )
    with tempfile.NamedTemporaryFile("w", suffix=".py") as file:
        file.write("\n".join(lines))
        file.flush()
        done = subprocess.run(
            [sys.executable, "-u", file.name], capture_output=True, text=True, timeout=100, check=True
        )
    forked, *rest = done.stdout.splitlines()
    assert forked.startswith("this process was forked from one that had used JAX")
    assert rest == ["0", "works", "0"]
