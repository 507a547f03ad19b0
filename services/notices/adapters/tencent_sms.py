"""Tencent Cloud SMS 腾讯云短信: the notice channel `sms`, and the receipts it pushes."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import requests
from tencentcloud.common.credential import Credential
from tencentcloud.common.exception.tencent_cloud_sdk_exception import TencentCloudSDKException
from tencentcloud.common.profile.client_profile import ClientProfile
from tencentcloud.common.profile.http_profile import HttpProfile
from tencentcloud.sms.v20210111 import models
from tencentcloud.sms.v20210111.sms_client import SmsClient
from urllib3.exceptions import NewConnectionError

from services.core.clock import SHANGHAI
from services.notices.ports import (
    ChannelFailure,
    Fate,
    NotSent,
    OutgoingNotice,
    Refused,
    Submitted,
    Uncertain,
)

TIMEOUT_S = (3, 5)
PAGE = 100
PAGES = 5
RECEIPTS_LIMIT = 500
_REFERENCE = re.compile(r"[!-~]{1,120}")

# Order of {1}, {2} … in the approved texts.
PARAMETERS: Mapping[str, tuple[str, ...]] = {
    "sms_code": ("code", "minutes"),
    "settlement_paid": ("date", "item", "amount", "card4", "balance"),
    "settlement_returned": ("date", "item", "amount", "card4"),
    "loan_repaid": ("date", "item", "amount", "owed", "balance"),
    "card_changed": ("bank", "card4", "usable_from"),
    "loan_card_changed": ("bank", "card4", "from"),
    "phone_changed": ("phone4", "money_from"),
    "phone_left": ("money_from",),
    "certificate_issued": ("name", "number"),
    "bound": ("time",),
    "review_refused": ("date", "item", "reason"),
    "operation_code": ("what", "code", "minutes"),
    "payment_waiting": ("item", "amount", "time", "card4"),
    "payment_stopped": ("item", "amount"),
    "face_stranger": ("item",),
}
UNCERTAIN = ("InternalError", "ServerNetworkError")
LATER = (
    "LimitExceeded.PhoneNumberThirtySecondLimit",
    "LimitExceeded.DeliveryFrequencyLimit",
    "RequestLimitExceeded",
    "FailedOperation.InsufficientBalanceInSmsPackage",
    "AuthFailure",
    "UnauthorizedOperation",
)


@dataclass(frozen=True, slots=True)
class SmsConfig:
    """Account, signature 签名 and approved templates; `template_ids` by logical name."""

    secret_id: str
    secret_key: str = field(repr=False)
    app_id: str = ""
    sign_name: str = ""
    template_ids: Mapping[str, str] = field(default_factory=dict)
    endpoint: str = "sms.tencentcloudapi.com"
    scheme: str = "https"
    region: str = "ap-guangzhou"


@dataclass(frozen=True, slots=True)
class DeliveryReceipt:
    """Receipt 回执: what became of one message."""

    provider_ref: str
    phone: str
    delivered: bool
    code: str
    at: datetime | None


class ReceiptsMalformed(Exception):
    """The pushed receipts cannot be read."""


class TencentSmsChannel:
    """Sends by template; the intent travels as SessionContext so that a lost answer can be looked up."""

    name = "sms"

    def __init__(self, config: SmsConfig) -> None:
        self._config = config

    def send(self, notice: OutgoingNotice) -> Submitted:
        """SendSms to one number; the provider's reference is its SerialNo."""
        request = models.SendSmsRequest()
        request.PhoneNumberSet = [f"+86{notice.recipient}"]
        request.SmsSdkAppId = self._config.app_id
        request.SignName = self._config.sign_name
        request.TemplateId, request.TemplateParamSet = self._rendered(notice)
        request.SessionContext = notice.intent_id
        try:
            statuses = self._client().SendSms(request).SendStatusSet or []
        except TencentCloudSDKException as error:
            raise _failure(error) from None
        if len(statuses) != 1:
            raise Uncertain("sms.answer_unreadable")
        if statuses[0].Code != "Ok":
            raise _refusal(str(statuses[0].Code))
        return Submitted("tencent", str(statuses[0].SerialNo))

    def look_up(self, notice: OutgoingNotice, provider_ref: str | None, sent_at: datetime) -> Fate:
        """PullSmsSendStatusByPhoneNumber; a message not reported yet is pending when we know it was taken."""
        try:
            for offset in range(0, PAGES * PAGE, PAGE):
                page = self._reports(notice.recipient, sent_at, offset)
                for report in page:
                    if _is_this(report, notice, provider_ref):
                        return "delivered" if report.ReportStatus == "SUCCESS" else "failed"
                if len(page) < PAGE:
                    break
        except TencentCloudSDKException:
            return "unknown"
        return "pending" if provider_ref else "unknown"

    def _reports(self, phone: str, sent_at: datetime, offset: int) -> list[models.PullSmsSendStatus]:
        request = models.PullSmsSendStatusByPhoneNumberRequest()
        request.SmsSdkAppId = self._config.app_id
        request.PhoneNumber = f"+86{phone}"
        request.BeginTime = int((sent_at - timedelta(minutes=1)).timestamp())
        request.EndTime = int((sent_at + timedelta(days=3)).timestamp())
        request.Offset, request.Limit = offset, PAGE
        return list(self._client().PullSmsSendStatusByPhoneNumber(request).PullSmsSendStatusSet or [])

    def _rendered(self, notice: OutgoingNotice) -> tuple[str, list[str]]:
        template_id = self._config.template_ids.get(notice.template)
        names = PARAMETERS.get(notice.template)
        if not template_id or names is None:
            raise Refused("sms.template_unknown")
        try:
            return template_id, [notice.fields[name] for name in names]
        except KeyError:
            raise Refused("sms.field_missing") from None

    def _client(self) -> SmsClient:
        http = HttpProfile(protocol=self._config.scheme, endpoint=self._config.endpoint, reqTimeout=TIMEOUT_S)
        credential = Credential(self._config.secret_id, self._config.secret_key)
        client = SmsClient(credential, self._config.region, ClientProfile(httpProfile=http))
        # The SDK would follow proxy variables and redirects with a signed request.
        connection = client.request.conn
        connection.proxy = None
        connection._session.trust_env = False
        connection._session.max_redirects = 0
        return client


def _is_this(report: models.PullSmsSendStatus, notice: OutgoingNotice, provider_ref: str | None) -> bool:
    if provider_ref:
        return bool(report.SerialNo == provider_ref)
    return bool(report.SessionContext == notice.intent_id)


def _failure(error: TencentCloudSDKException) -> ChannelFailure:
    """The SDK wraps every network error in one exception; its context tells whether anything was sent."""
    code = str(error.get_code())
    if code == "ClientNetworkError":
        return NotSent("sms.no_connection") if _never_connected(error.__context__) else Uncertain("sms.lost")
    if "." not in code and not code.startswith(("AuthFailure", "UnauthorizedOperation", "RequestLimit")):
        return Uncertain("sms.answer_unreadable")
    return _refusal(code)


def _never_connected(cause: BaseException | None) -> bool:
    if isinstance(cause, requests.ConnectTimeout):
        return True
    reason = getattr(cause.args[0], "reason", None) if cause is not None and cause.args else None
    return isinstance(reason, NewConnectionError)


def _refusal(code: str) -> ChannelFailure:
    if code.startswith(UNCERTAIN):
        return Uncertain(f"sms.{code}")
    return NotSent(f"sms.{code}") if code.startswith(LATER) else Refused(f"sms.{code}")


def read_receipts(body: bytes) -> list[DeliveryReceipt]:
    """Receipts from Tencent's JSON array; raises ReceiptsMalformed."""
    try:
        items = json.loads(body)
        if not isinstance(items, list) or len(items) > RECEIPTS_LIMIT:
            raise ReceiptsMalformed
        return [_receipt(item) for item in items]
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        raise ReceiptsMalformed from None


def _receipt(item: Mapping[str, object]) -> DeliveryReceipt:
    status = item["report_status"]
    if status not in ("SUCCESS", "FAIL"):
        raise ValueError("report_status")
    reference = str(item["sid"])
    if _REFERENCE.fullmatch(reference) is None:  # PostgreSQL takes neither NUL nor half a character
        raise ValueError("sid")
    received = str(item.get("user_receive_time") or "")
    return DeliveryReceipt(
        provider_ref=reference,
        phone=str(item["mobile"]),
        delivered=status == "SUCCESS",
        code=str(item.get("errmsg", ""))[:64],
        at=datetime.fromisoformat(received).replace(tzinfo=SHANGHAI) if received else None,
    )
