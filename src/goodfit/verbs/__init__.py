"""What people do with goodfit; the package and the command line call these. Each loads on first use."""

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from goodfit.verbs.augmenting import augment
    from goodfit.verbs.branching import branch
    from goodfit.verbs.checking import check, check_gradients
    from goodfit.verbs.diagnosing import diagnose, diagnose_errors
    from goodfit.verbs.improving import improve
    from goodfit.verbs.lessons import lesson
    from goodfit.verbs.looking import report, runs
    from goodfit.verbs.nudging import back, go_on, nudge, pause, stop
    from goodfit.verbs.resuming import resume
    from goodfit.verbs.training import train
    from goodfit.verbs.tuning import tune
    from goodfit.verbs.using import predict, test
    from goodfit.verbs.watching import watch

__all__ = [
    "augment",
    "back",
    "branch",
    "check",
    "check_gradients",
    "diagnose",
    "diagnose_errors",
    "go_on",
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

_MODULES = {
    "augment": "augmenting",
    "back": "nudging",
    "branch": "branching",
    "check": "checking",
    "check_gradients": "checking",
    "diagnose": "diagnosing",
    "diagnose_errors": "diagnosing",
    "go_on": "nudging",
    "improve": "improving",
    "lesson": "lessons",
    "nudge": "nudging",
    "pause": "nudging",
    "predict": "using",
    "report": "looking",
    "resume": "resuming",
    "runs": "looking",
    "stop": "nudging",
    "test": "using",
    "train": "training",
    "tune": "tuning",
    "watch": "watching",
}


def __getattr__(name: str) -> Any:
    """Load a verb the first time it is asked for: looking at runs needs no JAX."""
    if name not in _MODULES:
        raise AttributeError(f"module 'goodfit.verbs' has no attribute '{name}'")
    return getattr(importlib.import_module(f"goodfit.verbs.{_MODULES[name]}"), name)
