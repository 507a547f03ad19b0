"""The other centre, steered by the test: what it answers to letters, what it writes, and the money it sends."""

from __future__ import annotations

import itertools
from dataclasses import dataclass, field
from datetime import date
from typing import Any
from uuid import UUID

from services.core.db import transaction
from services.settlement.letters import AccountLetter, ContactLetter, LetterNews, LetterReply, Step
from services.settlement.ports import AccountChange, NodeUnavailable
from services.transfers.models import TransferIn
from tests.support.domain.cases import apply, confirm
from tests.support.domain.world import Member, World

ITEM = "transfer-in"
CHANGSHA = "C43010"
ACCOUNT = AccountLetter(
    amount_fen=1_203_456,
    principal_fen=1_200_000,
    interest_fen=3_456,
    opened_month="2021-03",
    paid_through_month="2024-06",
    six_months=True,
    loans=0,
    unsettled_loan=False,
    misuse=False,
)
"""12,000.00 of principal and 34.56 of interest, paid through June 2024 without a gap for six months."""
_lines = itertools.count(1)


@dataclass
class FakeOffice:
    """The settlement system's counter: takes letters and knows nothing more, unless told otherwise."""

    reply: LetterReply = field(default_factory=lambda: LetterReply("taken", "00000"))
    withdrawal: LetterReply = field(default_factory=lambda: LetterReply("taken", "00000"))
    news: LetterNews | None = None
    applied: list[ContactLetter] = field(default_factory=list)
    withdrawn: list[str] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)

    def apply(self, letter: ContactLetter) -> LetterReply:
        """BDC901."""
        self.applied.append(letter)
        return self.reply

    def withdraw(self, letter_no: str, written_on: date) -> LetterReply:
        """BDC903."""
        self.withdrawn.append(letter_no)
        return self.withdrawal

    def progress(self, letter_no: str) -> LetterNews:
        """BDC904."""
        self.asked.append(letter_no)
        if self.news is None:
            raise NodeUnavailable("answer.none")
        return self.news


def office(world: World) -> FakeOffice:
    """A fresh counter, in the place of the wire."""
    made = world.product.__dict__
    made["letter_office"] = found = FakeOffice()
    for name in ("transfer_jobs", "transfer_sweeps"):
        made.pop(name, None)
    return found


def requested(world: World, member: Member, **form: Any) -> str:
    """A transfer from Changsha that the member has confirmed with their face; its application."""
    made = apply(world, member, ITEM, {"centre": CHANGSHA, **form})
    assert made.status_code == 201, made.get_json()
    application_id = str(made.get_json()["application_id"])
    done = confirm(world, member, application_id)
    assert (done.status_code, done.get_json()["state"]) == (201, "forwarded"), done.get_json()
    return application_id


def asked(world: World, member: Member, **form: Any) -> str:
    """A transfer whose letter is with the other centre."""
    application_id = requested(world, member, **form)
    world.run_jobs(member.account_id, "transfers.tend")
    return application_id


def transfer(world: World, member: Member, application_id: str) -> TransferIn:
    """The transfer as it stands."""
    with transaction(world.sessions) as session:
        return session.get_one(TransferIn, (member.account_id, UUID(application_id)))


def write(
    world: World,
    letter_no: str,
    step: Step = "letter",
    account: AccountLetter | None = ACCOUNT,
    reason: str = "",
) -> None:
    """The other centre writes, pushed by the platform."""
    said = account if step == "letter" else None
    world.product.transfer_jobs.take_letters([LetterNews(letter_no, step, "00", reason, said)])


def line(letter_no: str, fen: int = 1_203_456, *, direction: str = "credit", **more: Any) -> AccountChange:
    """A movement on the centre's account that bears the letter's number."""
    fields: dict[str, Any] = {
        "account_no": "43050162000000000001",
        "host_seq_no": f"C{next(_lines):014d}",
        "tx_code": "BDC102",
        "counter_account_no": "43010162000000000009",
        "counter_name": "长沙住房公积金管理中心",
        "amount_fen": fen,
        "direction": direction,
        "day": date(2026, 11, 23),
        "time": "110000",
        "balance_fen": 0,
        "summary": "异地转移",
        "remark": letter_no,
        "reversal": False,
        "pen_no": "1",
        "raw": "<row/>",
    }
    return AccountChange(**{**fields, **more})


def pay(world: World, *changes: AccountChange) -> None:
    """The bank tells of movements, as SBDC100 or as the statement."""
    world.product.settlement_jobs.take_changes(changes)
