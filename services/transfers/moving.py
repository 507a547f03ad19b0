"""Moving a transfer 流转: the transfer, its application, the audit trail and the member's word, in one transaction."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from services.applications.models import Application
from services.applications.service import load, move
from services.applications.states import PLAIN_STATES
from services.audit.service import record
from services.core.clock import shanghai_iso
from services.core.outbox import emit
from services.ledger.service import lock_balance
from services.transfers.models import TransferIn
from services.transfers.states import TRANSFER_STATES

_ENDS = {"credited": "complete", "refused": "refuse", "withdrawn": "cancel", "differs": "require_review"}
"""What a state of the transfer makes of its application; in every other one the application waits."""
_TURN_TO = "可以拨打 12329，或联系转出地中心核对。"


def locked(session: Session, account_id: UUID, application_id: UUID) -> TransferIn:
    """The transfer under its account's lock."""
    lock_balance(session, account_id)
    return session.get_one(
        TransferIn, (account_id, application_id), with_for_update=True, populate_existing=True
    )


def transfer_of(session: Session, application: Application) -> TransferIn | None:
    """The transfer an application has begun."""
    return session.get(TransferIn, (application.account_id, application.application_id))


def by_letter(session: Session, letter_no: str) -> TransferIn | None:
    """The transfer of a letter's number."""
    return session.scalar(select(TransferIn).where(TransferIn.letter_no == letter_no))


def advance(
    session: Session, row: TransferIn, event: str, at: datetime, *, actor: str, note: str | None = None
) -> None:
    """Take one edge, and the application with it; raises IllegalTransition when there is no such edge."""
    row.state, row.updated_at = TRANSFER_STATES.target(row.state, event), at
    if row.state == "credited":
        row.credited_at = at
    if row.state in TRANSFER_STATES.terminal:
        row.look_again_at, row.former_sealed = None, None
    application = load(session, row.account_id, row.application_id, lock=True)
    application.result = {**application.result, "transfer": shown(row)}
    if row.state == "refused":
        application.result = {**application.result, "refusals": [_refusal(row)]}
    session.flush()  # the state is moved by a statement of its own
    _move_application(session, row, application, at, actor, note)
    detail = {"letter_no": row.letter_no, "state": row.state, "event": event}
    record(
        session,
        row.account_id,
        "transfer.moved",
        actor=actor,
        subject=str(row.application_id),
        at=at,
        detail=detail,
    )


def _move_application(
    session: Session,
    row: TransferIn,
    application: Application,
    at: datetime,
    actor: str,
    note: str | None,
) -> None:
    if application.state in PLAIN_STATES.terminal:
        return  # two people have decided it at the desk
    event = _ENDS.get(row.state, "progress")
    move(session, application, PLAIN_STATES, event, actor=actor, at=at, note=note)


def shown(row: TransferIn) -> dict[str, Any]:
    """What the application's page needs to know of its transfer; no personal data."""
    return {
        "stage": row.state,
        "stage_text": TRANSFER_STATES.labels[row.state],
        "centre": row.centre_name,
        "letter_no": row.letter_no,
        "expected_on": row.expected_on.isoformat(),
        "asked_at": _iso(row.asked_at),
        "answered_at": _iso(row.answered_at),
        "credited_at": _iso(row.credited_at),
        "letter_fen": row.amount_fen,
    }


def _iso(at: datetime | None) -> str | None:
    return shanghai_iso(at) if at else None


def _refusal(row: TransferIn) -> dict[str, Any]:
    return {
        "code": "transfer.refused_there",
        "rule": "转出地中心同意转出",
        "article": "全国住房公积金异地转移接续业务操作规程",
        "fact": row.reason,
        "source": row.centre_name,
        "change": "按对方中心说的原因处理好以后，可以重新申请",
        "text": f"{row.centre_name}答复：{row.reason}。您原账户的钱没有动。",
        "next_on": None,
        "turn_to": _TURN_TO,
    }


def refuse(session: Session, row: TransferIn, reason: str, at: datetime, *, actor: str) -> None:
    """The letter has come to nothing; the member is told why."""
    row.reason = (reason or "对方没有说明原因")[:60]
    advance(session, row, "refuse", at, actor=actor, note=row.reason)
    if row.state == "refused":
        tell(session, row, "transfer.refused", at, reason=row.reason)


def tell(session: Session, row: TransferIn, topic: str, at: datetime, **more: Any) -> None:
    """Write the event the member is told of."""
    application = load(session, row.account_id, row.application_id)
    payload = {
        "application_id": str(row.application_id),
        "item_name": application.quote["item_name"],
        "centre": row.centre_name,
        **more,
    }
    emit(session, row.account_id, topic, payload, at)
