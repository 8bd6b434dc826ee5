"""What people do with goodfit; the command line calls these."""

from goodfit.verbs.diagnose import diagnose, diagnose_errors
from goodfit.verbs.improve import improve
from goodfit.verbs.train import train
from goodfit.verbs.use import predict, report, runs, test

__all__ = ["diagnose", "diagnose_errors", "improve", "predict", "report", "runs", "test", "train"]
