"""Every fault the sandbox can order, over the real wire: none doubles money, none loses it."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import text

from sandbox.settlement_node import SettlementNode
from sandbox.settlement_node.letter_plans import PLANS
from services.core.db import transaction
from services.settlement.adapters.bdc import BdcNoticeStream, BdcSettlementNode
from services.settlement.adapters.bdc.letters import BdcLetterOffice
from tests.contract.settlement.conftest import config_for
from tests.integration.transfers.test_transfer_in import AFTER, OPENING
from tests.support.domain.transfers import requested, transfer
from tests.support.domain.world import Member, World

EXPECTED = {
    "usual": ("credited", AFTER, 0),
    "refuse": ("refused", OPENING, 0),
    "silent": ("asked", OPENING, 0),
    "delay_letter": ("credited", AFTER, 0),
    "duplicate_letter": ("credited", AFTER, 0),
    "money_first": ("credited", AFTER, 0),
    "money_only": ("early", OPENING, 1_203_456),
    "letter_only": ("promised", OPENING, 0),
    "lost_letter": ("credited", AFTER, 0),
    "differ": ("differs", OPENING, 1_203_556),
    "parts": ("credited", AFTER, 0),
    "return_money": ("credited", AFTER, 0),
    "pay_twice": ("credited", AFTER, 1_203_456),
    "talk": ("asked", OPENING, 0),
}
"""By what was ordered: the transfer's state, the member's balance, and what lies on 暂收款."""


# Both payments ahead of the letter would be a difference for people to look at, which on a busy machine they were.
MORE = {"pay_twice": {"seconds": 3.0}}


@contextmanager
def linked(world: World, node: SettlementNode) -> Iterator[None]:
    """The product's bank end on the sandbox's ports."""
    config = config_for(node)
    product, stop = world.product, threading.Event()
    product.__dict__["letter_office"] = BdcLetterOffice(config, world.clock, "建设银行")
    product.__dict__.pop("transfer_jobs", None)
    product.settlement_jobs._node = BdcSettlementNode(config, world.clock)
    stream = BdcNoticeStream(config, world.clock, product.transfer_jobs.take_letters)
    thread = threading.Thread(target=stream.run, args=(product.settlement_jobs.take_changes, stop))
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join(timeout=5)
        product.settlement_jobs._node = world.node


def held_fen(world: World, member: Member) -> int:
    """What lies on 暂收款 for the member."""
    statement = (
        "SELECT coalesce(-sum(fen), 0) AS fen FROM posting WHERE account_id = :a AND gl_code = '21901'"
    )
    return int(world.one(statement, a=member.account_id).fen)


def test_whatever_the_other_centre_does(world: World, tmp_path: Path) -> None:
    assert set(EXPECTED) == {"usual", *PLANS}
    node = SettlementNode(tmp_path, port=0, notice_port=0, pay_delay_s=0.05, now=world.clock.now)
    node.start()
    cases: dict[str, tuple[Member, str]] = {}
    try:
        with linked(world, node):
            for kind in EXPECTED:
                node.letters.order({"kind": kind, "paid_through": "202404", **MORE.get(kind, {})})
                if kind == "silent":  # and the answer to our letter is lost on top of it
                    node.order_fault({"kind": "no_answer", "tx_code": "BDC901"})
                member = world.member()
                cases[kind] = (member, requested(world, member))
                world.run_jobs(member.account_id, "transfers.tend")
            _settle(world, cases)
            found = {
                kind: (
                    transfer(world, member, application_id).state,
                    world.balance(member)[0],
                    held_fen(world, member),
                )
                for kind, (member, application_id) in cases.items()
            }
    finally:
        node.stop()
    assert found == EXPECTED
    # What the bank shows for all letters together is what the members have, and what lies on 暂收款.
    numbers = tuple(transfer(world, *case).money_no for case in cases.values())
    with transaction(world.sessions) as session:
        statement = text(
            "SELECT sum(CASE direction WHEN 'credit' THEN amount_fen ELSE -amount_fen END) FROM bank_notice"
            " WHERE instruction_no = ANY(:numbers)"
        )
        came = session.scalar(statement, {"numbers": list(numbers)})
    assert came == sum(balance - OPENING + held for _, balance, held in EXPECTED.values())


def _settle(world: World, cases: dict[str, tuple[Member, str]]) -> None:
    """Ask as the job would, until nothing moves any more or the patience is over."""
    deadline = time.monotonic() + 45
    while time.monotonic() < deadline:
        states = {kind: transfer(world, *case).state for kind, case in cases.items()}
        if all(states[kind] == state for kind, (state, _, _) in EXPECTED.items()) and all(
            held_fen(world, cases[kind][0]) == held for kind, (_, _, held) in EXPECTED.items()
        ):
            return
        for member, application_id in cases.values():
            world.product.transfer_jobs.tend(str(member.account_id), application_id)
        time.sleep(0.3)
