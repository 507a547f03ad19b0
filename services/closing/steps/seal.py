"""Seal of the audit chains 审计链封存: the heads that moved since the last seal, kept, and one hash that goes on from it.

Whoever may write as the owner can make a chain whole again after changing it, but not so that the heads kept here stand;
and those not without another seal than the closing of the day told, which a witness has written down.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import func, select, text
from sqlalchemy.orm import Session

from services.audit.models import AuditEntry
from services.audit.service import CENTRE

_KEEP = text("""
INSERT INTO sealed_head (account_id, day, seq, hash)
SELECT h.account_id, :day, h.seq, h.hash FROM audit_head h
WHERE h.seq IS DISTINCT FROM (
    SELECT s.seq FROM sealed_head s WHERE s.account_id = h.account_id ORDER BY s.day DESC LIMIT 1)
ON CONFLICT DO NOTHING
""")
_SEAL = text("""
SELECT count(*) AS heads, encode(sha256(decode(:before, 'hex') || coalesce(string_agg(
    uuid_send(account_id) || int8send(seq) || hash, ''::bytea ORDER BY account_id), ''::bytea)), 'hex') AS seal
FROM sealed_head WHERE day = :day
""")
_BEFORE = text("""
SELECT coalesce((SELECT result->>'seal' FROM closing_step
    WHERE name = 'seal' AND state = 'done' AND day < :day AND EXISTS (SELECT FROM sealed_head h WHERE h.day = closing_step.day)
    ORDER BY day DESC LIMIT 1), '')
""")
_LOST = text("""
SELECT s.account_id FROM sealed_head s LEFT JOIN audit_entry e ON e.account_id = s.account_id AND e.seq = s.seq
WHERE s.day = :day AND e.hash IS DISTINCT FROM s.hash ORDER BY 1
""")


@dataclass(frozen=True, slots=True)
class Seal:
    """A day's seal: as its closing told it, as it comes to now, and the chains that do not bear their head any more."""

    told: str | None
    found: str
    heads: int
    lost: tuple[str, ...]

    @property
    def stands(self) -> bool:
        """Whether nothing under it was changed since."""
        return self.told == self.found and not self.lost


def seal_chains(session: Session, day: date) -> dict[str, Any]:
    """What the chains came to; written with the closing of the day."""
    session.execute(_KEEP, {"day": day})
    heads, seal = _come_to(session, day)
    return {"chains": heads, "seal": seal}


def check_seal(session: Session, day: date) -> Seal:
    """Work a day's seal out again, from what is kept and from the entries themselves."""
    told = session.scalar(
        select(func.max(AuditEntry.detail["seal"].astext)).where(
            AuditEntry.account_id == CENTRE, AuditEntry.action == "day.closed", AuditEntry.subject == str(day)
        )
    )
    heads, found = _come_to(session, day)
    lost = session.scalars(_LOST, {"day": day})
    return Seal(told, found, heads, tuple(str(account_id) for account_id in lost))


def _come_to(session: Session, day: date) -> tuple[int, str]:
    before = session.scalar(_BEFORE, {"day": day})
    row = session.execute(_SEAL, {"day": day, "before": before}).one()
    return row.heads, row.seal
