"""看护: keeps one child alive, waiting longer between starts the more often it dies."""

import logging
import signal
import time
from collections.abc import Mapping
from pathlib import Path

from runtime.processes import Process, end, spawn, tail
from runtime.supervisor.children import ROOT, Child

log = logging.getLogger(__name__)

_FIRST_PAUSE_S = 0.2
_LONGEST_PAUSE_S = 10.0
_STEADY_S = 30.0


class Keeper:
    """Starts a child and starts it again after a pause that doubles while it keeps dying."""

    def __init__(self, child: Child, logs: Path, env: Mapping[str, str]) -> None:
        self.child = child
        self.log = logs / f"{child.name}.log"
        self.deaths = 0
        self._env = env
        self._process: Process | None = None
        self._pause_s = _FIRST_PAUSE_S
        self._started = 0.0
        self._due = 0.0

    @property
    def pid(self) -> int | None:
        """The process id while it runs."""
        return self._process.pid if self._process is not None and self._process.poll() is None else None

    def start(self) -> None:
        """Start the child."""
        self._process = spawn(self.child.command, log=self.log, env=self._env, cwd=ROOT)
        self._started = time.monotonic()

    def tend(self) -> None:
        """Notice a death and, when the pause is over, start again. Called every few moments."""
        now = time.monotonic()
        if self._process is None:
            if now >= self._due:
                self.start()
        elif self._process.poll() is not None:
            self._bury(self._process, now)
        elif now - self._started > _STEADY_S:
            self._pause_s = _FIRST_PAUSE_S

    def _bury(self, process: Process, now: float) -> None:
        self.deaths += 1
        log.warning(
            "%s ended (%s), starting it again in %.1f s", self.child.name, process.returncode, self._pause_s
        )
        self._process = None
        self._due = now + self._pause_s
        self._pause_s = min(self._pause_s * 2, _LONGEST_PAUSE_S)

    def ready(self) -> bool:
        """Whether it runs and serves."""
        return self.pid is not None and self.child.ready()

    def kill(self) -> None:
        """kill -9."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()

    def ask_to_stop(self) -> None:
        """Send SIGTERM without waiting."""
        if self.pid is not None and self._process is not None:
            self._process.send_signal(signal.SIGTERM)

    def stop(self) -> None:
        """Stop gracefully, or by force when it does not listen."""
        if self._process is not None:
            end(self._process, patience_s=self.child.patience_s)
            self._process = None
            self._due = float("inf")

    def last_words(self) -> str:
        """The end of its log."""
        return tail(self.log)
