"""Asking for a transfer 申请转入, calling it back, and taking what two people have looked at."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from services.accounts.service import require_paying
from services.applications.models import Application
from services.applications.service import move
from services.applications.states import PLAIN_STATES
from services.audit.service import record
from services.core.clock import shanghai_day
from services.core.crypto import FieldCipher
from services.core.errors import Conflict
from services.core.jobs import defer
from services.ledger.service import lock_balance
from services.transfers.booking import credit_held, waiting_fen
from services.transfers.models import TransferIn
from services.transfers.moving import advance, locked, shown, transfer_of
from services.transfers.numbers import money_no, next_letter_no
from services.transfers.states import TRANSFER_STATES, WITHDRAWABLE

JOB, QUEUE = "transfers.tend", "settlement"
FORMER_CONTEXT = "transfer.former_account_no"


class UnderWay(Conflict):
    """The other centre has begun to pay; it cannot be called back any more."""

    code, title = "transfer.under_way", "不能撤销了"
    detail = "对方中心已经同意转出，钱正在路上，现在不能撤销。钱到账后会马上记入您的账户。"


@dataclass(frozen=True, slots=True)
class Wish:
    """Which centre hands the account over, its number there if the member knows it, and how long it may take."""

    centre_code: str
    centre_name: str
    former_account_no: str
    node: str
    expected_days: int


def request_transfer(
    session: Session, cipher: FieldCipher, application: Application, wish: Wish, at: datetime, *, actor: str
) -> TransferIn:
    """Write the letter and the job that sends it, in the confirmation's transaction. Raises AccountNotUsable."""
    require_paying(session, application.account_id)
    today = shanghai_day(at)
    letter_no = next_letter_no(session, wish.node, today)
    former = cipher.seal(wish.former_account_no, FORMER_CONTEXT) if wish.former_account_no else None
    row = TransferIn(
        account_id=application.account_id,
        application_id=application.application_id,
        case_no=application.case_no,
        letter_no=letter_no,
        money_no=money_no(letter_no),
        state=TRANSFER_STATES.initial,
        centre_code=wish.centre_code,
        centre_name=wish.centre_name,
        former_sealed=former,
        written_on=today,
        expected_on=today + timedelta(days=wish.expected_days),
        attempts=0,
        look_again_at=at,
        reason="",
        created_at=at,
        updated_at=at,
    )
    session.add(row)
    session.flush()
    _begin(session, application, row, at, actor)
    defer_tending(session, row)
    return row


def _begin(session: Session, application: Application, row: TransferIn, at: datetime, actor: str) -> None:
    application.result = {**application.result, "transfer": shown(row)}
    session.flush()  # the state is moved by a statement of its own
    move(session, application, PLAIN_STATES, "forward", actor=actor, at=at)
    record(
        session,
        row.account_id,
        "transfer.requested",
        actor=actor,
        subject=str(row.application_id),
        at=at,
        detail={"letter_no": row.letter_no, "centre": row.centre_code, "case_no": row.case_no},
    )


def defer_tending(session: Session, row: TransferIn, delay_s: float | None = None) -> None:
    """Plan the next step of a transfer."""
    defer(
        session,
        JOB,
        QUEUE,
        queueing_lock=f"transfer:{row.application_id}",
        delay_s=delay_s,
        account_id=row.account_id,
        application_id=row.application_id,
    )


def withdraw(session: Session, application: Application, at: datetime) -> None:
    """The member calls the letter back: at once if it never left, else when the other centre has said so.

    Raises UnderWay once money is on its way. The caller has locked the account.
    """
    row = locked(session, application.account_id, application.application_id)
    if row.state not in WITHDRAWABLE:
        raise UnderWay
    if row.state == "ready" and not row.attempts:
        return advance(session, row, "withdraw", at, actor="member")
    row.look_again_at = at
    advance(session, row, "withdraw_sent", at, actor="member")
    return defer_tending(session, row)


def accept_differing(session: Session, application: Application, at: datetime, *, actor: str) -> None:
    """Two people say that what came is right although the letter says another sum: it is the member's."""
    row = transfer_of(session, application)
    if row is None or row.state != "differs":
        raise Conflict(code="application.state_changed")
    lock_balance(session, row.account_id)
    if not waiting_fen(session, row):
        raise Conflict("这笔钱已经被对方收回，没有可以入账的。", code="transfer.nothing_there")
    credit_held(session, row, at, event="accept", actor=actor)
