"""Every fault of the node, and the one outcome it may have."""

from __future__ import annotations

import time
from dataclasses import replace

import pytest

from services.core.clock import SystemClock
from services.settlement.adapters.bdc import BdcSettlementNode, StatementUnavailable

CASE_NO = "102611230000001"


@pytest.mark.parametrize(
    ("fault", "outcome", "debited"),
    [
        ({"kind": "no_answer"}, "unknown", 1),
        ({"kind": "no_answer_not_processed"}, "unknown", 0),
        ({"kind": "drop_connection_before"}, "unknown", 0),
        ({"kind": "drop_connection_after"}, "unknown", 1),
        ({"kind": "half_frame"}, "unknown", 1),
        ({"kind": "garbage_answer"}, "unknown", 1),
        ({"kind": "garbage_answer", "form": "head"}, "unknown", 1),
        ({"kind": "slow_answer", "seconds": 0.2}, "accepted", 1),
        ({"kind": "slow_answer", "seconds": 0.8}, "unknown", 1),
        ({"kind": "wrong_session_key"}, "accepted", 1),
        ({"kind": "wrong_session_key", "count": 2}, "not_sent", 0),
        ({"kind": "reject", "code": "B0007", "message": "账户已销户"}, "rejected", 0),
        ({"kind": "reject", "code": "99999"}, "unknown", 0),
        ({"kind": "host_status_error"}, "rejected", 0),
        ({"kind": "host_status_error", "code": "00000"}, "unknown", 0),
        ({"kind": "pending", "seconds": 0.1}, "unknown", 1),
        ({"kind": "pending_forever"}, "unknown", 0),
        ({"kind": "late_record", "seconds": 0.6}, "unknown", 1),
    ],
    ids=lambda value: "-".join(map(str, value.values())) if isinstance(value, dict) else str(value),
)
def test_fault_outcome_and_effect(bdc, node, order, debits, wait_until, fault, outcome, debited):
    node.order_fault(fault)
    started = time.monotonic()
    reply = bdc.pay(order)
    assert time.monotonic() - started < 1.5
    assert reply.outcome == outcome
    if debited:
        wait_until(lambda: debits() == 1)
    time.sleep(0.1)
    assert debits() == debited


def test_a_rejection_carries_the_banks_words(bdc, node, order):
    node.order_fault({"kind": "reject", "code": "B0007", "message": "账户已销户"})
    reply = bdc.pay(order)
    assert (reply.code, reply.message, reply.host_seq_no) == ("B0007", "账户已销户", None)
    assert bdc.query(order.instruction_no, order.sent_on).outcome == "failed"


def test_the_fate_of_a_payment_without_answer_is_told_by_query(bdc, node, order, debits, wait_until):
    node.order_fault({"kind": "no_answer"})
    bdc.pay(order)
    wait_until(lambda: debits() == 1)
    assert bdc.query(order.instruction_no, order.sent_on).outcome == "success"


def test_a_payment_the_node_never_took_has_no_record(bdc, node, order):
    node.order_fault({"kind": "no_answer_not_processed"})
    bdc.pay(order)
    reply = bdc.query(order.instruction_no, order.sent_on)
    assert (reply.outcome, reply.code) == ("no_record", "NOREC")
    (attempt,) = node.store.rows("SELECT * FROM attempts")
    assert attempt["faults"] == "no_answer_not_processed"


def test_no_record_can_be_followed_by_success(bdc, node, order, debits, wait_until):
    node.order_fault({"kind": "late_record", "seconds": 1.0})
    bdc.pay(order)
    assert bdc.query(order.instruction_no, order.sent_on).outcome == "no_record"
    wait_until(lambda: debits() == 1)
    assert bdc.query(order.instruction_no, order.sent_on).outcome == "success"


def test_a_pending_payment_is_pending_and_then_done(bdc, node, order, debits, wait_until):
    node.order_fault({"kind": "pending", "seconds": 0.4})
    bdc.pay(order)
    assert bdc.query(order.instruction_no, order.sent_on).outcome == "pending"
    wait_until(lambda: debits() == 1)
    assert bdc.query(order.instruction_no, order.sent_on).outcome == "success"


def test_a_fault_waits_for_the_case_it_is_meant_for(bdc, node, order):
    node.order_fault({"kind": "reject", "match": {"case_no": "102611230000002"}})
    assert bdc.pay(order).outcome == "accepted"
    assert bdc.pay(replace(order, instruction_no="102611230000002")).outcome == "rejected"
    assert bdc.pay(replace(order, instruction_no="102611230000003")).outcome == "accepted"
    assert node.faults.waiting() == []


@pytest.mark.parametrize("match", [{"amount_fen": 300_000}, {"payee_account_no": "6217000000000000012"}])
def test_faults_match_on_amount_and_payee(bdc, node, order, match):
    node.order_fault({"kind": "reject", "match": match, "count": None})
    assert bdc.pay(order).outcome == "rejected"
    assert len(node.faults.waiting()) == 1


def test_nothing_is_sent_while_the_node_is_down_and_it_comes_back(bdc, node, order, debits, wait_until):
    node.order_fault({"kind": "node_down", "seconds": 0.5})
    reply = bdc.pay(order)
    assert (reply.outcome, reply.code, reply.written) == ("not_sent", "link.unreachable", False)
    assert bdc.query(order.instruction_no, order.sent_on).outcome == "unknown"
    wait_until(lambda: bdc.pay(order).outcome == "accepted")
    wait_until(lambda: debits() == 1)


@pytest.mark.parametrize("change", [{"password": "wrong"}, {"sign_on_key": bytes(16)}, {"oper_no": "OTHER"}])
def test_a_refused_sign_on_means_nothing_was_sent(node, order, make_config, change):
    bdc = BdcSettlementNode(make_config(node, **change), SystemClock())
    reply = bdc.pay(order)
    assert (reply.outcome, reply.written) == ("not_sent", False)
    assert node.store.rows("SELECT * FROM attempts") == []


def test_two_processes_share_the_session_key_of_the_day(node, config, order):
    first, second = (BdcSettlementNode(config, SystemClock()) for _ in range(2))
    assert first.pay(order).outcome == "accepted"
    assert second.pay(replace(order, instruction_no="102611230000002")).outcome == "accepted"
    assert first.pay(replace(order, instruction_no="102611230000003")).outcome == "accepted"
    signed_on = node.store.rows("SELECT * FROM messages WHERE tx_code = 'BDC001'")
    assert len(signed_on) == 2


def test_signing_off_ends_the_key_and_the_next_payment_signs_on_again(bdc, order):
    bdc.pay(order)
    bdc.sign_off()
    assert bdc.pay(replace(order, instruction_no="102611230000002")).outcome == "accepted"


@pytest.mark.parametrize("kind", ["no_answer", "half_frame", "garbage_answer", "drop_connection_before"])
def test_a_query_that_fails_says_nothing_about_the_payment(bdc, node, order, kind):
    bdc.pay(order)
    node.order_fault({"kind": kind, "tx_code": "BDC110"})
    assert bdc.query(order.instruction_no, order.sent_on).outcome == "unknown"


@pytest.mark.parametrize(
    "kind", ["half_frame", "garbage_answer", "drop_connection_after", "truncated_statement"]
)
def test_a_statement_is_whole_or_not_at_all(bdc, node, order, today, debits, wait_until, kind):
    bdc.pay(order)
    wait_until(lambda: debits() == 1)
    node.order_fault({"kind": kind, "tx_code": "BDC113"})
    with pytest.raises(StatementUnavailable):
        bdc.statement(today)
    assert len(bdc.statement(today)) == 1


def test_a_statement_with_a_line_of_another_day_is_refused(
    bdc, node, order, today, debits, wait_until, monkeypatch
):
    bdc.pay(order)
    wait_until(lambda: debits() == 1)
    text = node.books.row_text
    monkeypatch.setattr(node.books, "row_text", lambda n, line: text(n, line | {"day": "2020-01-01"}))
    with pytest.raises(StatementUnavailable, match=r"statement\.day"):
        bdc.statement(today)


def test_many_threads_pay_at_once_and_each_case_is_debited_once(bdc, node, order, debits, wait_until):
    from concurrent.futures import ThreadPoolExecutor

    numbers = [f"1026112300{i:05d}" for i in range(40)]
    with ThreadPoolExecutor(16) as pool:
        replies = list(pool.map(lambda number: bdc.pay(replace(order, instruction_no=number)), numbers))
    assert {reply.outcome for reply in replies} == {"accepted"}
    wait_until(lambda: all(debits(number) == 1 for number in numbers))
