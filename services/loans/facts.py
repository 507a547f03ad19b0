"""Facts of loans 贷款事实: what a decision may rest on; plain values, stored with the application and replayable."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Role = Literal["borrower", "co_borrower"]


@dataclass(frozen=True, slots=True)
class Repaid:
    """What was repaid on one day out of the borrowers' own pocket: fund money is not counted, nor penalty."""

    on: str
    principal_fen: int
    interest_fen: int


@dataclass(frozen=True, slots=True)
class DatedRate:
    """The contract's rate from a day on."""

    from_on: str
    ppm: int


@dataclass(frozen=True, slots=True)
class LoanFact:
    """One loan as it stands today; days are ISO texts, rates parts per million a year (2.60 % = 26000)."""

    loan_id: str
    contract_no: str
    role: Role
    state: str
    """normal 正常, overdue 逾期, settled 结清."""
    method: str
    """A.11: 01 等额本息, 02 等额本金."""
    bank_name: str
    principal_fen: int
    months: int
    rate_ppm: int
    drawn_on: str
    due_last_on: str
    balance_fen: int
    """Principal still owed, overdue principal included."""
    months_left: int
    instalment_fen: int
    """The next instalment, principal and interest; 0 when none is left."""
    next_due_on: str | None
    normal_months: int
    """Instalments paid in time (grace and a moved due day counted) without a gap, back from the last one."""
    overdue_principal_fen: int
    overdue_interest_fen: int
    penalty_fen: int
    """Penalty interest up to today."""
    interest_today_fen: int
    """Interest from the last due date up to today on what is not overdue."""
    settle_today_fen: int
    """Full settlement today: balance, interest to the day, overdue interest and penalty."""
    settled_on: str | None
    repaid_own_fen: int
    """Principal and interest repaid since the loan was drawn, fund money not counted."""
    repaid: tuple[Repaid, ...]
    """The last 36 months of it, oldest first."""
    interest_from: str
    """Day that interest runs from on what is not overdue: the last due date."""
    next_no: int
    level_fen: int
    """What the plan keeps level: the instalment (01) or its principal (02); 0 when nothing is ahead."""
    rates: tuple[DatedRate, ...]
    card_tail4: str
    card_bank_name: str
    key: str
    """Keyed hash of the contract number: names the loan for caps, and cannot be read back."""
    house_key: str
    """Keyed hash of the house's number; empty when the contract names none."""
    house_price_fen: int
    down_payment_fen: int
    house_city_code: str
    card_key: str = ""
    """Keyed hash of the repayment card's number: tells whether another card is the same."""
    collecting: bool = False
    """Whether money for it is on its way from the card: until that has an end, nothing about it changes."""
    taken_back_fen: int = 0
    """What the bank put back on the card after it was booked, and the card has not paid since."""

    def repaid_since(self, on: str) -> int:
        """Principal and interest repaid from a day on, that day included."""
        return sum(paid.principal_fen + paid.interest_fen for paid in self.repaid if paid.on >= on)

    @property
    def is_open(self) -> bool:
        """Whether anything is still owed."""
        return self.state != "settled"

    @property
    def is_owed(self) -> bool:
        """Whether anything is owed, be it only what the bank put back."""
        return self.is_open or self.taken_back_fen > 0

    @property
    def is_overdue(self) -> bool:
        """Whether an instalment is unpaid after its day."""
        return self.state == "overdue"


@dataclass(frozen=True, slots=True)
class LoanFacts:
    """Loans the member answers for, as borrower or co-borrower, newest first."""

    loans: tuple[LoanFact, ...]

    @property
    def open(self) -> tuple[LoanFact, ...]:
        """Loans still owed."""
        return tuple(loan for loan in self.loans if loan.is_open)

    @property
    def owed(self) -> tuple[LoanFact, ...]:
        """Loans for which money is owed, settled in the books or not."""
        return tuple(loan for loan in self.loans if loan.is_owed)

    def of(self, loan_id: str) -> LoanFact | None:
        """One of the member's loans by its id."""
        return next((loan for loan in self.loans if loan.loan_id == loan_id), None)
