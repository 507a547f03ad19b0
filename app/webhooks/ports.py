"""What the webhook views need from the composition root (`current_app.extensions["anju"]`)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol, cast

from flask import current_app
from sqlalchemy.orm import Session

from services.core.clock import Clock
from services.core.db import Sessions
from services.notices.adapters.sms_receipts import DeliveryReceipt
from wechat.callbacks import CallbackMessage
from wechat.config import CallbackConfig
from wechat.replies import Reply


class WebhookPorts(Protocol):
    """The product's objects, as far as webhooks use them."""

    clock: Clock
    sessions: Sessions
    callback_sessions: Sessions
    wechat_callback_configs: Mapping[str, CallbackConfig]
    sms_receipt_secrets: Mapping[str, str]

    def on_wechat_message(self, session: Session, message: CallbackMessage) -> Reply | None:
        """Take in a message once and return the answer, if there is one."""
        ...

    def on_sms_receipts(self, session: Session, receipts: Sequence[DeliveryReceipt]) -> None:
        """Take in receipts; those already known change nothing."""
        ...


def ports() -> WebhookPorts:
    """The ports of the present application."""
    return cast(WebhookPorts, current_app.extensions["anju"])
