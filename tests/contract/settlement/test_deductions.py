"""BDC105 between our adapter and the sandbox's bank: every fault, and what the bank's own books say of card and centre."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from flask import Flask

from sandbox.settlement_node import SettlementNode
from sandbox.settlement_node.books import OPENING_BALANCE_FEN
from sandbox.settlement_node.cards import OPENING_FEN
from sandbox.settlement_node.control import blueprint
from services.core.clock import SystemClock
from services.settlement.adapters.bdc import BdcConfig, BdcSettlementNode
from services.settlement.adapters.bdc.deductions import BdcDeductions
from services.settlement.deductions.ports import DeductionOrder
from services.settlement.ports import AccountChange

CASE_NO, CARD = "532611230000001", "6217000000000000087"
AMOUNT = 842_990
"""8,267.87 of principal, 160.56 of interest, 1.47 of penalty."""


@pytest.fixture
def deductions(config: BdcConfig, bdc: BdcSettlementNode) -> BdcDeductions:
    return BdcDeductions(config, SystemClock(), bdc)


@pytest.fixture
def order(today: date) -> DeductionOrder:
    return DeductionOrder(
        instruction_no=CASE_NO,
        sent_on=today,
        settle_type="1",
        amount_fen=AMOUNT,
        principal_fen=826_787,
        interest_fen=16_056,
        penalty_fen=147,
        payer_account_no=CARD,
        payer_name="郑海峰",
        payer_bank_name="建设银行",
        same_bank=True,
        interbank_no="",
        loan_no="ZZGJJ2021000868",
        summary=f"偿还贷款{CASE_NO}",
    )


def moved(node: SettlementNode) -> tuple[int, int]:
    """What the card lost and what the centre gained, by the bank's books."""
    card = node.deductions.cards.card(CARD)["balance_fen"]
    return OPENING_FEN - card, node.books.balance_fen - OPENING_BALANCE_FEN


FAULTS = [
    ({"kind": "no_answer"}, "unknown", 1),
    ({"kind": "no_answer_not_processed"}, "unknown", 0),
    ({"kind": "drop_connection_before"}, "unknown", 0),
    ({"kind": "drop_connection_after"}, "unknown", 1),
    ({"kind": "half_frame"}, "unknown", 1),
    ({"kind": "garbage_answer"}, "unknown", 1),
    ({"kind": "wrong_session_key"}, "accepted", 1),
    ({"kind": "wrong_session_key", "count": 2}, "not_sent", 0),
    ({"kind": "reject"}, "rejected", 0),
    ({"kind": "host_status_error"}, "rejected", 0),
    ({"kind": "pending", "seconds": 0.1}, "unknown", 1),
    ({"kind": "pending_forever"}, "unknown", 0),
    ({"kind": "late_record", "seconds": 0.3}, "unknown", 1),
]


@pytest.mark.parametrize(
    ("fault", "outcome", "taken"), FAULTS, ids=[f"{f['kind']}{f.get('count', '')}" for f, *_ in FAULTS]
)
def test_fault_outcome_and_books(deductions, node, order, wait_until, fault, outcome, taken):
    node.order_fault({**fault, "tx_code": "BDC105", "match": {"payer_account_no": CARD}})
    assert deductions.deduct(order).outcome == outcome
    if taken:
        wait_until(lambda: moved(node) == (AMOUNT, AMOUNT))
    time.sleep(0.1)
    assert moved(node) == (AMOUNT * taken, AMOUNT * taken)
    assert deductions.deduct(order).outcome != "not_sent"  # the same number again takes nothing more
    time.sleep(0.1)
    assert moved(node) in ((AMOUNT, AMOUNT), (0, 0))


@pytest.mark.parametrize(
    ("card", "code"),
    [
        ({"balance_fen": AMOUNT - 1}, "B0100"),
        ({"status": "frozen"}, "B0051"),
        ({"status": "closed"}, "B0007"),
    ],
    ids=["insufficient", "frozen", "closed"],
)
def test_a_card_that_cannot_pay(deductions, node, order, card, code):
    node.deductions.cards.set(CARD, card)
    before = node.deductions.cards.card(CARD)["balance_fen"]
    reply = deductions.deduct(order)
    assert (reply.outcome, reply.code) == ("rejected", code)
    assert deductions.query(CASE_NO, order.sent_on).outcome == "failed"
    time.sleep(0.1)
    assert (node.deductions.cards.card(CARD)["balance_fen"], moved(node)[1]) == (before, 0)


def test_a_card_with_just_enough_pays_once(deductions, node, order, wait_until):
    node.deductions.cards.set(CARD, {"balance_fen": AMOUNT})
    assert deductions.deduct(order).outcome == "accepted"
    second = replace(order, instruction_no="532611230000002", summary="偿还贷款532611230000002")
    assert deductions.deduct(second).code == "B0100"  # what is on its way is not there any more
    wait_until(lambda: node.deductions.cards.card(CARD)["balance_fen"] == 0)


def test_another_person_s_card_is_refused(deductions, node, order):
    deductions.deduct(order)
    other = replace(order, instruction_no="532611230000003", payer_name="张三丰")
    assert deductions.deduct(other).code == "B0052"


def test_the_line_bears_our_number_and_is_told_by_notice_and_statement(
    deductions: BdcDeductions,
    bdc: BdcSettlementNode,
    node: SettlementNode,
    order: DeductionOrder,
    listen: Any,
    wait_until: Callable[..., None],
    today: date,
) -> None:
    heard: list[AccountChange] = []
    node.order_fault({"kind": "duplicate_notice", "tx_code": "BDC105"})
    with listen(heard.extend):
        wait_until(lambda: node.pusher.listening())
        reply = deductions.deduct(order)
        wait_until(lambda: len(heard) == 2)
    line = heard[0]
    assert (line.direction, line.amount_fen, line.remark) == ("credit", AMOUNT, CASE_NO)
    assert (line.host_seq_no, line.counter_account_no) == (reply.host_seq_no, CARD)
    assert [change.host_seq_no for change in bdc.statement(today)] == [reply.host_seq_no]
    assert deductions.query(CASE_NO, today).outcome == "success"


def test_a_lost_notice_is_on_the_statement(deductions, bdc, node, order, wait_until, today):
    node.order_fault({"kind": "lost_notice", "tx_code": "BDC105"})
    deductions.deduct(order)
    wait_until(lambda: moved(node) == (AMOUNT, AMOUNT))
    assert [change.amount_fen for change in bdc.statement(today)] == [AMOUNT]


def test_what_is_taken_back_is_on_the_card_again(deductions, bdc, node, order, wait_until, today):
    node.order_fault({"kind": "return_later", "seconds": 0.1, "tx_code": "BDC105"})
    deductions.deduct(order)
    wait_until(lambda: len(bdc.statement(today)) == 2)
    assert moved(node) == (0, 0)
    assert [change.direction for change in bdc.statement(today)] == ["credit", "debit"]
    assert {change.remark for change in bdc.statement(today)} == {CASE_NO}


def test_at_cut_off_what_was_accepted_is_taken_and_what_was_not_is_dropped(deductions, node, order, today):
    node.deductions._delay_s = 60.0
    deductions.deduct(order)
    node.order_fault({"kind": "pending_forever", "tx_code": "BDC105"})
    deductions.deduct(replace(order, instruction_no="532611230000002"))
    node.cut_off()
    assert moved(node) == (AMOUNT, AMOUNT)
    assert deductions.business_day() == today + timedelta(days=1)
    fates = [deductions.query(number, today).outcome for number in (CASE_NO, "532611230000002")]
    assert fates == ["success", "failed"]
    late = replace(order, instruction_no="532611230000004")
    assert (deductions.deduct(late).outcome, deductions.deduct(late).code) == ("not_sent", "E2007")


@pytest.mark.parametrize(
    "change",
    [
        {"interest_fen": 16_057},
        {"instruction_no": "53261123000000"},
        {"payer_name": "\x07"},
        {"amount_fen": 0, "principal_fen": 0, "interest_fen": 0, "penalty_fen": 0},
    ],
    ids=["parts", "number", "name", "nothing"],
)
def test_an_order_that_cannot_be_right_is_never_sent(deductions, node, order, change):
    assert deductions.deduct(replace(order, **change)).outcome == "not_sent"
    assert node.store.rows("SELECT * FROM attempts") == []


def test_another_bank_needs_its_line_number(deductions, order):
    other = replace(order, same_bank=False, settle_type="2", interbank_no="102552000017")
    assert deductions.deduct(other).outcome == "accepted"
    bare = replace(other, instruction_no="532611230000005", interbank_no="")
    assert deductions.deduct(bare).code == "E2005"


def test_the_node_survives_a_restart_in_the_middle(deductions, node, order, tmp_path):
    node.deductions._delay_s = 60.0
    deductions.deduct(order)
    node.stop()
    again = SettlementNode(tmp_path, port=0, notice_port=0, pay_delay_s=0.05)
    again.cut_off()
    assert moved(again) == (AMOUNT, AMOUNT)
    again.store.close()


def test_control_shows_cards_and_deductions_and_takes_back(node, deductions, order, wait_until):
    app = Flask(__name__)
    app.register_blueprint(blueprint(node), url_prefix="/control/settlement")
    client = app.test_client()
    assert client.post(f"/control/settlement/cards/{CARD}", json={"balance_fen": AMOUNT}).status_code == 200
    assert client.post(f"/control/settlement/cards/{CARD}", json={"status": "blue"}).status_code == 422
    deductions.deduct(order)
    wait_until(lambda: node.deductions.cards.card(CARD)["balance_fen"] == 0)
    found = client.get(f"/control/settlement/deductions?case_no={CASE_NO}").get_json()
    row = found["deductions"][0]
    assert (row["state"], row["collected"], row["taken_back"], found["doubled"]) == ("collected", 1, 0, [])
    assert client.post("/control/settlement/take-back", json={"case_no": CASE_NO}).status_code == 201
    assert client.post("/control/settlement/take-back", json={"case_no": CASE_NO}).status_code == 404
    assert client.get("/control/settlement/cards").get_json()["cards"][0]["balance_fen"] == AMOUNT
