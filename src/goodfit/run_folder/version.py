"""The version of goodfit that wrote a run: one small file, which every reader of a run asks first."""

from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

from goodfit.errors import InputError
from goodfit.record.plain import PlainData
from goodfit.run_folder.json_files import read_value, write_json
from goodfit.run_folder.names import VERSION_FILE

GOODFIT = version("goodfit")
FORMAT = 1  # to be raised with every change of a file that an earlier version would misread


@dataclass(frozen=True, kw_only=True)
class RunVersion(PlainData):
    """The writer of a run.

    Attributes:
        goodfit: its version.
        format: number of the format of its files.
    """

    goodfit: str
    format: int


def write_version(folder: Path) -> None:
    """Write the version of this goodfit to a run's folder.

    Raises:
        OSError: the file cannot be written.
    """
    write_json(folder / VERSION_FILE, RunVersion(goodfit=GOODFIT, format=FORMAT).to_dict())


def check_version(folder: Path) -> None:
    """Refuse a run whose files this goodfit cannot read.

    Raises:
        InputError: another format, no format, or a file that cannot be read.
    """
    path = folder / VERSION_FILE
    if not path.exists():
        why = f"it has no {VERSION_FILE}"
        raise InputError(f"the run {folder} was written by an unknown version of goodfit ({why}); run it again")
    writer = read_value(RunVersion, path)
    if writer.format > FORMAT:
        raise InputError(
            f"the run {folder} was written by goodfit {writer.goodfit}, which is newer than this one ({GOODFIT}); "
            "update goodfit"
        )
    if writer.format < FORMAT:
        raise InputError(
            f"the run {folder} was written by goodfit {writer.goodfit}, whose files goodfit {GOODFIT} no longer reads; "
            "run it again"
        )
