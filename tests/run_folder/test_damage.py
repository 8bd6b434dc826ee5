"""Every file of a run, damaged in every way: one clear sentence that names the file, never another error."""

import json
import shutil

import numpy as np
import pytest

from goodfit.data.preparation import Preparation
from goodfit.data.splits import open_splits
from goodfit.errors import InputError
from goodfit.plan import Plan
from goodfit.record.member import MemberData
from goodfit.record.nudge import Nudge
from goodfit.reports.pictures import read_pictures
from goodfit.run_folder import names
from goodfit.run_folder.decisions import Decision, Decisions, read_decisions
from goodfit.run_folder.job import JobRequest
from goodfit.run_folder.journal import Journal, read_steps
from goodfit.run_folder.live_state import About, LiveState
from goodfit.run_folder.model import read_model, write_model
from goodfit.run_folder.nudges import append, read_own
from goodfit.run_folder.pictures import write_pictures
from goodfit.run_folder.saved_run import read_run
from goodfit.run_folder.source import write_source
from goodfit.run_folder.tables import example_misses, read_history, write_predictions

WHOLE_FILES = {
    names.VERSION_FILE: read_run,
    names.SOURCE_FILE: read_run,
    names.PLAN_FILE: read_run,
    names.RESULT_FILE: read_run,
    names.MODEL_FILE: read_model,
    names.PREPARATION_FILE: read_model,
    names.PREDICTOR_FILE: read_model,
    names.HISTORY_FILE: read_history,
    names.PREDICTIONS_FILE: lambda run: example_misses(run, read_run(run).schema),
    names.PICTURES_FILE: lambda run: read_pictures(run / names.PICTURES_FILE),
    names.JOB_FILE: JobRequest.read,
    names.ABOUT_FILE: About.read,
    names.STATE_FILE: LiveState.read,
}
LINES = {
    names.JOURNAL_FILE: read_steps,
    names.NUDGES_FILE: read_own,
}
JSON_FILES = [name for name in WHOLE_FILES if name.endswith(".json")]
DAMAGES = {
    "torn": lambda data: data[: len(data) // 4],
    "empty": lambda data: b"",
    "a list": lambda data: b"[1, 2]",
    "a number": lambda data: b"7",
    "another object": lambda data: b'{"no": "such"}',
    "no text": lambda data: b"\xff\xfe\x00\x01" * 20,
    "too deep": lambda data: b'{"a":' * 100_000,
}


@pytest.fixture(scope="module")
def images():
    return open_splits("digits", as_="images")


@pytest.fixture
def run(fake, images):
    """A run with all files, as if it had ended and its checkpoint were still there."""
    made = fake()
    made.say()
    checkpoint = made.folder / names.CHECKPOINT_FOLDER
    shutil.copytree(checkpoint, made.folder.parent / "copy")
    made.finish()
    shutil.move(made.folder.parent / "copy", checkpoint)
    folder = made.folder
    write_source(folder, images, made.plan)
    preparation = Preparation.fit("standard", images.dataset, images.train)
    write_model(folder, [MemberData("one", Plan().structure, {"layers.0.W": np.eye(3)}, preparation)])
    outputs = np.full((len(images.dev), 10), 0.1)
    write_predictions(folder, images, {"train": (images.dev, outputs), "dev": (images.dev, outputs)})
    write_pictures(folder, images, images.dev, outputs)
    append(folder, [Nudge("l2", 0.0, 0.5, 4, "ann", "2026-01-01T10:00:09+01:00")])
    journal = Journal(folder)
    journal.write("note", "One note.")
    journal.write("decision", id="seeds", value=3)
    return folder


def check_sentence(caught, path):
    sentence = str(caught.value)
    assert str(path) in sentence
    assert "\n" not in sentence
    assert "Traceback" not in sentence
    assert len(sentence) < 600


def test_none_of_them_is_damaged(run):
    for read in (*WHOLE_FILES.values(), *LINES.values()):
        assert read(run) is not None
    assert read_decisions(run)[0].value == 3


@pytest.mark.parametrize("damage", DAMAGES)
@pytest.mark.parametrize("name", WHOLE_FILES)
def test_a_damaged_file_is_named(run, name, damage):
    path = run / name
    path.write_bytes(DAMAGES[damage](path.read_bytes()))
    with pytest.raises(InputError) as caught:
        WHOLE_FILES[name](run)
    check_sentence(caught, path)


@pytest.mark.parametrize("name", [*WHOLE_FILES, *LINES])
def test_what_cannot_be_read_is_named(run, name):
    (run / name).unlink()
    (run / name).mkdir()  # stands for a file without permission, which root may read
    with pytest.raises(InputError) as caught:
        (WHOLE_FILES | LINES)[name](run)
    check_sentence(caught, run / name)


@pytest.mark.parametrize("name", [*JSON_FILES, names.MODEL_FILE])
def test_a_missing_file_is_named_or_means_that_nothing_was_written_yet(run, name):
    (run / name).unlink()
    if name in (names.ABOUT_FILE, names.STATE_FILE):
        assert WHOLE_FILES[name](run) is None
        return
    with pytest.raises(InputError, match="is not finished" if name == names.RESULT_FILE else (run / name).name):
        WHOLE_FILES[name](run)


@pytest.mark.parametrize("value", [None, "no", -1.5, [None], {"a": [1]}, True])
@pytest.mark.parametrize("name", JSON_FILES)
def test_a_field_of_another_type_is_refused_or_does_no_harm(run, name, value):
    """Each field in turn, also those inside objects."""
    path = run / name
    whole = json.loads(path.read_text())
    for place in list(places(whole)):
        path.write_text(json.dumps(changed(whole, place, value)))
        sentence = refusal(WHOLE_FILES[name], run)
        assert sentence is None or str(path) in sentence or name in (names.VERSION_FILE, names.JOB_FILE)
        assert "\n" not in (sentence or "")


def refusal(read, run):
    """The sentence with which a run is refused; None where it is read."""
    try:
        read(run)
    except InputError as error:
        return str(error)
    return None


def places(value, path=()):
    """The places of all values in JSON; of a list that of its first entry."""
    for key, inner in value.items() if isinstance(value, dict) else enumerate(value[:1]):
        yield (*path, key)
        if isinstance(inner, dict | list):
            yield from places(inner, (*path, key))


def changed(value, place, new):
    if not place:
        return new
    copy = value.copy()
    copy[place[0]] = changed(value[place[0]], place[1:], new)
    return copy


@pytest.mark.parametrize("damage", [b"{", b"[]", b"\xff", b"7", b'{"event": 5}', b'{"event": "x", "sentence": "Y."}'])
@pytest.mark.parametrize("name", LINES)
def test_a_damaged_line_is_named_and_a_torn_last_one_passed_over(run, name, damage):
    path = run / name
    whole, values = path.read_bytes(), LINES[name](run)
    path.write_bytes(whole + damage)
    assert LINES[name](run) == values
    path.write_bytes(damage + b"\n" + whole)
    with pytest.raises(InputError, match=rf"^line 1 of {path} is "):
        LINES[name](run)


@pytest.mark.parametrize("line", [b'{"event": "decision"}', b'{"event": "training", "id": "x", "value": "3"}', b"{"])
def test_a_damaged_decision_cannot_be_replayed(run, line):
    path = run / names.JOURNAL_FILE
    path.write_bytes(line + b"\n" + path.read_bytes())
    with pytest.raises(InputError, match=rf"^line 1 of {path} is damaged"):
        read_decisions(run)


def test_a_run_without_decisions_cannot_be_replayed(run):
    (run / names.JOURNAL_FILE).unlink()
    with pytest.raises(InputError, match=f"^the journal of {run} has no decisions; replay another run$"):
        read_decisions(run)


@pytest.mark.parametrize("damage", DAMAGES)
def test_damaged_decisions_of_a_job_are_made_again(run, damage):
    decisions = Decisions.read(run)
    decisions.take(Decision(id="seeds", value=3, seconds=1.0))
    path = run / names.DECISIONS_FILE
    path.write_bytes(path.read_bytes() + DAMAGES[damage](path.read_bytes()))
    assert [decision.id for decision in Decisions.read(run).entries] == ["seeds"]
    assert path.read_bytes().count(b"\n") == 1
