"""A payment from order to statement, both sides following the paper on their own."""

from __future__ import annotations

from dataclasses import replace

import pytest


def sent(node, case_no):
    return node.store.row("SELECT * FROM payments WHERE ref_no = ?", case_no)


def test_a_payment_is_accepted_then_booked_once_and_found_on_the_statement(
    bdc, order, today, debits, wait_until
):
    reply = bdc.pay(order)
    assert (reply.outcome, reply.code) == ("accepted", "00000")
    wait_until(lambda: debits() == 1)
    assert bdc.query(order.instruction_no, today).outcome == "success"
    (change,) = bdc.statement(today)
    assert change.host_seq_no == reply.host_seq_no == bdc.query(order.instruction_no, today).host_seq_no
    assert (change.direction, change.amount_fen, change.day) == ("debit", 300_000, today)
    assert (change.counter_account_no, change.counter_name) == ("6217000000000000012", "张三丰")
    assert (change.summary, change.remark) == ("公积金提取", order.instruction_no)
    assert change.balance_fen == bdc.balance().balance_fen == 5_000_000_000_000 - 300_000


def test_capital_and_interest_of_a_closed_account_travel_apart(bdc, node, order):
    closing = replace(order, bus_type="03", amount_fen=300_123, interest_fen=123)
    assert bdc.pay(closing).outcome == "accepted"
    row = sent(node, order.instruction_no)
    assert (row["capital_fen"], row["interest_fen"], row["amount_fen"]) == (300_000, 123, 300_123)
    assert row["bus_type"] == "03"


def test_a_payment_to_another_bank_carries_the_interbank_number(bdc, node, order):
    other = replace(order, settle_type="2", same_bank=False, interbank_no="102552000012")
    assert bdc.pay(other).outcome == "accepted"
    assert sent(node, order.instruction_no)["payee_interbank_no"] == "102552000012"


def test_another_bank_without_interbank_number_is_rejected_by_the_node(bdc, order, debits):
    reply = bdc.pay(replace(order, settle_type="2", same_bank=False))
    assert (reply.outcome, reply.code) == ("rejected", "E2005")
    assert debits() == 0


@pytest.mark.parametrize("name", ["𠮷野家", "买买提·艾力", "王㛃", "欧阳娜娜"])
def test_names_outside_gbk_arrive_whole(bdc, node, order, today, wait_until, debits, name):
    assert bdc.pay(replace(order, payee_name=name)).outcome == "accepted"
    assert sent(node, order.instruction_no)["payee_name"] == name
    wait_until(lambda: debits() == 1)
    assert bdc.statement(today)[0].counter_name == name


def test_a_registered_substitute_stands_in_for_a_character_the_bank_lacks(node, order, make_config):
    from services.core.clock import SystemClock
    from services.settlement.adapters.bdc import BdcSettlementNode

    bdc = BdcSettlementNode(make_config(node, substitutes={"㛃": "洁"}), SystemClock())
    assert bdc.pay(replace(order, payee_name="王㛃")).outcome == "accepted"
    assert sent(node, order.instruction_no)["payee_name"] == "王洁"


def test_the_same_number_again_gets_the_first_result_and_no_second_debit(
    bdc, node, order, debits, wait_until
):
    first = bdc.pay(order)
    wait_until(lambda: debits() == 1)
    again = bdc.pay(order)
    assert (again.outcome, again.host_seq_no) == ("accepted", first.host_seq_no)
    assert debits() == 1
    assert len(node.store.rows("SELECT * FROM attempts")) == 2


def test_the_same_number_with_another_amount_is_refused(bdc, order, debits, wait_until):
    bdc.pay(order)
    wait_until(lambda: debits() == 1)
    reply = bdc.pay(replace(order, amount_fen=1, capital_fen=1))
    assert (reply.outcome, reply.code) == ("rejected", "E2006")
    assert debits() == 1


def test_more_than_the_account_holds_is_rejected(bdc, order, debits):
    reply = bdc.pay(replace(order, amount_fen=5_000_000_000_001, capital_fen=5_000_000_000_001))
    assert (reply.outcome, reply.code) == ("rejected", "B0100")
    assert debits() == 0


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"amount_fen": 0, "capital_fen": 0}, "order.amount"),
        ({"amount_fen": 300_001}, "order.amount"),
        ({"interest_fen": -1, "capital_fen": 300_001}, "order.amount"),
        ({"instruction_no": "1"}, "order.number"),
        ({"payee_name": "张\n三"}, "message.unencodable"),
        ({"payee_name": "张\ud800"}, "message.unencodable"),
    ],
)
def test_an_order_that_cannot_be_written_is_certainly_not_sent(bdc, node, order, change, code):
    reply = bdc.pay(replace(order, **change))
    assert (reply.outcome, reply.code) == ("not_sent", code)
    assert node.store.rows("SELECT * FROM attempts") == []


def test_an_empty_day_has_an_empty_statement(bdc, today):
    assert bdc.statement(today) == []


def test_the_node_tells_its_business_day(bdc, today):
    assert bdc.business_day() == today
