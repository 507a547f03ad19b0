"""Reading 我的通知: every notice sent to a member, in the words of its version, and what became of it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, func, select, update
from sqlalchemy.orm import Session

from services.core.crypto import FieldCipher
from services.notices.models import NoticeIntent
from services.notices.states import NOTICE_STATES
from services.notices.topics import topics
from services.notices.wording import of_version

_WHY_HELD = {
    "quiet": "免打扰时段过后发送",
    "cap": "今天发得多了，明天早上发送",
    "budget": "明天早上发送",
}
_WHY_NOT = {"notice.switched_off": "您关闭了这类通知", "notice.not_true": "情况有变，没有发送"}


@dataclass(frozen=True, slots=True)
class Page:
    """Some notices, and where the next ones begin."""

    notices: list[dict[str, Any]]
    next_before: UUID | None


def _shown_topics() -> list[str]:
    return [topic.code for topic in topics().values() if not topic.hidden]


def _of_member(account_id: UUID) -> ColumnElement[bool]:
    return (NoticeIntent.account_id == account_id) & NoticeIntent.topic.in_(_shown_topics())


def read_page(
    session: Session,
    cipher: FieldCipher,
    account_id: UUID,
    *,
    topic: str | None = None,
    before: UUID | None = None,
    limit: int = 50,
) -> Page:
    """Newest first; codes are not shown."""
    statement = select(NoticeIntent).where(_of_member(account_id))
    if topic is not None:
        statement = statement.where(NoticeIntent.topic == topic)
    if before is not None:
        statement = statement.where(NoticeIntent.intent_id < before)
    found = session.scalars(statement.order_by(NoticeIntent.intent_id.desc()).limit(limit + 1)).all()
    page = found[:limit]
    return Page(
        [_shown(intent, cipher) for intent in page], page[-1].intent_id if len(found) > limit else None
    )


def unread_count(session: Session, account_id: UUID) -> int:
    """How many events a member has been told of and has not read; told on two channels counts once."""
    statement = select(func.count(NoticeIntent.event_id.distinct())).where(
        _of_member(account_id), NoticeIntent.read_at.is_(None), NoticeIntent.state.not_in(("created", "held"))
    )
    return session.scalar(statement) or 0


def mark_read(session: Session, account_id: UUID, at: datetime, upto: UUID | None = None) -> int:
    """The member has seen the list, up to a notice; returns how many were new."""
    statement = update(NoticeIntent).where(
        NoticeIntent.account_id == account_id,
        NoticeIntent.topic.in_(_shown_topics()),
        NoticeIntent.read_at.is_(None),
    )
    if upto is not None:
        statement = statement.where(NoticeIntent.intent_id <= upto)
    done = session.execute(statement.values(read_at=at).returning(NoticeIntent.intent_id))
    return len(done.all())


def _shown(intent: NoticeIntent, cipher: FieldCipher) -> dict[str, Any]:
    fields = json.loads(cipher.open(intent.fields_sealed, "notice.fields"))
    title, text = _words(intent, fields)
    return {
        "notice_id": str(intent.intent_id),
        "topic": intent.topic,
        "topic_name": topics()[intent.topic].name,
        "channel": intent.channel,
        "title": title,
        "text": text,
        "state": intent.state,
        "state_text": _state_text(intent),
        "created_at": intent.created_at,
        "sent_at": intent.sent_at,
        "read": intent.read_at is not None,
        "application_id": intent.subject_id,
    }


def _words(intent: NoticeIntent, fields: dict[str, str]) -> tuple[str, str]:
    wording = of_version(intent.template, intent.version)
    if wording is None:  # the template was given up; that something was sent stays in the list
        return topics()[intent.topic].name, ""
    return wording.title, wording.text.format_map(fields)


def _state_text(intent: NoticeIntent) -> str:
    if intent.state == "held":
        return _WHY_HELD.get(intent.held_why or "", NOTICE_STATES.labels["held"])
    if intent.state == "failed":
        return _WHY_NOT.get(intent.fault or "", NOTICE_STATES.labels["failed"])
    return NOTICE_STATES.labels[intent.state]
