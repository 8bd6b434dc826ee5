"""The view in a terminal: what keys do, and a real training turned in a real pseudo-terminal from start to end."""

import fcntl
import json
import os
import pty
import re
import select
import struct
import subprocess
import sys
import termios
import time

import pytest

from goodfit.api import steering
from goodfit.api.page_actions import PageActions
from goodfit.api.stop import stop
from goodfit.errors import InputError
from goodfit.monitor.actions import Reply
from goodfit.monitor.terminal.session import Session
from goodfit.monitor.view import Reader

WIDTH, HEIGHT = 100, 40
LONG = 60.0  # seconds; for a slow machine that does something else, too
PLAN = ["hidden_units=[16]", "epochs=1000000", "decay=constant", "keep_prob=1.0", "learning_rate=0.003"]


@pytest.fixture
def session(fake, monkeypatch):
    """A session on a training that never answers."""
    monkeypatch.setattr(steering, "_PATIENCE", 0.0)
    run = fake().live()
    run.say(epoch=7, paused=False)
    made = Session(run.folder, PageActions("terminal").actions())
    made.take(Reader(run.folder).read())
    return made


def press(session, keys):
    """Press keys, a space as such; wait for the answer; whether one left the view."""
    left = [session.press({" ": "space", "\r": "enter"}.get(key, key)) for key in keys]
    until = time.monotonic() + LONG
    while session.waits and not session.answered() and time.monotonic() < until:
        time.sleep(0.005)
    return any(left)


def requests(session):
    path = session.folder / "checkpoint" / "requests.jsonl"
    return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []


@pytest.mark.parametrize(
    ("keys", "kind", "more"),
    [
        (" ", "pause", {}),
        ("r40\r", "unpause", {"to": 40}),
        ("b3\r", "rewind", {"to": 3}),
        ("nlearning_rate=3e-4 l2=0.1\r", "nudge", {"changes": {"learning_rate": 0.0003, "l2": 0.1}}),
        ("sy", "stop", {}),
    ],
)
def test_keys_ask_what_they_say(session, keys, kind, more):
    assert not press(session, keys)
    (request,) = requests(session)
    assert request["kind"] == kind
    assert request["sender"].startswith("terminal, ")
    assert more.items() <= request.items()
    assert session.display.message == "Request sent; waiting for a reply."
    assert session.display.prompt is None


@pytest.mark.parametrize(
    ("keys", "sentence"),
    [
        ("b7\r", "cannot go back to epoch 7: this training is in epoch 7; give an earlier one"),
        ("nkeep_prob=0\r", "keep_prob is 0.0; it must be a number above 0 and at most 1"),
        ("nl3=1\r", "unknown plan key 'l3'"),
        ("nl2\r", "'l2' is not key=value"),
        ("rx\r", "'x' is no epoch"),
        ("sn", ""),
        ("n\r", ""),
    ],
)
def test_what_cannot_be_is_refused_in_the_words_of_the_verbs(session, keys, sentence):
    press(session, keys)
    assert session.display.message.startswith(sentence)
    assert requests(session) == []


def test_a_line_is_mended_and_left(session):
    press(session, "nl3")
    press(session, ["backspace", *"2=1 ", "up"])
    assert session.display.prompt == ("Nudge, as learning_rate=3e-4 l2=0.1: ", "l2=1 ")
    press(session, ["ctrl-u", "q"])
    assert session.display.prompt[1] == "q"  # a letter here, not the key
    press(session, ["escape"])
    assert session.display.prompt is None
    assert requests(session) == []


def test_keys_that_turn_the_view_alone(session):
    press(session, ["c", "tab"])
    assert (session.display.measure, session.display.turned) == ("error", 1)
    press(session, "?")
    assert session.display.helping
    press(session, " ")
    assert not session.display.helping
    assert requests(session) == []


@pytest.mark.parametrize("keys", [["q"], ["ctrl-c"], ["ctrl-d"], ["n", "ctrl-c"]])
def test_keys_that_leave(session, keys):
    assert press(session, keys)
    assert requests(session) == []


def test_of_a_run_that_starts_or_has_ended(session, fake):
    run = fake("20260101-100000-made-cd34")
    session.take(Reader(run.folder, lambda: True).read())
    press(session, " ")
    assert session.display.message == "Its process is starting, which takes a few seconds."
    run.live()
    run.finish()
    session.folder = run.folder
    assert session.take(Reader(run.folder).read())
    press(session, " ")
    assert "has ended" in session.display.message
    assert press(session, ["enter"])


def test_only_what_is_new_is_drawn_again(fake):
    run = fake().live()
    session, reader = Session(run.folder, {}), Reader(run.folder)
    assert session.take(reader.read())
    assert not session.take(reader.read())
    run.append(run.rows(1))
    assert session.take(reader.read())


def test_what_fails_is_told_and_the_view_goes_on(fake):
    def pause(folder, asked):
        raise ZeroDivisionError("by zero")

    def branch(folder, asked):
        return Reply(run="b")

    run = fake().live()
    run.say(paused=False)
    session = Session(run.folder, {"pause": pause, "branch": branch})
    session.take(Reader(run.folder).read())
    press(session, " ")
    assert session.display.message == "goodfit failed where it should not have (ZeroDivisionError: by zero)"
    session.press("B")
    for key in ("l", "2", "=", "1", "enter"):
        session.press(key)
    assert session.leave().endswith(f"goodfit watch {run.folder.parent / 'b'} --terminal")


class Terminal:
    """`goodfit watch` in a pseudo-terminal."""

    def __init__(self, place, *words):
        self.ours, its = pty.openpty()
        fcntl.ioctl(its, termios.TIOCSWINSZ, struct.pack("HHHH", HEIGHT, WIDTH, 0, 0))
        self.its, self.before, self.text = its, termios.tcgetattr(its), ""
        command = [sys.executable, "-m", "goodfit", "watch", *words, "--terminal"]
        environment = {name: value for name, value in os.environ.items() if name not in ("COLUMNS", "LINES")}
        self.process = subprocess.Popen(
            command, cwd=place, stdin=its, stdout=its, stderr=its, env=environment | {"TERM": "xterm-256color"}
        )

    def send(self, keys):
        """Press keys."""
        os.write(self.ours, keys.encode())

    def until(self, pattern):
        """Wait until the screen, or what is printed after it, has something; what that was."""
        end, shown = time.monotonic() + LONG, ""
        while time.monotonic() < end:
            if select.select([self.ours], [], [], 0.1)[0]:
                self.text = (self.text + os.read(self.ours, 1 << 16).decode(errors="replace"))[-200_000:]
            shown = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", self.text.rpartition("\x1b[H")[2])
            if found := re.search(pattern, shown):
                return found
        raise TimeoutError(f"{pattern} is not on the screen:\n{shown}")

    def close(self):
        """End it."""
        self.process.kill()
        self.process.wait()
        os.close(self.ours)
        os.close(self.its)


@pytest.fixture
def opened(tmp_path):
    """Opens terminals; trainings in the folder of runs are ended in the end."""
    made = []

    def start(*words):
        made.append(Terminal(tmp_path, *words))
        return made[-1]

    yield start
    for each in made:
        each.close()
    for run in (tmp_path / "runs").iterdir():
        end = time.monotonic() + LONG
        while time.monotonic() < end:
            try:
                stop(run)
            except InputError:
                break


def test_a_training_is_turned_in_a_terminal_from_start_to_end(opened, tmp_path):
    words = [word for setting in PLAN for word in ("--set", setting)]
    terminal = opened("digits", "--out", "runs", "--untouched-copies", "1", *words)
    terminal.until("waiting to start")
    (run,) = (tmp_path / "runs").iterdir()
    terminal.send(" ")
    first = terminal.until(r"epoch ([\d,]+) of 1,000,000")[1]
    terminal.until(rf"training(?s:.*)epoch (?!{first} )([1-9][\d,]*) of 1,000,000(?s:.*)┤")
    terminal.send("nlearning_rate=3e-4 l2=0.1\r")
    at = int(terminal.until(r"l2 went from 0 to 0\.1, from epoch ([\d,]+) on")[1].replace(",", "")) - 1
    terminal.until("untouched copy")
    log = [json.loads(line) for line in (run / "nudges.jsonl").read_text().splitlines()]
    assert {(each["setting"], each["new"], each["epoch"]) for each in log} == {
        ("learning_rate", 3e-4, at),
        ("l2", 0.1, at),
    }
    assert {each["sender"].partition(",")[0] for each in log} == {"terminal"}
    terminal.send(" ")
    terminal.until(r"Paused after epoch [\d,]+\.")
    terminal.send(f"b{at + 1}\r")
    terminal.until(rf"Rewound from epoch [\d,]+ to {at + 1:,}, where it is paused")
    terminal.until(rf"paused(?s:.*)epoch {at + 1:,} of")
    terminal.send("q")
    terminal.until(r"The view has ended, the training goes on: goodfit watch \S+ --terminal shows it again")
    assert terminal.process.wait(timeout=LONG) == 0
    assert termios.tcgetattr(terminal.its) == terminal.before

    again = opened(str(run))
    again.until(rf"paused(?s:.*)epoch {at + 1:,} of")
    again.send("sy")
    again.until("ended: stopped")
    copies = [(curve.role, curve.start_epoch) for curve in Reader(run).read().curves]
    assert copies == [("run", 0), ("copy", at)]
    again.send("\x03")
    again.until("The view has ended. goodfit watch")
    assert again.process.wait(timeout=LONG) == 0
    assert termios.tcgetattr(again.its) == again.before
