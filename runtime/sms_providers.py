"""SMS providers 短信服务商: those in use, from the settings to the one channel `sms`."""

from __future__ import annotations

from datetime import timedelta
from importlib import import_module
from typing import cast

import structlog

from config.settings import Settings
from services.core.clock import Clock
from services.notices.adapters.breaker import BreakerLimits
from services.notices.adapters.mas_sms import MasSmsChannel, MasSmsConfig
from services.notices.adapters.sms_chain import SmsChain, SmsProvider
from services.notices.adapters.tencent_sms import SmsConfig, TencentSmsChannel
from services.notices.wording import wordings

log = structlog.get_logger(__name__)
SMS_TEMPLATES = (
    "sms_code",
    "review_refused",
    "settlement_paid",
    "settlement_returned",
    "loan_repaid",
    "card_changed",
    "loan_card_changed",
    "phone_changed",
    "phone_left",
    "certificate_issued",
    "bound",
    "unbound",
    "operation_code",
    "payment_waiting",
    "payment_stopped",
    "face_stranger",
    "contribution_posted",
    "interest_posted",
    "policy_news",
    "transfer_refused",
    "transfer_silent",
    "transfer_arrived",
    "loan_repaid_by_card",
    "card_not_collected",
    "instalment_due",
    "instalment_paid",
    "instalment_failed",
    "agreement_signed",
    "agreement_changed",
    "agreement_short",
    "agreement_ended",
    "lock_closed",
    "lock_opening",
    "lock_opened",
    "limit_lowered",
    "limit_raised",
    "review_asked",
    "rating_answered",
    "relative_joined",
    "deduction_taken_back",
)


def sms_channel(settings: Settings, clock: Clock) -> SmsChain:
    """The SMS providers in use, in the centre's order."""
    limits = BreakerLimits(
        settings.sms_breaker_failures,
        timedelta(seconds=settings.sms_breaker_window_s),
        timedelta(seconds=settings.sms_breaker_rest_s),
    )
    _say_what_lacks(settings)
    made = {"tencent": _tencent, "aliyun": _aliyun, "mas": _mas}
    return SmsChain([made[name](settings) for name in settings.sms_order], clock, limits)


def _say_what_lacks(settings: Settings) -> None:
    """A text without a number at a provider goes by another one, or not at all."""
    words = [name for name, versions in wordings().items() if versions[-1].sms]
    for provider in settings.sms_order:
        ids = SMS_TEMPLATES if provider == "tencent" else settings.sms_templates[provider]
        lacking = [name for name in words if name not in ids]
        if lacking:
            log.warning("sms.templates_missing", provider=provider, templates=lacking)


def _tencent(settings: Settings) -> SmsProvider:
    return TencentSmsChannel(sms(settings))


def _aliyun(settings: Settings) -> SmsProvider:
    # Aliyun's SDK costs a second and 26 MB in each process: loaded only where it is used.
    adapter = import_module("services.notices.adapters.aliyun_sms")
    config = adapter.AliyunSmsConfig(
        access_key_id=settings.sms_aliyun_access_key_id,
        access_key_secret=settings.secret("sms_aliyun_access_key_secret"),
        sign_name=settings.sms_aliyun_sign_name,
        template_ids=settings.sms_templates["aliyun"],
        endpoint=settings.sms_aliyun_endpoint,
        scheme=settings.sms_aliyun_scheme,
    )
    return cast(SmsProvider, adapter.AliyunSmsChannel(config))


def _mas(settings: Settings) -> SmsProvider:
    ca_file = settings.sms_mas_ca_file
    return MasSmsChannel(
        MasSmsConfig(
            base_url=settings.sms_mas_base_url,
            ec_name=settings.sms_mas_ec_name,
            ap_id=settings.sms_mas_ap_id,
            secret_key=settings.secret("sms_mas_secret_key"),
            sign=settings.sms_mas_sign,
            add_serial=settings.sms_mas_add_serial,
            template_ids=settings.sms_templates["mas"],
            ca_file=str(ca_file) if ca_file else None,
        )
    )


def sms(settings: Settings) -> SmsConfig:
    """Tencent Cloud."""
    return SmsConfig(
        secret_id=settings.sms_secret_id,
        secret_key=settings.secret("sms_secret_key"),
        app_id=settings.sms_app_id,
        sign_name=settings.sms_sign_name,
        template_ids={name: getattr(settings, f"sms_template_{name}") for name in SMS_TEMPLATES},
        endpoint=settings.sms_endpoint,
        scheme=settings.sms_scheme,
    )


def sms_receipt_secrets(settings: Settings) -> dict[str, str]:
    """Secret part of the address to which each provider in use pushes its receipts."""
    files = {
        "tencent": "sms_receipt_path_secret",
        "aliyun": "sms_aliyun_receipt_path_secret",
        "mas": "sms_mas_receipt_path_secret",
    }
    return {name: settings.secret(files[name]) for name in settings.sms_order}
