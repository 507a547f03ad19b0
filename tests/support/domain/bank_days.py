"""A bank that keeps the centre's account by the day, for tests of the day's end: balanced statements, and spoilt ones."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from types import SimpleNamespace
from typing import Any

from sqlalchemy import text

from services.core.clock import SHANGHAI
from services.core.db import transaction
from services.settlement.ports import AccountChange, PaymentOrder
from tests.support.domain.desk import Colleague
from tests.support.domain.fakes import movement
from tests.support.domain.world import Member, World

OPENING_FEN = 1_000_000_000


@dataclass
class BankBooks:
    """Lines in the order they were booked; balances are worked out when the statement is asked for."""

    day: date
    lines: list[AccountChange] = field(default_factory=list)
    spoilt: dict[date, list[AccountChange]] = field(default_factory=dict)
    asked: list[date] = field(default_factory=list)

    def book(self, change: AccountChange) -> AccountChange:
        """Add a line, with the balance after it and a stroke number of its own."""
        balance_fen = self.balance().balance_fen + _fen(change)
        made = replace(
            change, balance_fen=balance_fen, pen_no=f"{len(self.lines) + 1:08d}", raw=f"{len(self.lines)}"
        )
        self.lines.append(made)
        return made

    def statement(self, day: date) -> list[AccountChange]:
        """BDC113."""
        self.asked.append(day)
        return self.spoilt.get(day, [line for line in self.lines if line.day == day])

    def business_day(self) -> date:
        """The bank's own day."""
        return self.day

    def balance(self) -> Any:
        """BDC123."""
        return SimpleNamespace(balance_fen=OPENING_FEN + sum(_fen(line) for line in self.lines))


def _fen(change: AccountChange) -> int:
    return -change.amount_fen if change.direction == "debit" else change.amount_fen


class ClosingWorld:
    """A world whose days end."""

    def __init__(self, world: World) -> None:
        self.world, self.product = world, world.product
        self.bank = BankBooks(world.node.day)
        self.product.statements._node = self.bank
        self.closing = self.product.closing
        self.closing._sweep = dict
        self.closing.take_up()

    @property
    def today(self) -> date:
        """The day the bank is in."""
        return self.bank.day

    def paid(self, member: Member | None = None, *, told: bool = True) -> tuple[PaymentOrder, AccountChange]:
        """A withdrawal of 3,000.00 that the bank has paid, and told of unless the notice was lost."""
        member = member or self.world.member()
        self.world.approved(member)
        self.world.run_jobs(member.account_id, "settlement.dispatch", rounds=1)
        order = self.world.node.sent[-1]
        change = self.bank.book(movement(order, day=self.bank.day))
        if told:
            self.tell(change)
        return order, change

    def tell(self, change: AccountChange) -> None:
        """A notice."""
        self.product.settlement_jobs.take_changes([change])

    def next_day(self) -> None:
        """Half past midnight, here and at the bank."""
        now = self.world.clock.now().astimezone(SHANGHAI)
        tomorrow = now.replace(hour=0, minute=30) + timedelta(days=1)
        self.world.clock.move(tomorrow - now)
        self.bank.day += timedelta(days=1)
        self.world.node.day = self.bank.day
        self.closing.take_up()

    def run(self) -> list[date]:
        """The day's end."""
        return self.closing.run()

    def steps(self, day: date) -> dict[str, str]:
        """States of a day's steps, with the reason of those that are not done."""
        rows = self.rows("SELECT name, state, fault FROM closing_step WHERE day = :day", day=day)
        return {row.name: row.state if row.state == "done" else f"{row.state} {row.fault}" for row in rows}

    def breaks(self) -> list[Any]:
        """Every break."""
        return self.rows("SELECT * FROM bank_break ORDER BY found_at, break_id")

    def kinds(self) -> list[str]:
        """Kinds of the breaks that are open."""
        return sorted(row.kind for row in self.breaks() if row.state != "closed")

    def rows(self, statement: str, **values: Any) -> list[Any]:
        """Rows of a query."""
        with transaction(self.world.sessions) as session:
            return list(session.execute(text(statement), values))

    def journals(self) -> int:
        """How many journals there are."""
        return int(self.rows("SELECT count(*) AS n FROM journal")[0].n)


def of_somebody(day: date, amount_fen: int = 12_345, name: str = "某单位") -> AccountChange:
    """Money from somebody, without a number of ours."""
    return AccountChange(
        account_no="43001500000000000001",
        host_seq_no=f"C{amount_fen}",
        tx_code="BDC102",
        counter_account_no="6217009999999999999",
        counter_name=name,
        amount_fen=amount_fen,
        direction="credit",
        day=day,
        time="110000",
        balance_fen=0,
        summary="往来款",
        remark="",
        reversal=False,
        pen_no="",
        raw="",
    )


def close_break(
    anna: Colleague, boris: Colleague, break_id: Any, resolution: str = "explained", **more: str
) -> None:
    """One takes and proposes, the other confirms."""
    anna.sign_in()
    boris.sign_in()
    assert anna.post(f"/breaks/{break_id}/take").status_code == 303
    proposed = anna.post(f"/breaks/{break_id}/proposal", resolution=resolution, note="已和银行核对", **more)
    assert proposed.status_code == 303, proposed.get_data(as_text=True)
    confirmed = boris.post(f"/breaks/{break_id}/decision", outcome="confirm")
    assert confirmed.status_code == 303, confirmed.get_data(as_text=True)
