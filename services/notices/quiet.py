"""Quiet hours 免打扰时段: until when a notice that can wait is held; the Shanghai day, across midnight too."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, time, timedelta

from services.core.clock import SHANGHAI

_DAY = 24 * 60


@dataclass(frozen=True, slots=True)
class Quiet:
    """From a minute of the day until another; until before from means the next morning."""

    wanted: bool = True
    from_minute: int = 22 * 60
    until_minute: int = 8 * 60


def quiet_until(at: datetime, quiet: Quiet) -> datetime | None:
    """The end of the quiet hours `at` lies in, or None when it lies in none."""
    local = at.astimezone(SHANGHAI)
    minute = local.hour * 60 + local.minute
    since = (minute - quiet.from_minute) % _DAY
    length = (quiet.until_minute - quiet.from_minute) % _DAY
    if not quiet.wanted or since >= length:
        return None
    ends_tomorrow = minute >= quiet.until_minute
    return _at(local, quiet.until_minute, days=int(ends_tomorrow))


def next_morning(at: datetime, minute: int = 8 * 60) -> datetime:
    """The next such minute of a Shanghai day that is not today's: when a day's cap or budget begins anew."""
    return _at(at.astimezone(SHANGHAI), minute, days=1)


def day_begin(at: datetime) -> datetime:
    """Midnight in Shanghai before `at`."""
    return _at(at.astimezone(SHANGHAI), 0, days=0)


def _at(local: datetime, minute: int, *, days: int) -> datetime:
    day = local.date() + timedelta(days=days)
    return datetime.combine(day, time(minute // 60, minute % 60), SHANGHAI)


def minute_text(minute: int) -> str:
    """22:00."""
    return f"{minute // 60:02d}:{minute % 60:02d}"
