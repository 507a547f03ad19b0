"""Charging the repayment card 从还款卡扣款: a deduction for a loan, and what of the fund waits beside it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from services.applications.case_numbers import CaseNumbers
from services.core.clock import shanghai_day
from services.core.crypto import FieldCipher
from services.ledger.chart import MEMBER_FUND, WITHDRAWAL_PAYABLE
from services.ledger.service import Entry, Line, post
from services.loans.booking import Paid, split
from services.loans.cards import card_of
from services.loans.contract import CARD_CONTEXT
from services.loans.models import Loan, LoanCard
from services.members.identity import person_of
from services.policies.service import PolicyBook
from services.settlement.deductions.models import Deduction
from services.settlement.deductions.service import NewDeduction, order_deduction
from services.settlement.payees import Payee, seal_payee

MODULE = "53"
"""Begins the numbers of deductions that no case asked for; a case's deduction bears the number of its case."""
_SAME_BANK, _OTHER_BANK, _OTHER_BANK_LATER = "1", "2", "3"


@dataclass(frozen=True, slots=True)
class Charge:
    """What is to be paid on a day, by parts; `held_fen` of it by the fund, the rest by the card."""

    purpose: str
    paid: Paid
    valued_on: date
    held_fen: int = 0
    number: str | None = None
    application_id: UUID | None = None
    terms: Mapping[str, Any] = field(default_factory=dict)


class Cards:
    """Charges repayment cards."""

    def __init__(
        self, cipher: FieldCipher, policies: PolicyBook, numbers: CaseNumbers, pay_bank_code: str
    ) -> None:
        self._cipher = cipher
        self._policies = policies
        self._numbers = numbers
        self._pay_bank_code = pay_bank_code

    def charge(self, session: Session, loan: Loan, wish: Charge, at: datetime) -> Deduction:
        """Order the deduction and put the fund's part on hold. The caller has locked the account and the loan.

        Raises DeductionUnderWay, BalanceInsufficient.
        """
        part = split(wish.paid, wish.held_fen)[1] if wish.held_fen else wish.paid
        card = card_of(session, loan.account_id, loan.loan_id)
        number = wish.number or self._numbers.next(MODULE, shanghai_day(at))
        row = order_deduction(
            session,
            NewDeduction(
                account_id=loan.account_id,
                loan_id=loan.loan_id,
                instruction_no=number,
                purpose=wish.purpose,
                principal_fen=part.principal_fen,
                interest_fen=part.interest_fen,
                penalty_fen=part.penalty_fen,
                valued_on=wish.valued_on,
                settle_type=self._settle_type(session, card, part.amount_fen, at),
                payer_sealed=self._payer(session, card, at),
                tail4=card.tail4,
                loan_no=loan.contract_no,
                summary=f"{wish.paid.summary}{number}",
                held_fen=wish.held_fen,
                application_id=wish.application_id,
                terms={**wish.terms, "plan_version": loan.plan_version},
            ),
            at,
        )
        if wish.held_fen:
            lines = (Line(MEMBER_FUND, wish.held_fen), Line(WITHDRAWAL_PAYABLE, -wish.held_fen))
            _post(session, row, "hold", f"{wish.paid.summary}，等银行卡扣款", lines, at)
        return row

    def _settle_type(self, session: Session, card: LoanCard, fen: int, at: datetime) -> str:
        if card.bank_code == self._pay_bank_code:
            return _SAME_BANK
        limit = self._policies.on(session, shanghai_day(at)).integer("withdrawal.other_bank_realtime_fen")
        return _OTHER_BANK if fen <= limit else _OTHER_BANK_LATER

    def _payer(self, session: Session, card: LoanCard, at: datetime) -> bytes:
        number = self._cipher.open(card.card_no_sealed, CARD_CONTEXT)
        name = person_of(session, self._cipher, card.account_id).name
        ways = self._policies.on(session, shanghai_day(at)).values["settlement.interbank_no"]
        same_bank = card.bank_code == self._pay_bank_code
        interbank_no = "" if same_bank else ways.get(card.bank_code, "")
        payer = Payee(number, name, card.bank_code, card.bank_name, same_bank, interbank_no)
        return seal_payee(self._cipher, payer)


def release(session: Session, row: Deduction, at: datetime) -> None:
    """Give the fund's part back: the card paid nothing (Dr 219, Cr 201)."""
    if row.held_fen:
        lines = (Line(WITHDRAWAL_PAYABLE, row.held_fen), Line(MEMBER_FUND, -row.held_fen))
        _post(session, row, "release", "还贷没有扣成，退回账户", lines, at)


def _post(
    session: Session, row: Deduction, step: str, summary: str, lines: tuple[Line, Line], at: datetime
) -> None:
    entry = Entry(f"deduction:{row.deduction_id}:{step}", "loan_offset", summary, lines)
    post(session, row.account_id, entry, at)


def note_booked(row: Deduction, refs: list[str]) -> None:
    """The loan's bookings that a deduction made (invariant i50)."""
    row.terms = {**row.terms, "booked": refs}
