"""Letters between centres 联系函: what the settlement system carries for a transfer, beside the money itself."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Literal, Protocol


@dataclass(frozen=True, slots=True)
class ContactLetter:
    """BDC901 单笔转入申请: asks another centre to hand over a member's account. The number is never regenerated."""

    letter_no: str
    written_on: date
    centre_code: str
    centre_name: str
    member_name: str = field(repr=False)
    id_no: str = field(repr=False)
    former_account_no: str = field(repr=False)
    former_employer: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class AccountLetter:
    """BDC905 单笔转出信息: what the other centre says of the account it hands over; amounts in fen, months YYYY-MM."""

    amount_fen: int
    principal_fen: int
    interest_fen: int
    opened_month: str
    paid_through_month: str
    six_months: bool
    loans: int
    unsettled_loan: bool
    misuse: bool


Step = Literal[
    "moving", "confirmed", "talking", "letter", "done", "refused", "failed", "withdrawn", "no_record"
]
"""How far a letter has come at the other centre."""


@dataclass(frozen=True, slots=True)
class LetterNews:
    """What is known of a letter: pushed by the other centre, or the answer to BDC904 进度."""

    letter_no: str
    step: Step
    code: str
    reason: str = ""
    account: AccountLetter | None = None


@dataclass(frozen=True, slots=True)
class LetterReply:
    """Answer to a letter sent; sending it again under its number does no harm, so `unknown` is sent anew."""

    outcome: Literal["taken", "rejected", "unknown"]
    code: str
    message: str = ""


class LetterOffice(Protocol):
    """The settlement system's counter for letters."""

    def apply(self, letter: ContactLetter) -> LetterReply:
        """Send BDC901."""
        ...

    def withdraw(self, letter_no: str, written_on: date) -> LetterReply:
        """Send BDC903 撤销."""
        ...

    def progress(self, letter_no: str) -> LetterNews:
        """Ask BDC904 进度; raises NodeUnavailable."""
        ...


class NewsTaker(Protocol):
    """What takes in pushed letters; the push is acknowledged after it returned."""

    def __call__(self, news: Sequence[LetterNews]) -> None:
        """Store and apply."""
        ...
