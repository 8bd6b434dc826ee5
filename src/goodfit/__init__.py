"""Train a neural network to a good fit, and prove why it fits.

The verbs load on first use, so that `import goodfit` is quick and does not import JAX.
"""

import importlib
import importlib.metadata
import sys
from types import ModuleType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from goodfit import errors, hooks
    from goodfit.diagnose.doctor import Doctor
    from goodfit.plan import Plan
    from goodfit.verbs import (
        augment,
        back,
        branch,
        check,
        check_gradients,
        diagnose,
        diagnose_errors,
        go_on,
        improve,
        lesson,
        nudge,
        pause,
        predict,
        report,
        resume,
        runs,
        stop,
        test,
        train,
        tune,
        watch,
    )

__all__ = [
    "Doctor",
    "Plan",
    "augment",
    "back",
    "branch",
    "check",
    "check_gradients",
    "diagnose",
    "diagnose_errors",
    "errors",
    "go_on",
    "hooks",
    "improve",
    "lesson",
    "nudge",
    "pause",
    "predict",
    "report",
    "resume",
    "runs",
    "stop",
    "test",
    "train",
    "tune",
    "watch",
]

__version__: str


def __getattr__(name: str) -> Any:
    """Load an exported name the first time it is asked for."""
    if name == "__version__":
        return importlib.metadata.version("goodfit")
    if name in ("errors", "hooks"):
        return importlib.import_module(f"goodfit.{name}")
    if name == "Doctor":
        return importlib.import_module("goodfit.diagnose.doctor").Doctor
    if name == "Plan":
        return importlib.import_module("goodfit.plan").Plan
    if name in __all__:
        return getattr(importlib.import_module("goodfit.verbs"), name)
    raise AttributeError(f"module 'goodfit' has no attribute '{name}'")


def __dir__() -> list[str]:
    """The public names, loaded or not."""
    return sorted([*globals(), *__all__, "__version__"])


class _Package(ModuleType):
    """This module: importing the folder `goodfit/train` must not put a module where the verb `train` is."""

    def __setattr__(self, name: str, value: object) -> None:
        if not (isinstance(value, ModuleType) and name in __all__):
            super().__setattr__(name, value)


sys.modules[__name__].__class__ = _Package
