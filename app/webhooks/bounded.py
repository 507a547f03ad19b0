"""Bounded 限时: a transaction that is given up before the caller hangs up."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.orm import Session

from services.core.db import Sessions

AGAIN_S = 0.2
_GIVEN_UP = frozenset({"57014", "55P03"})


@contextmanager
def bounded(sessions: Sessions, within_s: float) -> Iterator[Session]:
    """One transaction; whatever the database still does when the time is over is cancelled and undone."""
    with sessions.begin() as session:
        wait_ms = str(max(1, int(within_s * 1000)))
        for name in ("statement_timeout", "lock_timeout"):
            session.execute(text("SELECT set_config(:name, :value, true)"), {"name": name, "value": wait_ms})
        with _Watch(session.connection().connection.driver_connection, within_s):
            yield session


def ran_out(fault: Exception) -> bool:
    """Whether a transaction was given up for its time, and not for a fault of its own."""
    if isinstance(fault, PoolTimeout):
        return True
    return isinstance(fault, DBAPIError) and getattr(fault.orig, "sqlstate", None) in _GIVEN_UP


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
                    self._connection.cancel()
            wait_s = AGAIN_S
