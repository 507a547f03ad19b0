"""安装步骤: a stage runs when its inputs have changed or its outputs are gone, and is skipped otherwise."""

import fcntl
import hashlib
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
STATE = ROOT / "var" / "setup"


class StageFailed(Exception):
    """A stage did not get done; the text says why."""


@dataclass(frozen=True)
class Stage:
    """One step of the set-up."""

    name: str
    inputs: Callable[[], str]
    present: Callable[[], bool]
    run: Callable[[], None]

    def ensure(self) -> None:
        """Do the stage unless it has been done with the same inputs."""
        stamp = STATE / f"{self.name.replace(' ', '-')}.stamp"
        digest = self.inputs()
        if self.present() and stamp.exists() and stamp.read_text() == digest:
            return
        say(f"{self.name} ...", end="")
        started = time.monotonic()
        stamp.unlink(missing_ok=True)
        self.run()
        stamp.write_text(digest)
        say(f" {time.monotonic() - started:.1f} s")


def say(text: str, end: str = "\n") -> None:
    """One short line for whoever waits."""
    sys.stdout.write(text + end)
    sys.stdout.flush()


@contextmanager
def alone() -> Iterator[None]:
    """Two set-ups of one checkout wait for each other."""
    STATE.mkdir(parents=True, exist_ok=True)
    with (STATE / "lock").open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def run(name: str, command: Sequence[str], *, cwd: Path = ROOT, env: Mapping[str, str] | None = None) -> None:
    """Run a command with its output in var/setup/NAME.log; a failure shows the log's end."""
    path = STATE / f"{name}.log"
    with path.open("wb") as log:
        done = subprocess.run(
            list(command),
            cwd=cwd,
            env=env,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            check=False,
        )
    if done.returncode != 0:
        end = "\n".join(path.read_text(errors="replace").splitlines()[-25:])
        raise StageFailed(f"{' '.join(command)}\n{end}\n(all of it: {path})")


def digest_of(paths: Sequence[Path], *words: str) -> str:
    """SHA-256 over the names and contents of files, and over `words`."""
    digest = hashlib.sha256("\0".join(words).encode())
    for path in sorted(paths):
        digest.update(f"\0{path}\0".encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()


def files_under(folder: Path, *leave_out: str) -> list[Path]:
    """Every file below a folder, but for sub-folders of the given names."""
    found: list[Path] = []
    for entry in folder.iterdir():
        if entry.is_dir() and not entry.is_symlink():
            found += [] if entry.name in leave_out else files_under(entry, *leave_out)
        elif entry.is_file():
            found.append(entry)
    return found
