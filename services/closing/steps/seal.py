"""Seal of the audit chains 审计链封存: one hash over every chain's head, in the centre's own chain."""

from __future__ import annotations

from typing import Any

from sqlalchemy import text
from sqlalchemy.orm import Session

_HEADS = text(
    "SELECT count(*) AS chains, encode(sha256(coalesce(string_agg(hash, ''::bytea ORDER BY account_id), ''::bytea)),"
    " 'hex') AS seal FROM audit_head"
)


def seal_chains(session: Session) -> dict[str, Any]:
    """What the chains came to; written with the closing of the day."""
    row = session.execute(_HEADS).one()
    return {"chains": row.chains, "seal": row.seal}
