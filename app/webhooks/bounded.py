"""Bounded 限时: a transaction that is given up before the caller hangs up."""

from __future__ import annotations

import os
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.orm import Session

from services.core.db import Sessions
from services.core.scope import across_members
from services.core.sql import Statement

AGAIN_S = 0.2
CANCEL_S = 0.3
_BOUND = Statement(
    "SELECT set_config('statement_timeout', :wait_ms, true) AS statement_ms,"
    " set_config('lock_timeout', :wait_ms, true) AS lock_ms"
)
_GIVEN_UP = frozenset({"57014", "55P03"})


@contextmanager
def bounded(sessions: Sessions, within_s: float) -> Iterator[Session]:
    """One transaction; whatever the database still does when the time is over is cancelled and undone."""
    with across_members(), sessions.begin() as session:
        wait_ms = str(max(1, int(within_s * 1000)))
        with _Watch(session.connection().connection.driver_connection, within_s):
            _BOUND.run(session, {"wait_ms": wait_ms})
            yield session
            session.commit()  # while it is still watched; cut off here, the job finds out whether it was done


def ran_out(fault: Exception) -> bool:
    """Whether a transaction was given up for its time, and not for a fault of its own."""
    if isinstance(fault, PoolTimeout):
        return True
    if not isinstance(fault, DBAPIError):
        return False
    return fault.connection_invalidated or getattr(fault.orig, "sqlstate", None) in _GIVEN_UP


class _Watch:
    """Cancels what a connection does once the time is over, until told that the block has ended."""

    def __init__(self, connection: Any, within_s: float) -> None:
        self._connection = connection
        self._within_s = within_s
        self._ended = threading.Event()
        self._cancelling = threading.Lock()
        self._thread = threading.Thread(target=self._run, name="bounded", daemon=True)

    def __enter__(self) -> None:
        self._thread.start()

    def __exit__(self, *_: object) -> None:
        with self._cancelling:  # a cancel under way must not hit the connection's next user
            self._ended.set()

    def _run(self) -> None:
        wait_s = self._within_s
        while not self._ended.wait(wait_s):
            with self._cancelling:
                if not self._ended.is_set():
                    _cancel(self._connection)
            wait_s = AGAIN_S


def _cancel(connection: Any) -> None:
    """Stop what a connection does, and hang up where the server does not even take that.

    `cancel` would hold all threads of the process for as long as a silent server likes.
    """
    try:
        connection.cancel_safe(timeout=CANCEL_S)
    except psycopg.Error:
        _hang_up(connection)


def _hang_up(connection: Any) -> None:
    """Whoever waits for the connection is told that it ended."""
    try:
        with socket.socket(fileno=os.dup(connection.pgconn.socket)) as line:
            line.shutdown(socket.SHUT_RDWR)
    except (psycopg.Error, OSError):
        return  # it has ended by itself
