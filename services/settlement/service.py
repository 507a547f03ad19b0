"""Payment instructions 付款指令: created with the approval, sent once, followed to their end.

An instruction whose fate is unknown is never sent anew (docs/adr/0008).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import chain
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from services.accounts.rules import FROZEN
from services.accounts.service import account_of
from services.core.clock import Clock, shanghai_day
from services.core.crypto import FieldCipher
from services.core.errors import Conflict
from services.core.jobs import call_off
from services.core.sql import Statement, forget
from services.ledger.service import lock_balance, proven_by
from services.settlement.calling_back import locked_since, never_left
from services.settlement.locked import lock_instruction, move
from services.settlement.models import BankNotice, PaymentInstruction
from services.settlement.movements import CLAIMABLE, case_number_in, change_key
from services.settlement.ordering import ASK
from services.settlement.payees import open_payee
from services.settlement.ports import (
    AccountChange,
    KnownPayer,
    OtherOrder,
    OtherOrders,
    PaymentListener,
    PaymentOrder,
    PaymentRef,
    PayReply,
    QueryReply,
)
from services.settlement.strays import stray_debits

_TAIL = 4
_OWNER = Statement(
    "SELECT account_id, instruction_id, state, amount_fen FROM payment_instruction"
    " WHERE instruction_no = :instruction_no"
)
_EARLY_RETURN = Statement(
    "SELECT notice_key FROM bank_notice WHERE instruction_no = :instruction_no AND direction = 'credit'"
    " AND amount_fen = :amount_fen AND outcome = 'break' ORDER BY received_at LIMIT 1"
)
_STORE = Statement(
    "INSERT INTO bank_notice (notice_key, host_seq_no, direction, amount_fen, day, raw_sealed, outcome,"
    " instruction_no, received_at) VALUES (:notice_key, :host_seq_no, :direction, :amount_fen, :day, :raw_sealed,"
    " 'received', :instruction_no, :received_at) ON CONFLICT DO NOTHING"
)
_JUDGED = Statement("UPDATE bank_notice SET outcome = :outcome WHERE notice_key = :notice_key")


@dataclass(frozen=True, slots=True)
class Owner:
    """Whose payment a movement's number is of, as read without a lock."""

    account_id: UUID
    instruction_id: UUID
    state: str
    amount_fen: int


class Settlement:
    """Use cases of settlement; each runs in the caller's transaction and locks the account first."""

    def __init__(
        self,
        cipher: FieldCipher,
        clock: Clock,
        listener: PaymentListener,
        others: Sequence[OtherOrders] = (),
        payers: Sequence[KnownPayer] = (),
    ) -> None:
        self._cipher = cipher
        self._clock = clock
        self._listener = listener
        self._others = others
        self._payers = payers

    def begin_dispatch(
        self, session: Session, account_id: UUID, instruction_id: UUID, bank_day: date
    ) -> PaymentOrder | None:
        """Mark the instruction as going out and return what to send; commit before the call to the bank.

        It goes out under the bank's business day, which is ahead of ours after an early cut-off.

        None when there is nothing to send. An instruction found in `sending` was cut off in the middle:
        it may be at the bank, so it becomes unknown and is asked for.
        """
        instruction = self._locked(session, account_id, instruction_id)
        if instruction.state == "sending":
            self._lose(session, instruction, "interrupted")
        if instruction.state != "ready" or not self._due(session, instruction):
            return None
        instruction.attempts += 1
        instruction.sent_on = max(bank_day, shanghai_day(self._clock.now()), instruction.sent_on or bank_day)
        self._move(session, instruction, "dispatch")
        if instruction.attempts == 1:
            self._listener.sending(session, self._ref(instruction))
        return self._order(instruction)

    def _due(self, session: Session, instruction: PaymentInstruction) -> bool:
        """Whether it may go now. One that waited stays while the account is frozen: a day may bring a court's order."""
        if instruction.due_at is None or instruction.attempts:
            return True
        frozen = account_of(session, instruction.account_id).state == FROZEN
        return self._clock.now() >= instruction.due_at and not frozen

    def record_reply(
        self, session: Session, account_id: UUID, instruction_id: UUID, reply: PayReply
    ) -> PaymentInstruction:
        """Write down what BDC101 brought; the instruction as it is then.

        A notice may have come first: then the instruction is past `sending`.
        """
        instruction = self._locked(session, account_id, instruction_id)
        if instruction.state != "sending":
            return instruction
        instruction.reply = f"{reply.outcome}:{reply.code}"[:120]
        instruction.host_seq_no = reply.host_seq_no
        if reply.outcome == "accepted":
            self._accept(session, instruction)
        elif reply.outcome == "rejected":
            self._reject(session, instruction, reply.code, "reject")
        elif reply.outcome == "not_sent":
            self._not_sent(session, instruction, reply)
        else:
            self._lose(session, instruction, reply.code)
        return instruction

    def record_query(
        self, session: Session, account_id: UUID, instruction_id: UUID, reply: QueryReply
    ) -> str:
        """Write down what BDC110 brought; returns the instruction's state afterwards."""
        instruction = self._locked(session, account_id, instruction_id)
        if instruction.state == "unknown" and reply.outcome == "success":
            instruction.host_seq_no = reply.host_seq_no
            self._accept(session, instruction)
        elif instruction.state in ("unknown", "accepted") and reply.outcome == "failed":
            self._reject(session, instruction, reply.code, "reject")
        return instruction.state

    def give_up_after_cutoff(self, session: Session, account_id: UUID, instruction_id: UUID) -> None:
        """The node closed the day and its statement does not hold the payment: it will never be paid."""
        instruction = self._locked(session, account_id, instruction_id)
        if instruction.state == "unknown":
            self._reject(session, instruction, "absent_after_cutoff", "absent_after_cutoff")

    def record_change(self, session: Session, change: AccountChange) -> str:
        """Store one account movement once and settle what it proves; returns how it was classified."""
        instruction_no, key = case_number_in(change), change_key(change)
        moves = change.amount_fen > 0  # a line of no money is kept for a person, and is nobody's
        owner = self._owner(session, instruction_no) if moves else None
        asked = moves and owner is None
        orders, other = self._other(session, change, instruction_no) if asked else (None, None)
        known = owner or other
        if known is not None:
            lock_balance(session, known.account_id)
        if not _STORE.run(session, self._stored(change, key, instruction_no)):
            return "duplicate"
        with proven_by(session, key):
            outcome = (
                orders.apply(session, change, other) if orders else self._apply_change(session, change, owner)
            )
        session.flush()
        _JUDGED.run(session, {"notice_key": key, "outcome": outcome})
        forget(session, BankNotice, (key,))
        return outcome

    def _apply_change(self, session: Session, change: AccountChange, owner: Owner | None) -> str:
        if owner is None:
            return "unmatched"
        instruction = lock_instruction(session, owner.account_id, owner.instruction_id)
        if instruction.amount_fen != change.amount_fen:
            return "amount_differs"
        if change.direction == "debit" and not self._to_the_payee(instruction, change):
            return "payee_differs"
        if change.direction == "debit" and instruction.state in ("sending", "unknown", "accepted"):
            instruction.host_seq_no = change.host_seq_no
            self._move(session, instruction, "pay")
            self._listener.paid(session, self._ref(instruction, change.host_seq_no))
            call_off(session, f"{ASK}{instruction.instruction_id}")
            self._take_early_return(session, instruction)
            return "paid"
        told = instruction.state in ("paid", "returned") and instruction.host_seq_no == change.host_seq_no
        if change.direction == "debit" and told:
            return "confirmed"
        if change.direction == "credit" and instruction.state == "paid":
            if stray_debits(session, instruction.instruction_no, instruction.amount_fen) > 0:
                return "break"  # it answers one of those, as far as anybody knows
            self._come_back(session, instruction, change.host_seq_no)
            return "came_back"
        return "break"

    def may_claim(self, session: Session, instruction_no: str, amount_fen: int) -> UUID | None:
        """The account whose payment money that came in without a number may be the return of, if it may."""
        owner = self._owner(session, instruction_no)
        fits = owner is not None and owner.state == "paid" and owner.amount_fen == amount_fen
        return owner.account_id if owner is not None and fits else None

    def claim(self, session: Session, notice_key: bytes, instruction_no: str) -> None:
        """Two people say that a credit which nobody owns is the return 退汇 of a payment: paid → returned."""
        owner = self._owner(session, instruction_no)
        assert owner is not None
        instruction = self._locked(session, owner.account_id, owner.instruction_id)
        notice = session.get_one(BankNotice, notice_key, with_for_update=True, populate_existing=True)
        came = (notice.direction, notice.amount_fen)
        if notice.outcome not in CLAIMABLE or came != ("credit", instruction.amount_fen):
            raise Conflict
        notice.outcome, notice.instruction_no = "came_back", instruction_no
        with proven_by(session, notice_key):
            self._come_back(session, instruction, notice.host_seq_no)

    def _to_the_payee(self, instruction: PaymentInstruction, change: AccountChange) -> bool:
        """Whether the money went to the card of the order, as far as the bank says where it went."""
        paid_to = change.counter_account_no[-_TAIL:]
        return not paid_to or open_payee(self._cipher, instruction.payee_sealed).account_no.endswith(paid_to)

    def _take_early_return(self, session: Session, instruction: PaymentInstruction) -> None:
        """A return that was told before its payment stands there as a break; now it is proven.

        Not one that answers a stray debit.
        """
        number, fen = instruction.instruction_no, instruction.amount_fen
        found = _EARLY_RETURN.first(session, {"instruction_no": number, "amount_fen": fen})
        if found is None or stray_debits(session, number, fen) >= 0:
            return
        early = session.get_one(BankNotice, found.notice_key)
        early.outcome = "came_back"
        with proven_by(session, early.notice_key):
            self._come_back(session, instruction, early.host_seq_no)

    def _stored(self, change: AccountChange, key: bytes, instruction_no: str | None) -> dict[str, Any]:
        return {
            "notice_key": key,
            "host_seq_no": change.host_seq_no,
            "direction": change.direction,
            "amount_fen": change.amount_fen,
            "day": change.day,
            "raw_sealed": self._cipher.seal(change.raw, "bank_notice.raw"),
            "instruction_no": instruction_no,
            "received_at": self._clock.now(),
        }

    def _other(
        self, session: Session, change: AccountChange, instruction_no: str | None
    ) -> tuple[OtherOrders | KnownPayer, OtherOrder] | tuple[None, None]:
        numbered = ((orders, orders.owner(session, instruction_no)) for orders in self._others)
        known = ((payer, payer.payer(session, change)) for payer in self._payers)
        asked: Iterator[tuple[OtherOrders | KnownPayer, OtherOrder | None]] = chain(numbered, known)
        return next(((orders, found) for orders, found in asked if found is not None), (None, None))

    @staticmethod
    def _owner(session: Session, instruction_no: str | None) -> Owner | None:
        if instruction_no is None:
            return None
        row = _OWNER.first(session, {"instruction_no": instruction_no})
        return None if row is None else Owner(*row)

    @staticmethod
    def _locked(session: Session, account_id: UUID, instruction_id: UUID) -> PaymentInstruction:
        lock_balance(session, account_id)
        return lock_instruction(session, account_id, instruction_id)

    def _move(self, session: Session, instruction: PaymentInstruction, event: str) -> None:
        move(session, instruction, event, self._clock.now())

    def _come_back(self, session: Session, instruction: PaymentInstruction, host_seq_no: str) -> None:
        self._move(session, instruction, "come_back")
        self._listener.came_back(session, self._ref(instruction, host_seq_no))

    def _accept(self, session: Session, instruction: PaymentInstruction) -> None:
        self._move(session, instruction, "accept")
        self._listener.accepted(session, self._ref(instruction, instruction.host_seq_no))

    def _reject(self, session: Session, instruction: PaymentInstruction, code: str, event: str) -> None:
        self._move(session, instruction, event)
        self._listener.rejected(session, self._ref(instruction, code))

    def _not_sent(self, session: Session, instruction: PaymentInstruction, reply: PayReply) -> None:
        """It may go again, unless the member has locked the account meanwhile and the bank had nothing of it."""
        instruction.unwritten += not reply.written
        self._move(session, instruction, "not_sent")
        if never_left(instruction) and locked_since(session, instruction, self._clock.now()):
            self._move(session, instruction, "cancel")
            self._listener.called_back(session, self._ref(instruction))

    def _lose(self, session: Session, instruction: PaymentInstruction, code: str) -> None:
        self._move(session, instruction, "lose")
        self._listener.unclear(session, self._ref(instruction, code))

    def _ref(self, instruction: PaymentInstruction, note: str | None = None) -> PaymentRef:
        return PaymentRef(
            instruction.account_id,
            instruction.application_id,
            instruction.instruction_id,
            instruction.amount_fen,
            self._clock.now(),
            note,
        )

    def _order(self, instruction: PaymentInstruction) -> PaymentOrder:
        payee = open_payee(self._cipher, instruction.payee_sealed)
        assert instruction.sent_on is not None
        return PaymentOrder(
            instruction_no=instruction.instruction_no,
            sent_on=instruction.sent_on,
            settle_type=instruction.settle_type,
            bus_type=instruction.bus_type,
            amount_fen=instruction.amount_fen,
            capital_fen=instruction.capital_fen,
            interest_fen=instruction.interest_fen,
            payee_account_no=payee.account_no,
            payee_name=payee.name,
            payee_bank_code=payee.bank_code,
            payee_bank_name=payee.bank_name,
            same_bank=payee.same_bank,
            interbank_no=payee.interbank_no,
            summary=instruction.summary,
        )
