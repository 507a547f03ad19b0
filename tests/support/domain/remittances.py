"""An employer as the test plays it: people, files written by hand, and money sent to the centre."""

from __future__ import annotations

import itertools
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any
from uuid import UUID

from services.core.db import transaction
from services.remittances.employers import register_employer
from services.remittances.service import Filed
from services.settlement.ports import AccountChange
from tests.support.domain.persons import Person
from tests.support.domain.world import World
from tests.support.remittance_files import Entry, sheet

_numbers = itertools.count(1)


@dataclass
class Unit:
    """An employer with people who have two months of 2,000.00 each, paid through October."""

    world: World
    people: int = 3
    employer_no: str = field(default_factory=lambda: f"98{next(_numbers):011d}")
    entries: list[Entry] = field(default_factory=list)
    accounts: list[UUID] = field(default_factory=list)

    def __post_init__(self) -> None:
        """Register it, and its people."""
        with transaction(self.world.sessions) as session:
            row = register_employer(
                session,
                self.world.cipher,
                self.employer_no,
                self.name,
                self.world.clock.now(),
                payer_account_no=self.payer_no,
            )
            self.employer_id = row.employer_id
        for _ in range(self.people):
            self.hire()

    @property
    def name(self) -> str:
        """Its own."""
        return f"株洲测试单位{self.employer_no[-6:]}"

    @property
    def payer_no(self) -> str:
        """The account it pays from."""
        return f"4300{self.employer_no}"

    def hire(self, **record: Any) -> UUID:
        """One more person."""
        person = Person()
        _, account_id = self.world.enrol(person, **{"employer": self.name, "months": 2, **record})
        number = self.world.one(
            "SELECT account_no FROM provident_fund_account WHERE account_id = :a", a=account_id
        ).account_no
        self.entries.append(Entry(number, person.id_no))
        self.accounts.append(account_id)
        return account_id

    def sheet(self, **changed: Any) -> str:
        """Its file of November."""
        return sheet(self.employer_no, self.entries, **changed)

    def file(self, text: str | None = None, encoding: str = "utf-8", **changed: Any) -> Filed:
        """Hand the file in."""
        data = (text if text is not None else self.sheet(**changed)).encode(encoding)
        return self.world.product.remittances.file(data, actor="staff:anna")

    def pay(self, amount_fen: int, words: str = "", **changed: Any) -> str:
        """Money arrives at the centre; how it was classified."""
        change = replace(credit(self.payer_no, amount_fen, words), **changed)
        with transaction(self.world.sessions) as session:
            return self.world.product.settlement_jobs._settlement.record_change(session, change)

    def fund(self, account_id: UUID) -> int:
        """What a person has."""
        row = self.world.one("SELECT balance_fen FROM member_balance WHERE account_id = :a", a=account_id)
        return int(row.balance_fen)

    def funds(self) -> list[int]:
        """What everybody has."""
        return [self.fund(account_id) for account_id in self.accounts]

    def post(self, batch_id: UUID) -> str:
        """Run the posting job to its end."""
        jobs = self.world.product.remittance_jobs
        while self.state(batch_id) in ("funded", "posting", "reversing"):
            jobs.post(str(batch_id))
        return self.state(batch_id)

    def state(self, batch_id: UUID) -> str:
        """Where the batch stands."""
        return str(self.world.one("SELECT state FROM remittance_batch WHERE batch_id = :b", b=batch_id).state)

    def clearing_fen(self) -> int:
        """What lies on 汇缴暂收 for everybody."""
        return int(
            self.world.one("SELECT coalesce(-sum(fen), 0) AS fen FROM posting WHERE gl_code = '21902'").fen
        )


def credit(payer_no: str, amount_fen: int, words: str = "") -> AccountChange:
    """A line of the centre's account."""
    number = next(_numbers)
    return AccountChange(
        account_no="43001500061052500001",
        host_seq_no=f"H{number:011d}",
        tx_code="T",
        counter_account_no=payer_no,
        counter_name="某单位",
        amount_fen=amount_fen,
        direction="credit",
        day=date(2026, 11, 23),
        time="100000",
        balance_fen=0,
        summary=words,
        remark="",
        reversal=False,
        pen_no="1",
        raw=f"line {number}",
    )
