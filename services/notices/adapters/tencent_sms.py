"""Tencent Cloud SMS 腾讯云短信: one of the providers behind the channel `sms`."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from tencentcloud.common.credential import Credential
from tencentcloud.common.exception.tencent_cloud_sdk_exception import TencentCloudSDKException
from tencentcloud.common.profile.client_profile import ClientProfile
from tencentcloud.common.profile.http_profile import HttpProfile
from tencentcloud.sms.v20210111 import models
from tencentcloud.sms.v20210111.sms_client import SmsClient

from services.notices.adapters.sms_failures import TENCENT, failure, network_failure
from services.notices.adapters.sms_parameters import filled, template_id
from services.notices.ports import ChannelFailure, Fate, OutgoingNotice, Submitted, Uncertain

TIMEOUT_S = (3, 5)
PAGE = 100
PAGES = 5
PROVIDER = "tencent"


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


class TencentSmsChannel:
    """Sends by template; the intent travels as SessionContext so that a lost answer can be looked up."""

    name = "sms"
    provider = PROVIDER

    def __init__(self, config: SmsConfig) -> None:
        self._config = config
        self._own = threading.local()

    def send(self, notice: OutgoingNotice) -> Submitted:
        """SendSms to one number; the provider's reference is its SerialNo."""
        request = models.SendSmsRequest()
        request.PhoneNumberSet = [f"+86{notice.recipient}"]
        request.SmsSdkAppId = self._config.app_id
        request.SignName = self._config.sign_name
        request.TemplateParamSet = list(filled(notice).values())
        request.TemplateId = template_id(self._config.template_ids, notice, PROVIDER)
        request.SessionContext = notice.intent_id
        try:
            statuses = self._client().SendSms(request).SendStatusSet or []
        except TencentCloudSDKException as error:
            raise _failure(error) from None
        if len(statuses) != 1:
            raise Uncertain(f"{PROVIDER}.answer_unreadable")
        if statuses[0].Code != "Ok":
            raise failure(TENCENT, PROVIDER, str(statuses[0].Code))
        return Submitted(PROVIDER, str(statuses[0].SerialNo))

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

    def _client(self) -> SmsClient:
        """One a thread: making it costs as much as sending. It opens a connection for each call, as the SDK does."""
        client: SmsClient | None = getattr(self._own, "client", None)
        if client is None:
            client = self._own.client = self._new_client()
        return client

    def _new_client(self) -> SmsClient:
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
        return network_failure(PROVIDER, error.__context__)
    if "." not in code and code not in TENCENT:
        return Uncertain(f"{PROVIDER}.answer_unreadable")
    return failure(TENCENT, PROVIDER, code)
