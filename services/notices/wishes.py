"""Wishes 订阅: what a member wants to be told, on which channel, and when to be left in peace."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from services.core.errors import Invalid
from services.notices.models import NoticeQuietHours, NoticeSubscription
from services.notices.quiet import Quiet
from services.notices.topics import Topic, chosen_topics


@dataclass(frozen=True, slots=True)
class Choice:
    """On or off, for one topic on one channel."""

    topic: str
    channel: str
    wanted: bool


def wanted_channels(session: Session, account_id: UUID, topic: Topic) -> frozenset[str]:
    """Channels on which a member wants a topic; all of them where it cannot be switched off."""
    if topic.locked:
        return frozenset(topic.order)
    rows = session.execute(
        select(NoticeSubscription.channel, NoticeSubscription.wanted).where(
            NoticeSubscription.account_id == account_id, NoticeSubscription.topic == topic.code
        )
    )
    chosen = {row.channel: row.wanted for row in rows}
    return frozenset(c for c in topic.order if chosen.get(c, topic.begins_on(c)))


def choices_of(session: Session, account_id: UUID) -> dict[tuple[str, str], bool]:
    """Every topic and channel as it stands for a member."""
    statement = select(NoticeSubscription).where(NoticeSubscription.account_id == account_id)
    chosen = {(row.topic, row.channel): row.wanted for row in session.scalars(statement)}
    return {
        (topic.code, channel): topic.locked or chosen.get((topic.code, channel), topic.begins_on(channel))
        for topic in chosen_topics()
        for channel in topic.order
    }


def choose(session: Session, account_id: UUID, choices: Iterable[Choice], at: datetime) -> None:
    """Write choices; raises Invalid for what does not exist or cannot be switched off."""
    known = {topic.code: topic for topic in chosen_topics()}
    rows = []
    for choice in choices:
        topic = known.get(choice.topic)
        if topic is None or choice.channel not in topic.order:
            raise Invalid("没有这类通知。", code="notice.topic_unknown", field="topics")
        if topic.locked:
            if not choice.wanted:
                raise Invalid(
                    f"“{topic.name}”关系到您的钱和账户安全，不能关闭。",
                    code="notice.topic_locked",
                    field="topics",
                )
            continue
        rows.append({"account_id": account_id, "topic": topic.code, "channel": choice.channel,
                     "wanted": choice.wanted, "changed_at": at})  # fmt: skip
    if rows:
        statement = insert(NoticeSubscription)
        fresh = {"wanted": statement.excluded.wanted, "changed_at": statement.excluded.changed_at}
        session.execute(
            statement.on_conflict_do_update(index_elements=["account_id", "topic", "channel"], set_=fresh),
            rows,
        )


def quiet_of(session: Session, account_id: UUID) -> Quiet:
    """A member's quiet hours; 22:00 to 8:00 for one who chose nothing."""
    row = session.get(NoticeQuietHours, account_id)
    return Quiet() if row is None else Quiet(row.wanted, row.from_minute, row.until_minute)


def set_quiet(session: Session, account_id: UUID, quiet: Quiet, at: datetime) -> None:
    """Write quiet hours; raises Invalid when they begin and end at the same minute."""
    if quiet.from_minute == quiet.until_minute:
        raise Invalid("开始和结束不能是同一时间。", code="notice.quiet_hours", field="quiet")
    facts = {
        "wanted": quiet.wanted,
        "from_minute": quiet.from_minute,
        "until_minute": quiet.until_minute,
        "changed_at": at,
    }
    row = insert(NoticeQuietHours).values(account_id=account_id, **facts)
    session.execute(row.on_conflict_do_update(index_elements=["account_id"], set_=facts))
