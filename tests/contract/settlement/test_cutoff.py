"""Cut-off: what was accepted is booked, what hangs is dropped, the key changes, returns fall due."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from sandbox.settlement_node import SettlementNode
from services.core.clock import FixedClock, shanghai_day
from services.settlement.adapters.bdc import BdcSettlementNode
from services.settlement.adapters.bdc import node as bdc_node


def test_a_pending_payment_is_dropped_at_cut_off_and_absent_from_the_statement(bdc, node, order, today):
    node.order_fault({"kind": "pending_forever"})
    assert bdc.pay(order).outcome == "unknown"
    assert bdc.query(order.instruction_no, today).outcome == "pending"
    node.cut_off()
    assert bdc.query(order.instruction_no, today).outcome == "failed"
    assert bdc.statement(today) == []
    assert bdc.business_day() == today + timedelta(days=1)


def test_a_dropped_number_sent_again_is_answered_as_failed(bdc, node, order, debits):
    node.order_fault({"kind": "pending_forever"})
    bdc.pay(order)
    node.cut_off()
    assert bdc.pay(order).outcome == "rejected"
    assert debits() == 0


def test_what_was_accepted_is_booked_on_the_day_it_was_accepted(tmp_path, order, today, make_config):
    node = SettlementNode(tmp_path, port=0, notice_port=0, pay_delay_s=60)
    node.start()
    bdc = BdcSettlementNode(make_config(node), FixedClock(datetime.now(UTC)))
    assert bdc.pay(order).outcome == "accepted"
    assert bdc.statement(today) == []
    node.cut_off()
    assert [change.remark for change in bdc.statement(today)] == [order.instruction_no]
    node.stop()


def test_a_closed_day_takes_nothing_more_and_the_same_number_goes_on_the_next(
    bdc, node, order, today, debits, wait_until
):
    node.cut_off()
    reply = bdc.pay(order)
    assert (reply.outcome, reply.code, reply.written) == ("not_sent", "E2007", True)
    assert bdc.query(order.instruction_no, today).outcome == "no_record"
    next_day = bdc.business_day()
    assert bdc.pay(replace(order, sent_on=next_day)).outcome == "accepted"
    wait_until(lambda: debits() == 1)
    assert bdc.statement(today) == []
    assert len(bdc.statement(next_day)) == 1
    assert bdc.query(order.instruction_no, next_day).outcome == "success"


PROBES = "SELECT * FROM messages WHERE tx_code = 'SYS600'"


def test_the_day_to_send_on_is_that_of_the_last_answer_and_a_refusal_tells_the_new_one(
    bdc, node, order, today
):
    bdc.pay(order)
    assert bdc.sending_day() == today
    node.cut_off()
    assert bdc.sending_day() == today  # nobody has said otherwise yet
    late = replace(order, instruction_no="102611230000002")
    assert bdc.pay(late).outcome == "not_sent"
    assert bdc.sending_day() == today + timedelta(days=1)
    assert bdc.pay(replace(late, sent_on=bdc.sending_day())).outcome == "accepted"
    assert node.store.rows(PROBES) == []


def test_a_slow_answer_does_not_bring_a_closed_day_back(bdc, node, order, today):
    """Asked before the cut-off and answered after it, when another answer has told of the new day."""
    slow = bdc._link.ask

    def overtaken(request, **bounds):
        answer = slow(request, **bounds)
        if request.head["TxCode"] == "BDC123":
            node.cut_off()
            assert bdc.business_day() == today + timedelta(days=1)
        return answer

    bdc._link.ask = overtaken
    bdc.balance()
    assert bdc.sending_day() == today + timedelta(days=1)


@pytest.mark.parametrize("heard", ["nothing", "long ago"])
def test_the_day_to_send_on_is_asked_for_when_no_answer_was_lately(
    bdc, node, order, today, monkeypatch, heard
):
    if heard == "long ago":
        monkeypatch.setattr(bdc_node, "_DAY_HOLDS_S", -1)
        bdc.pay(order)
    node.cut_off()
    assert bdc.sending_day() == today + timedelta(days=1)
    assert len(node.store.rows(PROBES)) == 1


def test_a_number_already_taken_is_answered_after_the_cut_off_too(bdc, node, order, debits, wait_until):
    first = bdc.pay(order)
    node.cut_off()
    again = bdc.pay(order)
    assert (again.outcome, again.host_seq_no) == ("accepted", first.host_seq_no)
    assert debits() == 1


def test_a_payment_recorded_late_is_on_the_statement_of_the_day_that_closes(bdc, node, order, today):
    node.order_fault({"kind": "late_record", "seconds": 60})
    assert bdc.pay(order).outcome == "unknown"
    assert bdc.query(order.instruction_no, today).outcome == "no_record"
    node.cut_off()
    assert [change.remark for change in bdc.statement(today)] == [order.instruction_no]


def test_our_own_new_day_signs_on_anew(node, order, make_config):
    clock = FixedClock(datetime.now(UTC))
    bdc = BdcSettlementNode(make_config(node), clock)
    for _ in range(2):
        bdc.balance()
    clock.move(timedelta(days=1))
    bdc.balance()
    assert len(node.store.rows("SELECT * FROM messages WHERE tx_code = 'BDC001'")) == 2


def test_a_return_ordered_for_a_later_day_falls_on_that_day(bdc, node, order, today, debits, wait_until):
    node.order_fault({"kind": "return_later", "days": 2})
    bdc.pay(order)
    wait_until(lambda: debits() == 1)
    node.cut_off()
    assert bdc.statement(today + timedelta(days=1)) == []
    node.cut_off()
    (back,) = bdc.statement(today + timedelta(days=2))
    assert (back.direction, back.remark) == ("credit", order.instruction_no)
    assert bdc.query(order.instruction_no, today).outcome == "success"


@pytest.mark.parametrize("cutoff", [None, "17:00"])
def test_the_day_closes_by_the_clock(tmp_path, order, make_config, wait_until, cutoff):
    clock = FixedClock(datetime(2026, 11, 23, 8, 50, tzinfo=UTC))  # 16:50 in Shanghai
    node = SettlementNode(tmp_path, port=0, notice_port=0, now=clock.now, pay_delay_s=0.01)
    if cutoff:
        node.store.put("cutoff_time", cutoff)
    node.start()
    bdc = BdcSettlementNode(make_config(node), clock)
    first_day = shanghai_day(clock.now())
    assert bdc.pay(replace(order, sent_on=first_day)).outcome == "accepted"
    wait_until(lambda: bdc.statement(first_day))
    clock.move(timedelta(minutes=20) if cutoff else timedelta(hours=8))
    wait_until(lambda: bdc.business_day() == first_day + timedelta(days=1))
    next_day = replace(order, instruction_no="102611230000002", sent_on=bdc.business_day())
    assert bdc.pay(next_day).outcome == "accepted"
    node.stop()
