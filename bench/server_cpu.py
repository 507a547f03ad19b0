"""Processor time 处理器时间 of a PostgreSQL server: the postmaster, its living backends and those that have ended."""

from __future__ import annotations

import os
from pathlib import Path

_TICK = os.sysconf("SC_CLK_TCK")
_PARENT, _OWN, _ENDED = 1, slice(11, 13), slice(11, 15)


def cpu_s(postmaster: int) -> float:
    """User and system seconds so far."""
    ticks = sum(_stat(Path(f"/proc/{postmaster}/stat"), _ENDED)[1])
    for entry in Path("/proc").glob("[0-9]*/stat"):
        parent, own = _stat(entry, _OWN)
        if parent == postmaster:
            ticks += sum(own)
    return ticks / _TICK


def _stat(path: Path, times: slice) -> tuple[int, list[int]]:
    """Parent and the given times of a process; nothing of one that has gone meanwhile."""
    try:
        fields = path.read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()
    except OSError:
        return 0, []
    return int(fields[_PARENT]), [int(field) for field in fields[times]]
