"""Routes by topic, quiet hours across midnight, caps and budget: rules without a database."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import chain, combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.core.clock import SHANGHAI
from services.notices.limits import Drop, Hold, Limits, Today, decide
from services.notices.quiet import Quiet, day_begin, next_morning, quiet_until
from services.notices.topics import CHANNELS, Plan, chosen_topics, plan, topic_of, topics

BOTH = ("sms", "wechat")
LIMITS = Limits(
    segment_fen=5,
    budget_fen=1_000,
    sms_per_member=8,
    hard_cap=40,
    fallback_after=timedelta(minutes=10),
    in_doubt_for=timedelta(hours=1),
    receipt_within=timedelta(hours=72),
)
NEVER = Quiet(wanted=False)
NOON = datetime(2026, 11, 23, 12, 0, tzinfo=SHANGHAI)


def at(text: str) -> datetime:
    """An instant of a Monday in Shanghai, as UTC."""
    return datetime.fromisoformat(f"2026-11-23T{text}:00+08:00").astimezone(UTC)


@pytest.mark.parametrize(
    ("topic", "wanted", "reachable", "expected"),
    [
        ("settlement", (), (), Plan(("sms", "wechat"))),
        ("security", (), ("sms",), Plan(("sms", "wechat"))),
        ("certificate", BOTH, BOTH, Plan(("wechat",), ("sms",))),
        ("certificate", ("sms",), BOTH, Plan(("sms",))),
        ("certificate", BOTH, ("sms",), Plan(("sms",))),
        ("certificate", BOTH, (), Plan(("wechat",))),
        ("certificate", (), BOTH, Plan(())),
        ("instalment_failed", BOTH, BOTH, Plan(("sms",), ("wechat",))),
        ("code", (), ("sms",), Plan(("sms",))),
    ],
)
def test_where_a_topic_goes(
    topic: str, wanted: tuple[str, ...], reachable: tuple[str, ...], expected: Plan
) -> None:
    assert plan(topic_of(topic), BOTH, wanted, reachable) == expected


def test_a_channel_without_words_is_left_out() -> None:
    assert plan(topic_of("transfer"), ("wechat",), BOTH, BOTH) == Plan(("wechat",))
    assert plan(topic_of("security"), ("sms",), BOTH, BOTH) == Plan(("sms",))


def test_no_channel_is_ever_taken_twice_and_none_that_is_not_wanted() -> None:
    some = list(chain.from_iterable(combinations(CHANNELS, n) for n in range(3)))
    for topic in topics().values():
        for wanted in some:
            for reachable in some:
                found = plan(topic, CHANNELS, wanted, reachable)
                every = found.now + found.after
                assert len(set(every)) == len(every)
                assert topic.locked or set(every) <= set(wanted)
                assert not topic.locked or set(every) == set(topic.order)


def test_money_and_security_cannot_be_lost() -> None:
    locked = {topic.code for topic in chosen_topics() if topic.locked}
    assert locked == {"settlement", "security"}
    for code in locked:
        topic = topic_of(code)
        assert topic.route == "all"
        assert set(topic.order) == set(CHANNELS)
        assert topic.urgent
        assert topic.any_hour


@pytest.mark.parametrize(
    ("now", "until"),
    [
        ("21:59", None),
        ("22:00", "2026-11-24T08:00:00+08:00"),
        ("23:59", "2026-11-24T08:00:00+08:00"),
        ("00:00", "2026-11-23T08:00:00+08:00"),
        ("07:59", "2026-11-23T08:00:00+08:00"),
        ("08:00", None),
    ],
)
def test_the_night_ends_at_eight_in_shanghai(now: str, until: str | None) -> None:
    expected = None if until is None else datetime.fromisoformat(until)
    assert quiet_until(at(now), Quiet()) == expected


@pytest.mark.parametrize(
    ("now", "quiet"), [("12:59", False), ("13:00", True), ("14:29", True), ("14:30", False)]
)
def test_a_nap_lies_within_a_day(now: str, quiet: bool) -> None:
    found = quiet_until(at(now), Quiet(True, 13 * 60, 14 * 60 + 30))
    assert found == (at("14:30") if quiet else None)


@given(st.integers(0, 1439), st.integers(0, 1439), st.integers(0, 2 * 1440))
def test_quiet_hours_end_within_a_day_and_not_in_themselves(begin: int, end: int, minutes: int) -> None:
    quiet, now = Quiet(True, begin, end), day_begin(NOON) + timedelta(minutes=minutes)
    until = quiet_until(now, quiet)
    if begin == end:
        assert until is None
    if until is not None:
        assert now < until <= now + timedelta(days=1)
        assert quiet_until(until, quiet) is None
        assert quiet_until(until - timedelta(minutes=1), quiet) == until


def test_the_next_morning_is_never_today_s() -> None:
    assert next_morning(at("00:30")) == datetime(2026, 11, 24, 8, 0, tzinfo=SHANGHAI)
    assert next_morning(at("23:30")) == datetime(2026, 11, 24, 8, 0, tzinfo=SHANGHAI)


def test_urgent_ones_go_at_night_without_cap_and_over_the_budget() -> None:
    today = Today(sent=39, of_topic=39, spent_fen=10_000, cost_fen=5)
    for code in ("settlement", "security", "code"):
        assert decide(topic_of(code), "sms", at("03:00"), today, Quiet(), LIMITS) is None


def test_a_posting_waits_for_the_morning() -> None:
    posting = topic_of("contribution")
    assert decide(posting, "wechat", at("22:30"), Today(), Quiet(), LIMITS) == Hold(
        next_morning(NOON), "quiet"
    )
    assert decide(posting, "wechat", at("22:30"), Today(), NEVER, LIMITS) is None


@pytest.mark.parametrize(
    ("today", "why"),
    [
        (Today(of_topic=2, sent=7, spent_fen=995, cost_fen=5), None),
        (Today(of_topic=3), "cap"),
        (Today(sent=8), "cap"),
        (Today(spent_fen=996, cost_fen=5), "budget"),
    ],
)
def test_caps_and_budget_by_sms(today: Today, why: str | None) -> None:
    """Three postings of a topic, eight SMS in all, 10.00 yuan a day for everybody."""
    found = decide(topic_of("contribution"), "sms", NOON, today, NEVER, LIMITS)
    assert found == (None if why is None else Hold(next_morning(NOON), why))


def test_wechat_costs_nothing() -> None:
    today = Today(sent=8, spent_fen=10_000)
    assert decide(topic_of("contribution"), "wechat", NOON, today, NEVER, LIMITS) is None


def test_beyond_the_hard_cap_nothing_goes_and_a_code_is_dropped() -> None:
    today = Today(sent=40)
    assert decide(topic_of("code"), "sms", NOON, today, NEVER, LIMITS) == Drop("notice.hard_cap")
    assert decide(topic_of("settlement"), "sms", NOON, today, NEVER, LIMITS) == Hold(
        next_morning(NOON), "cap"
    )
