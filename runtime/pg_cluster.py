"""数据库集群: making a cluster, its settings, its roles and its database."""

import os
import secrets
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path

import psycopg
from psycopg import sql

from runtime.pg_place import Place, server_env

DATABASE = "anju"
SUPERUSER = "postgres"
ROLES = ("anju_owner", "anju_app", "anju_web", "anju_face", "anju_ro")

_SETTINGS = """\
# Written at each start.
listen_addresses = '127.0.0.1'
unix_socket_directories = '{sockets}'
unix_socket_permissions = 0700
password_encryption = 'scram-sha-256'
max_connections = {connections}
shared_buffers = '256MB'
max_wal_size = '1GB'
jit = off
timezone = 'UTC'
log_timezone = 'UTC'
log_line_prefix = '%m [%p] %q%u@%d '
# Rows and parameters are members' data: errors are logged without the statement, its values or the detail line.
log_statement = 'none'
log_min_error_statement = panic
log_error_verbosity = terse
log_parameter_max_length = 0
log_parameter_max_length_on_error = 0
log_checkpoints = off
synchronous_standby_names = '{copy}'
"""
_FAST = """\
# A database of a test run: it need not outlive the machine.
fsync = off
synchronous_commit = off
full_page_writes = off
autovacuum_naptime = '5min'
"""
_HBA = """\
local all         all                scram-sha-256
host  all         all 127.0.0.1/32   scram-sha-256
host  replication postgres 127.0.0.1/32 scram-sha-256
"""


class ClusterFailed(RuntimeError):
    """A program of PostgreSQL gave up."""


def passwords(folder: Path) -> dict[str, str]:
    """The password of each role, generated once into a file only we can read."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    return {role: _password(folder / f"pg_{role}") for role in (SUPERUSER, *ROLES)}


def _password(path: Path) -> str:
    try:
        return path.read_text(encoding="ascii").strip()
    except FileNotFoundError:
        secret = secrets.token_urlsafe(24)
        with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="ascii") as file:
            file.write(secret)
        return secret


def initialise(place: Place, superuser_password: str, *, durable: bool) -> None:
    """Run initdb unless it has finished before; a half made data directory is thrown away."""
    if place.ready_mark.exists():
        return
    shutil.rmtree(place.data, ignore_errors=True)
    password_file = place.base / "initdb.password"
    with open(os.open(password_file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
        file.write(superuser_password)
    place.account.own(password_file)
    try:
        _initdb(place, password_file, durable=durable)
    finally:
        password_file.unlink()
    place.ready_mark.touch()


def _initdb(place: Place, password_file: Path, *, durable: bool) -> None:
    made = place.account.run(
        str(place.programs / "initdb"),
        f"--pgdata={place.data}",
        f"--username={SUPERUSER}",
        f"--pwfile={password_file}",
        "--auth=scram-sha-256",
        "--encoding=UTF8",
        "--locale=C",
        "--locale-provider=builtin",
        "--builtin-locale=C.UTF-8",
        "--data-checksums",
        "--no-instructions",
        *([] if durable else ["--no-sync"]),
    )
    if made.returncode != 0:
        raise ClusterFailed(f"initdb: {made.stderr.strip() or made.stdout.strip()}")


def write_settings(place: Place, *, durable: bool, connections: int, copy: str = "", host: str = "") -> None:
    """Write our settings into an included file, and the list of who may connect; `host`'s settings come after ours.

    Commits wait for the `copy` of that name, if one is named. It stands here and not in postgresql.auto.conf, which a
    restored or promoted server would inherit and then wait for ever.
    """
    settings = _SETTINGS.format(sockets=place.sockets, connections=connections, copy=copy)
    _write(place, "anju.conf", (settings if durable else settings + _FAST) + host)
    _write(place, "pg_hba.conf", _HBA)
    main = place.data / "postgresql.conf"
    include = "include = 'anju.conf'\n"
    if include not in main.read_text(encoding="utf-8"):
        with main.open("a", encoding="utf-8") as file:
            file.write("\n" + include)


def _write(place: Place, name: str, text: str) -> None:
    path = place.data / name
    path.write_text(text, encoding="utf-8")
    path.chmod(0o600)
    place.account.own(path)


def reset_superuser(place: Place, password: str) -> None:
    """Set the superuser's password with the server down: its file was lost with the state folder."""
    done = subprocess.run(
        [str(place.programs / "postgres"), "--single", "-D", str(place.data), "template1"],
        input=f"ALTER ROLE {SUPERUSER} PASSWORD '{password}';\n",
        capture_output=True,
        text=True,
        check=False,
        cwd="/",
        env=server_env(),
        user=place.account.uid,
        group=place.account.gid,
        extra_groups=None if place.account.uid is None else [],
    )
    if done.returncode != 0:
        raise ClusterFailed(f"postgres --single: {done.stderr.strip()}")


def furnish(superuser_url: str, secret_of: Mapping[str, str]) -> None:
    """Create the roles and the database; done again at every start, and then only passwords are set."""
    with psycopg.connect(superuser_url, autocommit=True) as connection:
        present = {row[0] for row in connection.execute("SELECT rolname FROM pg_roles")}
        for role in ROLES:
            verb = sql.SQL("ALTER" if role in present else "CREATE")
            coded = connection.pgconn.encrypt_password(
                secret_of[role].encode(), role.encode(), b"scram-sha-256"
            ).decode()
            connection.execute(
                sql.SQL("{} ROLE {} LOGIN PASSWORD {}").format(verb, sql.Identifier(role), sql.Literal(coded))
            )
        known = connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", (DATABASE,)).fetchone()
        if known is None:
            create_database(connection, DATABASE)
        else:
            _admit(connection, DATABASE)  # a role may be newer than the database


def create_database(
    connection: "psycopg.Connection[tuple[object, ...]]", name: str, template: str = "template1"
) -> None:
    """Create a database of anju_owner that only our own roles may enter."""
    database = sql.Identifier(name)
    connection.execute(
        sql.SQL("CREATE DATABASE {} OWNER anju_owner TEMPLATE {}").format(database, sql.Identifier(template))
    )
    connection.execute(sql.SQL("REVOKE ALL ON DATABASE {} FROM PUBLIC").format(database))
    _admit(connection, name)


def _admit(connection: "psycopg.Connection[tuple[object, ...]]", name: str) -> None:
    roles = sql.SQL(", ").join(map(sql.Identifier, ROLES[1:]))
    connection.execute(sql.SQL("GRANT CONNECT ON DATABASE {} TO {}").format(sql.Identifier(name), roles))
