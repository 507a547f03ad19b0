"""A centre's host 中心的主机: the settings its database runs with, and its memory; the large benches run on them."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from config.settings import ROOT

HUGE_PAGES = 4_400
"""Of 2 MB: the shared memory of anju.conf, and some; see docs/deployment.md."""
_RESERVED = Path("/proc/sys/vm/nr_hugepages")
_FORGET = Path("/proc/sys/vm/drop_caches")


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
