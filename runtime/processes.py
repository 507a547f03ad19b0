"""子进程: starting children that die with their parent, and keeping their logs within bounds."""

import ctypes
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

_PR_SET_PDEATHSIG = 1
_libc = ctypes.CDLL(None, use_errno=True) if sys.platform == "linux" else None

# The kernel ties a child to the *thread* that forked it, so one thread that lives as long as the process
# does all the forking.
_spawner = ThreadPoolExecutor(max_workers=1, thread_name_prefix="spawner")

Process = subprocess.Popen[bytes]


def _die_with(parent: int, death_signal: int) -> Callable[[], None]:
    """What the child runs between fork and exec."""

    def arm() -> None:
        if _libc is not None:
            _libc.prctl(_PR_SET_PDEATHSIG, death_signal, 0, 0, 0)
        if os.getppid() != parent:  # the parent went away before the tie was made
            os._exit(1)

    return arm


def spawn(
    command: Sequence[str],
    *,
    log: Path,
    env: Mapping[str, str],
    cwd: Path,
    user: int | None = None,
    group: int | None = None,
    death_signal: int = signal.SIGTERM,
) -> Process:
    """Start a child in its own session, its output appended to `log`; it gets `death_signal` if we die."""
    log.parent.mkdir(mode=0o700, parents=True, exist_ok=True)

    def fork() -> Process:
        with log.open("ab") as out:
            return subprocess.Popen(
                list(command),
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=subprocess.STDOUT,
                env=dict(env),
                cwd=cwd,
                user=user,
                group=group,
                extra_groups=None if user is None else [],
                start_new_session=True,
                umask=0o077,
                preexec_fn=_die_with(os.getpid(), death_signal),
            )

    return _spawner.submit(fork).result()


def end(process: Process, sign: int = signal.SIGTERM, *, patience_s: float = 15.0) -> None:
    """Ask a child to stop, and kill it when it does not within `patience_s`."""
    if process.poll() is not None:
        return
    process.send_signal(sign)
    try:
        process.wait(patience_s)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def rotate(log: Path, *, max_bytes: int = 10_000_000, keep: int = 5) -> None:
    """Copy a grown log aside and cut it; the writers hold it open for appending, so they go on."""
    try:
        if log.stat().st_size < max_bytes:
            return
    except FileNotFoundError:
        return
    for number in range(keep - 1, 0, -1):
        older = log.with_name(f"{log.name}.{number}")
        if older.exists():
            older.replace(log.with_name(f"{log.name}.{number + 1}"))
    shutil.copyfile(log, log.with_name(f"{log.name}.1"))
    os.truncate(log, 0)


def tail(log: Path, lines: int = 15) -> str:
    """The last lines of a log, for an error message."""
    try:
        return "\n".join(log.read_text(errors="replace").splitlines()[-lines:])
    except FileNotFoundError:
        return ""
