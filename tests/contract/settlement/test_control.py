"""The control routes of the sandbox's bank."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from flask import Flask

from sandbox.settlement_node.control import blueprint

BASE = "/control/settlement"


@pytest.fixture
def control(node):
    app = Flask(__name__)
    app.register_blueprint(blueprint(node), url_prefix=BASE)
    return app.test_client()


def test_payments_show_attempts_and_debits_for_each_case(control, bdc, order, debits, wait_until):
    bdc.pay(order)
    bdc.pay(order)
    wait_until(lambda: debits() == 1)
    seen = control.get(f"{BASE}/payments?case_no={order.instruction_no}").json
    (payment,) = seen["payments"]
    assert (payment["case_no"], payment["state"]) == (order.instruction_no, "paid")
    assert (payment["attempts"], payment["debits"], payment["returns"]) == (2, 1, 0)
    assert [attempt["faults"] for attempt in seen["attempts"]] == ["", "repeated"]
    assert seen["doubled"] == []


def test_a_case_paid_under_two_numbers_is_shown_as_doubled(control, bdc, node, order, debits, wait_until):
    bdc.pay(order)
    wait_until(lambda: debits() == 1)
    node.store.run("UPDATE payments SET seq_no = '1'")  # as if the centre had used another number before
    bdc.pay(order)
    wait_until(lambda: debits() == 2)
    assert control.get(f"{BASE}/payments").json["doubled"] == [{"case_no": order.instruction_no, "debits": 2}]


def test_faults_are_ordered_listed_and_cancelled(control, bdc, order):
    first = control.post(f"{BASE}/faults", json={"kind": "reject", "match": {"amount_fen": 5}, "count": 3})
    assert first.status_code == 201
    control.post(f"{BASE}/faults", json={"kind": "no_answer"})
    listed = control.get(f"{BASE}/faults").json["faults"]
    assert [(fault["kind"], fault["remaining"]) for fault in listed] == [("reject", 3), ("no_answer", 1)]
    assert control.delete(f"{BASE}/faults/{first.json['id']}").status_code == 204
    assert len(control.get(f"{BASE}/faults").json["faults"]) == 1
    assert control.delete(f"{BASE}/faults").status_code == 204
    assert bdc.pay(order).outcome == "accepted"


@pytest.mark.parametrize(
    "wish",
    [
        {},
        {"kind": "explode"},
        {"kind": "reject", "count": 0},
        {"kind": "reject", "match": {"colour": 1}},
        {"kind": "slow_answer", "seconds": "soon"},
        {"kind": "reject", "match": 5},
        {"kind": []},
    ],
)
def test_a_fault_that_makes_no_sense_is_refused(control, wish):
    assert control.post(f"{BASE}/faults", json=wish).status_code == 422


def test_cut_off_return_and_statement(control, bdc, order, today, debits, wait_until):
    bdc.pay(order)
    wait_until(lambda: debits() == 1)
    tomorrow = (today + timedelta(days=1)).isoformat()
    closed = control.post(f"{BASE}/cutoff").json
    assert closed == {"closed": today.isoformat(), "business_day": tomorrow}
    assert control.post(f"{BASE}/return", json={"case_no": order.instruction_no}).status_code == 201
    assert control.post(f"{BASE}/return", json={"case_no": order.instruction_no}).status_code == 404
    lines = control.get(f"{BASE}/statement?day={tomorrow}").json["lines"]
    assert [(line["kind"], line["amount_fen"]) for line in lines] == [("return", 300_000)]
    account = control.get(f"{BASE}/account").json
    assert (account["balance_fen"], account["business_day"]) == (5_000_000_000_000, tomorrow)


def test_credits_notices_and_log_can_be_seen(control, bdc, order, today):
    control.post(f"{BASE}/credit", json={"amount_fen": 12_345, "name": "某某公司", "summary": "汇缴"})
    (line,) = bdc.statement(today)
    assert (line.direction, line.amount_fen, line.counter_name) == ("credit", 12_345, "某某公司")
    assert control.get(f"{BASE}/notices").json["notices"][0]["kind"] == "credit"
    assert {"BDC001", "BDC113"} <= {
        message["tx_code"] for message in control.get(f"{BASE}/log").json["messages"]
    }


def test_a_node_ordered_down_says_so(control, bdc, order):
    assert control.post(f"{BASE}/faults", json={"kind": "node_down", "seconds": 0.3}).json == {"id": None}
    assert control.get(f"{BASE}/account").json["down"] is True
    assert bdc.pay(replace(order, instruction_no="102611230000009")).outcome == "not_sent"
