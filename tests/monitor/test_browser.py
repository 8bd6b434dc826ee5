"""A real training, watched and turned in a real browser from its beginning to its end."""

import json
import re
import shutil
import signal
import subprocess
import sys
import time

import polars as pl
import pytest
from playwright.sync_api import expect, sync_playwright

import goodfit
from goodfit.errors import InputError
from goodfit.run_folder.job import is_live

CHROMIUM = shutil.which("chromium")
PLAN = ["hidden_units=[16]", "epochs=1000000", "decay=constant", "keep_prob=1.0", "learning_rate=0.003"]
LONG = 60_000  # milliseconds; for a slow machine that does something else, too

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="needs the browser chromium (Debian's package of that name)")


def until(true, what):
    """Wait for something, and return it."""
    end = time.monotonic() + LONG / 1000
    while time.monotonic() < end:
        if found := true():
            return found
        time.sleep(0.02)
    raise TimeoutError(what)


@pytest.fixture
def served(tmp_path):
    """`goodfit watch digits` as people call it: the process, its run and the address of its page."""
    words = [word for setting in PLAN for word in ("--set", setting)]
    command = [sys.executable, "-m", "goodfit", "watch", "digits", "--out", "runs", *words, "--json"]
    process = subprocess.Popen(command, cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert process.stdout is not None
    facts = json.loads(process.stdout.readline())
    try:
        yield process, tmp_path / facts["run"], facts["address"]
    finally:
        process.kill()
        process.communicate()
        for run in (tmp_path / "runs").iterdir():
            until(lambda run=run: not _alive(run), "the training to end")


def _alive(run):
    """Whether the run is still being trained; asks it to stop."""
    try:
        goodfit.stop(run)
    except InputError:
        return False
    return True


@pytest.fixture
def page(served):
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        page = browser.new_page(viewport={"width": 1280, "height": 900})
        page.set_default_timeout(LONG)
        expect.set_options(timeout=LONG)
        wrong = []
        page.on("pageerror", lambda error: wrong.append(str(error)))
        page.on("console", lambda message: wrong.append(message.text) if message.type == "error" else None)
        page.goto(served[2])
        yield page
        assert [text for text in wrong if "400" not in text] == []  # a browser tells of refusals, too
        browser.close()


def epoch(page):
    """What the page says."""
    told = re.match(r"epoch ([\d,]+) of", page.locator("#epoch").inner_text())
    return int(told[1].replace(",", "")) if told else -1


def points(page):
    """What is drawn of the dev curve: its last epoch."""
    return page.evaluate("(document.getElementById('plot').data || [{x: [0]}, {x: [0]}])[1]?.x.at(-1) || 0")


def test_driven_from_start_to_end(served, page):
    process, run, address = served
    assert page.url == address.partition("?")[0]
    status, log = page.locator("#status"), page.locator("#log li")
    expect(status).to_have_text("Waiting to start")
    page.get_by_role("button", name="Start").click()
    expect(status).to_have_text("Training")
    seen = until(lambda: points(page), "the first points")
    until(lambda: points(page) > seen, "the curve to grow")

    slider = page.get_by_label("learning_rate, slider")
    for _ in range(20):
        slider.press("ArrowLeft")
    rate = float(page.get_by_label("learning_rate", exact=True).input_value())
    assert 0 < rate < 0.003
    page.get_by_role("button", name="Apply").click()
    expect(log).to_have_count(1)
    (nudge,) = [json.loads(line) for line in (run / "nudges.jsonl").read_text().splitlines()]
    assert (nudge["setting"], nudge["old"], nudge["new"]) == ("learning_rate", 0.003, rate)
    assert nudge["sender"].startswith("page, ")
    mark = "document.getElementById('plot').layout.annotations.map((label) => label.text)"
    until(lambda: any("learning_rate" in text for text in page.evaluate(mark)), "the mark")

    page.get_by_label("learning_rate", exact=True).fill("-1")
    page.get_by_role("button", name="Apply").click()
    expect(page.locator(".knob .answer:visible")).to_have_text("learning_rate is -1.0; it must be a number above 0")
    page.keyboard.press("Escape")
    expect(page.get_by_label("learning_rate", exact=True)).to_have_value(f"{rate:g}")

    goodfit.nudge(run, l2=0.25, sender="second terminal")
    expect(log).to_have_count(2)
    expect(log.first).to_contain_text("l2 0 → 0.25")
    expect(log.first).to_contain_text("second terminal")
    expect(page.get_by_label("l2", exact=True)).to_have_value("0.25")

    page.locator("#status").click()  # where no letter is written
    page.keyboard.press(" ")
    expect(status).to_have_text("Paused")
    page.keyboard.press(" ")
    expect(status).to_have_text("Training")
    first = nudge["epoch"]
    page.get_by_label("Rewind to epoch").fill(str(first))
    page.get_by_role("button", name="Rewind", exact=True).click()
    expect(page.locator("#log .rewound")).to_have_count(1)
    expect(page.locator("#log .void")).to_have_count(2)
    expect(status).to_have_text("Paused")
    until(lambda: epoch(page) == first, "the epoch that it went back to")
    expect(page.get_by_label("learning_rate", exact=True)).to_have_value("0.003")
    page.get_by_label("Run to epoch").fill(str(first + 3))
    page.get_by_role("button", name="Go", exact=True).click()
    until(lambda: epoch(page) == first + 3, "three more epochs")

    page.get_by_role("button", name="Branch…").click()
    page.get_by_label("hidden_units").fill("16, 16")
    page.get_by_role("button", name="Start the branch").click()
    page.wait_for_url(lambda url: "/runs/" in url)
    expect(status).to_have_text("Training")
    (branch,) = [each for each in run.parent.iterdir() if each != run]
    assert page.url.endswith(branch.name)
    page.locator("#runs-menu").click()
    expect(page.get_by_role("link", name=run.name)).to_be_visible()
    page.get_by_role("link", name=run.name).click()
    expect(status).to_have_text("Paused")

    page.keyboard.press("s")
    page.get_by_role("button", name="Stop", exact=True).click()
    expect(status).to_have_text("Ended: stopped")
    expect(page.get_by_role("link", name="Open its report")).to_be_visible()
    result = json.loads((run / "result.json").read_text())
    expect(page.locator("#figures")).to_contain_text(result["final"]["verdict"].capitalize())
    rates = pl.read_parquet(run / "history.parquet")["learning_rate"].to_list()
    assert len(rates) == first + 3

    process.send_signal(signal.SIGINT)
    expect(page.locator("#lost")).to_be_visible()
    assert process.wait(timeout=LONG / 1000) == 0
    assert is_live(branch)  # the page has ended, what trains goes on
