"""The fixture `fake`, a run that no process trains."""

from fake_run import fake

__all__ = ["fake"]
