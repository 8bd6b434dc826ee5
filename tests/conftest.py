"""A stricter world than users have: shapes and types are checked, and JAX refuses silent rank promotion.

Set by environment variables, before anything imports JAX, so that tests without JAX stay quick and
subprocesses live in the same world. Warnings are errors by pyproject.toml.
"""

import atexit
import os
import shutil
import tempfile

from jaxtyping import install_import_hook

os.environ["JAX_NUMPY_RANK_PROMOTION"] = "raise"
os.environ["JAX_NUM_CPU_DEVICES"] = "2"
os.environ["JAX_PLATFORMS"] = "cpu"
if "PYTEST_XDIST_WORKER" not in os.environ:  # workers share the folder of the process that started them
    os.environ["GOODFIT_CACHE"] = tempfile.mkdtemp(prefix="goodfit-tests-")
    atexit.register(shutil.rmtree, os.environ["GOODFIT_CACHE"], ignore_errors=True)

# an int where a float is declared is fine, as everywhere in Python's typing
install_import_hook("goodfit", "beartype.beartype(conf=beartype.BeartypeConf(is_pep484_tower=True))")
