"""Locked intents 锁定的通知意图: one row held for this transaction alone, and written back in one statement.

As `services.core.sql` has it, the hot path of messages does without the ORM: a send locks and writes twice.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy.exc import NoResultFound
from sqlalchemy.orm import Session

from services.core.sql import Statement, forget
from services.notices.models import NoticeIntent

_FIXED = (
    *("account_id", "intent_id", "event_id", "topic", "channel", "template"),
    *("fields_sealed", "subject_id", "created_at"),
)
_MOVING = (
    *("version", "recipient_sealed", "state", "attempts", "asked", "way", "held_why", "fallback", "cost_fen"),
    *("provider", "provider_ref", "fault", "sent_at", "updated_at", "due_at"),
)
_READ = f"SELECT {', '.join((*_FIXED, *_MOVING))} FROM notice_intent"  # noqa: S608
_LOCK = Statement(f"{_READ} WHERE account_id = :account_id AND intent_id = :intent_id FOR UPDATE")
_LOCK_NUMBERED = Statement(f"{_READ} WHERE provider_ref = :provider_ref AND channel = :channel FOR UPDATE")
_LOCK_UNNUMBERED = Statement(
    f"{_READ} WHERE state IN ('uncertain', 'failed') AND provider_ref IS NULL AND intent_id = :intent_id"
    " AND channel = :channel AND (provider IS NULL OR provider = :provider) FOR UPDATE"
)
_SAVE = Statement(
    f"UPDATE notice_intent SET {', '.join(f'{name} = :{name}' for name in _MOVING)}"  # noqa: S608
    " WHERE account_id = :account_id AND intent_id = :intent_id"
)

_TAKEN = Statement(
    "UPDATE notice_intent SET state = :target, provider = :provider, provider_ref = :provider_ref, fault = NULL,"
    " updated_at = :at, due_at = :due_at"
    " WHERE account_id = :account_id AND intent_id = :intent_id AND state = :source"
    " RETURNING EXISTS (SELECT 1 FROM notice_early_receipt AS early"
    "  WHERE early.channel = notice_intent.channel AND early.provider_ref = :provider_ref) AS receipt_waits"
)


@dataclass(slots=True)
class LockedIntent:
    """What NoticeIntent describes, as read under its lock. Changes are nothing until `save`."""

    account_id: UUID
    intent_id: UUID
    event_id: UUID
    topic: str
    channel: str
    template: str
    fields_sealed: bytes
    subject_id: str | None
    created_at: datetime
    version: int
    recipient_sealed: bytes | None
    state: str
    attempts: int
    asked: int
    way: str | None
    held_why: str | None
    fallback: str | None
    cost_fen: int
    provider: str | None
    provider_ref: str | None
    fault: str | None
    sent_at: datetime | None
    updated_at: datetime
    due_at: datetime | None
    _before: tuple[Any, ...] = field(default=(), compare=False, repr=False)


def lock(session: Session, account_id: UUID, intent_id: UUID) -> LockedIntent:
    """One intent; raises NoResultFound."""
    session.flush()
    row = _LOCK.first(session, {"account_id": account_id, "intent_id": intent_id})
    if row is None:
        raise NoResultFound
    return _read(row)


def lock_numbered(session: Session, channel: str, provider_ref: str) -> list[LockedIntent]:
    """Those with a provider's number; two apps of WeChat may give out the same one."""
    session.flush()
    rows = _LOCK_NUMBERED.all(session, {"channel": channel, "provider_ref": provider_ref})
    return [_read(row) for row in rows]


def lock_unnumbered(session: Session, channel: str, intent_id: UUID, provider: str) -> LockedIntent | None:
    """One whose answer of this very provider, or of nobody knows which, was lost."""
    row = _LOCK_UNNUMBERED.first(session, {"channel": channel, "intent_id": intent_id, "provider": provider})
    return None if row is None else _read(row)


def save(session: Session, intent: LockedIntent) -> None:
    """Write what has changed; an object of the same row that the session knows is read anew when next asked for."""
    now = _moving(intent)
    if now == intent._before:
        return
    values = dict(zip(_MOVING, now, strict=True))
    _SAVE.run(session, {**values, "account_id": intent.account_id, "intent_id": intent.intent_id})
    intent._before = now
    forget(session, NoticeIntent, (intent.account_id, intent.intent_id))


def taken(session: Session, values: Mapping[str, Any]) -> bool | None:
    """What a provider's answer changes of a send under way, in one statement; whether its receipt is there already.

    None when the intent is not in the state `source` any more: nothing is written then.
    """
    row = _TAKEN.first(session, values)
    if row is None:
        return None
    forget(session, NoticeIntent, (values["account_id"], values["intent_id"]))
    return bool(row.receipt_waits)


def _read(row: Any) -> LockedIntent:
    intent = LockedIntent(*row)
    intent._before = _moving(intent)
    return intent


def _moving(intent: LockedIntent) -> tuple[Any, ...]:
    return tuple(getattr(intent, name) for name in _MOVING)
