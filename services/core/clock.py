"""Clock 时钟: the only source of time; the business day is that of Asia/Shanghai."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Protocol
from zoneinfo import ZoneInfo

SHANGHAI = ZoneInfo("Asia/Shanghai")


class Clock(Protocol):
    """Tells the present instant, aware and in UTC."""

    def now(self) -> datetime:
        """The present instant in UTC."""
        ...


class SystemClock:
    """The machine's clock, shifted by the seconds a file holds when development asks for it.

    The file (`offset_file`) is written by the sandbox's control API; settings refuse it in production.
    """

    def __init__(self, offset_file: Path | None = None) -> None:
        self._offset_file = offset_file
        self._seen_mtime_ns = -1
        self._offset = timedelta()

    def now(self) -> datetime:
        """The present instant in UTC, plus the ordered offset."""
        return datetime.now(UTC) + self._current_offset()

    def _current_offset(self) -> timedelta:
        if self._offset_file is None:
            return self._offset
        try:
            mtime_ns = self._offset_file.stat().st_mtime_ns
        except FileNotFoundError:
            return timedelta()
        if mtime_ns != self._seen_mtime_ns:
            self._offset = timedelta(seconds=float(self._offset_file.read_text() or 0))
            self._seen_mtime_ns = mtime_ns
        return self._offset


class FixedClock:
    """A clock that stands still until it is moved; for tests and replays."""

    def __init__(self, at: datetime) -> None:
        self._at = at.astimezone(UTC)

    def now(self) -> datetime:
        """The instant it was set to."""
        return self._at

    def move(self, by: timedelta) -> None:
        """Move the instant forward (or back) by `by`."""
        self._at += by


def shanghai_day(instant: datetime) -> date:
    """Business date 业务日期 of an instant: the calendar day in Asia/Shanghai."""
    return instant.astimezone(SHANGHAI).date()


def shanghai_iso(instant: datetime) -> str:
    """ISO 8601 text with +08:00 and milliseconds, as the API shows instants."""
    return instant.astimezone(SHANGHAI).isoformat(timespec="milliseconds")
