"""Writing and checking the audit chain 审计链."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from services.audit.models import AuditEntry, AuditHead
from services.core.sql import Statement

GENESIS = b"\0" * 32
CENTRE = UUID(int=0)
"""The chain of what the centre does to all accounts at once; a set of a batch is one act."""
_OPEN_HEAD = Statement(
    "INSERT INTO audit_head (account_id, seq, hash) VALUES (:account_id, 0, :hash) ON CONFLICT DO NOTHING"
)
_LOCK_HEAD = Statement("SELECT seq, hash FROM audit_head WHERE account_id = :account_id FOR UPDATE")
_APPEND = Statement(
    "WITH head AS (UPDATE audit_head SET seq = :seq, hash = :hash WHERE account_id = :account_id)"
    " INSERT INTO audit_entry (account_id, seq, at, actor, action, subject, detail, previous_hash, hash)"
    " VALUES (:account_id, :seq, :at, :actor, :action, :subject, :detail, :previous_hash, :hash)",
    json=("detail",),
)


def record(
    session: Session,
    account_id: UUID,
    action: str,
    *,
    actor: str,
    subject: str,
    at: datetime,
    detail: Mapping[str, Any] | None = None,
) -> int:
    """Append one act to the account's chain, in the caller's transaction; its number. `detail` holds no personal data."""
    sequence, previous = _lock_head(session, account_id)
    entry = {
        "account_id": account_id,
        "seq": sequence + 1,
        "at": at,
        "actor": actor,
        "action": action,
        "subject": subject,
        "detail": dict(detail or {}),
    }
    _APPEND.run(session, {**entry, "previous_hash": previous, "hash": entry_hash(previous, **entry)})
    return sequence + 1


def _lock_head(session: Session, account_id: UUID) -> tuple[int, bytes]:
    head = _LOCK_HEAD.first(session, {"account_id": account_id})
    if head is None:
        _OPEN_HEAD.run(session, {"account_id": account_id, "hash": GENESIS})
        head = _LOCK_HEAD.first(session, {"account_id": account_id})
    return head.seq, bytes(head.hash)


def entry_hash(previous: bytes, **entry: Any) -> bytes:
    """SHA-256 over the previous hash and the canonical JSON of an entry's own fields."""
    entry["at"] = entry["at"].astimezone(UTC).isoformat(timespec="microseconds")
    canonical = json.dumps(entry, sort_keys=True, ensure_ascii=False, separators=(",", ":"), default=str)
    return hashlib.sha256(previous + canonical.encode()).digest()


def broken_links(session: Session, account_id: UUID) -> list[int]:
    """Sequence numbers of entries whose hash, link or place in the chain is wrong; empty when all is well."""
    broken, previous, expected = [], GENESIS, 1
    statement = select(AuditEntry).where(AuditEntry.account_id == account_id).order_by(AuditEntry.seq)
    for entry in session.scalars(statement):
        fields = {
            name: getattr(entry, name)
            for name in ("account_id", "seq", "at", "actor", "action", "subject", "detail")
        }
        right = entry.previous_hash == previous and entry.hash == entry_hash(previous, **fields)
        if not right or entry.seq != expected:
            broken.append(entry.seq)
        previous, expected = entry.hash, entry.seq + 1
    head = session.get(AuditHead, account_id)
    if head is not None and (head.seq, head.hash) != (expected - 1, previous):
        broken.append(head.seq)
    return broken
