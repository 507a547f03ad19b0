"""Approving a withdrawal 核准 and following its payment; the journals of each step."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import text
from sqlalchemy.orm import Session

from services.accounts.rules import SEALED
from services.accounts.service import close_account, is_closed, reopen_account, require_paying
from services.applications.models import Application
from services.applications.service import Moved, advance, load, move
from services.audit.service import record
from services.core.clock import shanghai_iso
from services.core.errors import Conflict
from services.core.outbox import emit
from services.ledger.chart import BANK_DEPOSIT, MEMBER_FUND, WITHDRAWAL_PAYABLE
from services.ledger.queries import balance_of
from services.ledger.service import Balance, BalanceInsufficient, Entry, Line, lock_balance, post
from services.settlement.calling_back import call_back, may_call_back
from services.settlement.ordering import NewInstruction, instruct
from services.settlement.ports import PaymentRef
from services.withdrawals.states import UNSENT_STATES, WITHDRAWAL_STATES

_CLOSED_FROM = "closed_from"
_BEFORE = text(
    "SELECT result->>'closed_from' FROM application WHERE account_id = :id AND jsonb_exists(result, 'closed_from')"
    " ORDER BY application_id DESC LIMIT 1"
)


@dataclass(frozen=True, slots=True)
class PaymentTerms:
    """How an approved withdrawal is paid: SettleType, BusType, what must stay in the account, in fen.

    `interest_fen` is the part of the amount that is interest, booked just before an account closes.
    """

    settle_type: str
    bus_type: str
    keep_fen: int
    item_name: str
    interest_fen: int = 0


def approve(
    session: Session, application: Application, terms: PaymentTerms, *, event: str, actor: str, at: datetime
) -> None:
    """Approve in one transaction: state, journal 1 (hold), payment instruction with its job, audit, outbox.

    A payment that is to be made later (`pay_from` of the application's result) is held all the same, and waits.
    Raises AccountNotUsable when the account was closed or frozen since, BalanceInsufficient when
    balance − frozen − kept is too small.
    """
    amount_fen = _amount(application)
    balance = lock_balance(session, application.account_id)
    require_paying(session, application.account_id)
    _refuse_too_much(balance, terms.keep_fen, amount_fen)
    move(session, application, WITHDRAWAL_STATES, event, actor=actor, at=at)
    post(session, application.account_id, _hold(application, amount_fen, terms.item_name), at)
    due_at = _pay_from(application, at)
    assert application.payee_sealed is not None
    instruct(
        session,
        NewInstruction(
            account_id=application.account_id,
            application_id=application.application_id,
            instruction_no=application.case_no,
            amount_fen=amount_fen,
            capital_fen=amount_fen - terms.interest_fen,
            interest_fen=terms.interest_fen,
            settle_type=terms.settle_type,
            bus_type=terms.bus_type,
            payee_sealed=application.payee_sealed,
            summary=f"{terms.item_name}{application.case_no}",
            due_at=due_at,
        ),
        at,
    )
    if due_at is not None:
        _postpone(session, application, due_at, at)
    record(
        session,
        application.account_id,
        "withdrawal.approved",
        actor=actor,
        subject=str(application.application_id),
        at=at,
        detail={"amount_fen": amount_fen, "case_no": application.case_no, **_waits(due_at)},
    )
    emit(
        session,
        application.account_id,
        "withdrawal.approved",
        {"application_id": str(application.application_id)},
        at,
        notify=False,
    )


def _pay_from(application: Application, at: datetime) -> datetime | None:
    """When the payment may go out; None for at once."""
    kept = application.result.get("pay_from")
    due_at = datetime.fromisoformat(kept) if kept else None
    return due_at if due_at is not None and due_at > at else None


def _waits(due_at: datetime | None) -> dict[str, str]:
    return {} if due_at is None else {"due_at": shanghai_iso(due_at)}


def _postpone(session: Session, application: Application, due_at: datetime, at: datetime) -> None:
    """approved → waiting, and the member is told at once how to stop it."""
    move(session, application, WITHDRAWAL_STATES, "postpone", actor="系统", at=at)
    payload = {**_told(application), "pay_from": due_at.isoformat()}
    emit(session, application.account_id, "withdrawal.waiting", payload, at)


def _told(application: Application) -> dict[str, object]:
    return {
        "application_id": str(application.application_id),
        "item_name": application.quote["item_name"],
        "amount_fen": application.amount_fen,
        "tail4": (application.payee or {}).get("tail4", ""),
    }


def stop_waiting(session: Session, application: Application, *, actor: str, at: datetime) -> None:
    """The member calls back a payment that has not gone out.

    The caller has locked the account. Raises IllegalTransition when it has gone out already.
    """
    call_back(session, application.account_id, application.application_id, at)
    _stop(session, application, "cancel", actor, at)


def stop_unsent(session: Session, application: Application, *, actor: str, at: datetime) -> bool:
    """The member's lock calls back a payment of which the bank has had nothing; False when it may have.

    The caller has locked the account.
    """
    if application.state not in UNSENT_STATES:
        return False
    if not may_call_back(session, application.account_id, application.application_id):
        return False
    call_back(session, application.account_id, application.application_id, at)
    _stop(session, application, "call_back", actor, at)
    _note_called_back(session, application, actor, at)
    return True


def _stop(session: Session, application: Application, event: str, actor: str, at: datetime) -> None:
    """The hold goes back (Dr 219, Cr 201) and the member is told; the instruction is for the caller."""
    amount_fen = _amount(application)
    move(session, application, WITHDRAWAL_STATES, event, actor=actor, at=at)
    lines = (Line(WITHDRAWAL_PAYABLE, amount_fen), Line(MEMBER_FUND, -amount_fen))
    entry = Entry(
        f"withdrawal:{application.application_id}:reverse", "withdrawal_reverse", "提取撤销，退回账户", lines
    )
    post(session, application.account_id, entry, at)
    _reopen(session, application, at)
    emit(session, application.account_id, "withdrawal.stopped", _told(application), at)


def _note_called_back(session: Session, application: Application, actor: str, at: datetime) -> None:
    record(
        session,
        application.account_id,
        "withdrawal.called_back",
        actor=actor,
        subject=str(application.application_id),
        at=at,
        detail={"amount_fen": application.amount_fen, "case_no": application.case_no},
    )


def close_with(session: Session, application: Application, reason: str, at: datetime) -> None:
    """Close the account whose whole balance is on hold for this withdrawal; undone when the money comes back."""
    before = close_account(session, application.account_id, reason, at)
    application.result = {**application.result, _CLOSED_FROM: before}
    session.flush()


def _reopen(session: Session, application: Application, at: datetime) -> None:
    """Money is back in an account that a withdrawal has closed, this one or a later one: it is open as before.

    One that was opened again, and perhaps frozen since, stays as it is.
    """
    if not is_closed(session, application.account_id):
        return
    before = application.result.get(_CLOSED_FROM) or session.scalar(_BEFORE, {"id": application.account_id})
    reopen_account(session, application.account_id, before or SEALED, at)


def _amount(application: Application) -> int:
    if application.amount_fen is None or application.amount_fen <= 0:
        raise Conflict(code="withdrawal.no_amount")
    return application.amount_fen


def _refuse_too_much(balance: Balance, keep_fen: int, amount_fen: int) -> None:
    if amount_fen > balance.balance_fen - balance.frozen_fen - keep_fen:
        raise BalanceInsufficient


def _hold(application: Application, amount_fen: int, item_name: str) -> Entry:
    return Entry(
        f"withdrawal:{application.application_id}:hold",
        "withdrawal_hold",
        item_name,
        (Line(MEMBER_FUND, amount_fen), Line(WITHDRAWAL_PAYABLE, -amount_fen)),
    )


class WithdrawalPayments:
    """What a moving payment does to its withdrawal; implements settlement's PaymentListener."""

    def sending(self, session: Session, payment: PaymentRef) -> None:
        """approved or waiting → paying."""
        self._step(session, payment, "dispatch", "系统")

    def accepted(self, session: Session, payment: PaymentRef) -> None:
        """paying or unknown → accepted."""
        self._step(session, payment, "bank_accepted", "银行")

    def unclear(self, session: Session, payment: PaymentRef) -> None:
        """paying → unknown."""
        self._step(session, payment, "timed_out", "系统")

    def rejected(self, session: Session, payment: PaymentRef) -> None:
        """The bank's final no."""
        self._give_back(session, payment, self._advance(session, payment, "bank_rejected", "银行"), "bank")

    def unpaid(self, session: Session, payment: PaymentRef, actor: str) -> None:
        """Two people's word that the bank has not paid."""
        self._give_back(session, payment, self._advance(session, payment, "unpaid", "两位工作人员"), actor)

    def paid(self, session: Session, payment: PaymentRef) -> None:
        """The money left the centre: Dr 219, Cr 101."""
        moved = self._step(session, payment, "bank_paid", "银行")
        lines = (Line(WITHDRAWAL_PAYABLE, payment.amount_fen), Line(BANK_DEPOSIT, -payment.amount_fen))
        post(session, payment.account_id, self._entry(payment, "settle", "提取付款", lines), payment.at)
        self._tell(session, moved, payment, "withdrawal.paid")

    def came_back(self, session: Session, payment: PaymentRef) -> None:
        """The receiving bank sent it back on a later day: Dr 101, Cr 201."""
        application = self._advance(session, payment, "bank_return", "银行")
        lines = (Line(BANK_DEPOSIT, payment.amount_fen), Line(MEMBER_FUND, -payment.amount_fen))
        post(session, payment.account_id, self._entry(payment, "return", "退汇，退回账户", lines), payment.at)
        _reopen(session, application, payment.at)
        moved = Moved(application.quote["item_name"], application.payee)
        self._tell(session, moved, payment, "withdrawal.returned")

    def called_back(self, session: Session, payment: PaymentRef) -> None:
        """The account was locked while it was on its way, and it did not leave: the hold goes back."""
        application = load(session, payment.account_id, payment.application_id, lock=True)
        _stop(session, application, "call_back", "系统", payment.at)
        _note_called_back(session, application, "系统", payment.at)

    def _give_back(self, session: Session, payment: PaymentRef, application: Application, actor: str) -> None:
        """The hold goes back to the member: Dr 219, Cr 201."""
        lines = (Line(WITHDRAWAL_PAYABLE, payment.amount_fen), Line(MEMBER_FUND, -payment.amount_fen))
        post(
            session,
            payment.account_id,
            self._entry(payment, "reverse", "提取未付，退回账户", lines),
            payment.at,
        )
        _reopen(session, application, payment.at)
        moved = Moved(application.quote["item_name"], application.payee)
        self._tell(session, moved, payment, "withdrawal.returned", actor)

    @staticmethod
    def _step(session: Session, payment: PaymentRef, event: str, actor: str) -> Moved:
        key = (payment.account_id, payment.application_id)
        return advance(session, *key, WITHDRAWAL_STATES, event, actor=actor, at=payment.at, note=payment.note)

    @staticmethod
    def _advance(session: Session, payment: PaymentRef, event: str, actor: str) -> Application:
        application = load(session, payment.account_id, payment.application_id, lock=True)
        move(session, application, WITHDRAWAL_STATES, event, actor=actor, at=payment.at, note=payment.note)
        return application

    @staticmethod
    def _entry(payment: PaymentRef, step: str, summary: str, lines: tuple[Line, ...]) -> Entry:
        return Entry(f"withdrawal:{payment.application_id}:{step}", f"withdrawal_{step}", summary, lines)

    @staticmethod
    def _tell(session: Session, moved: Moved, payment: PaymentRef, topic: str, actor: str = "bank") -> None:
        balance = balance_of(session, payment.account_id)
        payload = {
            "application_id": str(payment.application_id),
            "item_name": moved.item_name,
            "amount_fen": payment.amount_fen,
            "tail4": (moved.payee or {}).get("tail4", ""),
            "bank_name": (moved.payee or {}).get("bank_name", ""),
            "balance_fen": balance.balance_fen,
        }
        emit(session, payment.account_id, topic, payload, payment.at)
        record(
            session,
            payment.account_id,
            topic,
            actor=actor,
            subject=str(payment.application_id),
            at=payment.at,
            detail={"amount_fen": payment.amount_fen},
        )


def counted_fen(applications: list[Application], year: int, states: tuple[str, ...]) -> int:
    """Fen of applications submitted in a calendar year and counting against a cap."""
    return sum(a.amount_fen or 0 for a in applications if a.state in states and a.submitted_on.year == year)
