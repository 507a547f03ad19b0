"""Test databases: one throw-away PostgreSQL server for the run, migrated once and cloned as often as needed."""

import itertools
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

import psycopg
from psycopg import sql
from sqlalchemy import Engine
from sqlalchemy.orm import Session, sessionmaker

from config.settings import Settings, load_settings
from runtime import secret_files
from runtime.embedded_pg import EmbeddedPostgres, Urls, plain
from runtime.pg_cluster import DATABASE, create_database
from services.core.db import Sessions, make_engine
from services.core.scope import scope

ROOT = Path(__file__).resolve().parents[2]
_numbers = itertools.count(1)


@dataclass(frozen=True)
class Database:
    """One database of the test server."""

    name: str
    urls: Urls
    home: Path
    engine: Engine  # as role anju_app
    web_engine: Engine  # as role anju_web, which sees what its scope says

    @property
    def sessions(self) -> Sessions:
        """As in the running system: requests to the member zone under its role, all else under the workers'."""
        app, web = self.engine, self.web_engine

        class ByZone(Session):
            def get_bind(self, *_: object, **__: object) -> Engine:
                return app if scope() is None else web

        return sessionmaker(class_=ByZone, expire_on_commit=False)

    def settings(self, **overrides: object) -> Settings:
        """The product's settings for this database."""
        return load_settings(
            home=self.home,
            DATABASE_URL=self.urls.app,
            database_web_url=self.urls.web,
            database_owner_url=self.urls.owner,
            database_face_url=self.urls.face,
            **overrides,
        )


@dataclass(frozen=True)
class DatabaseServer:
    """The test run's PostgreSQL server, as any test process can use it."""

    home: Path
    urls: Urls

    def to_json(self) -> str:
        """For handing to the other processes of a parallel run."""
        return json.dumps({"home": str(self.home), "urls": asdict(self.urls)})

    @classmethod
    def from_json(cls, text: str) -> "DatabaseServer":
        """The server another process has started."""
        raw = json.loads(text)
        return cls(Path(raw["home"]), Urls(**raw["urls"]))

    @contextmanager
    def clone(self, label: str = "t") -> Iterator[Database]:
        """A fresh copy of the migrated database, dropped at the end."""
        name = f"anju_{label}_{os.getpid()}_{next(_numbers)}"
        with self._administrate() as connection:
            create_database(connection, name, template=DATABASE)
        urls = self.urls.for_database(name)
        engine, web_engine = make_engine(urls.app, pool_size=16), make_engine(urls.web, pool_size=16)
        try:
            yield Database(name, urls, self.home, engine, web_engine)
        finally:
            engine.dispose()
            web_engine.dispose()
            with self._administrate() as connection:
                connection.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))

    def _administrate(self) -> "psycopg.Connection[tuple[object, ...]]":
        return psycopg.connect(plain(self.urls.for_database("postgres").superuser), autocommit=True)


@contextmanager
def running_server() -> Iterator[DatabaseServer]:
    """Start a server in a temporary folder, migrate its database, and remove everything at the end."""
    with tempfile.TemporaryDirectory(prefix="anju-test-") as folder:
        home = Path(folder)
        home.chmod(0o711)  # the server's own OS user must get through
        secret_files.prepare(home / "secrets")
        postgres = EmbeddedPostgres(home, durable=False)
        try:
            urls = postgres.start()
            migrate(home, urls)
            yield DatabaseServer(home, urls)
        finally:
            postgres.destroy()


def migrate(home: Path, urls: Urls) -> None:
    """Bring the database's tables up to date, as an operator does."""
    if not (ROOT / "runtime" / "cli" / "__main__.py").exists():
        return
    subprocess.run(
        [sys.executable, "-m", "runtime.cli", "migrate"],
        check=True,
        cwd=ROOT,
        stdin=subprocess.DEVNULL,
        env={**os.environ, **database_env(home, urls)},
    )


def database_env(home: Path, urls: Urls) -> dict[str, str]:
    """The variables by which the product finds a database."""
    return {
        "ANJU_HOME": str(home),
        "DATABASE_URL": urls.app,
        "ANJU_DATABASE_WEB_URL": urls.web,
        "ANJU_DATABASE_OWNER_URL": urls.owner,
        "ANJU_DATABASE_FACE_URL": urls.face,
    }
