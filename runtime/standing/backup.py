"""Backup 备份 and restoring to an instant 时间点恢复.

A base copy, checked file by file, and every byte of the log of changes (WAL) as it is written: `follow` may be made the
synchronous standby, and then nothing is acknowledged to a member that is not in the backup, too (RPO 0).
"""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from runtime.embedded_pg import EmbeddedPostgres
from runtime.pg_place import Account, Place, settle
from runtime.processes import Process
from runtime.standing.programs import CopyFailed, Server, private_folder

SLOT = "anju_backup"
_STAMP = "%Y%m%dT%H%M%SZ"
_RESTORE = """\
# Written by a restore; read only while recovery.signal lies beside it.
restore_command = '{script} "%f" "%p"'
recovery_target_time = '{until}'
recovery_target_inclusive = on
recovery_target_action = 'promote'
hot_standby = off
"""
_FETCH = """\
#!/bin/sh
# A segment of the log, or the last one as far as it was written.
if [ -f "{wal}/$1" ]; then exec cp "{wal}/$1" "$2"; fi
if [ -f "{wal}/$1.partial" ]; then exec cp "{wal}/$1.partial" "$2"; fi
exit 1
"""


class NoBackup(RuntimeError):
    """There is no base copy from before the instant that is asked for."""


@dataclass(frozen=True, slots=True)
class Backups:
    """A folder of base copies (`base/<instant>`) and of the log of changes (`wal`)."""

    folder: Path

    @property
    def wal(self) -> Path:
        """Where the log of changes is."""
        return self.folder / "wal"

    def prepare(self, account: Account) -> None:
        """Make the folders."""
        for folder in (self.folder, self.folder / "base", self.wal):
            private_folder(folder, account)

    def begin(self, server: Server) -> None:
        """Make the slot: from now on the server keeps what `follow` has not yet fetched."""
        self.prepare(server.place.account)
        target = f"--dbname={server.conninfo()}"
        server.run("pg_receivewal", target, f"--slot={SLOT}", "--create-slot", "--if-not-exists")

    def follow(self, server: Server, log: Path) -> Process:
        """Fetch the log of changes as it is written, until ended; goes on where it was after an interruption."""
        self.begin(server)
        return server.keep_running(
            "pg_receivewal",
            f"--dbname={server.conninfo(application_name=SLOT)}",
            f"--directory={self.wal}",
            f"--slot={SLOT}",
            "--synchronous",
            log=log,
        )

    def take(self, server: Server) -> Path:
        """Copy the whole cluster while it works, check the copy against its manifest, and only then name it.

        It is named by the instant it was finished: to one before, its files could not be brought back.
        """
        self.prepare(server.place.account)
        fresh = self.folder / "base" / f"{_stamp(datetime.now(UTC))}.unfinished"
        shutil.rmtree(fresh, ignore_errors=True)
        server.run(
            "pg_basebackup",
            f"--dbname={server.conninfo()}",
            f"--pgdata={fresh}",
            "--checkpoint=fast",
            "--wal-method=stream",
        )
        server.run("pg_verifybackup", "--quiet", str(fresh))
        return fresh.rename(fresh.with_name(_stamp(datetime.now(UTC))))

    def latest(self, before: datetime) -> Path:
        """The last base copy that was finished before an instant; raises NoBackup."""
        stamp = _stamp(before)
        found = sorted(path for path in (self.folder / "base").glob("*Z") if path.name < stamp)
        if not found:
            raise NoBackup(f"no base copy from before {stamp}")
        return found[-1]

    def restore(self, home: Path, until: datetime, *, secrets: Path) -> EmbeddedPostgres:
        """Bring up a cluster in the new state folder `home` as it was at `until`.

        `secrets` is the folder of keys and passwords that was kept apart. Raises NoBackup, CopyFailed when `home`
        has a cluster already, PostgresFailed when the log ends before `until`.
        """
        copy = self.latest(until)
        place = settle(home)
        if place.data.exists():
            raise CopyFailed(f"{home} has a database already; a restore never writes over one")
        shutil.copytree(secrets, home / "secrets", dirs_exist_ok=True)
        shutil.copytree(copy, place.data, symlinks=True)
        self._aim(place, until)
        _own_all(place)
        place.ready_mark.touch()
        server = EmbeddedPostgres(home)
        server.start()
        return server

    def _aim(self, place: Place, until: datetime) -> None:
        script = place.base / "fetch-wal"
        script.write_text(_FETCH.format(wal=self.wal), encoding="utf-8")
        script.chmod(0o700)
        place.account.own(script)
        moment = until.astimezone(UTC).isoformat(sep=" ", timespec="microseconds")
        (place.data / "restore.conf").write_text(
            _RESTORE.format(script=script, until=moment), encoding="utf-8"
        )
        with (place.data / "postgresql.conf").open("a", encoding="utf-8") as file:
            file.write("\ninclude_if_exists = 'restore.conf'\n")
        (place.data / "recovery.signal").touch()
        (place.data / "standby.signal").unlink(missing_ok=True)


def _stamp(at: datetime) -> str:
    return at.astimezone(UTC).strftime(_STAMP)


def _own_all(place: Place) -> None:
    place.data.chmod(0o700)
    for path in (place.data, *place.data.rglob("*")):
        place.account.own(path)
