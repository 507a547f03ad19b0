"""A peer that answers with the bytes a test gives it, and what our side needs to talk to it."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from datetime import UTC, date, datetime

import pytest

from services.core.clock import FixedClock
from services.settlement.adapters.bdc import BdcConfig
from services.settlement.ports import PaymentOrder

KEY = bytes.fromhex("0123456789abcdeffedcba9876543210")


class Peer:
    """Answers the n-th connection with the n-th script and closes it; remembers what it was sent."""

    def __init__(self) -> None:
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.port = self._listening.getsockname()[1]
        self.scripts: list[bytes] = []
        self.received: list[bytes] = []
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        while True:
            try:
                sock, _ = self._listening.accept()
            except OSError:
                return
            with sock:
                self.received.append(_whole_frame(sock))
                sock.sendall(self.scripts.pop(0) if self.scripts else b"")

    def close(self) -> None:
        self._listening.shutdown(socket.SHUT_RDWR)
        self._listening.close()


def _whole_frame(sock: socket.socket) -> bytes:
    data = sock.recv(20, socket.MSG_WAITALL)
    size = int.from_bytes(data[16:20], "big")
    return data + sock.recv(size, socket.MSG_WAITALL)


@pytest.fixture(scope="module")
def peer() -> Iterator[Peer]:
    answering = Peer()
    yield answering
    answering.close()


@pytest.fixture(scope="module")
def clock() -> FixedClock:
    return FixedClock(datetime(2026, 11, 23, 2, 15, 0, tzinfo=UTC))  # 10:15 in Shanghai


@pytest.fixture(scope="module")
def config(peer: Peer) -> BdcConfig:
    return BdcConfig(
        host="127.0.0.1",
        port=peer.port,
        notice_port=peer.port,
        node="C43020",
        tx_unit_no="430200000001",
        cust_no="4302000001",
        oper_no="ANJU01",
        password="secret",
        sign_on_key=KEY,
        pay_account_no="43050162000000000001",
        pay_account_name="株洲市住房公积金管理中心",
        read_timeout_s=0.5,
    )


@pytest.fixture(scope="module")
def order() -> PaymentOrder:
    return PaymentOrder(
        instruction_no="102611230000001",
        sent_on=date(2026, 11, 23),
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
