"""The server: its routes, what may be asked of a run, and one of them for real."""

import json
import socket
import threading
import urllib.error
import urllib.request
from contextlib import closing
from http.client import HTTPConnection

import pytest
from starlette.testclient import TestClient

from goodfit.errors import InputError, PlanError
from goodfit.monitor.actions import Reply
from goodfit.monitor.web.guard import Guard
from goodfit.monitor.web.server import Server, Site

PORT = 8123


@pytest.fixture
def asked():
    return []


@pytest.fixture
def actions(asked):
    def nudge(run, given):
        asked.append((run.name, given))
        return Reply(run=str(run), epoch=7)

    def refuse(error):
        def action(run, given):
            raise error

        return action

    return {
        "nudge": nudge,
        "rewind": refuse(PlanError("cannot go back")),
        "stop": refuse(InputError("the run has ended")),
        "branch": refuse(RuntimeError("a fault")),
    }


@pytest.fixture
def run(fake):
    run = fake("20260101-100000-a b#ü-ab12").live()
    run.append(run.rows(3))
    return run.say(epoch=3, paused=False)


@pytest.fixture
def client(run, actions):
    site = Site(run.folder.parent, run.folder.name, actions)
    guard = Guard(site.application(), PORT)
    with TestClient(guard, base_url=f"http://127.0.0.1:{PORT}", raise_server_exceptions=False) as client:
        client.get("/", params={"token": guard.token})
        client.headers |= {"Origin": f"http://127.0.0.1:{PORT}", "Content-Type": "application/json"}
        yield client


def test_the_page_names_its_run_as_text_only(fake, client, run):
    other = fake("<img src=x onerror=alert(1)>")
    assert f'data-run="{run.folder.name}"' in client.get("/").text
    page = client.get("/runs/%3Cimg%20src=x%20onerror=alert(1)%3E").text
    assert other.folder.name not in page
    assert "&lt;img src=x" in page


def test_what_the_page_needs_is_there_and_nothing_of_it_elsewhere(client):
    page = client.get("/")
    assert page.headers["content-type"].startswith("text/html")
    assert "http" not in page.text.replace("http-equiv", "")
    assert "<script>" not in page.text
    assert " style=" not in page.text
    for name, kind in {"watch.css": "text/css", "watch.js": "text/javascript", "plotly.js": "text/javascript"}.items():
        answer = client.get(f"/{name}")
        assert (answer.status_code, answer.headers["content-type"].partition(";")[0]) == (200, kind)
    assert "Plotly" in client.get("/plotly.js").text


@pytest.mark.parametrize(
    "path",
    [
        "/runs/nothing",
        "/runs/../source.json",
        "/runs/%2e%2e",
        "/runs/%2e%2e%2fruns/events",
        "/runs/..%2f..%2fetc%2fpasswd/events",
        "/runs//etc/events",
        "/runs/%00/events",
        "/watch.html",
        "/..%2fserver.py",
        "/../guard.py",
        "/source.json",
    ],
)
def test_no_path_leads_out_of_the_runs(client, path):
    assert client.get(path).status_code == 404
    assert client.post(f"{path}/nudge", content=b"{}").status_code in (404, 405)


def test_what_is_asked_reaches_the_run_and_its_answer_comes_back(client, run, asked):
    answer = client.post(f"/runs/{run.folder.name.replace('#', '%23')}/nudge", content=b'{"changes": {"l2": 0.5}}')
    assert (answer.status_code, answer.json()) == (
        200,
        {"run": str(run.folder), "answered": True, "training": True, "epoch": 7, "changes": []},
    )
    assert asked == [(run.folder.name, {"changes": {"l2": 0.5}})]


@pytest.mark.parametrize(
    ("action", "status", "sentence"),
    [
        ("rewind", 400, "cannot go back"),
        ("stop", 409, "the run has ended"),
        ("delete", 404, "there is no such request"),
        ("branch", 500, "goodfit failed where it should not have (RuntimeError)"),
    ],
)
def test_a_refusal_is_a_sentence(client, run, action, status, sentence):
    answer = client.post(f"/runs/{run.folder.name.replace('#', '%23')}/{action}", content=b"{}")
    assert (answer.status_code, answer.json()) == (status, {"error": sentence})


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"[]",
        b"null",
        b"\xff",
        b'{"changes": {"learning_rate": NaN}}',
        b'{"changes": {"learning_rate": Infinity}}',
        b'{"changes": {"learning_rate": -Infinity}}',
        b"[" * 16_000,
        b'{"changes": ' + b"1" * 9_000 + b"}",
    ],
)
def test_what_is_no_json_object_of_numbers_is_refused(client, run, asked, body):
    answer = client.post(f"/runs/{run.folder.name.replace('#', '%23')}/nudge", content=body)
    assert answer.status_code == 400
    assert answer.json()["error"].startswith("the request is no JSON")
    assert asked == []


def test_a_report_runs_its_scripts_in_a_sandbox(client, run):
    path = f"/runs/{run.folder.name.replace('#', '%23')}/report"
    assert client.get(path).status_code == 404
    (run.folder / "report.html").write_text("<script>1</script>")
    answer = client.get(path)
    assert answer.text == "<script>1</script>"
    assert answer.headers["content-security-policy"].startswith("sandbox allow-scripts; default-src 'none'")


@pytest.fixture
def served(run, actions):
    """A server in a thread: its site's port, and the cookie."""
    with closing(Server()) as server:
        address = server.open(Site(run.folder.parent, run.folder.name, actions))
        thread = threading.Thread(target=server.run)
        thread.start()
        port = int(address.split(":")[2].partition("/")[0])
        try:
            connection = HTTPConnection("127.0.0.1", port, timeout=20)
            connection.request("GET", address.partition(str(port))[2])
            cookie = (connection.getresponse().getheader("set-cookie") or "").partition(";")[0]
            connection.close()
            yield port, cookie
        finally:
            server.stop()
            thread.join(20)
        assert not thread.is_alive()


def test_the_real_server_streams_and_refuses(served, run):
    port, cookie = served
    with pytest.raises(urllib.error.HTTPError) as refused:
        urllib.request.urlopen(f"http://127.0.0.1:{port}/", timeout=20)
    refused.value.close()
    assert refused.value.code == 403
    place = "/runs/" + run.folder.name.replace("#", "%23").replace(" ", "%20").replace("ü", "%C3%BC")
    stream = HTTPConnection("127.0.0.1", port, timeout=20)
    stream.request("GET", f"{place}/events", headers={"Cookie": cookie})
    answer = stream.getresponse()
    assert answer.getheader("content-type", "").startswith("text/event-stream")

    def message():
        while not (line := answer.readline()).startswith(b"data: "):
            assert line
        return json.loads(line.removeprefix(b"data: "))

    assert message()["state"]["epoch"] == 3
    run.append(run.rows(2, begin=3))
    run.say(epoch=5)
    came = message()
    assert [point[0] for point in came["curves"][0]["points"]] == [4, 5]
    stream.close()


def test_it_ends_though_a_page_does_not_read(served, run):
    port, cookie = served
    silent = socket.create_connection(("127.0.0.1", port), timeout=20)
    place = "/runs/" + run.folder.name.replace("#", "%23").replace(" ", "%20").replace("ü", "%C3%BC")
    silent.sendall(f"GET {place}/events HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nCookie: {cookie}\r\n\r\n".encode())
    assert silent.recv(12) == b"HTTP/1.1 200"
    silent.close()


def test_it_is_at_this_machines_own_address_alone():
    with closing(Server()) as server:
        assert server._socket.getsockname()[0] == "127.0.0.1"


def test_a_port_that_is_taken_or_none_is_told():
    with closing(Server()) as server:
        port = server._socket.getsockname()[1]
        server._socket.listen()
        with pytest.raises(InputError, match=f"^cannot serve at port {port} .*another --port"):
            Server(port)
    with pytest.raises(InputError, match=r"^cannot serve at port 99999 "):
        Server(99999)
