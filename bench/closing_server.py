"""A server with filled books 结账用的库: copied for each turn, and what a turn took of its processors."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg
from psycopg import sql
from sqlalchemy import text

from bench.centre_host import database_settings, forget_files
from bench.closing_books import fill
from bench.closing_month import Month, prepare
from bench.server_cpu import cpu_s
from config.settings import ROOT
from runtime.embedded_pg import EmbeddedPostgres, Urls, plain
from runtime.migrations import migrate
from services.core.db import Sessions, make_engine, make_sessions, transaction
from services.policies.service import seed_policies

Way = Callable[[Sessions], None]


@dataclass(frozen=True, slots=True)
class Turn:
    """What one way of settling a year took."""

    seconds: float
    cpu_s: float
    """Of the database, until what was written is in its files."""
    client_s: float
    """Of this process: reading files, and waiting for nobody."""
    rows: int


class Books:
    """A server with filled databases to copy from."""

    def __init__(self, folder: Path) -> None:
        self._server = EmbeddedPostgres(folder, durable=True, host=database_settings())
        self._urls = self._server.start()
        self._number = 0

    def stop(self) -> None:
        """Away with it."""
        self._server.destroy()

    def filled(self, accounts: int, employers: int) -> tuple[str, Month]:
        """A migrated database with so many accounts; its name, and the files of its employers."""
        name = f"books_{accounts}"
        self._admin("CREATE DATABASE {} OWNER anju_owner", name)
        urls = self._urls.for_database(name)
        migrate(urls.owner)
        sessions = sessions_of(urls)
        with transaction(sessions) as session:
            seed_policies(session, ROOT / "config" / "policies")
        fill(plain(urls.superuser), accounts, employers)
        month = prepare(plain(urls.superuser), sessions, employers)
        sessions.kw["bind"].dispose()
        return name, month

    @contextmanager
    def copied(self, name: str) -> Iterator[Urls]:
        """A copy to spend."""
        copy = self.copy(name)
        try:
            yield self.urls(copy)
        finally:
            self.drop(copy)

    def copy(self, name: str) -> str:
        """A copy to spend and to drop; its name."""
        self._number += 1
        copy = f"copy_{self._number}"
        self._admin("CREATE DATABASE {} OWNER anju_owner TEMPLATE {} STRATEGY file_copy", copy, name)
        self._admin("CHECKPOINT")
        return copy

    def urls(self, name: str) -> Urls:
        """Where a database is."""
        return self._urls.for_database(name)

    def start_cold(self) -> None:
        """Written out and started anew: nothing of the books in the server's memory, or the system's."""
        self._admin("CHECKPOINT")
        self._server.stop()
        forget_files()
        self._urls = self._server.start()

    def timed(self, settle: Way, urls: Urls, count: str) -> Turn:
        """Run one way of settling over a copy; `count` says how many rows it has written.

        What is still to be written out afterwards costs processor time of it, and none of its seconds: few books leave
        all of it, many only the last.
        """
        sessions, postmaster = sessions_of(urls), self._server.pid
        assert postmaster is not None
        with transaction(sessions) as session:  # the connection is not part of it
            session.execute(text("SELECT 1"))
        begun, spent, own = time.monotonic(), cpu_s(postmaster), time.process_time()
        settle(sessions)
        own = time.process_time() - own
        seconds = time.monotonic() - begun
        self._admin("CHECKPOINT")
        spent = cpu_s(postmaster) - spent
        with transaction(sessions) as session:
            rows = session.scalar(text(count)) or 0
        sessions.kw["bind"].dispose()
        return Turn(seconds, spent, own, rows)

    def drop(self, name: str) -> None:
        """Make room."""
        self._admin("DROP DATABASE {} WITH (FORCE)", name)

    def _admin(self, statement: str, *names: str) -> None:
        url = plain(self._urls.for_database("postgres").superuser)
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute(sql.SQL(statement).format(*map(sql.Identifier, names)))


def sessions_of(urls: Urls) -> Sessions:
    """One connection of the application's role."""
    return make_sessions(make_engine(urls.app, pool_size=1))
