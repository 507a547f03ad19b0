"""Whatever comes back after a BDC101 was written, `pay` answers with an outcome and never `not_sent`."""

from __future__ import annotations

import pytest
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from services.settlement.adapters.bdc import BdcSettlementNode, link
from services.settlement.adapters.bdc.errors import NothingSent

KEY = bytes.fromhex("0123456789abcdeffedcba9876543210")
# The session key equals the sign-on key; the standard's example block is then its wrapped form.
WRAPPED = "681edf34d206965e86b3e94f536e4246"
HEAD = b"D000000000000000"


def xml(head: str, body: str) -> bytes:
    return f'<?xml version="1.0" encoding="GBK"?><message><head>{head}</head><body>{body}</body></message>'.encode(
        "gbk"
    )


def fields(**values: str) -> str:
    return "".join(f'<field name="{name}">{value}</field>' for name, value in values.items())


def framed(payload: bytes, flag: bytes = b"0") -> bytes:
    return b"D00000" + flag + b"000000000" + len(payload).to_bytes(4, "big") + payload


def sealed(plain: bytes) -> bytes:
    pad = 16 - len(plain) % 16
    encryptor = Cipher(algorithms.SM4(KEY), modes.CBC(bytes(16))).encryptor()
    return framed(encryptor.update(plain + bytes([pad]) * pad) + encryptor.finalize())


def answer(**changes: str) -> bytes:
    head = {
        "TxStatus": "0",
        "RtnCode": "00000",
        "TxCode": "BDC101",
        "ReceiveSeqNo": "102611230000001",
    } | changes
    return xml(fields(**head), fields(HostStatus="0", CapHostSeqNo="H1"))


GOOD = sealed(answer())
EXPIRED = framed(xml(fields(TxStatus="1", RtnCode="E1001"), ""), flag=b"1")


@pytest.fixture(scope="module")
def bdc(config, clock):
    """Signed on for the day: the peer is scripted for business only from here."""
    return BdcSettlementNode(config, clock)


@pytest.fixture(scope="module")
def pay(bdc, peer, order, monkeypatch_module):
    def send(*scripts: bytes):
        peer.scripts[:] = scripts
        return bdc.pay(order)

    return send


@pytest.fixture(scope="module")
def monkeypatch_module(bdc):
    with pytest.MonkeyPatch.context() as patch:
        # The sign-on number is random and must be repeated in the answer: give the key instead.
        patch.setattr(bdc._link._keys, "_fetch", lambda: KEY)
        yield patch


def test_a_whole_answer_is_believed(pay, peer):
    assert pay(GOOD).outcome == "accepted"
    assert peer.received[-1][:16] == b"C430200000000000"
    assert "张三丰".encode("gbk") not in peer.received[-1]


def test_every_cut_of_the_answer_leaves_the_fate_unknown(pay):
    assert {pay(GOOD[:size]).outcome for size in range(len(GOOD))} == {"unknown"}


@pytest.mark.parametrize(
    "script",
    [
        sealed(answer(ReceiveSeqNo="102611230000002")),
        sealed(answer(TxCode="BDC110")),
        sealed(answer(TxStatus="7")),
        sealed(b"hello"),
        framed(answer(), flag=b"1"),
        framed(answer()),
        GOOD.replace(b"D00000", b"C52240"),
        framed(xml(fields(TxStatus="1", RtnCode="B0051"), ""), flag=b"1"),
        b"HTTP/1.1 400 Bad Request\r\n\r\n",
    ],
    ids=[
        "foreign number",
        "foreign code",
        "odd status",
        "no xml",
        "in clear",
        "unsealed",
        "node",
        "no in clear",
        "http",
    ],
)
def test_an_answer_that_is_not_ours_leaves_the_fate_unknown(pay, peer, script):
    before = len(peer.received)
    assert pay(script, GOOD).outcome == "unknown"
    assert len(peer.received) - before == 1


def test_an_expired_key_is_renewed_and_the_same_bytes_are_sent_once_more(pay, peer):
    before = len(peer.received)
    assert pay(EXPIRED, GOOD).outcome == "accepted"
    first, second = peer.received[before:]
    assert first == second


def test_a_key_that_expires_twice_means_nothing_was_read(pay, peer):
    before = len(peer.received)
    reply = pay(EXPIRED, EXPIRED)
    assert (reply.outcome, reply.code, reply.written) == ("not_sent", "session.expired", True)
    assert len(peer.received) - before == 2


def test_a_line_that_breaks_after_an_expired_key_has_carried_the_order(pay, monkeypatch):
    """Not sent, as far as the node said; but not certain enough for a lock to call it back."""
    connect, tried = link.connect, []

    def once(config, port):
        tried.append(port)
        if len(tried) > 1:
            raise NothingSent("link.unreachable")
        return connect(config, port)

    monkeypatch.setattr(link, "connect", once)
    reply = pay(EXPIRED)
    assert (reply.outcome, reply.code, reply.written) == ("not_sent", "link.unreachable", True)


def test_doubt_after_an_expired_key_is_still_doubt(pay):
    assert pay(EXPIRED, GOOD[:-1]).outcome == "unknown"


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.one_of(
        st.binary(max_size=200),
        st.binary(min_size=1, max_size=96).map(framed),
        st.binary(max_size=96).map(sealed),
        st.tuples(st.integers(0, len(GOOD) - 1), st.integers(1, 255)).map(
            lambda change: GOOD[: change[0]] + bytes([GOOD[change[0]] ^ change[1]]) + GOOD[change[0] + 1 :]
        ),
    )
)
def test_noise_is_never_an_exception_nor_a_certainty_that_nothing_was_sent(pay, script):
    assert pay(script).outcome in ("unknown", "accepted", "rejected")
    if script[:20] != GOOD[:20] or len(script) != len(GOOD):
        assert pay(script).outcome == "unknown"
