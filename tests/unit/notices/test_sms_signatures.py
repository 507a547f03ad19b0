"""Signatures of the doubles against what the providers publish: a double that checks wrongly proves nothing."""

import hashlib
import hmac
from datetime import UTC, datetime

import pytest

from sandbox.sms.acs3 import AuthFailure, Nonces, signature, verify
from sandbox.sms.mas import mac

# The worked example of Aliyun's page on request signatures V3 (RunInstances).
QUERY = [
    ("ImageId", "win2019_1809_x64_dtc_zh-cn_40G_alibase_20230811.vhd"),
    ("RegionId", "cn-shanghai"),
]
EMPTY = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
HEADERS = {
    "host": "ecs.cn-shanghai.aliyuncs.com",
    "x-acs-action": "RunInstances",
    "x-acs-content-sha256": EMPTY,
    "x-acs-date": "2023-10-26T10:22:32Z",
    "x-acs-signature-nonce": "3156853299f313e23d1673dc12e1703d",
    "x-acs-version": "2014-05-26",
}
PUBLISHED = "06563a9e1b43f5dfe96b81484da74bceab24a1d853912eee15083a6f0f3283c0"
AT = datetime(2023, 10, 26, 10, 22, 32, tzinfo=UTC).timestamp()


def authorization(
    signed: str = PUBLISHED, names: list[str] | None = None, key_id: str = "YourAccessKeyId"
) -> str:
    listed = ";".join(names or sorted(HEADERS))
    return f"ACS3-HMAC-SHA256 Credential={key_id},SignedHeaders={listed},Signature={signed}"


def check(
    changed: dict[str, str] | None = None, *, now: float = AT, query: object = None, body: bytes = b""
) -> None:
    headers = {**HEADERS, "Authorization": authorization(), **(changed or {})}
    verify(
        "POST",
        query or QUERY,  # type: ignore[arg-type]
        headers,
        body,
        key_id="YourAccessKeyId",
        key_secret="YourAccessKeySecret",
        nonces=Nonces(),
        now=now,
    )


def test_the_published_example() -> None:
    made = signature("POST", QUERY, HEADERS, sorted(HEADERS), "YourAccessKeySecret")
    assert made == PUBLISHED
    check()


def test_order_and_odd_characters_of_the_query() -> None:
    """Percent signs as RFC 3986 has them; the order is that of the encoded names."""
    odd = [("Value", "v=a b*c~d/e"), ("RR", "中")]
    canonical = "POST\n/\nRR=%E4%B8%AD&Value=v%3Da%20b%2Ac~d%2Fe\nhost:h\n\nhost\n" + EMPTY
    text = "ACS3-HMAC-SHA256\n" + hashlib.sha256(canonical.encode()).hexdigest()
    expected = hmac.new(b"s", text.encode(), hashlib.sha256).hexdigest()
    assert signature("POST", odd, {"host": "h", "x-acs-content-sha256": EMPTY}, ["host"], "s") == expected


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"Authorization": authorization("0" * 64)}, "SignatureDoesNotMatch"),
        ({"Authorization": authorization(key_id="other")}, "InvalidAccessKeyId.NotFound"),
        ({"Authorization": ""}, "IncompleteSignature"),
        ({"Authorization": authorization(names=["host", "x-acs-date"])}, "IncompleteSignature"),
        ({"x-acs-action": "StopInstances"}, "SignatureDoesNotMatch"),
        ({"x-acs-signature-nonce": "another"}, "SignatureDoesNotMatch"),
        ({"x-acs-date": "26.10.2023"}, "InvalidTimeStamp.Format"),
    ],
)
def test_whatever_was_changed_does_not_verify(changed: dict[str, str], code: str) -> None:
    with pytest.raises(AuthFailure) as caught:
        check(changed)
    assert caught.value.code == code


def test_query_body_and_time_are_under_the_signature() -> None:
    for wrong in ({"query": [*QUERY, ("Amount", "2")]}, {"body": b"x"}, {"now": AT + 901}, {"now": AT - 901}):
        with pytest.raises(AuthFailure):
            check(**wrong)  # type: ignore[arg-type]
    check(now=AT + 900)


def test_a_call_is_good_once() -> None:
    nonces = Nonces()
    headers = {**HEADERS, "Authorization": authorization()}
    keys = {"key_id": "YourAccessKeyId", "key_secret": "YourAccessKeySecret"}
    verify("POST", QUERY, headers, b"", nonces=nonces, now=AT, **keys)
    with pytest.raises(AuthFailure) as caught:
        verify("POST", QUERY, headers, b"", nonces=nonces, now=AT, **keys)
    assert caught.value.code == "SignatureNonceUsed"


def test_the_check_sum_of_mas_is_over_the_fields_in_the_platforms_order() -> None:
    message = {
        "ecName": "政企分公司测试",
        "apId": "demo0",
        "mobiles": "13800138000",
        "content": "移动改变生活。",
        "sign": "DWItALe3A",
        "addSerial": "",
    }
    # The example that clients of the interface quote from its manual.
    assert mac("norsubmit", message, "123qwe") == "7997ddb079db2155b517b21b2a812370"
    with_template = {**message, "templateId": "t1", "params": '["1"]'}
    joined = '政企分公司测试demo0123qwet113800138000["1"]DWItALe3A'
    assert mac("tmpsubmit", with_template, "123qwe") == hashlib.md5(joined.encode()).hexdigest()
