"""Receipts 回执: what the SMS providers push about messages they took, read strictly."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from services.core.clock import SHANGHAI

RECEIPTS_LIMIT = 500
_REFERENCE = re.compile(r"[!-~]{1,100}")
_PHONE = re.compile(r"\+?[0-9]{1,20}")
_DAY_AND_TIME = "%Y-%m-%d %H:%M:%S"


@dataclass(frozen=True, slots=True)
class DeliveryReceipt:
    """Receipt 回执: what became of one message; our own number only from the provider that repeats it."""

    provider: str
    provider_ref: str
    phone: str
    delivered: bool
    code: str
    at: datetime | None
    intent_id: UUID | None = None

    @property
    def reference(self) -> str:
        """The reference under which the intent keeps it: providers number their messages apart from each other."""
        return reference(self.provider, self.provider_ref)


class ReceiptsMalformed(Exception):
    """The pushed receipts cannot be read."""


def reference(provider: str, provider_ref: str) -> str:
    """A provider's number of a message, unique among all providers."""
    return f"{provider}:{provider_ref}"


def read_tencent(body: bytes) -> list[DeliveryReceipt]:
    """Receipts from Tencent's JSON array; raises ReceiptsMalformed."""
    return _read(body, _tencent)


def read_aliyun(body: bytes) -> list[DeliveryReceipt]:
    """Receipts from Aliyun's SmsReport, a JSON array; raises ReceiptsMalformed."""
    return _read(body, _aliyun)


def read_mas(body: bytes) -> list[DeliveryReceipt]:
    """Receipts of cloud MAS, one object or an array; what members wrote to us (上行短信) is left aside."""
    return _read(body, _mas, one_may_stand_alone=True)


def _read(
    body: bytes,
    read_one: Callable[[Mapping[str, Any]], DeliveryReceipt | None],
    *,
    one_may_stand_alone: bool = False,
) -> list[DeliveryReceipt]:
    try:
        items = json.loads(body)
        if one_may_stand_alone and isinstance(items, dict):
            items = [items]
        if not isinstance(items, list) or len(items) > RECEIPTS_LIMIT or {*map(type, items)} - {dict}:
            raise ReceiptsMalformed
        return [receipt for item in items if (receipt := read_one(item)) is not None]
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        raise ReceiptsMalformed from None


def _tencent(item: Mapping[str, Any]) -> DeliveryReceipt:
    if item["report_status"] not in ("SUCCESS", "FAIL"):
        raise ValueError("report_status")
    return DeliveryReceipt(
        provider="tencent",
        provider_ref=_reference(item["sid"]),
        phone=_phone(item["mobile"]),
        delivered=item["report_status"] == "SUCCESS",
        code=_code(item.get("errmsg")),
        at=_instant(item.get("user_receive_time"), _DAY_AND_TIME),
    )


def _aliyun(item: Mapping[str, Any]) -> DeliveryReceipt:
    if not isinstance(item["success"], bool):
        raise ValueError("success")
    return DeliveryReceipt(
        provider="aliyun",
        provider_ref=_reference(item["biz_id"]),
        phone=_phone(item["phone_number"]),
        delivered=item["success"],
        code=_code(item.get("err_code")),
        at=_instant(item.get("report_time"), _DAY_AND_TIME),
        intent_id=_uuid(item.get("out_id")),
    )


def _mas(item: Mapping[str, Any]) -> DeliveryReceipt | None:
    if "smsContent" in item and "msgGroup" not in item:
        return None
    # The manual has the good status as DELIVRD; gateways have been seen to push CM:0000 with DELIVRD as errorCode.
    status = item["reportStatus"]
    phones = item["mobile"] if isinstance(item["mobile"], list) else [item["mobile"]]
    if not isinstance(status, str) or not status or len(phones) != 1:
        raise ValueError("reportStatus")
    return DeliveryReceipt(
        provider="mas",
        provider_ref=_reference(item["msgGroup"]),
        phone=_phone(phones[0]),
        delivered=status in ("DELIVRD", "CM:0000"),
        code=_code(item.get("errorCode") or status),
        at=_instant(item.get("receiveDate"), "%Y%m%d%H%M%S"),
    )


def _reference(value: object) -> str:
    """A reference in plain characters: PostgreSQL takes neither NUL nor half a character."""
    if not isinstance(value, str) or _REFERENCE.fullmatch(value) is None:
        raise ValueError("reference")
    return value


def _phone(value: object) -> str:
    if not isinstance(value, str) or _PHONE.fullmatch(value) is None:
        raise ValueError("phone")
    return value.removeprefix("+86")


def _code(value: object) -> str:
    return "".join(character for character in str(value or "")[:64] if "!" <= character <= "~")


def _instant(value: object, form: str) -> datetime | None:
    return datetime.strptime(str(value), form).replace(tzinfo=SHANGHAI) if value else None


def _uuid(value: object) -> UUID | None:
    try:
        return UUID(str(value))
    except ValueError:
        return None
