"""The guard: each attack is refused before anything behind it is asked."""

import asyncio

import pytest
from starlette.testclient import TestClient

from goodfit.monitor.web.guard import MOST_BYTES, Guard

PORT = 8123
HOST = f"127.0.0.1:{PORT}"
JSON = {"Origin": f"http://{HOST}", "Content-Type": "application/json"}


class Behind:
    """An application that writes down what it is asked."""

    def __init__(self):
        self.asked = []

    async def __call__(self, scope, receive, send):
        body = (await receive()).get("body", b"")
        self.asked.append((scope["method"], scope["path"], body))
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"in"})


@pytest.fixture
def behind():
    return Behind()


@pytest.fixture
def guard(behind):
    return Guard(behind, PORT)


@pytest.fixture
def stranger(guard):
    """A browser without the cookie."""
    return TestClient(guard, base_url=f"http://{HOST}", follow_redirects=False)


@pytest.fixture
def friend(guard):
    """A browser that opened the address."""
    client = TestClient(guard, base_url=f"http://{HOST}", follow_redirects=False)
    client.get("/", params={"token": guard.token})
    return client


def test_the_token_is_traded_once_for_a_cookie_that_no_script_reads(guard, stranger, behind):
    assert guard.address == f"http://127.0.0.1:{PORT}/?token={guard.token}"
    assert len(guard.token) >= 43  # 32 bytes
    answer = stranger.get(guard.address)
    assert (answer.status_code, answer.headers["location"]) == (303, "/")
    words = answer.headers["set-cookie"].split("; ")
    assert words[0].startswith(f"goodfit_{PORT}=")
    assert guard.token not in words[0]
    assert set(words[1:]) == {"HttpOnly", "SameSite=Strict", "Path=/"}
    assert stranger.get("/").text == "in"
    assert behind.asked == [("GET", "/", b"")]


def test_cookies_of_other_ports_do_not_hide_ours(guard, behind):
    client = TestClient(guard, base_url=f"http://{HOST}")
    others = 'a; "b=;c=[{"x": 1}]; goodfit_1=x; =; '
    headers = {"Cookie": f"{others}{guard.cookie_name}={guard._cookie};d"}
    assert client.get("/", headers=headers).text == "in"
    assert client.get("/", headers={"Cookie": f"{others}{guard.cookie_name}=x"}).status_code == 403


def test_a_spent_token_is_refused_but_to_who_has_the_cookie(guard, friend, behind):
    assert friend.get(guard.address).status_code == 303
    other = TestClient(guard, base_url=f"http://{HOST}", follow_redirects=False)
    answer = other.get(guard.address)
    assert answer.status_code == 403
    assert "`goodfit watch RUN` gives a new address" in answer.json()["error"]
    assert "set-cookie" not in answer.headers
    assert behind.asked == []


@pytest.mark.parametrize("token", ["x", "", "é", "0" * 5000])
def test_a_wrong_token_is_refused_and_spends_nothing(guard, stranger, token):
    assert stranger.get("/", params={"token": token}).status_code == 403
    assert stranger.get(guard.address).status_code == 303


@pytest.mark.parametrize("path", ["/", "/plotly.js", "/watch.css", "/runs/a", "/runs/a/events", "/nothing"])
@pytest.mark.parametrize("cookie", [None, "", "wrong", "é", '"', "a=b; c"])
def test_every_request_needs_the_cookie(stranger, behind, path, cookie):
    headers = {} if cookie is None else {"Cookie": f"goodfit_{PORT}={cookie}".encode()}
    answer = stranger.get(path, headers=headers)
    assert answer.status_code == 403
    assert "`goodfit watch RUN` gives a new address" in answer.json()["error"]
    assert behind.asked == []


@pytest.mark.parametrize(
    "host", ["evil.example", f"evil.example:{PORT}", "127.0.0.1", "127.0.0.1:80", f"127.0.0.1.evil.example:{PORT}", ""]
)
def test_a_name_that_was_bound_to_this_machine_is_refused(guard, friend, behind, host):
    assert friend.get("/", headers={"Host": host}).status_code == 403
    assert friend.get(guard.address, headers={"Host": host}).status_code == 403
    assert behind.asked == []


def test_localhost_is_this_machine_too(guard, behind):
    client = TestClient(guard, base_url=f"http://localhost:{PORT}")
    assert client.get("/", params={"token": guard.token}).text == "in"
    headers = {"Origin": f"http://localhost:{PORT}", "Content-Type": "application/json"}
    assert client.post("/runs/a/stop", content=b"{}", headers=headers).text == "in"
    assert behind.asked[-1] == ("POST", "/runs/a/stop", b"{}")


@pytest.mark.parametrize(
    "origin", [None, "null", "http://evil.example", f"https://{HOST}", "http://127.0.0.1:9", f"http://localhost:{PORT}"]
)
def test_what_another_site_sends_is_refused(friend, behind, origin):
    headers = {"Content-Type": "application/json"} | ({} if origin is None else {"Origin": origin})
    assert friend.post("/runs/a/stop", content=b"{}", headers=headers).status_code == 403
    assert behind.asked == []


@pytest.mark.parametrize("kind", [None, "text/plain", "application/x-www-form-urlencoded", "application/jsonp"])
def test_what_a_form_could_send_is_refused(friend, behind, kind):
    headers = {"Origin": f"http://{HOST}"} | ({} if kind is None else {"Content-Type": kind})
    assert friend.post("/runs/a/stop", content=b"{}", headers=headers).status_code == 415
    assert behind.asked == []


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH", "OPTIONS"])
def test_every_method_that_may_change_something_is_checked(friend, behind, method):
    assert friend.request(method, "/runs/a/stop").status_code == 403
    assert behind.asked == []


def test_json_with_its_charset_goes_through(friend, behind):
    headers = JSON | {"Content-Type": "application/json; charset=utf-8"}
    assert friend.post("/runs/a/nudge", content=b'{"a": 1}', headers=headers).text == "in"
    assert behind.asked == [("POST", "/runs/a/nudge", b'{"a": 1}')]


def ask(guard, headers, messages):
    """One POST in raw ASGI; its status, and how many parts of the body were read."""
    pairs = [("host", HOST), ("cookie", f"{guard.cookie_name}={guard._cookie}"), *JSON.items(), *headers.items()]
    scope = {"type": "http", "method": "POST", "path": "/runs/a/nudge", "query_string": b""}
    scope["headers"] = [(name.lower().encode(), value.encode()) for name, value in pairs]
    read, sent = [], []

    async def receive():
        read.append(1)
        return messages[len(read) - 1]

    async def send(message):
        sent.append(message)

    asyncio.run(guard(scope, receive, send))
    return sent[0]["status"], len(read), dict(sent[0]["headers"])


def part(size, more):
    return {"type": "http.request", "body": b"x" * size, "more_body": more}


def test_a_body_that_says_it_is_too_long_is_not_read(guard, behind):
    status, read, headers = ask(guard, {"Content-Length": str(MOST_BYTES + 1)}, [])
    assert (status, read, behind.asked) == (413, 0, [])
    assert headers[b"connection"] == b"close"


@pytest.mark.parametrize("length", ["-1", "1e3", "x", "9" * 400])
def test_a_length_that_is_none_is_not_believed(guard, length):
    assert ask(guard, {"Content-Length": length}, [])[:2] == (413, 0)


def test_a_body_that_does_not_say_is_read_no_further_than_it_may_go(guard, behind):
    assert ask(guard, {}, [part(9000, True), part(9000, True), part(9000, True)])[:2] == (413, 2)
    assert behind.asked == []
    assert ask(guard, {}, [part(MOST_BYTES - 1, True), part(1, False)])[:2] == (200, 2)
    assert len(behind.asked[0][2]) == MOST_BYTES


def test_a_connection_that_ends_early_asks_nothing(guard, behind):
    assert ask(guard, {}, [part(9, True), {"type": "http.disconnect"}])[0] == 400
    assert behind.asked == []


def test_web_sockets_are_closed(guard, behind):
    sent = []

    async def send(message):
        sent.append(message)

    asyncio.run(guard({"type": "websocket", "headers": []}, None, send))
    assert [message["type"] for message in sent] == ["websocket.close"]
    assert behind.asked == []


def test_two_hosts_are_none(guard, behind):
    assert ask(guard, {"Host": HOST}, [])[0] == 403
    assert behind.asked == []


@pytest.mark.parametrize("path", ["/", "/?token=wrong"])
def test_every_answer_forbids_frames_sniffing_and_what_is_not_ours(friend, stranger, path):
    for client in (friend, stranger):
        headers = client.get(path).headers
        policy = headers["content-security-policy"]
        assert "default-src 'self'" in policy
        assert "frame-ancestors 'none'" in policy
        assert "script-src" not in policy
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["referrer-policy"] == "no-referrer"
        assert headers["cache-control"] == "no-store"


def test_the_cookies_of_two_servers_do_not_meet(behind):
    one, other = Guard(behind, 1), Guard(behind, 2)
    assert one.cookie_name != other.cookie_name
    assert one.token != other.token
    assert one._cookie != other._cookie
