"""Receipts as the providers push them, and bodies that are none."""

import json
from contextlib import suppress
from datetime import datetime
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.core.clock import SHANGHAI
from services.notices.adapters.sms_receipts import (
    ReceiptsMalformed,
    read_aliyun,
    read_mas,
    read_tencent,
)

# The example of Aliyun's own page on SmsReport.
ALIYUN = {
    "phone_number": "13900000001",
    "send_time": "2017-01-01 00:00:00",
    "report_time": "2017-01-01 00:00:00",
    "success": True,
    "err_code": "DELIVERED",
    "err_msg": "用户接收成功",
    "sms_size": "1",
    "biz_id": "12345",
    "out_id": "67890",
}
MAS: dict[str, Any] = {
    "mobile": "13900000001",
    "reportStatus": "CM:0000",
    "submitDate": "20170725103500",
    "receiveDate": "20170725103502",
    "errorCode": "DELIVRD",
    "msgGroup": "0725103500001000000001",
}
TENCENT = {
    "user_receive_time": "2015-10-17 08:03:04",
    "nationcode": "86",
    "mobile": "13900000001",
    "report_status": "SUCCESS",
    "errmsg": "DELIVRD",
    "description": "用户短信送达成功",
    "sid": "xxxxxxx",
}


def body(*items: object) -> bytes:
    return json.dumps(items).encode()


def test_aliyuns_own_example() -> None:
    (receipt,) = read_aliyun(body(ALIYUN))
    assert (receipt.reference, receipt.phone, receipt.delivered) == ("aliyun:12345", "13900000001", True)
    assert receipt.at == datetime(2017, 1, 1, tzinfo=SHANGHAI)
    assert receipt.intent_id is None


def test_our_number_comes_back() -> None:
    own = "019ab3c4-0000-7000-8000-000000000001"
    assert read_aliyun(body({**ALIYUN, "out_id": own}))[0].intent_id == UUID(own)


@pytest.mark.parametrize("status", ["CM:0000", "DELIVRD"])
def test_mas_reports_alone_or_as_a_list(status: str) -> None:
    one = {**MAS, "reportStatus": status, "mobile": ["13900000001"]}
    (receipt,) = read_mas(json.dumps(one).encode())
    assert read_mas(body(one)) == [receipt]
    assert (receipt.reference, receipt.phone, receipt.delivered) == (
        "mas:0725103500001000000001",
        "13900000001",
        True,
    )
    assert receipt.at == datetime(2017, 7, 25, 10, 35, 2, tzinfo=SHANGHAI)


def test_mas_says_that_it_did_not_arrive() -> None:
    (receipt,) = read_mas(body({**MAS, "reportStatus": "DB:0140", "errorCode": "DB:0140"}))
    assert (receipt.delivered, receipt.code) == (False, "DB:0140")


def test_what_members_write_to_us_is_left_aside() -> None:
    up = {"mobile": "13900000001", "smsContent": "TD", "sendTime": "2021-01-11 15:58:36", "addSerial": "1065"}
    assert read_mas(json.dumps(up).encode()) == []


def test_the_same_number_at_two_providers_is_two_references() -> None:
    references = {
        read_aliyun(body({**ALIYUN, "biz_id": "7"}))[0].reference,
        read_mas(body({**MAS, "msgGroup": "7"}))[0].reference,
        read_tencent(body({**TENCENT, "sid": "7"}))[0].reference,
    }
    assert references == {"aliyun:7", "mas:7", "tencent:7"}


@pytest.mark.parametrize(
    ("reader", "good", "changes"),
    [
        (read_aliyun, ALIYUN, {"success": "true"}),
        (read_aliyun, ALIYUN, {"success": 1}),
        (read_aliyun, ALIYUN, {"biz_id": "7\x00"}),
        (read_aliyun, ALIYUN, {"biz_id": 7}),
        (read_aliyun, ALIYUN, {"biz_id": "7" * 101}),
        (read_aliyun, ALIYUN, {"report_time": "yesterday"}),
        (read_mas, MAS, {"reportStatus": ""}),
        (read_mas, MAS, {"reportStatus": None}),
        (read_mas, MAS, {"msgGroup": ""}),
        (read_mas, MAS, {"msgGroup": "空"}),
        (read_mas, MAS, {"mobile": []}),
        (read_mas, MAS, {"mobile": ["1", "2"]}),
        (read_aliyun, ALIYUN, {"phone_number": {"a": 1}}),
        (read_mas, MAS, {"receiveDate": "2017"}),
        (read_tencent, TENCENT, {"report_status": "MAYBE"}),
        (read_tencent, TENCENT, {"sid": "\ud800"}),
    ],
)
def test_one_bad_receipt_spoils_the_push(reader: Any, good: dict[str, Any], changes: dict[str, Any]) -> None:
    """The provider pushes again; half a push taken in would hide that something is wrong."""
    assert len(reader(body(good))) == 1
    with pytest.raises(ReceiptsMalformed):
        reader(body(good, {**good, **changes}))


@pytest.mark.parametrize("reader", [read_aliyun, read_tencent, read_mas])
@pytest.mark.parametrize(
    "text",
    [
        b"",
        b'""',
        b"{}",
        b"null",
        b"1",
        b'"x"',
        b"[1]",
        b'["smsContent"]',
        b"[null]",
        b"[[]]",
        b"[{}]",
        b"\xff",
        b"[" * 50_000,
    ],
)
def test_bodies_that_are_no_receipts(reader: Any, text: bytes) -> None:
    with pytest.raises(ReceiptsMalformed):
        reader(text)


def test_only_mas_may_send_an_object() -> None:
    for reader, good in ((read_aliyun, ALIYUN), (read_tencent, TENCENT)):
        with pytest.raises(ReceiptsMalformed):
            reader(json.dumps(good).encode())


def test_at_most_five_hundred_at_once() -> None:
    assert len(read_aliyun(body(*[ALIYUN] * 500))) == 500
    with pytest.raises(ReceiptsMalformed):
        read_aliyun(body(*[ALIYUN] * 501))


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from([*ALIYUN, *MAS]), inner),
    max_leaves=8,
)


@given(JSON, st.sampled_from([read_aliyun, read_mas, read_tencent]))
def test_no_body_does_anything_else_than_read_or_refuse(value: object, reader: Any) -> None:
    with suppress(ReceiptsMalformed):
        reader(json.dumps(value).encode())
