"""The sandbox's bank is strict: a test against it proves something."""

from __future__ import annotations

import socket
from contextlib import suppress

import pytest

from sandbox.settlement_node import wire

HEAD = {
    "SendDate": "20261123",
    "SendTime": "101500",
    "SendSeqNo": "001234567890123",
    "TxUnitNo": "430200000001",
    "SendNode": "C43020",
    "TxCode": "BDC001",
    "ReceiveNode": "D00000",
    "CustNo": "4302000001",
    "OperNo": "ANJU01",
}


@pytest.fixture
def talk(node):
    def exchange(data: bytes) -> bytes:
        with socket.create_connection(("127.0.0.1", node.port), timeout=2) as sock:
            sock.sendall(data)
            received = b""
            with suppress(OSError):  # closed with our bytes unread
                sock.shutdown(socket.SHUT_WR)
                while part := sock.recv(4096):
                    received += part
            return received

    return exchange


def signed_on(node, head=HEAD, password=None):
    sealed = wire.seal(node.who.sign_on_key, (password or node.who.password).encode()).hex()
    return wire.frame_bytes("C43020", "1", wire.write_message(head, {"Password": sealed}))


def answer_to(data: bytes) -> dict[str, str]:
    return wire.read_message(data[20:])[0]


def test_a_right_sign_on_is_answered_in_clear_with_the_key(node, talk):
    data = talk(signed_on(node))
    head, body = wire.read_message(data[20:])
    assert data[:16] == b"D000001000000000"
    assert (head["TxStatus"], head["RtnCode"], head["ReceiveSeqNo"]) == ("0", "00000", "001234567890123")
    assert len(bytes.fromhex(body["SessionKey"])) == 16


def test_a_wrong_password_gets_no_key(node, talk):
    data = talk(signed_on(node, password="guess"))
    assert answer_to(data)["RtnCode"] == "E1003"
    assert b"SessionKey" not in data


@pytest.mark.parametrize(
    "name", ["TxUnitNo", "SendNode", "CustNo", "OperNo", "ReceiveNode", "SendSeqNo", "SendDate"]
)
def test_every_head_field_is_checked(node, talk, name):
    assert answer_to(talk(signed_on(node, HEAD | {name: "X"})))["RtnCode"] == "E2001"


def test_business_in_clear_is_refused(node, talk):
    data = wire.frame_bytes("C43020", "1", wire.write_message(HEAD | {"TxCode": "BDC110"}, {}))
    assert answer_to(talk(data))["RtnCode"] == "E1002"


def test_another_session_key_is_told_in_clear_that_it_is_no_good(node, talk):
    message = wire.write_message(HEAD | {"TxCode": "SYS600"}, {})
    data = talk(wire.frame_bytes("C43020", "0", wire.seal(bytes(16), message)))
    assert data[6:7] == b"1"
    assert answer_to(data)["RtnCode"] == "E1001"


@pytest.mark.parametrize(
    "data",
    [
        b"C43020X000000000\x00\x00\x00\x01x",
        b"C430200000000001\x00\x00\x00\x01x",
        b"C520000000000000\x00\x00\x00\x01x",
        b"C430200000000000\x00\x00\x00\x00",
        b"C430200000000000\x7f\xff\xff\xff",
        b"C430200000000000\x00\x00\x00\x10half",
        b"C4302",
    ],
)
def test_a_broken_frame_ends_the_connection_without_an_answer(talk, data):
    assert talk(data) == b""


def test_nobody_listens_for_notices_without_signing_on(node, config, bdc, order, debits, wait_until):
    bdc.pay(order)
    wait_until(lambda: debits() == 1)
    with socket.create_connection(("127.0.0.1", config.notice_port), timeout=2) as sock:
        sock.sendall(wire.frame_bytes("C43020", "0", wire.seal(bytes(16), b"x")))
        assert sock.recv(1) == b""
