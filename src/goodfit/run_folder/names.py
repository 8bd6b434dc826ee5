"""Names of the files and folders of a run: the only place that spells them."""

# In the folder of all runs
LEDGER_FILE = "test_openings.jsonl"
STUDIES_FILE = "goodfit.db"
IMAGES_FOLDER = ".images"  # decoded images, shared by all runs

# In a run's folder, from its start
VERSION_FILE = "goodfit.json"
SOURCE_FILE = "source.json"
PLAN_FILE = "plan.yaml"
JOURNAL_FILE = "journal.jsonl"
NUDGES_FILE = "nudges.jsonl"

# In a run's folder, from its end
RESULT_FILE = "result.json"
HISTORY_FILE = "history.parquet"
PREDICTIONS_FILE = "predictions.parquet"
PICTURES_FILE = "pictures.npz"
MODEL_FILE = "model.safetensors"
PREPARATION_FILE = "preparation.json"
PREDICTOR_FILE = "predictor.json"
REPORT_FILE = "report.html"
DESCENT_FILE = "descent.html"

# There for as long as the run can be resumed
CHECKPOINT_FOLDER = "checkpoint"
JOB_FILE = f"{CHECKPOINT_FOLDER}/job.json"
ORIGIN_FILE = f"{CHECKPOINT_FOLDER}/origin.safetensors"
DECISIONS_FILE = f"{CHECKPOINT_FOLDER}/decisions.jsonl"
ABOUT_FILE = f"{CHECKPOINT_FOLDER}/about.json"
STATE_FILE = f"{CHECKPOINT_FOLDER}/now.json"
REQUESTS_FILE = f"{CHECKPOINT_FOLDER}/requests.jsonl"
LOG_FILE = f"{CHECKPOINT_FOLDER}/log.txt"
SERIES_FILES = "records-*.f32"  # in the checkpoint folder


def series_file(job: int, restarts: int) -> str:
    """Return the name of a job's file of records in the checkpoint folder."""
    return SERIES_FILES.replace("*", f"{job}-{restarts}")


def training_stem(call: int) -> str:
    """Return the beginning of the name of a file of trainings in the checkpoint folder, by the number of the call."""
    return f"training-{call:04}"


def sibling_folder(place: int) -> str:
    """Return the folder of a training's checkpoints: the run's own model comes first, models of other seeds follow."""
    return f"{CHECKPOINT_FOLDER}/seed-{place}" if place else CHECKPOINT_FOLDER
