"""Circulars 政策消息: one text to every member who wants news, in chunks, from where the last run stopped."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session

from services.core.clock import Clock
from services.core.db import Sessions, transaction
from services.core.errors import Conflict, Invalid
from services.core.ids import new_id
from services.core.outbox import emit
from services.members.models import Binding
from services.notices.models import NoticeCircular, NoticeSubscription
from services.notices.topics import topic_of

TITLE_MOST, TEXT_MOST = 20, 200
CHUNK = 500
NEWS = "news"


class CircularEnded(Conflict):
    """Everybody has been told."""

    code, detail = "circular.ended", "这条消息已经发完了。"


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a circular has got."""

    circular_id: UUID
    told: int
    finished: bool


def write_circular(session: Session, clock: Clock, title: str, text: str) -> UUID:
    """Keep a text to be sent; raises Invalid when it is too long or empty."""
    title, text = title.strip(), text.strip()
    if not 1 <= len(title) <= TITLE_MOST or not 1 <= len(text) <= TEXT_MOST or "\n" in title:
        raise Invalid(
            f"标题 1 到 {TITLE_MOST} 个字、一行，正文 1 到 {TEXT_MOST} 个字。", code="circular.text"
        )
    circular_id = new_id()
    session.add(
        NoticeCircular(
            circular_id=circular_id,
            title=title,
            text=text,
            last_account_id=None,
            told=0,
            created_at=clock.now(),
        )
    )
    return circular_id


def readers(session: Session) -> int:
    """How many members would get a circular now: bound, and not without any channel for news."""
    return session.scalar(select(func.count()).select_from(_readers(None).subquery())) or 0


def tell_some(sessions: Sessions, clock: Clock, circular_id: UUID, most: int) -> Progress:
    """Tell up to `most` members, a chunk in a transaction; a run cut off anywhere goes on where it stopped."""
    told = 0
    while True:
        with transaction(sessions) as session:
            found = _tell_chunk(session, clock, circular_id, min(CHUNK, most - told))
            told += found
            row = session.get_one(NoticeCircular, circular_id)
            progress = Progress(circular_id, row.told, row.finished_at is not None)
        if progress.finished or told >= most:
            return progress


def _tell_chunk(session: Session, clock: Clock, circular_id: UUID, most: int) -> int:
    row = session.get_one(NoticeCircular, circular_id, with_for_update=True)
    if row.finished_at is not None:
        raise CircularEnded
    accounts = session.scalars(_readers(row.last_account_id).limit(most)).all()
    payload = {"title": row.title, "text": row.text}
    for account_id in accounts:
        emit(session, account_id, "circular.sent", payload, clock.now())
    if accounts:
        row.last_account_id = accounts[-1]
        row.told += len(accounts)
    if len(accounts) < most:
        row.finished_at = clock.now()
    return len(accounts)


def _readers(after: UUID | None) -> Select[UUID]:
    topic = topic_of(NEWS)
    off = (
        select(NoticeSubscription.account_id)
        .where(NoticeSubscription.topic == NEWS, NoticeSubscription.wanted.is_(False))
        .where(NoticeSubscription.channel.in_([c for c in topic.order if topic.begins_on(c)]))
    )
    on = select(NoticeSubscription.account_id).where(
        NoticeSubscription.topic == NEWS, NoticeSubscription.wanted.is_(True)
    )
    statement = (
        select(Binding.account_id)
        .where(Binding.ended_at.is_(None))
        .where(Binding.account_id.not_in(off) | Binding.account_id.in_(on))
        .distinct()
        .order_by(Binding.account_id)
    )
    return statement if after is None else statement.where(Binding.account_id > after)
