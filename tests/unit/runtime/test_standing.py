"""Backup and standby 备份与备机: which copy serves an instant, what a restored server waits for, where the hands go."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest

from runtime import pg_cluster
from runtime.cli import standing
from runtime.pg_place import Account, Place
from runtime.standing.backup import Backups, NoBackup
from runtime.standing.programs import Server


def copies(folder: Path, *names: str) -> Backups:
    for name in names:
        (folder / "base" / name).mkdir(parents=True)
    return Backups(folder)


def test_the_last_copy_before_the_instant_serves(tmp_path: Path) -> None:
    backups = copies(tmp_path, "20270101T000000Z", "20270102T000000Z", "20270103T000000Z")
    in_shanghai = datetime(2027, 1, 2, 9, 30, tzinfo=timezone(timedelta(hours=8)))
    assert backups.latest(in_shanghai).name == "20270102T000000Z"


def test_a_copy_that_was_not_finished_serves_nobody(tmp_path: Path) -> None:
    backups = copies(tmp_path, "20270101T000000Z", "20270102T000000Z.unfinished")
    assert backups.latest(datetime(2027, 1, 3, tzinfo=UTC)).name == "20270101T000000Z"


def test_without_a_copy_from_before_there_is_no_restore(tmp_path: Path) -> None:
    backups = copies(tmp_path, "20270102T000000Z")
    with pytest.raises(NoBackup):
        backups.latest(datetime(2027, 1, 1, 23, 59, 59, tzinfo=UTC))


class Copying(Server):
    """A server whose copy takes a while; `during` is an instant before it is finished."""

    during: datetime

    def run(self, program: str, *words: str) -> str:
        if program == "pg_basebackup":
            Path(next(word for word in words if word.startswith("--pgdata="))[9:]).mkdir()
        if program == "pg_verifybackup":
            time.sleep(1.1)
            object.__setattr__(self, "during", datetime.now(UTC))
        return ""


def test_a_copy_bears_the_instant_it_was_finished_and_serves_none_before(tmp_path: Path) -> None:
    """Restored to an instant while it was being copied, its files would be of later than that."""
    server, backups = Copying(Place(Account(None, None), tmp_path, tmp_path, tmp_path), 5432, ""), Backups(tmp_path)
    copy = backups.take(server)
    assert copy.name >= server.during.strftime("%Y%m%dT%H%M%SZ")
    with pytest.raises(NoBackup):
        backups.latest(server.during)
    assert backups.latest(server.during + timedelta(seconds=2)) == copy
    assert [path.name for path in (tmp_path / "base").iterdir()] == [copy.name]


def place(folder: Path) -> Place:
    (folder / "data").mkdir()
    (folder / "data" / "postgresql.conf").touch()
    return Place(Account(None, None), folder, folder, folder)


def test_a_server_that_starts_waits_for_no_copy(tmp_path: Path) -> None:
    """A restored or promoted one would wait for ever for the copy of the server it came from."""
    own = place(tmp_path)
    pg_cluster.write_settings(own, durable=True, connections=20, copy="anju_standby")
    assert "synchronous_standby_names = 'anju_standby'" in (own.data / "anju.conf").read_text()
    pg_cluster.write_settings(own, durable=True, connections=20)
    assert "synchronous_standby_names = ''" in (own.data / "anju.conf").read_text()


def test_the_password_is_not_among_the_words_of_a_program(tmp_path: Path) -> None:
    server = Server(place(tmp_path), 5432, "a-secret")
    assert server.conninfo(application_name="x") == "host=127.0.0.1 port=5432 user=postgres application_name=x"


def test_an_instant_without_its_zone_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    words = ["restore", "--backups", "b", "--home", "h", "--secrets", "s", "--until", "2027-01-02T09:30:00"]
    with pytest.raises(SystemExit):
        standing.main(words)
    assert "an instant needs its zone" in capsys.readouterr().err
