"""What `import goodfit` gives: the functions, loaded late and under their own names, all of them documented."""

import importlib.metadata
import inspect
import subprocess
import sys
from dataclasses import is_dataclass
from pathlib import Path
from typing import get_args, get_origin

import polars as pl
import pytest

import goodfit

ROOT = Path(__file__).parent.parent
DOCUMENTS = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]


def loaded_after(code: str) -> set[str]:
    """The modules of a fresh interpreter that ran `code`."""
    show = "\nimport sys\nprint(*sys.modules)"
    outcome = subprocess.run([sys.executable, "-c", code + show], capture_output=True, text=True, check=True)
    return set(outcome.stdout.split())


def test_importing_goodfit_loads_nothing_heavy():
    heavy = {"jax", "numpy", "polars", "plotly", "sklearn", "scipy", "typer", "optuna"}
    assert loaded_after("import goodfit") & heavy == set()
    assert loaded_after("import goodfit\ngoodfit.Plan(), goodfit.errors") & heavy == set()


def test_every_public_name_is_there_and_documented():
    text = "".join(path.read_text(encoding="utf-8") for path in DOCUMENTS)
    for name in goodfit.__all__:
        assert getattr(goodfit, name) is not None
        assert f"goodfit.{name}" in text, f"goodfit.{name} stands in no document"
    assert set(goodfit.__all__) <= set(dir(goodfit))


FUNCTIONS = [name for name in goodfit.__all__ if inspect.isfunction(getattr(goodfit, name))]


@pytest.mark.parametrize("name", FUNCTIONS)
def test_functions_return_frozen_values_a_path_or_a_frame(name):
    returned = inspect.signature(getattr(goodfit, name)).return_annotation
    types = [returned, *get_args(returned), *(part for option in get_args(returned) for part in get_args(option))]
    classes = {part for part in types if inspect.isclass(part) and get_origin(part) is None} - {Path, pl.DataFrame}
    assert returned in (Path, pl.DataFrame) or classes
    for part in classes:
        assert is_dataclass(part)
        assert part.__dataclass_params__.frozen  # pyright: ignore[reportAttributeAccessIssue]
        assert callable(part.to_dict)  # pyright: ignore[reportAttributeAccessIssue]
        assert not hasattr(part, "__getitem__")


def test_a_message_to_a_training_loads_nothing_that_takes_a_second():
    assert loaded_after("from goodfit.api import steering") & {"jax", "scipy.stats", "sklearn"} == set()


@pytest.mark.parametrize("module", ["checks.gradients", "diagnosis.gaps", "engine.fit", "loop.loop", "reports.view"])
def test_a_module_is_imported_as_written(module):
    imported = loaded_after(f"import goodfit.{module}\nassert goodfit.{module}.__name__ == 'goodfit.{module}'")
    assert "goodfit" in imported


def test_the_version_is_the_installed_one():
    assert goodfit.__version__ == importlib.metadata.version("goodfit")


def test_other_names_are_refused():
    with pytest.raises(AttributeError, match="module 'goodfit' has no attribute 'trian'"):
        goodfit.trian  # noqa: B018
