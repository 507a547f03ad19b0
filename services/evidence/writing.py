"""Writing evidence 写入证据: soon after a case ended, once, with its hash in the account's audit chain."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

import structlog
from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from services.applications.models import Application
from services.audit.service import record
from services.core.clock import Clock
from services.core.crypto import FieldCipher
from services.core.db import Sessions, transaction
from services.core.sql import Statement
from services.evidence.gathering import gather
from services.evidence.models import CaseEvidence
from services.evidence.sealing import WRITTEN, digest_of_record, mark

AT_ONCE = 25
"""Every few seconds: in a rush the money and the messages that people wait for go first."""
FIRST_PAUSE, LONGEST_PAUSE = timedelta(minutes=1), timedelta(hours=6)
log = structlog.get_logger(__name__)
_OF_KEY = "account_id = :account_id AND application_id = :application_id AND version = :version"
_CLAIM = Statement(
    f"SELECT version FROM case_evidence WHERE {_OF_KEY} AND written_at IS NULL FOR UPDATE SKIP LOCKED"  # noqa: S608
)
_WRITE = Statement(
    "UPDATE case_evidence SET record = :record, digest = :digest, mac = :mac, audit_seq = :audit_seq,"  # noqa: S608
    f" written_at = :written_at WHERE {_OF_KEY}",
    json=("record",),
)


def _unwritten() -> Select[UUID, UUID, int]:
    key = (CaseEvidence.account_id, CaseEvidence.application_id, CaseEvidence.version)
    return select(*key).where(CaseEvidence.written_at.is_(None))


class EvidenceWriting:
    """Writes what is due; a case whose evidence cannot be written keeps no other from its own."""

    def __init__(self, sessions: Sessions, clock: Clock, cipher: FieldCipher) -> None:
        self._sessions = sessions
        self._clock = clock
        self._cipher = cipher

    def take_up(self) -> int:
        """The next cases that ended; how many were written. Every few seconds.

        What failed before comes after all that did not, and only when its time has come.
        """
        due = _unwritten().where(
            CaseEvidence.again_at.is_(None) | (CaseEvidence.again_at <= self._clock.now())
        )
        return self._write_all(due.order_by(CaseEvidence.tries, CaseEvidence.ended_at).limit(AT_ONCE))

    def write_case(self, case_no: str) -> int:
        """A case that somebody asks for, whatever happened before; how many of its records were written."""
        its = select(Application.application_id).where(Application.case_no == case_no)
        return self._write_all(_unwritten().where(CaseEvidence.application_id.in_(its)))

    def _write_all(self, due: Select[UUID, UUID, int]) -> int:
        with transaction(self._sessions) as session:
            rows = session.execute(due).all()
        return sum(self._write(*row) for row in rows)

    def _write(self, account_id: UUID, application_id: UUID, version: int) -> bool:
        key = {"account_id": account_id, "application_id": application_id, "version": version}
        try:
            with transaction(self._sessions) as session:
                mine = _CLAIM.first(session, key)
                if mine is not None:
                    self._write_claimed(session, key)
                return mine is not None
        except Exception as fault:  # whatever it is, the others' evidence does not wait for this one's
            log.warning("evidence.not_written", version=version, fault=type(fault).__name__)
            self._put_off((account_id, application_id, version))
            return False

    def _put_off(self, key: tuple[UUID, UUID, int]) -> None:
        """Later, twice as late each time. Where the database cannot take this either, the round ends."""
        with transaction(self._sessions) as session:
            row = session.get(CaseEvidence, key, with_for_update={"skip_locked": True})
            if row is not None and row.written_at is None:
                row.tries += 1
                row.again_at = self._clock.now() + min(
                    FIRST_PAUSE * 2 ** min(row.tries - 1, 16), LONGEST_PAUSE
                )

    def _write_claimed(self, session: Session, key: dict[str, Any]) -> None:
        """The head of the chain is locked last, as everywhere."""
        now = self._clock.now()
        found = gather(session, **key)
        digest = digest_of_record(found)
        seq = record(
            session,
            key["account_id"],
            WRITTEN,
            actor="system",
            subject=str(key["application_id"]),
            at=now,
            detail={"case_no": found["case_no"], "version": key["version"], "digest": digest.hex()},
        )
        proof = {"record": found, "digest": digest, "mac": mark(self._cipher, digest), "audit_seq": seq}
        _WRITE.run(session, {**key, **proof, "written_at": now})
