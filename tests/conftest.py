"""A stricter world than users have: shapes and types are checked, and JAX refuses silent rank promotion.

Set by environment variables, before anything imports JAX, so that tests without JAX stay quick and
subprocesses live in the same world. Warnings are errors by pyproject.toml.
"""

import atexit
import gc
import os
import shutil
import tempfile

os.environ["OPENBLAS_NUM_THREADS"] = "1"  # a worker a core: more threads wait for each other; NumPy reads it once

import beartype.typing  # noqa: F401  the hook's words below name it
from jaxtyping import install_import_hook

os.environ["JAX_NUMPY_RANK_PROMOTION"] = "raise"
os.environ["JAX_NUM_CPU_DEVICES"] = "2"
os.environ["JAX_PLATFORMS"] = "cpu"
# Programs here are small and each is compiled to run for a moment: compiling is most of a test, and without LLVM's
# optimizations and XLA's fusion emitters it costs a third. Level 1 would halve the time of training, but large
# programs take up to eight times as long to compile. What XLA_FLAGS says already comes later and so wins.
_QUICK = "--xla_backend_optimization_level=0 --xla_cpu_use_fusion_emitters=false"
os.environ["XLA_FLAGS"] = f"{_QUICK} {os.environ.get('XLA_FLAGS', '').replace(_QUICK, '')}".strip()
if "PYTEST_XDIST_WORKER" not in os.environ:  # workers share the folder of the process that started them
    os.environ["GOODFIT_CACHE"] = tempfile.mkdtemp(prefix="goodfit-tests-")
    atexit.register(shutil.rmtree, os.environ["GOODFIT_CACHE"], ignore_errors=True)

# The rooms whose functions take arrays. Elsewhere pyright alone checks types: a check of every call takes time.
_CHECKED = (
    "checks",
    "data",
    "diagnosis",
    "engine",
    "experiments",
    "lessons",
    "live",
    "loop",
    "nets",
    "record",
    "run_folder",
    "textbook",
)
# An int is fine where a float is declared; `Self` needs the class, which a method alone does not know
_CONF = "is_pep484_tower=True, hint_overrides=beartype.FrozenDict({beartype.typing.Self: object})"
install_import_hook([f"goodfit.{name}" for name in _CHECKED], f"beartype.beartype(conf=beartype.BeartypeConf({_CONF}))")


def pytest_collection_finish() -> None:
    """Leave what is imported by now out of every later garbage collection: with JAX it is most of all objects."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(100_000, 50, 100)
