"""Fixtures of all tests: a database server for the run, clones of the migrated database, settings, loopback."""

import os
import subprocess
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack

import pytest
from playwright.sync_api import Browser, sync_playwright
from sqlalchemy.orm import Session

from config.settings import Settings
from runtime.browser import NoBrowser, find_chromium
from tests.support import loopback
from tests.support.databases import Database, DatabaseServer, running_server

_SERVER = pytest.StashKey[DatabaseServer]()
_CLEANUP = pytest.StashKey[ExitStack]()
_NO_SERVER = "no database: "


def pytest_configure(config: pytest.Config) -> None:
    """A run does not see the caller's own installation."""
    config.addinivalue_line("markers", "nightly: runs only when asked for by -m nightly")
    for name in list(os.environ):
        if name.startswith("ANJU_") or name == "DATABASE_URL":
            del os.environ[name]
    config.stash[_CLEANUP] = ExitStack()


def pytest_unconfigure(config: pytest.Config) -> None:
    """Stop the run's server."""
    config.stash[_CLEANUP].close()


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: object) -> None:
    """A parallel run has one server, started by the controller."""
    try:
        handed = _server(node.config).to_json()  # type: ignore[attr-defined]
    except (RuntimeError, subprocess.SubprocessError) as fault:  # tests without a database still run
        handed = f"{_NO_SERVER}{fault}"
    node.workerinput["database_server"] = handed  # type: ignore[attr-defined]


@pytest.hookimpl(tryfirst=True)  # before the parallel run reads the groups
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Tests that run the whole system go first and, in a parallel run, to one process; nightly ones when asked for."""
    if "nightly" not in (config.option.markexpr or ""):
        late = [item for item in items if item.get_closest_marker("nightly")]
        config.hook.pytest_deselected(items=late)
        items[:] = [item for item in items if item not in late]
    for item in items:
        if _runs_the_system(item):
            item.add_marker(pytest.mark.xdist_group("system"))
    items.sort(key=lambda item: not _runs_the_system(item))


def _runs_the_system(item: pytest.Item) -> bool:
    return item.nodeid.startswith(("tests/faults/", "tests/e2e/"))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """One line that says what could not run here, and why."""
    reasons = Counter(str(report.longrepr[2]) for report in terminalreporter.stats.get("skipped", []))
    listed = "; ".join(f"{number} × {reason}" for reason, number in sorted(reasons.items()))
    terminalreporter.write_line(f"could not run here: {listed or 'nothing'}")


def _server(config: pytest.Config) -> DatabaseServer:
    if _SERVER not in config.stash:
        config.stash[_SERVER] = config.stash[_CLEANUP].enter_context(running_server())
    return config.stash[_SERVER]


@pytest.fixture(scope="session")
def database_server(pytestconfig: pytest.Config) -> DatabaseServer:
    """The run's PostgreSQL server."""
    handed = getattr(pytestconfig, "workerinput", {}).get("database_server")
    if handed and handed.startswith(_NO_SERVER):
        pytest.fail(handed, pytrace=False)
    return DatabaseServer.from_json(handed) if handed else _server(pytestconfig)


@pytest.fixture(scope="session")
def shared_database(database_server: DatabaseServer) -> Iterator[Database]:
    """One database for each test process; only for tests that roll back (`session`)."""
    with database_server.clone("shared") as database:
        yield database


@pytest.fixture
def session(shared_database: Database) -> Iterator[Session]:
    """A session as anju_app; what the test and the code under test commit is rolled back at the end."""
    with shared_database.engine.connect() as connection:
        outer = connection.begin()
        with Session(connection, join_transaction_mode="create_savepoint", expire_on_commit=False) as session:
            yield session
        outer.rollback()


@pytest.fixture
def database(database_server: DatabaseServer) -> Iterator[Database]:
    """A fresh migrated database of the test's own, for real commits: jobs, concurrency, HTTP."""
    with database_server.clone() as database:
        yield database


@pytest.fixture
def settings(shared_database: Database) -> Settings:
    """The product's settings for the database of `session`."""
    return shared_database.settings()


@pytest.fixture(autouse=True)
def _stay_on_this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    loopback.guard(monkeypatch)


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """One real Chromium without a window for all browser tests of a process: Playwright can be started only once."""
    try:
        spec = find_chromium()
    except NoBrowser as reason:
        pytest.fail(str(reason), pytrace=False)
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(
            executable_path=spec.path, args=list(spec.args), env={**os.environ, **spec.env}
        )
        yield running
        running.close()
