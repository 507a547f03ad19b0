"""Handing out evidence 导出证据: the records of a case with the part of the audit chain they stand in, as one file."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from services.applications.models import Application
from services.audit.models import AuditEntry
from services.core.crypto import FieldCipher
from services.core.errors import NotFound
from services.core.sql import Statement
from services.evidence.beginning import beginning
from services.evidence.models import CaseEvidence

_ADDRESSES = Statement(
    "SELECT address_sealed FROM risk_decision WHERE account_id = :account_id AND application_id = :application_id"
    " AND address_sealed IS NOT NULL"
)
_ADDRESS_CONTEXT = "risk_decision.address"


def export(session: Session, case_no: str) -> dict[str, Any]:
    """Everything needed to check a case without the database. Raises NotFound while there is no evidence of it."""
    case = session.scalar(select(Application).where(Application.case_no == case_no))
    rows = _written(session, case) if case is not None else []
    if not rows:
        raise NotFound("这笔业务没有证据：单号不对，或者还没有办结。", code="evidence.none")
    return {
        "case_no": case_no,
        "evidence": [
            {"record": row.record, "digest": _hex(row.digest), "mac": _hex(row.mac), "seq": row.audit_seq}
            for row in rows
        ],
        "entries": [_entry(entry) for entry in _entries(session, rows)],
    }


def addresses(session: Session, cipher: FieldCipher, case_no: str) -> list[str]:
    """From where the case was confirmed, opened: for a dispute only."""
    case = session.scalar(select(Application).where(Application.case_no == case_no))
    if case is None:
        return []
    rows = _ADDRESSES.all(session, {"account_id": case.account_id, "application_id": case.application_id})
    return sorted({cipher.open(bytes(row.address_sealed), _ADDRESS_CONTEXT) for row in rows})


def _written(session: Session, case: Application) -> list[CaseEvidence]:
    statement = select(CaseEvidence).where(
        CaseEvidence.account_id == case.account_id,
        CaseEvidence.application_id == case.application_id,
        CaseEvidence.written_at.is_not(None),
    )
    return list(session.scalars(statement.order_by(CaseEvidence.version)))


def _entries(session: Session, rows: list[CaseEvidence]) -> list[AuditEntry]:
    """What the records name, and every entry from the submission to the last record, so that the links can be seen."""
    records = [row.record or {} for row in rows]
    named = {place["seq"] for one in records for place in one["chain"]}
    begun = [place["seq"] for place in map(beginning, records) if place is not None]
    last = max(row.audit_seq or 0 for row in rows)
    statement = select(AuditEntry).where(
        AuditEntry.account_id == rows[0].account_id,
        AuditEntry.seq.in_(named) | AuditEntry.seq.between(min(begun, default=last), last),
    )
    return list(session.scalars(statement.order_by(AuditEntry.seq)))


def _entry(entry: AuditEntry) -> dict[str, Any]:
    return {
        "seq": entry.seq,
        "at": entry.at.isoformat(timespec="microseconds"),
        "actor": entry.actor,
        "action": entry.action,
        "subject": entry.subject,
        "detail": entry.detail,
        "previous_hash": _hex(entry.previous_hash),
        "hash": _hex(entry.hash),
    }


def _hex(value: bytes | None) -> str:
    return bytes(value or b"").hex()
