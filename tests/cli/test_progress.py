"""Progress: a bar in a terminal, lines now and then elsewhere, nothing when quiet."""

import sys

from goodfit.cli import progress


def test_quiet_says_nothing(capsys):
    with progress.reporting(quiet=True) as callback:
        callback("training", 0.5, 10.0)
    assert capsys.readouterr() == ("", "")


def test_lines_come_now_and_then(capsys, monkeypatch):
    now = iter([98.0, 100.0, 101.5, 104.0, 112.0, 130.0, 140.0])
    monkeypatch.setattr(progress.time, "monotonic", lambda: next(now))
    with progress.reporting(quiet=False) as callback:
        callback("opening the data", None, None)  # too soon: what is wrong with it must stand alone
        callback("training", None, None)
        callback("training", 0.1, 50.0)  # too soon
        callback("training", 0.2, 45.0)
        callback("training", 0.6, 20.0)  # still the same work, but life must be seen
        callback("testing", 1.0, None)
    out, err = capsys.readouterr()
    assert out == ""
    assert err.splitlines() == [
        "training",
        "training (20 % done, 45 s left)",
        "training (60 % done, 20 s left)",
        "testing (100 % done)",
    ]


def test_a_terminal_gets_a_bar_with_time_left(capsys, monkeypatch):
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    monkeypatch.setenv("TERM", "xterm")
    with progress.reporting(quiet=False) as callback:
        callback("training [64, 64]", 0.5, 75.0)
    out, err = capsys.readouterr()
    assert out == ""
    assert "training [64, 64]" in err
    assert "1 min 15 s left" in err


def test_the_bar_goes_on_after_a_finished_stage(capsys, monkeypatch):
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    updates = []
    monkeypatch.setattr("rich.progress.Progress.update", lambda self, task, **facts: updates.append(facts))
    with progress.reporting(quiet=False) as callback:
        callback("training", 1.0, 0.0)
        callback("testing", None, None)
    assert updates[0]["completed"] < updates[0]["total"]
    assert updates[1]["total"] is None
