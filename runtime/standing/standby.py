"""Standby 备机: a second server that has every acknowledged change, and takes over when the first is lost."""

from __future__ import annotations

import time
from pathlib import Path

import psycopg

from runtime import pg_cluster
from runtime.embedded_pg import EmbeddedPostgres, Urls, plain
from runtime.pg_place import settle
from runtime.standing.programs import Server

NAME = "anju_standby"
_TAKES_OVER_S = 30


class StandbyPostgres(EmbeddedPostgres):
    """A copy of another server's cluster under a state folder of its own, kept up to date by streaming."""

    def follow(self, primary: Server, secrets: Path) -> Urls:
        """Copy the primary's cluster and follow it. Passwords are the primary's, from its folder of secrets."""
        self._take_lock()
        place = self._place = settle(self.home)
        primary.run(
            "pg_basebackup",
            f"--dbname={primary.conninfo(application_name=NAME)}",
            f"--pgdata={place.data}",
            "--checkpoint=fast",
            "--wal-method=stream",
            "--write-recovery-conf",
            "--create-slot",
            f"--slot={NAME}",
        )
        pg_cluster.write_settings(place, durable=True, connections=self._connections)
        place.ready_mark.touch()
        self._launch(place)
        self._urls = self._addresses(place, pg_cluster.passwords(secrets))
        return self.urls

    def promote(self) -> float:
        """Make it the primary; returns the seconds until it writes."""
        began = time.monotonic()
        with psycopg.connect(plain(self.urls.superuser), autocommit=True) as connection:
            done = connection.execute("SELECT pg_promote(true, %s)", (_TAKES_OVER_S,)).fetchone()
        if done is None or not done[0]:
            raise RuntimeError("the standby did not take over")
        return time.monotonic() - began
