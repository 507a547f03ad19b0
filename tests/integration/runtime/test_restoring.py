"""The command that restores, on a server of its own: as it was at the instant, with numbers that go on."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import psycopg
import pytest

from config.settings import Settings
from runtime.cli import standing
from runtime.embedded_pg import EmbeddedPostgres, plain
from runtime.migrations import migrate
from runtime.processes import end
from runtime.standing.backup import Backups
from runtime.standing.programs import Server

COUNT = "INSERT INTO case_counter VALUES (%s, current_date, 51)"


@pytest.fixture
def folder() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="anju-restoring-") as name:
        Path(name).chmod(0o711)
        yield Path(name)


@pytest.fixture
def first(folder: Path) -> Iterator[EmbeddedPostgres]:
    server = EmbeddedPostgres(folder / "first")
    migrate(server.start().owner)
    yield server
    server.destroy()


def test_restored_numbers_go_on(
    folder: Path, first: EmbeddedPostgres, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(standing, "load_settings", lambda: settings)
    backups, server = Backups(folder / "backups"), Server.of(first.home, first.port)
    receiver = backups.follow(server, folder / "receiver.log")
    first.acknowledge_with("anju_backup")
    backups.take(server)
    time.sleep(1.1)  # a copy serves instants of the seconds after it
    with psycopg.connect(plain(first.urls.app), autocommit=True) as connection:
        connection.execute(COUNT, ("01",))
        until = datetime.now(UTC)
        time.sleep(0.01)
        connection.execute(COUNT, ("02",))
    end(receiver)
    first.kill()
    words = ["--backups", str(folder / "backups"), "--secrets", str(first.home / "secrets")]
    second = folder / "second"
    try:
        done = standing.main(["restore", *words, "--until", until.isoformat(), "--home", str(second)])
        assert done == 0
        with psycopg.connect(plain(EmbeddedPostgres(second).start().app)) as connection:
            found = connection.execute(
                "SELECT module, max(next_value) FROM case_counter WHERE module IN ('01', '02') GROUP BY 1"
            ).fetchall()
            behind = connection.execute("SELECT until_at FROM books_behind").fetchall()
    finally:
        EmbeddedPostgres(second, port=1).destroy()
    assert all(number >= 1_000_000 for _, number in found)
    assert len(found) == 2
    assert behind == [(until,)]
