"""SBDC100 over the held connection: acknowledged after the callback, sent again otherwise."""

from __future__ import annotations

import logging
import time
from dataclasses import replace

import pytest


def numbered(order, number):
    return replace(order, instruction_no=f"1026112300{number:05d}")


def notice_states(node):
    return [row["state"] for row in node.store.rows("SELECT state FROM notices ORDER BY id")]


@pytest.fixture
def heard():
    return []


def test_a_payment_is_announced_and_the_notice_acknowledged(bdc, node, order, listen, heard, wait_until):
    with listen(heard.extend):
        reply = bdc.pay(order)
        wait_until(lambda: heard and notice_states(node) == ["acknowledged"])
    (change,) = heard
    assert (change.host_seq_no, change.remark) == (reply.host_seq_no, order.instruction_no)
    assert (change.direction, change.amount_fen, change.reversal) == ("debit", 300_000, False)


def test_a_notice_waits_for_somebody_to_listen(bdc, node, order, listen, heard, debits, wait_until):
    bdc.pay(order)
    wait_until(lambda: debits() == 1)
    assert notice_states(node) == ["queued"]
    with listen(heard.extend):
        wait_until(lambda: notice_states(node) == ["acknowledged"])
    assert len(heard) == 1


def test_a_callback_that_fails_leaves_the_notice_unacknowledged(bdc, node, order, listen, heard, wait_until):
    def fail_once(changes):
        heard.extend(changes)
        if len(heard) == 1:
            raise RuntimeError("database away")

    with listen(fail_once):
        bdc.pay(order)
        wait_until(lambda: notice_states(node) == ["acknowledged"])
    assert [change.remark for change in heard] == [order.instruction_no] * 2


def test_the_text_of_a_failed_notice_is_not_logged(bdc, node, order, listen, heard, wait_until, caplog):
    def fail_once(changes):
        heard.extend(changes)
        if len(heard) == 1:
            raise RuntimeError(changes[0].counter_name)

    with caplog.at_level(logging.DEBUG), listen(fail_once):
        bdc.pay(order)
        wait_until(lambda: notice_states(node) == ["acknowledged"])
    assert caplog.records
    assert order.payee_name not in caplog.text
    assert order.payee_account_no not in caplog.text


def test_duplicates_are_passed_on(bdc, node, order, listen, heard, wait_until):
    node.order_fault({"kind": "duplicate_notice", "copies": 3})
    with listen(heard.extend):
        bdc.pay(order)
        wait_until(lambda: notice_states(node) == ["acknowledged"] * 3)
    assert len({change.host_seq_no for change in heard}) == 1
    assert len(heard) == 3


def test_a_delayed_notice_comes_late_and_the_statement_has_it_before(
    bdc, node, order, today, listen, heard, debits, wait_until
):
    node.order_fault({"kind": "delayed_notice", "seconds": 0.5})
    with listen(heard.extend):
        bdc.pay(order)
        wait_until(lambda: debits() == 1)
        assert len(bdc.statement(today)) == 1
        assert heard == []
        wait_until(lambda: heard)


def test_a_lost_notice_is_only_on_the_statement(bdc, node, order, today, listen, heard, debits, wait_until):
    node.order_fault({"kind": "lost_notice"})
    with listen(heard.extend):
        bdc.pay(order)
        wait_until(lambda: debits() == 1)
        time.sleep(0.2)
        assert heard == []
    assert [change.remark for change in bdc.statement(today)] == [order.instruction_no]


def test_notices_can_come_out_of_order(bdc, node, order, listen, heard, debits, wait_until):
    node.order_fault({"kind": "out_of_order"})
    with listen(heard.extend):
        for number in (1, 2, 3):
            bdc.pay(numbered(order, number))
            wait_until(lambda number=number: debits(numbered(order, number).instruction_no))
        wait_until(lambda: len(heard) == 3)
    assert [change.remark[-1] for change in heard] == ["2", "1", "3"]


def test_the_notice_of_a_payment_without_answer_still_comes(bdc, node, order, listen, heard, wait_until):
    node.order_fault({"kind": "no_answer"})
    node.order_fault({"kind": "duplicate_notice"})
    with listen(heard.extend):
        assert bdc.pay(order).outcome == "unknown"
        wait_until(lambda: len(heard) == 2)


def test_a_return_is_a_credit_with_the_case_number(bdc, node, order, listen, heard, wait_until):
    node.order_fault({"kind": "return_later", "seconds": 0.1})
    with listen(heard.extend):
        paid = bdc.pay(order)
        wait_until(lambda: len(heard) == 2)
    back = heard[1]
    assert (back.direction, back.amount_fen, back.remark) == ("credit", 300_000, order.instruction_no)
    assert back.summary.startswith("退汇")
    assert back.host_seq_no != paid.host_seq_no
    assert bdc.balance().balance_fen == 5_000_000_000_000


def test_the_stream_comes_back_after_the_node_was_down(bdc, node, order, listen, heard, wait_until):
    with listen(heard.extend):
        wait_until(lambda: node.pusher.listening() == 1)
        node.order_fault({"kind": "node_down", "seconds": 0.3})
        wait_until(lambda: bdc.pay(order).outcome == "accepted")
        wait_until(lambda: heard)


def test_the_stream_signs_on_again_after_the_cut_off(bdc, node, order, listen, heard, wait_until):
    with listen(heard.extend):
        wait_until(lambda: node.pusher.listening() == 1)
        node.cut_off()
        assert bdc.pay(replace(order, sent_on=bdc.business_day())).outcome == "accepted"
        wait_until(lambda: heard)


def test_movements_of_another_account_are_acknowledged_and_passed_over(
    bdc, node, order, heard, wait_until, make_config
):
    """The books' 101 is one account: what moves on the centre's others would be money that is not there."""
    import threading

    from services.core.clock import SystemClock
    from services.settlement.adapters.bdc import BdcNoticeStream

    stop = threading.Event()
    stream = BdcNoticeStream(make_config(node, pay_account_no="43001500000000009999"), SystemClock())
    thread = threading.Thread(target=stream.run, args=(heard.extend, stop))
    thread.start()
    bdc.pay(order)
    wait_until(lambda: notice_states(node) == ["acknowledged"])
    stop.set()
    thread.join(timeout=5)
    assert heard == []


def test_a_quiet_stream_probes_and_stays(node, config, listen, heard, wait_until, make_config):
    import threading

    from services.core.clock import SystemClock
    from services.settlement.adapters.bdc import BdcNoticeStream

    stop = threading.Event()
    stream = BdcNoticeStream(make_config(node, heartbeat_s=0.1), SystemClock())
    thread = threading.Thread(target=stream.run, args=(heard.extend, stop))
    thread.start()
    probes = "SELECT * FROM messages WHERE tx_code = 'SYS600' AND port = 'notice'"
    wait_until(lambda: len(node.store.rows(probes)) >= 2)
    stop.set()
    thread.join(timeout=5)
    assert len(node.store.rows("SELECT * FROM messages WHERE tx_code = 'BDC001'")) == 1


def test_an_unreadable_notice_is_refused_and_does_not_stop_the_next(
    bdc, node, order, today, listen, heard, wait_until, monkeypatch
):
    text = node.books.row_text
    monkeypatch.setattr(
        node.books, "row_text", lambda number, line: "spoilt" if line["id"] == 1 else text(number, line)
    )
    with listen(heard.extend):
        bdc.pay(numbered(order, 1))
        wait_until(lambda: notice_states(node) == ["refused"])
        bdc.pay(numbered(order, 2))
        wait_until(lambda: heard)
    assert heard[0].remark == numbered(order, 2).instruction_no
