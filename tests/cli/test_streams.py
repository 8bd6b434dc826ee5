"""Standard streams of any terminal: other encodings, closed ones, readers that leave, full disks, signals to end."""

import json
import os
import signal
import subprocess
import sys

import pytest

# Printed by `main` as a result is; it ends with code 0 only if nothing was raised.
PRINTS = """
from goodfit.cli import main
main.app = lambda *words, **options: print({text!r} * {times})
main.main()
"""


def printed(text, times=1, encoding="utf-8", shell=""):
    """Run a command that prints a text; `shell` redirects its streams."""
    program = PRINTS.format(text=text, times=times)
    environment = os.environ | {"PYTHONIOENCODING": encoding, "PYTHONUTF8": "0"}
    line = f'"$0" -c "$1" {shell}'
    command = ["bash", "-o", "pipefail", "-c", line, sys.executable, program]
    return subprocess.run(command, env=environment, capture_output=True, timeout=60, check=False)


@pytest.mark.parametrize("encoding", ["cp1252", "latin-1", "ascii", "gbk", "cp437", "shift_jis"])
def test_signs_that_an_encoding_lacks_have_plain_counterparts(encoding):
    outcome = printed("2.8 − 1.3 … R²", encoding=encoding)
    assert (outcome.returncode, outcome.stderr) == (0, b"")
    text = outcome.stdout.decode(encoding).strip()
    assert text.replace("−", "-").replace("…", "...").replace("R²", "R2") == "2.8 - 1.3 ... R2"


def test_utf_8_stays_as_it_is():
    assert printed("2.8 − 1.3 … “größe” 中 😀").stdout.decode() == "2.8 − 1.3 … “größe” 中 😀\n"


@pytest.mark.parametrize("name", ["größe", "中文", "😀", "torn\udcff", "“quoted”"])
def test_json_is_json_in_any_encoding(name):
    text = json.dumps({"file": name}, ensure_ascii=False)
    expected = name.replace("“", "'").replace("”", "'")
    assert json.loads(printed(text, encoding="ascii").stdout) == {"file": expected}


@pytest.mark.parametrize("shell", [">&-", "2>&-", "<&-", ">&- 2>&- <&-", "2>/dev/full", "| head -n 1", "2>&1 | true"])
def test_streams_without_a_reader_end_no_job(shell):
    outcome = printed("line\n", times=100_000, shell=shell)
    assert (outcome.returncode, outcome.stderr) == (0, b"")


def test_a_full_disk_under_the_result_is_one_sentence():
    outcome = printed("line", shell="> /dev/full")
    assert outcome.returncode == 2
    assert outcome.stderr.decode() == "goodfit: standard output: No space left on device\n"


SLEEPS = """
import sys, time
import goodfit
from goodfit.cli.main import main
def runs(*args, **options):
    print("ready", flush=True)
    time.sleep(60)
goodfit.runs = runs
sys.argv = ["goodfit", "runs"]
main()
"""


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_signals_to_end_are_ctrl_c_where_no_work_catches_them(number):
    with subprocess.Popen([sys.executable, "-c", SLEEPS], stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout
        assert process.stdout.readline() == b"ready\n"
        process.send_signal(number)
        assert process.wait(20) == 130
        assert process.stderr
        assert process.stderr.read() == b""


def test_nohup_is_obeyed():
    command = ["nohup", sys.executable, "-c", SLEEPS]
    with subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout
        assert process.stdout.readline() == b"ready\n"
        process.send_signal(signal.SIGHUP)
        with pytest.raises(subprocess.TimeoutExpired):
            process.wait(0.5)
        process.kill()
