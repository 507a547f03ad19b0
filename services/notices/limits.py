"""Limits 限量: whether a notice may go now, waits, or never goes; pure rules over counted facts."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from services.notices.quiet import Quiet, next_morning, quiet_until
from services.notices.topics import Topic
from services.policies.rules import Policy


@dataclass(frozen=True, slots=True)
class Limits:
    """The policy figures of notices on one day."""

    segment_fen: int
    budget_fen: int
    sms_per_member: int
    hard_cap: int
    fallback_after: timedelta
    in_doubt_for: timedelta
    receipt_within: timedelta


def limits_of(policy: Policy) -> Limits:
    """Read the figures."""
    return Limits(
        segment_fen=policy.integer("notice.sms_segment_fen"),
        budget_fen=policy.integer("notice.sms_budget_fen_per_day"),
        sms_per_member=policy.integer("notice.sms_per_member_per_day"),
        hard_cap=policy.integer("notice.hard_cap_per_day"),
        fallback_after=timedelta(minutes=policy.integer("notice.fallback_minutes")),
        in_doubt_for=timedelta(minutes=policy.integer("notice.in_doubt_minutes")),
        receipt_within=timedelta(hours=policy.integer("notice.receipt_hours")),
    )


@dataclass(frozen=True, slots=True)
class Today:
    """What went to the member on the channel today, and what the day's SMS have cost."""

    sent: int = 0
    of_topic: int = 0
    spent_fen: int = 0
    cost_fen: int = 0


@dataclass(frozen=True, slots=True)
class Hold:
    """It waits."""

    until: datetime
    why: str


@dataclass(frozen=True, slots=True)
class Drop:
    """It never goes."""

    fault: str


def decide(
    topic: Topic, channel: str, at: datetime, today: Today, quiet: Quiet, limits: Limits
) -> Hold | Drop | None:
    """None when it may go now. Codes are not held: an old code is worth nothing."""
    if today.sent >= limits.hard_cap:
        return Drop("notice.hard_cap") if topic.hidden else Hold(next_morning(at), "cap")
    until = None if topic.any_hour else quiet_until(at, quiet)
    if until is not None:
        return Hold(until, "quiet")
    return None if topic.urgent else _can_wait(topic, channel, at, today, limits)


def _can_wait(topic: Topic, channel: str, at: datetime, today: Today, limits: Limits) -> Hold | None:
    if topic.per_day is not None and today.of_topic >= topic.per_day:
        return Hold(next_morning(at), "cap")
    if channel != "sms":
        return None
    if today.sent >= limits.sms_per_member:
        return Hold(next_morning(at), "cap")
    if today.spent_fen + today.cost_fen > limits.budget_fen:
        return Hold(next_morning(at), "budget")
    return None
