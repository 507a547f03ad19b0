"""Keys by RFC 9562 and time as the business sees it."""

from __future__ import annotations

import time
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from uuid import RFC_4122, UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.core.clock import SHANGHAI, FixedClock, SystemClock, shanghai_day, shanghai_iso
from services.core.ids import new_id


def test_a_key_is_a_uuid_of_version_7_with_the_time_in_front() -> None:
    before = time.time_ns() // 1_000_000
    key = new_id()
    after = time.time_ns() // 1_000_000
    assert isinstance(key, UUID)
    assert (key.version, key.variant) == (7, RFC_4122)
    assert before <= key.int >> 80 <= after


def test_keys_do_not_repeat_and_later_ones_sort_behind() -> None:
    early = [new_id() for _ in range(2000)]
    time.sleep(0.002)
    late = new_id()
    assert len(set(early)) == 2000
    assert all(key < late for key in early)


@pytest.mark.parametrize(
    ("instant", "day"),
    [
        (datetime(2024, 12, 31, 16, 30, tzinfo=UTC), date(2025, 1, 1)),  # T4: 00:30 in Shanghai
        (datetime(2024, 12, 31, 15, 59, 59, tzinfo=UTC), date(2024, 12, 31)),
        (datetime(2025, 1, 31, 17, 0, tzinfo=UTC), date(2025, 2, 1)),  # T5
    ],
)
def test_the_business_day_is_shanghais(instant: datetime, day: date) -> None:
    assert shanghai_day(instant) == day


def test_instants_are_shown_with_their_offset() -> None:
    assert shanghai_iso(datetime(2026, 11, 23, 2, 0, 0, 5000, tzinfo=UTC)) == "2026-11-23T10:00:00.005+08:00"


@given(st.integers(800_000_000_000, 4_000_000_000_000))
def test_what_is_shown_is_the_same_instant(milliseconds: int) -> None:
    instant = datetime.fromtimestamp(milliseconds / 1000, UTC)
    assert abs(datetime.fromisoformat(shanghai_iso(instant)) - instant) < timedelta(milliseconds=1)


def test_a_fixed_clock_stands_until_moved() -> None:
    clock = FixedClock(datetime(2026, 11, 23, 10, tzinfo=SHANGHAI))
    assert clock.now() == clock.now() == datetime(2026, 11, 23, 2, tzinfo=UTC)
    clock.move(timedelta(hours=1))
    assert clock.now() == datetime(2026, 11, 23, 3, tzinfo=UTC)


def test_the_system_clock_follows_its_offset_file(tmp_path: Path) -> None:
    offset = tmp_path / "offset"
    clock = SystemClock(offset)
    assert abs(clock.now() - datetime.now(UTC)) < timedelta(seconds=2)
    offset.write_text("86400")
    assert abs(clock.now() - datetime.now(UTC) - timedelta(days=1)) < timedelta(seconds=2)
    offset.unlink()
    assert abs(clock.now() - datetime.now(UTC)) < timedelta(seconds=2)
