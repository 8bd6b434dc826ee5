"""The journal of a job: a line for each step, and its sentences read back."""

import numpy as np

from goodfit.run_folder.journal import Journal, Step, fresh_journal, read_journal, read_steps


def test_lines_are_numbered_and_those_with_a_sentence_are_steps(tmp_path):
    journal = Journal(tmp_path)
    journal.write("note", "One.")
    journal.write("decision", id="seeds", value=np.int64(3))
    journal.write("training", "Two.", errors=np.array([0.5, 0.25]))
    lines = read_journal(tmp_path)
    assert [line["n"] for line in lines] == [1, 2, 3]
    assert (lines[1]["value"], lines[2]["errors"]) == (3, [0.5, 0.25])
    steps = read_steps(tmp_path)
    assert [(step.event, step.sentence) for step in steps] == [("note", "One."), ("training", "Two.")]
    assert all(isinstance(step, Step) and 0 <= step.seconds < 60 for step in steps)


def test_a_resumed_job_begins_its_journal_again(tmp_path):
    assert read_journal(tmp_path) == []
    fresh_journal(tmp_path).write("note", "One.")
    fresh_journal(tmp_path).write("note", "Two.")
    assert [step.sentence for step in read_steps(tmp_path)] == ["Two."]


def test_without_a_folder_lines_are_only_remembered():
    journal = Journal(None)
    journal.write("note", "One.")
    assert [line["sentence"] for line in journal.lines] == ["One."]
