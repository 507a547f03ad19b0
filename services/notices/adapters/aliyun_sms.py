"""Aliyun SMS 阿里云短信: one of the providers behind the channel `sms`, by Aliyun's own SDK.

Importing the SDK takes a second and 26 MB, so the composition root loads this module only where Aliyun is in use.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from alibabacloud_dysmsapi20170525 import models
from alibabacloud_dysmsapi20170525.client import Client
from alibabacloud_tea_openapi.utils_models import Config
from darabonba.exceptions import ResponseException
from darabonba.runtime import RuntimeOptions
from Tea.exceptions import UnretryableException

from services.core.clock import SHANGHAI
from services.notices.adapters.aliyun_session import go_straight
from services.notices.adapters.sms_failures import ALIYUN, failure, network_failure
from services.notices.adapters.sms_parameters import filled, template_id
from services.notices.ports import ChannelFailure, Fate, OutgoingNotice, Submitted, Uncertain

CONNECT_TIMEOUT_S = 3.0
READ_TIMEOUT_S = 5.0
PAGE = 50
PAGES = 4
PROVIDER = "aliyun"
_SENT, _FAILED = 3, 2


@dataclass(frozen=True, slots=True)
class AliyunSmsConfig:
    """Access key, signature 签名 and approved templates; `template_ids` by logical name."""

    access_key_id: str
    access_key_secret: str = field(repr=False)
    sign_name: str = ""
    template_ids: Mapping[str, str] = field(default_factory=dict)
    endpoint: str = "dysmsapi.aliyuncs.com"
    scheme: str = "https"


class AliyunSmsChannel:
    """Sends by template; the intent travels as OutId, so a lost answer can be looked up and a receipt matched."""

    name = "sms"
    provider = PROVIDER

    def __init__(self, config: AliyunSmsConfig) -> None:
        self._config = config

    def send(self, notice: OutgoingNotice) -> Submitted:
        """SendSms to one number; the provider's reference is its BizId."""
        request = models.SendSmsRequest(
            phone_numbers=notice.recipient,
            sign_name=self._config.sign_name,
            template_code=template_id(self._config.template_ids, notice, PROVIDER),
            template_param=json.dumps(filled(notice), ensure_ascii=False),
            out_id=notice.intent_id,
        )
        try:
            answer = self._client().send_sms_with_options(request, RuntimeOptions()).body
        except Exception as error:
            raise _failure(error) from None
        if not answer or not answer.code:
            raise Uncertain(f"{PROVIDER}.answer_unreadable")
        if answer.code != "OK":
            raise failure(ALIYUN, PROVIDER, str(answer.code))
        if not answer.biz_id:
            raise Uncertain(f"{PROVIDER}.answer_unreadable")
        return Submitted(PROVIDER, str(answer.biz_id))

    def look_up(self, notice: OutgoingNotice, provider_ref: str | None, sent_at: datetime) -> Fate:
        """QuerySendDetails of the number on the day it was sent; without our number in it nothing is known."""
        try:
            for page in range(1, PAGES + 1):
                details = self._details(notice.recipient, provider_ref, sent_at, page)
                for detail in details:
                    if detail.out_id == notice.intent_id:
                        return _fate(detail.send_status, provider_ref)
                if len(details) < PAGE:
                    break
        except Exception:
            # Whatever went wrong while asking, nothing has become known; the SDK has no common error class.
            return "unknown"
        return "pending" if provider_ref else "unknown"

    def _details(self, phone: str, provider_ref: str | None, sent_at: datetime, page: int) -> list[Any]:
        request = models.QuerySendDetailsRequest(
            phone_number=phone,
            biz_id=provider_ref,
            send_date=f"{sent_at.astimezone(SHANGHAI):%Y%m%d}",
            page_size=PAGE,
            current_page=page,
        )
        answer = self._client().query_send_details_with_options(request, RuntimeOptions()).body
        if answer.code != "OK":
            raise failure(ALIYUN, PROVIDER, str(answer.code))
        return (
            list(answer.sms_send_detail_dtos.sms_send_detail_dto or []) if answer.sms_send_detail_dtos else []
        )

    def _client(self) -> Client:
        config = self._config
        go_straight(config.scheme, config.endpoint)
        return Client(
            Config(
                access_key_id=config.access_key_id,
                access_key_secret=config.access_key_secret,
                endpoint=config.endpoint,
                protocol=config.scheme,
                connect_timeout=int(CONNECT_TIMEOUT_S * 1000),
                read_timeout=int(READ_TIMEOUT_S * 1000),
            )
        )


def _fate(status: object, provider_ref: str | None) -> Fate:
    if status == _SENT:
        return "delivered"
    if status == _FAILED:
        return "failed"
    # Taken, not reported yet: without the reference a later receipt finds it by our number while it is uncertain.
    return "pending" if provider_ref else "unknown"


def _failure(error: Exception) -> ChannelFailure:
    """Refusals have a code; the SDK hides what else went wrong in an exception around an exception."""
    if isinstance(error, ResponseException) and error.code not in (None, "None"):
        return failure(ALIYUN, PROVIDER, str(error.code))
    inner = error.inner_exception if isinstance(error, UnretryableException) else error
    return network_failure(PROVIDER, inner.__context__)
