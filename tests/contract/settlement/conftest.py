"""Both ends of the BDC wire on free ports: our adapter, and the sandbox's bank."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pytest

from sandbox.settlement_node import Credentials, SettlementNode
from services.core.clock import SystemClock, shanghai_day
from services.settlement.adapters.bdc import BdcConfig, BdcNoticeStream, BdcSettlementNode
from services.settlement.ports import AccountChange, PaymentOrder

CASE_NO = "102611230000001"


def config_for(node: SettlementNode, **changes: object) -> BdcConfig:
    """Settings of a centre that knows the same secrets as the node, with short patience."""
    who = Credentials.load()
    config = BdcConfig(
        host="127.0.0.1",
        port=node.port,
        notice_port=node.notice_port,
        node=who.node,
        tx_unit_no=who.tx_unit_no,
        cust_no=who.cust_no,
        oper_no=who.oper_no,
        password=who.password,
        sign_on_key=who.sign_on_key,
        pay_account_no=who.pay_account_no,
        pay_account_name=who.pay_account_name,
        read_timeout_s=0.5,
        statement_timeout_s=5.0,
        backoff_min_s=0.05,
        backoff_max_s=0.2,
    )
    return replace(config, **changes)


@pytest.fixture
def today() -> date:
    return shanghai_day(SystemClock().now())


@pytest.fixture
def node(tmp_path: Path) -> Iterator[SettlementNode]:
    bank = SettlementNode(tmp_path, port=0, notice_port=0, pay_delay_s=0.05, ack_timeout_s=0.5)
    bank.start()
    yield bank
    bank.stop()


@pytest.fixture
def config(node: SettlementNode) -> BdcConfig:
    return config_for(node)


@pytest.fixture
def bdc(config: BdcConfig) -> BdcSettlementNode:
    return BdcSettlementNode(config, SystemClock())


@pytest.fixture
def order(today: date) -> PaymentOrder:
    return PaymentOrder(
        instruction_no=CASE_NO,
        sent_on=today,
        settle_type="1",
        bus_type="02",
        amount_fen=300_000,
        capital_fen=300_000,
        interest_fen=0,
        payee_account_no="6217000000000000012",
        payee_name="张三丰",
        payee_bank_code="105000",
        payee_bank_name="建设银行",
        same_bank=True,
        interbank_no="",
        summary="公积金提取",
    )


@pytest.fixture
def make_config() -> Callable[..., BdcConfig]:
    return config_for


@pytest.fixture
def wait_until() -> Callable[[Callable[[], object]], None]:
    def wait(condition: Callable[[], object], seconds: float = 5.0) -> None:
        deadline = time.monotonic() + seconds
        while not condition():
            assert time.monotonic() < deadline, "waited in vain"
            time.sleep(0.01)

    return wait


@pytest.fixture
def debits(node: SettlementNode, today: date) -> Callable[[str], int]:
    """How often a case was effectively debited, today or on the days around."""

    def count(case_no: str = CASE_NO) -> int:
        lines = node.books.lines(
            (today - timedelta(days=3)).isoformat(), (today + timedelta(days=30)).isoformat()
        )
        return sum(line["kind"] == "debit" and line["ref_no"] == case_no for line in lines)

    return count


@pytest.fixture
def listen(config: BdcConfig) -> Callable[..., object]:
    """Run the notice stream in a thread: `with listen(callback):`."""

    @contextmanager
    def run(on_changes: Callable[[Sequence[AccountChange]], None]) -> Iterator[None]:
        stop = threading.Event()
        stream = BdcNoticeStream(config, SystemClock())
        thread = threading.Thread(target=stream.run, args=(on_changes, stop))
        thread.start()
        try:
            yield
        finally:
            stop.set()
            thread.join(timeout=5)
            assert not thread.is_alive()

    return run
