"""A node killed in the middle forgets nothing: one debit, the notice still to come."""

from __future__ import annotations

import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest

from sandbox.settlement_node import SettlementNode
from services.core.clock import SystemClock
from services.settlement.adapters.bdc import BdcSettlementNode

ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture
def start_node(tmp_path):
    running = []

    def start(pay_delay: str):
        command = [sys.executable, "-m", "sandbox.settlement_node", "--state", str(tmp_path)]
        process = subprocess.Popen(
            [*command, "--port", "0", "--notice-port", "0", "--pay-delay", pay_delay],
            cwd=ROOT,
            stdout=subprocess.PIPE,
            text=True,
        )
        running.append(process)
        words = process.stdout.readline().split()
        return process, int(words[3].rstrip(",").rsplit(":", 1)[1]), int(words[-1])

    yield start
    for process in running:
        process.kill()
        process.wait()
        process.stdout.close()


def test_killed_between_acceptance_and_booking(node, start_node, tmp_path, make_config, order, today):
    process, port, notice_port = start_node("1.0")
    config = replace(make_config(node), port=port, notice_port=notice_port)
    assert BdcSettlementNode(config, SystemClock()).pay(order).outcome == "accepted"
    process.kill()
    process.wait()
    _, port, notice_port = start_node("1.0")
    bdc = BdcSettlementNode(replace(config, port=port, notice_port=notice_port), SystemClock())
    assert bdc.pay(order).outcome == "accepted"
    deadline = time.monotonic() + 5
    while not (lines := bdc.statement(today)) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert [line.remark for line in lines] == [order.instruction_no]


def test_a_new_node_on_the_same_state_goes_on(tmp_path, make_config, order, today):
    first = SettlementNode(tmp_path / "state", port=0, notice_port=0, pay_delay_s=0)
    first.start()
    bdc = BdcSettlementNode(make_config(first), SystemClock())
    reply = bdc.pay(order)
    while not bdc.statement(today):
        time.sleep(0.01)
    first.order_fault({"kind": "reject"})
    first.stop()
    second = SettlementNode(tmp_path / "state", port=0, notice_port=0)
    second.start()
    bdc = BdcSettlementNode(make_config(second), SystemClock())
    assert bdc.query(order.instruction_no, today).host_seq_no == reply.host_seq_no
    assert bdc.pay(replace(order, instruction_no="102611230000002")).outcome == "rejected"
    second.stop()
