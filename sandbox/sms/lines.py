"""Lines 通道: how each provider numbers a message and reports on it."""

from __future__ import annotations

import secrets
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

Message = Mapping[str, Any]


@dataclass(frozen=True)
class Line:
    """One provider: `server` names it in faults, records and settings, `path` in the address of its receipts."""

    server: str
    path: str
    number: Callable[[datetime], str]
    report: Callable[[Message, bool, datetime], Any]
    acknowledged: Callable[[Any], bool]
    together: bool = True
    """Whether it pushes an array of those that are due, or each receipt alone."""


def _tencent_report(message: Message, delivered: bool, at: datetime) -> dict[str, Any]:
    return {
        "user_receive_time": f"{at:%Y-%m-%d %H:%M:%S}",
        "nationcode": "86",
        "mobile": message["phone"],
        "report_status": "SUCCESS" if delivered else "FAIL",
        "errmsg": "DELIVRD" if delivered else "MK:0001",
        "description": "用户短信送达成功" if delivered else "空号",
        "sid": message["sid"],
    }


def _aliyun_report(message: Message, delivered: bool, at: datetime) -> dict[str, Any]:
    return {
        "phone_number": message["phone"],
        "send_time": f"{datetime.fromisoformat(message['sent_at']):%Y-%m-%d %H:%M:%S}",
        "report_time": f"{at:%Y-%m-%d %H:%M:%S}",
        "success": delivered,
        "err_code": "DELIVERED" if delivered else "MOBILE_NOT_ON_SERVICE",
        "err_msg": "用户接收成功" if delivered else "停机或空号",
        "sms_size": str(max(1, -(-len(message["text"]) // 70))),
        "biz_id": message["sid"],
        "out_id": message["session_context"],
    }


def _mas_report(message: Message, delivered: bool, at: datetime) -> dict[str, Any]:
    return {
        "mobile": message["phone"],
        "reportStatus": "CM:0000" if delivered else "CM:0001",
        "submitDate": f"{datetime.fromisoformat(message['sent_at']):%Y%m%d%H%M%S}",
        "receiveDate": f"{at:%Y%m%d%H%M%S}",
        "errorCode": "DELIVRD" if delivered else "MK:0001",
        "msgGroup": message["sid"],
    }


TENCENT = Line(
    "sms",
    "tencent",
    lambda at: f"2640:{uuid.uuid4().int % 10**20:020d}",
    _tencent_report,
    lambda answer: answer.get("result") == 0,
)
ALIYUN = Line(
    "sms_aliyun",
    "aliyun",
    lambda at: f"{secrets.randbelow(10**18):018d}^{secrets.randbelow(10)}",
    _aliyun_report,
    lambda answer: answer.get("code") == 0,
)
MAS = Line(
    "sms_mas",
    "mas",
    lambda at: f"{at:%m%d%H%M%S}{secrets.randbelow(10**12):012d}",
    _mas_report,
    lambda answer: answer.get("rspcod") == "success",
    together=False,
)
