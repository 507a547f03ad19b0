"""Asking other departments 数据共享: with consent and purpose, recorded, and not twice within minutes."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from services.audit.service import record
from services.core.clock import Clock
from services.core.crypto import FieldCipher
from services.core.db import Sessions, transaction
from services.core.ids import new_id
from services.datasharing.models import ShareCall
from services.datasharing.ports import ShareAnswer, ShareRequest, SharingGateway
from services.members.identity import person_of

FRESH_FOR = timedelta(minutes=10)
KEPT_SERVICES = frozenset(
    {
        "civil.marriage",
        "credit.loan",
        "elevator.filing",
        "estate.ownership",
        "housing.contract",
        "police.household",
        "property.bill",
        "social.status",
        "tax.deed",
    }
)
"""Answers that may serve the quote and the application alike; a photo or a card check is asked anew."""


@dataclass(frozen=True, slots=True)
class Question:
    """What to ask about one member, why, and under which consent."""

    account_id: UUID
    service: str
    purpose: str
    case_id: str
    consent_id: UUID
    params: Mapping[str, Any]


class DataSharing:
    """Asks through the gateway, outside any transaction, and records every question."""

    def __init__(
        self, sessions: Sessions, clock: Clock, cipher: FieldCipher, gateway: SharingGateway
    ) -> None:
        self._sessions = sessions
        self._clock = clock
        self._cipher = cipher
        self._gateway = gateway

    def ask(self, question: Question) -> ShareAnswer:
        """The answer; a fresh one of the last minutes serves again. Never raises for outside trouble."""
        params_mac = self._cipher.look_up(
            json.dumps(dict(question.params), sort_keys=True), "share_call.params"
        )
        with transaction(self._sessions) as session:
            kept = self._recent(session, question, params_mac)
            person = person_of(session, self._cipher, question.account_id)
        if kept is not None:
            return kept
        call_id = new_id()
        answer = self._gateway.ask(
            question.service,
            ShareRequest(
                str(call_id),
                question.case_id,
                question.purpose,
                str(question.consent_id),
                person.name,
                person.id_no,
                question.params,
            ),
        )
        with transaction(self._sessions) as session:
            self._write(session, call_id, question, params_mac, answer)
        return answer

    def _recent(self, session: Session, question: Question, params_mac: bytes) -> ShareAnswer | None:
        if question.service not in KEPT_SERVICES:
            return None
        call = session.scalar(
            select(ShareCall)
            .where(
                ShareCall.account_id == question.account_id,
                ShareCall.service == question.service,
                ShareCall.params_mac == params_mac,
                ShareCall.status == "ok",
                ShareCall.asked_at > self._clock.now() - FRESH_FOR,
            )
            .order_by(ShareCall.asked_at.desc())
            .limit(1)
        )
        if call is None or call.data_sealed is None:
            return None
        return ShareAnswer(
            "ok", call.as_of, json.loads(self._cipher.open(call.data_sealed, "share_call.data"))
        )

    def _write(
        self, session: Session, call_id: UUID, question: Question, params_mac: bytes, answer: ShareAnswer
    ) -> None:
        keep = question.service in KEPT_SERVICES and answer.status == "ok"
        data = json.dumps(dict(answer.data), ensure_ascii=False)
        now = self._clock.now()
        session.add(
            ShareCall(
                account_id=question.account_id,
                call_id=call_id,
                service=question.service,
                purpose=question.purpose,
                case_id=question.case_id,
                consent_id=question.consent_id,
                params_mac=params_mac,
                status=answer.status,
                as_of=answer.as_of,
                asked_at=now,
                data_sealed=self._cipher.seal(data, "share_call.data") if keep else None,
            )
        )
        record(
            session,
            question.account_id,
            "data.asked",
            actor="system",
            subject=question.service,
            at=now,
            detail={"purpose": question.purpose, "case_id": question.case_id, "status": answer.status},
        )
