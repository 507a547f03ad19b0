"""A database that falls silent in the middle: the callback is given up in time, and no other thread stands still."""

from __future__ import annotations

import os
import socket
import threading
import time
from collections.abc import Iterator

import pytest
from sqlalchemy import text
from sqlalchemy.engine import make_url

from app.webhooks.bounded import bounded, ran_out
from services.core.db import make_engine, make_sessions
from tests.support.databases import Database


class Line:
    """A way to the server that can be silenced: what is sent into it is taken, and never arrives."""

    def __init__(self, host: str, port: int) -> None:
        self._server = (host, port)
        self._open = threading.Event()
        self._open.set()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def silence(self) -> None:
        self._open.clear()

    def end(self) -> None:
        self._open.set()
        self._listener.close()

    def _accept(self) -> None:
        while True:
            try:
                near = self._listener.accept()[0]
            except OSError:
                return
            far = socket.create_connection(self._server)
            for one, other in ((near, far), (far, near)):
                threading.Thread(target=self._carry, args=(one, other), daemon=True).start()

    def _carry(self, one: socket.socket, other: socket.socket) -> None:
        try:
            while received := one.recv(65_536):
                self._open.wait()
                other.sendall(received)
        except OSError:
            pass
        other.close()


def far(database: Database, port: int | None = None) -> str:
    """The database's address over TCP, as from another host."""
    url = make_url(database.urls.app)
    return url.set(host="127.0.0.1", port=port or url.port, query={}).render_as_string(hide_password=False)


@pytest.fixture
def line(database: Database) -> Iterator[Line]:
    url = make_url(database.urls.app)
    made = Line("127.0.0.1", url.port or 5432)
    yield made
    made.end()


@pytest.mark.parametrize("at_commit", [False, True])
def test_a_database_that_falls_silent_is_given_up_in_time(
    database: Database, line: Line, at_commit: bool
) -> None:
    engine = make_engine(far(database, line.port), pool_size=1)
    faults: list[Exception] = []

    def take_in() -> None:
        try:
            with bounded(make_sessions(engine), 0.5) as session:
                session.execute(text("SELECT 1"))
                line.silence()
                if not at_commit:
                    session.execute(text("SELECT 2"))
        except Exception as fault:
            faults.append(fault)

    callback = threading.Thread(target=take_in, daemon=True)
    callback.start()
    longest_s = 0.0
    end = time.monotonic() + 5
    while callback.is_alive() and time.monotonic() < end:
        before = time.monotonic()
        time.sleep(0.02)
        longest_s = max(longest_s, time.monotonic() - before)
    assert not callback.is_alive()
    assert longest_s < 2  # other threads went on
    assert [ran_out(fault) for fault in faults] == [True]
    engine.dispose()


def test_a_network_that_takes_nothing_is_given_up_by_the_system(database: Database) -> None:
    engine = make_engine(far(database), pool_size=1)
    with engine.connect() as connection:
        descriptor = connection.connection.driver_connection.pgconn.socket  # type: ignore[union-attr]
        with socket.socket(fileno=os.dup(descriptor)) as line:
            assert line.getsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT) == 2500
            assert line.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE)
    engine.dispose()
