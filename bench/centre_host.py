"""A centre's host 中心的主机: the settings its database runs with, and its memory; the large benches run on them."""

from __future__ import annotations

import mmap
import os
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from config.settings import ROOT

HUGE_PAGES = 4_400
"""Of 2 MB: the shared memory of anju.conf, and some; see docs/deployment.md."""
_RESERVED = Path("/proc/sys/vm/nr_hugepages")
_FORGET = Path("/proc/sys/vm/drop_caches")
_MEMORY = Path("/proc/meminfo")
_MIB = 1 << 20
_LEFT_FREE, _PIECE = 512 * _MIB, 64 * _MIB


def database_settings() -> str:
    """The text of deploy/postgresql/anju.conf."""
    return (ROOT / "deploy" / "postgresql" / "anju.conf").read_text(encoding="utf-8")


@contextmanager
def huge_pages() -> Iterator[str]:
    """Reserve huge pages as a centre's host has them, give them back at the end; a word on what is there.

    Only root may, and only where so much memory is free in one piece; elsewhere the server does without.
    """
    try:
        before = int(_RESERVED.read_text())
        _RESERVED.write_text(str(max(before, HUGE_PAGES)))
    except OSError:
        yield "no huge pages: not permitted here"
        return
    stopped = signal.signal(signal.SIGTERM, _end)  # who stops a bench gets the memory back, too
    try:
        yield f"{int(_RESERVED.read_text())} huge pages of {HUGE_PAGES}"
    finally:
        _RESERVED.write_text(str(before))
        signal.signal(signal.SIGTERM, stopped)


def _end(number: int, _frame: object) -> None:
    sys.exit(128 + number)


def forget_files() -> None:
    """Have the system forget what it keeps of files; only root may, elsewhere it keeps them."""
    os.sync()
    with suppress(OSError):
        _FORGET.write_text("3")


@contextmanager
def memory_of_its_own() -> Iterator[None]:
    """Have all free memory in hand first, let go of it only as the system needs it, and take it back when it does not.

    A virtual machine gives what is free back to its host, and each page of it that is used anew has to be fetched: about
    ten times the price of one that is there. Work that is over before its leftovers run out does not pay, longer work
    does. A centre's database host has memory of its own.
    """
    pieces = max(1, (_free() - _LEFT_FREE) // _PIECE)
    done = threading.Event()
    with mmap.mmap(-1, pieces * _PIECE, mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS) as memory:
        for number in range(pieces):
            _take(memory, number)
        keeping = threading.Thread(target=_keep_free, args=(memory, pieces, done), daemon=True)
        keeping.start()
        try:
            yield
        finally:
            done.set()
            keeping.join()


def _keep_free(memory: mmap.mmap, pieces: int, done: threading.Event) -> None:
    """Little is free, and something: never so much that it would be worth giving back."""
    held = pieces
    while not done.is_set():
        free = _free()
        if free < _LEFT_FREE and held:
            held -= 1
            memory.madvise(mmap.MADV_DONTNEED, held * _PIECE, _PIECE)
        elif free > _LEFT_FREE + 2 * _PIECE and held < pieces:
            _take(memory, held)
            held += 1
        else:
            done.wait(0.02)


def _take(memory: mmap.mmap, number: int) -> None:
    memory[number * _PIECE : (number + 1) * _PIECE] = bytes(_PIECE)


def _free() -> int:
    """Bytes of memory that nobody has."""
    line = next(line for line in _MEMORY.read_text(encoding="ascii").splitlines() if line.startswith("MemFree:"))
    return int(line.split()[1]) * 1024
