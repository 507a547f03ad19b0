"""What the callback wrapper refuses, and how it tells repeats."""

import time
from collections.abc import Callable
from datetime import UTC, datetime

import pytest

from sandbox.wechat import envelope
from wechat.callbacks import BODY_LIMIT, CallbackRefused, verify_and_decrypt
from wechat.config import CallbackConfig

OURS = CallbackConfig("wx1", "gh_1", "token", "B" * 43)
NOW = 1_790_000_000
XML = {"Content-Type": "text/xml; charset=utf-8"}
INNER = (
    "<xml><ToUserName>gh_1</ToUserName><FromUserName>oA</FromUserName><CreateTime>1790000000</CreateTime>"
    "<MsgType>text</MsgType><Content><![CDATA[余额]]></Content><MsgId>77</MsgId></xml>"
)
Query = dict[str, str]


def _sealed(inner: str = INNER, *, appid: str = "wx1", when: int = NOW) -> tuple[Query, bytes]:
    encrypted = envelope.encrypt(OURS.aes_key, appid, inner)
    query = {
        "timestamp": str(when),
        "nonce": "n1",
        "encrypt_type": "aes",
        "msg_signature": envelope.sign("token", str(when), "n1", encrypted),
    }
    return query, f"<xml><Encrypt>{encrypted}</Encrypt></xml>".encode()


def _refusal(query: Query, body: bytes, headers: dict[str, str] = XML) -> str:
    with pytest.raises(CallbackRefused) as caught:
        verify_and_decrypt(query, headers, body, OURS, datetime.fromtimestamp(NOW, UTC))
    return caught.value.reason


def test_a_good_message_comes_through() -> None:
    query, body = _sealed()
    message = verify_and_decrypt(query, XML, body, OURS, datetime.fromtimestamp(NOW, UTC))
    assert (message.openid, message.content, message.nonce) == ("oA", "余额", "n1")


@pytest.mark.parametrize("name", ["timestamp", "nonce", "encrypt_type", "msg_signature"])
def test_an_absent_parameter_is_a_refusal(name: str) -> None:
    query, body = _sealed()
    del query[name]
    assert _refusal(query, body) in ("query", "plain")


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda q: {**q, "encrypt_type": "raw"}, "plain"),
        (lambda q: {**q, "msg_signature": "0" * 40}, "signature"),
        (lambda q: {**q, "msg_signature": q["msg_signature"].upper()}, "query"),
        (lambda q: {**q, "nonce": "n2"}, "signature"),
        (lambda q: {**q, "timestamp": q["timestamp"] + "1", "nonce": "n"}, "query"),
        (lambda q: {**q, "timestamp": "１７９０００００００"}, "query"),
        (lambda q: {**q, "timestamp": q["timestamp"] + "\n"}, "query"),
    ],
)
def test_a_changed_query_is_a_refusal(change: Callable[[Query], Query], reason: str) -> None:
    query, body = _sealed()
    assert _refusal(change(query), body) == reason


def test_old_and_future_are_refused() -> None:
    assert _refusal(*_sealed(when=NOW - 301)) == "stale"
    assert _refusal(*_sealed(when=NOW + 301)) == "stale"


def test_plain_signature_of_the_query_does_not_open_the_body() -> None:
    query, body = _sealed()
    query["msg_signature"] = envelope.sign("token", query["timestamp"], query["nonce"])
    assert _refusal(query, body) == "signature"


def test_another_appid_or_addressee_is_refused() -> None:
    assert _refusal(*_sealed(appid="wx2")) == "appid"
    assert _refusal(*_sealed(INNER.replace("gh_1", "gh_2"))) == "addressee"


@pytest.mark.parametrize(
    "document",
    [
        b'<!DOCTYPE x [<!ENTITY a "b">]><xml><Encrypt>&a;</Encrypt></xml>',
        b"<!doctype xml><xml><Encrypt>x</Encrypt></xml>",
        b"<xml><!-- --><Encrypt>x</Encrypt></xml>",
    ],
)
def test_declarations_are_refused_before_parsing(document: bytes) -> None:
    assert _refusal(_sealed()[0], document) == "declaration"


@pytest.mark.parametrize("when", ["", "-1", "１", "99999999999", "999999999999"])
def test_a_time_that_no_calendar_has_is_refused(when: str) -> None:
    assert _refusal(*_sealed(INNER.replace("1790000000", when))) == "shape"


def test_declarations_inside_the_envelope_are_refused() -> None:
    assert _refusal(*_sealed("<!DOCTYPE x []>" + INNER)) == "declaration"


@pytest.mark.parametrize("body", [b"", b"x" * (BODY_LIMIT + 1)])
def test_size(body: bytes) -> None:
    assert _refusal(_sealed()[0], body) == "size"


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"{}", "xml"),
        (b"\xff\xfe", "xml"),
        (b"<xml></xml>", "shape"),
        (b"<xml><Encrypt>a</Encrypt><Encrypt>b</Encrypt></xml>", "shape"),
        (b"<xml><Encrypt>a", "xml"),
    ],
)
def test_junk(body: bytes, reason: str) -> None:
    assert _refusal(_sealed()[0], body) == reason


def test_transport() -> None:
    query, body = _sealed()
    assert _refusal(query, body, {"Content-Type": "application/json"}) == "type"
    assert _refusal(query, body, {**XML, "Transfer-Encoding": "chunked"}) == "chunked"


@pytest.mark.parametrize("encrypted", ["AAAA", "A" * 64, "中文", "=" * 8])
def test_ciphertext_that_cannot_be_ours(encrypted: str) -> None:
    query = {**_sealed()[0], "msg_signature": envelope.sign("token", str(NOW), "n1", encrypted)}
    assert _refusal(query, f"<xml><Encrypt>{encrypted}</Encrypt></xml>".encode()) in (
        "cipher",
        "padding",
        "appid",
    )


def test_identity_is_the_message_number_or_person_time_and_event() -> None:
    def identity(inner: str) -> str:
        query, body = _sealed(inner)
        return verify_and_decrypt(query, XML, body, OURS, datetime.fromtimestamp(NOW, UTC)).identity

    assert identity(INNER) == identity(INNER.replace("余额", "别的"))
    assert identity(INNER) != identity(INNER.replace("77", "78"))
    event = INNER.replace("<MsgId>77</MsgId>", "<Event>CLICK</Event>")
    assert identity(event) == identity(event)
    assert identity(event) != identity(event.replace("1790000000", "1790000001"))
    assert identity(event) != identity(event.replace("CLICK", "VIEW"))


def test_beginnings_without_an_end_are_read_in_linear_time() -> None:
    """Before the signature: whoever sent 64 KB of them held a process for seconds."""
    query, _ = _sealed()
    body = b"<![CDATA[" * (BODY_LIMIT // 9)
    began = time.perf_counter()
    assert _refusal(query, body) == "xml"
    assert time.perf_counter() - began < 0.5


def test_a_beginning_without_an_end_hides_nothing() -> None:
    query, _ = _sealed()
    for body in (b"<!DOCTYPE xml><![CDATA[", b"<xml><!-- a --><![CDATA[", b"<xml><![CDATA[a]]><!DOCTYPE xml>"):
        assert _refusal(query, body) == "declaration"
