"""整个系统: PostgreSQL, the sandbox, the web server and the workers as one thing to start and stop."""

import json
import logging
import os
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from runtime import secret_files
from runtime.embedded_pg import EmbeddedPostgres, PostgresFailed, Urls
from runtime.processes import rotate, tail
from runtime.supervisor.children import ROOT, Child, environment, everything, python
from runtime.supervisor.keeper import Keeper
from runtime.supervisor.ports import Ports

log = logging.getLogger(__name__)

PREPARATIONS = (("migrate",), ("seed-demo",))
FINISHING = (("wechat-menu", "push"),)
_READY_S = 90.0
_TEND_S = 0.1
_ROTATE_S = 10.0
_DEATHS_AT_START = 4


class StartFailed(RuntimeError):
    """The system did not come up; the text ends with the log of what failed."""


class System:
    """All processes under one state folder. Used by the command line, the fault tests and the benches.

    `database` are settings of its PostgreSQL for the host it has (runtime/embedded_pg.py).
    """

    def __init__(
        self,
        home: Path,
        ports: Ports | None = None,
        *,
        children: Sequence[Child] | None = None,
        preparations: Sequence[Sequence[str]] = PREPARATIONS,
        durable: bool = True,
        database: str = "",
    ) -> None:
        self.home = home.resolve()
        self.ports = ports or Ports.standard()
        self.logs = self.home / "log"
        self.env: dict[str, str] = {}
        self._children = everything(self.home, self.ports) if children is None else children
        self._preparations = preparations
        self._own_database = "DATABASE_URL" not in os.environ
        self._postgres = EmbeddedPostgres(self.home, self.ports.postgres, durable=durable, host=database)
        self._keepers: dict[str, Keeper] = {}
        self._stopping = threading.Event()
        self._tending: threading.Thread | None = None

    @property
    def url(self) -> str:
        """The one address to open: the demo phone."""
        return self.ports.url("phone") + "/"

    @property
    def urls(self) -> Urls:
        """The database's addresses."""
        return self._postgres.urls if self._own_database else _urls_of_environment()

    def start(self, *, wait: bool = True) -> None:
        """Start everything, and wait until it serves."""
        self.logs.mkdir(mode=0o700, parents=True, exist_ok=True)
        secret_files.prepare(self.home / "secrets")
        try:
            urls = self._postgres.start() if self._own_database else _urls_of_environment()
            self.env = environment(self.home, self.ports, urls)
            self._write_environment()
            self._keepers = {child.name: Keeper(child, self.logs, self.env) for child in self._children}
            self._start_children(early=True)
            for words in self._preparations:
                self._prepare(words)
            self._start_children(early=False)
            self._begin_tending()
            if wait:
                self.wait_ready()
                self._finish()
        except BaseException:
            self.stop()
            raise

    def _finish(self) -> None:
        """What needs the running outside world; the system serves without it too."""
        for words in FINISHING if self._preparations else ():
            try:
                self._prepare(words)
            except StartFailed as failure:
                log.warning("%s", failure)

    def _start_children(self, *, early: bool) -> None:
        for keeper in self._keepers.values():
            if keeper.child.early is early:
                keeper.start()

    def _begin_tending(self) -> None:
        self._stopping.clear()
        self._tending = threading.Thread(target=self._tend, name="supervisor", daemon=True)
        self._tending.start()

    def wait_ready(self, timeout_s: float = _READY_S) -> None:
        """Wait until every child serves; gives up early on one that keeps dying."""
        give_up = time.monotonic() + timeout_s
        while True:
            late = [keeper for keeper in self._keepers.values() if not keeper.ready()]
            if not late and self._database_ready():
                return
            if any(keeper.deaths >= _DEATHS_AT_START for keeper in late) or time.monotonic() > give_up:
                raise StartFailed(
                    "\n".join(
                        f"{keeper.child.name} does not start:\n{keeper.last_words()}" for keeper in late
                    )
                )
            time.sleep(0.1)

    def _database_ready(self) -> bool:
        return not self._own_database or self._postgres.ready()

    def stop(self) -> None:
        """Stop gracefully: web first, then the workers, the link that signs off at the bank, the sandbox, PostgreSQL."""
        self._stopping.set()
        if self._tending is not None:
            self._tending.join()
            self._tending = None
        web = self._keepers.get("web")
        if web is not None:
            web.stop()
        last = ("bank", "sandbox")
        rest = [keeper for keeper in self._keepers.values() if keeper.child.name not in last]
        for keeper in rest:  # together, since each may be finishing a job
            keeper.ask_to_stop()
        for keeper in (*rest, *reversed(self._keepers.values())):
            keeper.stop()
        self._postgres.stop()

    def kill(self, name: str) -> int:
        """kill -9 a process: a child's name, "web-worker" (one of gunicorn's), or "postgres"; gives its pid."""
        pid = self.pid(name)
        if pid is None:
            raise ProcessLookupError(name)
        if name == "web-worker":
            os.kill(pid, signal.SIGKILL)
        elif name == "postgres":
            self._postgres.kill()
        else:
            self._keepers[name].kill()
        return pid

    def kill_and_heal(self, name: str, timeout_s: float = 60.0) -> float:
        """kill -9, then wait until all serves again; gives the seconds it took."""
        started = time.monotonic()
        gone = self.kill(name)
        self._wait_for(lambda: self.pid(name) not in (None, gone), timeout_s)
        self.wait_ready(timeout_s)
        return time.monotonic() - started

    def restart(self, name: str) -> None:
        """Stop a child gracefully and let it be started again."""
        before = self.pid(name)
        self._keepers[name].ask_to_stop()
        self._wait_for(lambda: self.pid(name) not in (None, before), 60.0)
        self.wait_ready()

    def _wait_for(self, holds: Callable[[], bool], timeout_s: float) -> None:
        give_up = time.monotonic() + timeout_s
        while not holds():
            if time.monotonic() > give_up:
                raise TimeoutError("the system did not heal")
            time.sleep(0.02)

    def pid(self, name: str) -> int | None:
        """Process id of a child, of one of gunicorn's workers ("web-worker"), or of "postgres"."""
        if name == "postgres":
            return self._postgres.pid
        if name == "web-worker":
            master = self.pid("web")
            return next(iter(children_of(master)), None) if master is not None else None
        return self._keepers[name].pid

    def pids(self) -> dict[str, int | None]:
        """Process ids of everything that is supervised."""
        names = [*self._keepers, *(["postgres"] if self._own_database else [])]
        return {name: self.pid(name) for name in names}

    def _tend(self) -> None:
        rotated = time.monotonic()
        while not self._stopping.wait(_TEND_S):
            self._tend_database()
            for keeper in self._keepers.values():
                keeper.tend()
            if time.monotonic() - rotated > _ROTATE_S:
                rotated = time.monotonic()
                for path in self.logs.glob("*.log"):
                    rotate(path)

    def _tend_database(self) -> None:
        if not self._own_database or self._postgres.alive():
            return
        log.warning("PostgreSQL ended, starting it again")
        try:
            self._postgres.start()
        except PostgresFailed:
            log.exception("PostgreSQL does not start")

    def _prepare(self, words: Sequence[str]) -> None:
        path = self.logs / f"{words[0]}.log"
        with path.open("ab") as out:
            done = subprocess.run(
                python("-m", "runtime.cli", *words),
                cwd=ROOT,
                env=self.env,
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=subprocess.STDOUT,
                check=False,
            )
        if done.returncode != 0:
            raise StartFailed(f"{words[0]} failed:\n{tail(path)}")

    def _write_environment(self) -> None:
        """For commands run beside the system: `python -m runtime.supervisor run`."""
        ours = {
            name: value
            for name, value in self.env.items()
            if name.startswith("ANJU_") or name == "DATABASE_URL"
        }
        path = self.home / "secrets" / "environment.json"
        with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as file:
            json.dump(ours, file, indent=1)


def _urls_of_environment() -> Urls:
    app = os.environ["DATABASE_URL"]
    owner = os.environ.get("ANJU_DATABASE_OWNER_URL", app)
    face = os.environ.get("ANJU_DATABASE_FACE_URL", app)
    web = os.environ.get("ANJU_DATABASE_WEB_URL", app)
    return Urls(owner, app, web, face, os.environ.get("ANJU_DATABASE_RO_URL", app), owner)


def children_of(pid: int) -> list[int]:
    """Process ids of a process's children (Linux)."""
    path = Path(f"/proc/{pid}/task/{pid}/children")
    return [int(word) for word in path.read_text().split()] if path.exists() else []
