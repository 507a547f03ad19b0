"""PostgreSQL 自带程序: its own programs for copying, run as the server's user against a running server."""

from __future__ import annotations

import os
import signal
from dataclasses import dataclass
from pathlib import Path

from runtime import pg_cluster
from runtime.pg_place import Account, Place, server_account, server_env, settle
from runtime.processes import Process, spawn


class CopyFailed(RuntimeError):
    """A program gave up; the text is what it said."""


@dataclass(frozen=True, slots=True)
class Server:
    """A server that runs here, as its superuser reaches it."""

    place: Place
    port: int
    password: str

    @classmethod
    def of(cls, home: Path, port: int) -> Server:
        """The server of a state folder."""
        secret = home / "secrets" / f"pg_{pg_cluster.SUPERUSER}"
        return cls(settle(home), port, secret.read_text(encoding="ascii").strip())

    def conninfo(self, **more: str) -> str:
        """Where it is, without the password: that would show in the list of processes."""
        words = {"host": "127.0.0.1", "port": str(self.port), "user": pg_cluster.SUPERUSER, **more}
        return " ".join(f"{name}={value}" for name, value in words.items())

    def run(self, program: str, *words: str) -> str:
        """Run one of its programs to the end; raises CopyFailed."""
        with _PassFile(self) as passwords:
            done = self.place.account.run(
                "/usr/bin/env", f"PGPASSFILE={passwords}", str(self.place.programs / program), *words
            )
        if done.returncode != 0:
            raise CopyFailed(f"{program}: {done.stderr.strip() or done.stdout.strip()}")
        return done.stdout

    def keep_running(self, program: str, *words: str, log: Path) -> Process:
        """Start a program that runs until it is ended."""
        passwords = _PassFile(self).write()
        return spawn(
            [str(self.place.programs / program), *words],
            log=log,
            env={**server_env(), "PGPASSFILE": str(passwords)},
            cwd=Path("/"),
            user=self.place.account.uid,
            group=self.place.account.gid,
            death_signal=signal.SIGTERM,
        )


class _PassFile:
    """The superuser's password where only the server's user can read it."""

    def __init__(self, server: Server) -> None:
        self._server = server
        self.path = server.place.base / "pgpass"

    def write(self) -> Path:
        """Write it anew."""
        line = f"*:*:*:{pg_cluster.SUPERUSER}:{self._server.password}\n"
        with open(os.open(self.path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
            file.write(line)
        self._server.place.account.own(self.path)
        return self.path

    def __enter__(self) -> Path:
        return self.write()

    def __exit__(self, *_fault: object) -> None:
        """It stays: a program that keeps running reads it again when it connects anew."""


def private_folder(folder: Path, account: Account | None = None) -> Path:
    """A folder that the server's user alone can enter."""
    account = account or server_account()
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    account.own(folder)
    return folder
