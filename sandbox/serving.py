"""Serving 开门: plain HTTP servers on loopback, the record of every call, and faults any server can suffer."""

from __future__ import annotations

import ipaddress
import logging
import os
import socket
import struct
import threading
import time
from typing import NoReturn

from flask import Flask, Response, request
from werkzeug.serving import WSGIRequestHandler, make_server

from sandbox.faults import Fault
from sandbox.world import World

log = logging.getLogger("sandbox")


class Refusal(SystemExit):
    """The sandbox does not start here."""


def guard(host: str) -> None:
    """Refuse to run next to production or to listen to anyone but this machine."""
    if os.environ.get("ANJU_ENV", "").lower() == "production":
        raise Refusal("沙箱不在生产环境运行 / the sandbox does not run where ANJU_ENV=production")
    try:
        loopback = ipaddress.ip_address(host).is_loopback
    except ValueError:
        loopback = host == "localhost"
    if not loopback:
        raise Refusal("沙箱只监听本机 / the sandbox binds loopback addresses only")


class QuietHandler(WSGIRequestHandler):
    """Says nothing for calls that went well; the record of calls is in the store."""

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """Leave it to the record."""


class HttpServer:
    """One Flask application on one port, a thread for each call."""

    def __init__(self, name: str, app: Flask, host: str, port: int) -> None:
        self.name = name
        self._server = make_server(host, port, app, threaded=True, request_handler=QuietHandler)
        self._thread = threading.Thread(target=self._serve, name=f"sandbox-{name}", daemon=True)

    def _serve(self) -> None:
        self._server.serve_forever(poll_interval=0.05)

    def start(self) -> None:
        """Begin to answer."""
        self._thread.start()

    def stop(self) -> None:
        """Stop answering and free the port."""
        self._server.shutdown()
        self._server.server_close()


def new_app(world: World, server: str, import_name: str, *, recorded: bool = True) -> Flask:
    """A Flask application that records each call and lets a dropped connection through to the socket."""
    app = Flask(import_name)
    app.config["PROPAGATE_EXCEPTIONS"] = True
    app.json.ensure_ascii = False  # type: ignore[attr-defined]

    @app.after_request
    def record(response: Response) -> Response:
        if recorded:
            world.saw(server, _call(response))
        return response

    return app


def _call(response: Response) -> dict[str, object]:
    answer = "" if response.is_streamed or response.direct_passthrough else response.get_data(as_text=True)
    return {
        "method": request.method,
        "path": request.path,
        "query": request.args.to_dict(),
        "body": request.get_data(as_text=True)[:4000],
        "status": response.status_code,
        "answer": answer[:2000],
    }


def drop() -> NoReturn:
    """Cut the connection without an answer."""
    connection: socket.socket = request.environ["werkzeug.socket"]
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.shutdown(socket.SHUT_RDWR)
    raise ConnectionResetError("ordered by a fault")


def suffer(fault: Fault | None) -> Response | None:
    """Carry out the faults that any HTTP server can have: slow, reset, html, http_500."""
    if fault is None:
        return None
    if fault.kind == "slow":
        time.sleep(float(fault.args.get("seconds", 6)))
        return None
    if fault.kind == "reset":
        drop()
    if fault.kind == "html":
        return Response("<html><body><h1>502 Bad Gateway</h1></body></html>", 502, mimetype="text/html")
    if fault.kind == "http_500":
        return Response('{"message":"internal error"}', 500, mimetype="application/json")
    return None
