"""Train a neural network to a good fit, and prove why it fits.

The functions load on first use, so that `import goodfit` is quick and does not import JAX.
"""

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from goodfit import errors, hooks
    from goodfit.api.augment import augment
    from goodfit.api.branch import branch
    from goodfit.api.check import check, check_gradients
    from goodfit.api.diagnose import diagnose
    from goodfit.api.diagnose_errors import diagnose_errors
    from goodfit.api.improve import improve
    from goodfit.api.inspect import inspect
    from goodfit.api.lesson import lesson
    from goodfit.api.load import load
    from goodfit.api.nudge import nudge
    from goodfit.api.open_test import open_test
    from goodfit.api.pause import pause
    from goodfit.api.predict import predict
    from goodfit.api.report import report
    from goodfit.api.result_types.diagnosis import Diagnosis, TestResult
    from goodfit.api.result_types.fit import Fit, Search
    from goodfit.api.result_types.inspection import Inspection
    from goodfit.api.resume import resume
    from goodfit.api.rewind import rewind
    from goodfit.api.runs import runs
    from goodfit.api.stop import stop
    from goodfit.api.train import train
    from goodfit.api.tune import tune
    from goodfit.api.unpause import unpause
    from goodfit.api.watch import watch
    from goodfit.diagnosis.doctor import Doctor
    from goodfit.plan import Plan

# Where each public name lives. A package (`errors`, `hooks`) is named alone.
_HOMES = {
    "Diagnosis": "api.result_types.diagnosis",
    "Doctor": "diagnosis.doctor",
    "Fit": "api.result_types.fit",
    "Inspection": "api.result_types.inspection",
    "Plan": "plan",
    "Search": "api.result_types.fit",
    "TestResult": "api.result_types.diagnosis",
    "augment": "api.augment",
    "branch": "api.branch",
    "check": "api.check",
    "check_gradients": "api.check",
    "diagnose": "api.diagnose",
    "diagnose_errors": "api.diagnose_errors",
    "errors": "",
    "hooks": "",
    "improve": "api.improve",
    "inspect": "api.inspect",
    "lesson": "api.lesson",
    "load": "api.load",
    "nudge": "api.nudge",
    "open_test": "api.open_test",
    "pause": "api.pause",
    "predict": "api.predict",
    "report": "api.report",
    "resume": "api.resume",
    "rewind": "api.rewind",
    "runs": "api.runs",
    "stop": "api.stop",
    "train": "api.train",
    "tune": "api.tune",
    "unpause": "api.unpause",
    "watch": "api.watch",
}

__all__ = [
    "Diagnosis",
    "Doctor",
    "Fit",
    "Inspection",
    "Plan",
    "Search",
    "TestResult",
    "augment",
    "branch",
    "check",
    "check_gradients",
    "diagnose",
    "diagnose_errors",
    "errors",
    "hooks",
    "improve",
    "inspect",
    "lesson",
    "load",
    "nudge",
    "open_test",
    "pause",
    "predict",
    "report",
    "resume",
    "rewind",
    "runs",
    "stop",
    "train",
    "tune",
    "unpause",
    "watch",
]

__version__: str


def __getattr__(name: str) -> Any:
    """Load a public name on first use."""
    if name == "__version__":
        return importlib.import_module("importlib.metadata").version("goodfit")
    if name not in _HOMES:
        raise AttributeError(f"module 'goodfit' has no attribute '{name}'")
    home = _HOMES[name]
    if not home:
        return importlib.import_module(f"goodfit.{name}")
    return getattr(importlib.import_module(f"goodfit.{home}"), name)


def __dir__() -> list[str]:
    """Return the public names, loaded or not."""
    return sorted([*globals(), *__all__, "__version__"])
