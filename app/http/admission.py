"""Admission 准入: a member's request that waited too long for its turn is told to come back, before it costs anything.

How long it waited is the kernel's word: the time since its last bytes came, whether it lay in the listen queue, unread
on a kept connection or behind others for a thread. Health checks, callbacks of partners and the page itself are always
let in (docs/adr/0032).
"""

from __future__ import annotations

import secrets
import socket
import struct
from collections.abc import Iterable
from http import HTTPStatus
from typing import TYPE_CHECKING

from flask import Flask, json
from prometheus_client import Counter

from services.core.errors import Unavailable

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

TURNED_AWAY = Counter("anju_http_turned_away_total", "Requests answered 503 because they waited too long")
MEMBERS_OWN = "/api/"
BACK_AFTER_S = (2, 5)
_LAST_DATA_RECEIVED = struct.Struct("=52xI")
"""struct tcp_info of Linux: the 14th word is `tcpi_last_data_recv`, in milliseconds."""
_TCP_INFO = getattr(socket, "TCP_INFO", None)


def waited_ms(sock: object) -> int:
    """Milliseconds since the last bytes came in on a TCP connection; 0 where nobody can say."""
    if _TCP_INFO is None or not isinstance(sock, socket.socket):
        return 0
    if sock.family not in (socket.AF_INET, socket.AF_INET6):
        return 0
    try:
        known = sock.getsockopt(socket.IPPROTO_TCP, _TCP_INFO, _LAST_DATA_RECEIVED.size)
    except OSError:
        return 0
    return int(_LAST_DATA_RECEIVED.unpack(known)[0]) if len(known) == _LAST_DATA_RECEIVED.size else 0


class TurnedAway(Unavailable):
    """A code of its own: a phone repeats what certainly was not begun, which other 503s cannot say.

    `service.busy` is also the answer when the database is lost in the middle, or while it says that all is written.
    """

    code = "service.turned_away"


class Admission:
    """WSGI middleware. Refusing costs a hundredth of carrying out, so that what comes too much does not grow."""

    def __init__(self, app: WSGIApplication, most_wait_ms: int) -> None:
        self._app = app
        self._most_wait_ms = most_wait_ms
        self._body = _problem()

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Let in, or tell when to come back."""
        if not environ["PATH_INFO"].startswith(MEMBERS_OWN) or not self._too_late(environ):
            return self._app(environ, start_response)
        TURNED_AWAY.inc()
        status = HTTPStatus(TurnedAway.status)
        start_response(f"{status.value} {status.phrase}", self._headers())
        return [self._body]

    def _too_late(self, environ: WSGIEnvironment) -> bool:
        return waited_ms(environ.get("gunicorn.socket")) > self._most_wait_ms

    def _headers(self) -> list[tuple[str, str]]:
        least, most = BACK_AFTER_S
        return [
            ("Content-Type", "application/problem+json"),
            ("Content-Length", str(len(self._body))),
            ("Retry-After", str(least + secrets.randbelow(most - least + 1))),  # not all at the same moment
            ("Cache-Control", "no-store"),
            ("X-Content-Type-Options", "nosniff"),
        ]


def _problem() -> bytes:
    own = TurnedAway
    body = {
        "type": f"urn:anju:problem:{own.code}",
        "title": own.title,
        "status": own.status,
        "detail": own.detail,
        "code": own.code,
        "instance": "",
    }
    return json.dumps(body, ensure_ascii=False).encode()


def install(app: Flask, most_wait_ms: int) -> None:
    """Before everything else; 0 lets everybody wait."""
    if most_wait_ms:
        app.wsgi_app = Admission(app.wsgi_app, most_wait_ms)  # type: ignore[method-assign]
