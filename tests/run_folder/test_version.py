"""The version that wrote a run: every reader of a run asks it first."""

import pytest

from goodfit.cli.main import main
from goodfit.errors import InputError
from goodfit.monitor.view import Reader
from goodfit.reports.view import read_view
from goodfit.run_folder.job import JobRequest
from goodfit.run_folder.json_files import write_json
from goodfit.run_folder.listing import Siblings
from goodfit.run_folder.saved_run import read_result, read_run
from goodfit.run_folder.version import FORMAT, GOODFIT

NEWER = {"goodfit": "99.1", "format": FORMAT + 1}
OLDER = {"goodfit": "0.0.1", "format": FORMAT - 1}


@pytest.fixture
def run(fake):
    made = fake()
    made.finish()
    return made


@pytest.mark.parametrize("read", [read_run, read_result, read_view])
@pytest.mark.parametrize(
    ("facts", "sentence"),
    [
        (NEWER, f"was written by goodfit 99.1, which is newer than this one ({GOODFIT}); update goodfit"),
        (OLDER, f"was written by goodfit 0.0.1, whose files goodfit {GOODFIT} no longer reads; run it again"),
        (None, "was written by an unknown version of goodfit (it has no goodfit.json); run it again"),
    ],
)
def test_a_run_of_another_format_is_refused(run, read, facts, sentence):
    path = run.folder / "goodfit.json"
    path.unlink()
    if facts:
        write_json(path, facts)
    with pytest.raises(InputError) as caught:
        read(run.folder)
    assert str(caught.value) == f"the run {run.folder} {sentence}"


@pytest.mark.parametrize("facts", [NEWER, OLDER])
def test_so_is_a_training_and_its_page_says_so(fake, facts):
    run = fake().live()
    write_json(run.folder / "goodfit.json", facts)
    with pytest.raises(InputError, match=f"was written by goodfit {facts['goodfit']}"):
        JobRequest.read(run.folder)
    state = Reader(run.folder).read().panels.state
    assert state.status == "damaged"
    assert f"was written by goodfit {facts['goodfit']}" in state.sentence


def test_the_list_of_runs_has_no_result_of_it(run):
    write_json(run.folder / "goodfit.json", NEWER)
    (listed,) = Siblings(run.folder.parent).listing()
    assert (listed.status, listed.summary) == ("unfinished", "")


def test_a_run_of_this_version_is_read(run):
    assert read_run(run.folder).result.goodfit == GOODFIT


@pytest.mark.parametrize(
    "words",
    [
        ["report"],
        ["diagnose"],
        ["predict", "iris"],
        ["open-test"],
        ["resume"],
        ["check"],
        ["nudge", "l2=0.1"],
        ["pause"],
    ],
)
@pytest.mark.parametrize("ended", [True, False])
def test_every_command_on_a_run_ends_with_code_2_and_one_line(fake, capsys, words, ended):
    run = fake().live()
    if ended:
        run.finish()
    write_json(run.folder / "goodfit.json", NEWER)
    command, *rest = words
    with pytest.raises(SystemExit) as caught:
        main([command, str(run.folder), *rest])
    out, err = capsys.readouterr()
    assert (caught.value.code, out) == (2, "")
    sentence = f"the run {run.folder} was written by goodfit 99.1, which is newer than this one ({GOODFIT})"
    assert err == f"goodfit: {sentence}; update goodfit\n"
