"""An employer as the test plays it: people, files written by hand, and money sent to the centre."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
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

_numbers = itertools.count(1)
MONTH = "2026-11"


@dataclass(frozen=True)
class Entry:
    """One line of a file: 10,000.00 at 10 % each."""

    account_no: str
    id_no: str
    base_fen: int = 1_000_000
    unit_fen: int = 100_000
    member_fen: int = 100_000


def yuan(fen: int) -> str:
    """1234567 → 12345.67."""
    return f"{fen // 100}.{fen % 100:02d}"


def sheet(
    employer_no: str,
    entries: Sequence[Entry],
    *,
    month: str = MONTH,
    kind: str = "01",
    percent: int = 10,
    **changed: str,
) -> str:
    """The file as text; a header field can be given another value by its Chinese name."""
    unit, member = sum(e.unit_fen for e in entries), sum(e.member_fen for e in entries)
    header = {
        "单位账号": employer_no,
        "汇缴年月": month,
        "业务类型": kind,
        "缴存比例": str(percent),
        "人数": str(len(entries)),
        "单位合计": yuan(unit),
        "个人合计": yuan(member),
        "总额": yuan(unit + member),
        "账号校验和": f"{sum(int(e.account_no) for e in entries):012d}"[-12:],
    } | changed
    lines = ["住房公积金汇缴清册,1", *(f"{name},{value}" for name, value in header.items())]
    lines.append("序号,个人账号,证件号码,缴存基数,单位缴存额,个人缴存额")
    for number, e in enumerate(entries, 1):
        cells = (str(number), e.account_no, e.id_no, yuan(e.base_fen), yuan(e.unit_fen), yuan(e.member_fen))
        lines.append(",".join(cells))
    return "\n".join(lines) + "\n"


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
