"""The callback with Keras on PyTorch: the tests of the models again, in a process of its own.

A process has one backend, which is chosen when Keras is imported.
"""

import os
import subprocess
import sys
from pathlib import Path

import pytest


def test_every_kind_of_model_is_seen_on_pytorch():
    for library in ("keras", "torch"):
        pytest.importorskip(library, reason="Keras or PyTorch is not installed: pip install -e '.[keras,torch]'")
    # Keras on PyTorch warns by itself, of NumPy's copies and of models without weights.
    options = ["-q", "-p", "no:cacheprovider", "-o", "filterwarnings=default"]
    command = [sys.executable, "-m", "pytest", *options, "test_keras_models.py", "test_keras_facts.py"]
    environment = os.environ | {"KERAS_BACKEND": "torch"}
    ended = subprocess.run(command, cwd=Path(__file__).parent, env=environment, capture_output=True, text=True)
    assert ended.returncode == 0, ended.stdout[-5000:]
    assert "[100%]" in ended.stdout
    assert "s" not in ended.stdout.split("[100%]")[0]  # which stands for a skipped test
