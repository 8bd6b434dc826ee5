"""The guard in front of the page: it answers one browser on this machine, and bounds the size of its requests.

Other sites in the same browser are kept out in three ways: the cookie is not sent from them (SameSite), the Host must
be ours (a foreign name bound to 127.0.0.1 is not), and a request that changes anything must come from our own page
(Origin) as JSON, which no form sends. Other people on the machine lack the token, which is traded for the cookie once.
"""

import hmac
import json
import secrets
from collections.abc import Iterable
from dataclasses import dataclass, field
from urllib.parse import parse_qs

from starlette.types import ASGIApp, Message, Receive, Scope, Send

MOST_BYTES = 16 << 10  # of a body: a nudge of every number has less than one
_TOKEN_BYTES = 32
_HEADERS = {
    # Plotly writes style elements; nothing else may be written into the page
    "Content-Security-Policy": "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'; object-src 'none'",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cache-Control": "no-store",
}
_NEW_ADDRESS = "`goodfit watch RUN` gives a new address"


class Refused(Exception):
    """A request that goes no further; its status and the sentence that says why."""

    def __init__(self, status: int, sentence: str) -> None:
        super().__init__(sentence)
        self.status, self.sentence = status, sentence


@dataclass
class Guard:
    """ASGI middleware that lets through requests with the cookie from our own page, and answers all others itself.

    Attributes:
        application: behind it.
        port: of the server.
        token: in the printed address; good for one use.
    """

    application: ASGIApp
    port: int
    token: str = field(default_factory=lambda: secrets.token_urlsafe(_TOKEN_BYTES))
    _cookie: str = field(default_factory=lambda: secrets.token_urlsafe(_TOKEN_BYTES))
    _spent: bool = False

    @property
    def address(self) -> str:
        """The address that a person opens, once."""
        return f"http://127.0.0.1:{self.port}/?token={self.token}"

    @property
    def cookie_name(self) -> str:
        """Name of the cookie; it has the port, as browsers send the cookies of a host to all its ports."""
        return f"goodfit_{self.port}"

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer, or let the application do so."""
        if scope["type"] == "lifespan":
            await self.application(scope, receive, send)
            return
        if scope["type"] != "http":
            await send({"type": "websocket.close", "code": 1008})
            return
        headers = [(name.decode("latin-1").lower(), value.decode("latin-1")) for name, value in scope["headers"]]
        try:
            host = self._host(headers)
            if token := _token(scope):
                await _answer(send, 303, "", {"location": "/", "set-cookie": self._trade(token, headers)})
                return
            if not self._has_cookie(headers):
                raise Refused(403, f"this page was not opened by the address that goodfit printed; {_NEW_ADDRESS}")
            if scope["method"] not in ("GET", "HEAD"):
                _check_origin(headers, host)
                receive = await _bounded(headers, receive)
        except Refused as refused:
            await _answer(send, refused.status, refused.sentence)
            return
        await self.application(scope, receive, _guarded(send))

    def _host(self, headers: Iterable[tuple[str, str]]) -> str:
        hosts = [value for name, value in headers if name == "host"]
        if len(hosts) != 1 or hosts[0] not in (f"127.0.0.1:{self.port}", f"localhost:{self.port}"):
            raise Refused(403, f"this page is only at 127.0.0.1:{self.port}")
        return hosts[0]

    def _trade(self, token: str, headers: Iterable[tuple[str, str]]) -> str:
        """Return the cookie for the token, which is then spent; a browser that has the cookie gets it again."""
        # Compared in constant time: else the time of an answer would tell how much of a guess is right.
        right = hmac.compare_digest(token.encode(), self.token.encode())
        if not right or (self._spent and not self._has_cookie(headers)):
            raise Refused(403, f"this address has been used, or is none; {_NEW_ADDRESS}")
        self._spent = True
        return f"{self.cookie_name}={self._cookie}; HttpOnly; SameSite=Strict; Path=/"

    def _has_cookie(self, headers: Iterable[tuple[str, str]]) -> bool:
        """Return True if our cookie is among those that came; cookies of this machine's other ports are ignored."""
        cookies = [
            part.strip().partition("=") for name, value in headers if name == "cookie" for part in value.split(";")
        ]
        value = next((value for name, _, value in cookies if name == self.cookie_name), "")
        return hmac.compare_digest(value.encode(), self._cookie.encode())


def _token(scope: Scope) -> str | None:
    if scope["method"] != "GET" or scope["path"] != "/":
        return None
    try:
        return parse_qs(scope["query_string"].decode("latin-1"), max_num_fields=4).get("token", [None])[0]
    except ValueError:
        return None


def _check_origin(headers: Iterable[tuple[str, str]], host: str) -> None:
    origins = [value for name, value in headers if name == "origin"]
    if origins != [f"http://{host}"]:
        raise Refused(403, "only the page itself may ask for this")
    kinds = [value.partition(";")[0].strip().lower() for name, value in headers if name == "content-type"]
    if kinds != ["application/json"]:
        raise Refused(415, "a request must come as application/json")


async def _bounded(headers: Iterable[tuple[str, str]], receive: Receive) -> Receive:
    """Read the body up to its limit, and return a `receive` that gives it to the application."""
    too_long = Refused(413, f"the request has more than {MOST_BYTES:,} bytes")
    # By what the header says before anything is read, and by what was read, as the header may be missing or lie.
    for name, value in headers:
        if name == "content-length" and not (value.isdecimal() and len(value) < 10 and int(value) <= MOST_BYTES):
            raise too_long
    body, more = b"", True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise Refused(400, "the connection ended before the request was complete")
        body, more = body + message.get("body", b""), message.get("more_body", False)
        if len(body) > MOST_BYTES:
            raise too_long
    replayed = False

    async def replay() -> Message:
        nonlocal replayed
        if replayed:
            return await receive()
        replayed = True
        return {"type": "http.request", "body": body, "more_body": False}

    return replay


def _guarded(send: Send) -> Send:
    """Return a `send` that adds our headers to an answer, except for those that it has already."""
    added_headers = {name.lower().encode(): value.encode() for name, value in _HEADERS.items()}

    async def with_headers(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = message.get("headers", [])
            names = {name.lower() for name, _ in headers}
            added = [(name, value) for name, value in added_headers.items() if name not in names]
            message = {**message, "headers": [*headers, *added]}
        await send(message)

    return with_headers


async def _answer(send: Send, status: int, sentence: str, more: dict[str, str] | None = None) -> None:
    """Send an answer of the guard's own; the connection ends with it, so that no body is read any further."""
    body = json.dumps({"error": sentence}).encode() if sentence else b""
    headers = {"content-type": "application/json", "content-length": str(len(body)), "connection": "close"}
    pairs = [(name.encode(), value.encode()) for name, value in (headers | (more or {})).items()]
    guarded = _guarded(send)
    await guarded({"type": "http.response.start", "status": status, "headers": pairs})
    await guarded({"type": "http.response.body", "body": body})
