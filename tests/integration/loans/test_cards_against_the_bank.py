"""The product and the sandbox's bank over the real wire, with faults: what card, centre, loan and case say in the end."""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from sandbox.settlement_node import SettlementNode
from sandbox.settlement_node.books import OPENING_BALANCE_FEN
from services.settlement.adapters.bdc import BdcSettlementNode
from services.settlement.adapters.bdc.deductions import BdcDeductions
from tests.contract.settlement.conftest import config_for
from tests.integration.loans.test_fund_loan_items import apply, borrower, confirmed, owed
from tests.support.domain.world import Member, World

PREPAY = {"source": "card", "amount_fen": 10_002_167, "change": "instalment"}
OPENING = 100_000_000
_numbers = itertools.count(1)


@pytest.fixture
def bank(world: World, tmp_path: Path) -> Iterator[SettlementNode]:
    """A bank on the world's clock, and the product's two jobs bound to it."""
    node = SettlementNode(tmp_path, port=0, notice_port=0, pay_delay_s=0.02, now=world.clock.now)
    node.store.put("host_seq", 1_000 * next(_numbers))  # a bank never numbers two movements alike
    node.start()
    config = config_for(node)
    wire = BdcSettlementNode(config, world.clock)
    payments, deductions = world.product.settlement_jobs, world.product.deduction_jobs
    before = payments._node, deductions._node
    payments._node, deductions._node = wire, BdcDeductions(config, world.clock, wire)
    yield node
    payments._node, deductions._node = before
    node.stop()


def books(node: SettlementNode) -> tuple[int, int]:
    """What all cards lost and the centre gained."""
    cards = sum(OPENING - card["balance_fen"] for card in node.deductions.cards.all())
    return cards, node.books.balance_fen - OPENING_BALANCE_FEN


def settle_down(world: World, member: Member, node: SettlementNode, ended: Callable[[], bool]) -> None:
    """Jobs run and the clock moves on, over the cut-off if need be, until the case has an end."""
    for turn in range(8):
        time.sleep(0.08)
        world.run_jobs(member.account_id, "settlement.deduct", "settlement.ask_deduction", rounds=1)
        if ended():
            return
        if turn == 4:
            node.cut_off()
        world.later(seconds=90)
        world.product.deduction_jobs.take_up()


FAULTS: list[tuple[dict[str, Any], bool]] = [
    ({"kind": "no_answer"}, True),
    ({"kind": "drop_connection_before"}, False),
    ({"kind": "lost_notice"}, True),
    ({"kind": "reject"}, False),
    ({"kind": "pending_forever"}, False),
    ({"kind": "late_record", "seconds": 0.1}, True),
]


@pytest.mark.parametrize(("fault", "paid"), FAULTS, ids=[fault["kind"] for fault, _ in FAULTS])
def test_money_is_neither_lost_nor_doubled(
    world: World, bank: SettlementNode, fault: dict[str, Any], paid: bool
) -> None:
    member, loan_id = borrower(world)
    bank.order_fault({**fault, "tx_code": "BDC105"})
    done = confirmed(world, member, apply(world, member, "partial-prepayment", PREPAY))

    def state() -> str:
        row = world.one("SELECT state FROM application WHERE case_no = :n", n=done["case_no"])
        return str(row.state)

    settle_down(world, member, bank, lambda: state() != "collecting")
    taken = 10_002_167 if paid else 0
    assert (state(), books(bank)) == ("repaid" if paid else "uncollected", (taken, taken))
    assert owed(world, member, loan_id)[1] == 52_946_865 - (10_000_000 if paid else 0)
    lines = bank.books.lines("2026-11-23", "2026-11-25")
    assert [line["ref_no"] for line in lines] == ([done["case_no"]] if paid else [])
    booked = world.one(
        "SELECT count(*) AS n FROM loan_repayment WHERE loan_id = :l AND kind = '03'", l=loan_id
    )
    assert booked.n == int(paid)


def test_a_card_taken_back_over_night_is_owed(world: World, bank: SettlementNode) -> None:
    member, loan_id = borrower(world)
    bank.order_fault({"kind": "return_later", "days": 1, "tx_code": "BDC105"})
    done = confirmed(world, member, apply(world, member, "partial-prepayment", PREPAY))
    row = "SELECT state FROM deduction WHERE instruction_no = :n"
    settle_down(world, member, bank, lambda: world.one(row, n=done["case_no"]).state == "collected")
    bank.cut_off()
    world.product.settlement_jobs.read_since(bank.books.business_day)
    assert (world.one(row, n=done["case_no"]).state, books(bank)) == ("taken_back", (0, 0))
    assert bank.books.business_day - world.clock.now().date() == timedelta(days=1)
    assert owed(world, member, loan_id)[1] == 42_946_865
