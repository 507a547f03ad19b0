"""What the HTTP layer needs from the product 应用依赖; filled by runtime.bootstrap, kept in `app.extensions["anju"]`."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import cast

from flask import current_app
from sqlalchemy.orm import Session

from config.settings import Settings
from services.centre.service_points import ServicePoints
from services.certificates.service import Certificates
from services.core.clock import Clock
from services.core.crypto import FieldCipher
from services.core.db import Sessions
from services.core.retention import Standing
from services.documents.service import Documents
from services.face.service import Faces
from services.face.verifications import Verifications
from services.items.card_route import CardRoute
from services.items.engine import Engine
from services.items.locking import Locking
from services.items.phone_codes import PhoneCodes
from services.notices.adapters.sms_receipts import DeliveryReceipt
from services.notices.service import Notices
from services.ratings.service import Ratings
from services.relatives.service import Relatives
from wechat.callbacks import CallbackMessage
from wechat.config import CallbackConfig
from wechat.jssdk import JsSdk
from wechat.mini_program import MiniProgram
from wechat.oauth import OAuthClient
from wechat.replies import Reply


@dataclass(frozen=True)
class Ports:
    """The product's objects, as far as HTTP uses them."""

    settings: Settings
    clock: Clock
    sessions: Sessions
    cipher: FieldCipher
    engine: Engine
    faces: Faces
    verifications: Verifications
    card_route: CardRoute
    phone_codes: PhoneCodes
    locking: Locking
    ratings: Ratings
    relatives: Relatives
    service_points: ServicePoints
    notices: Notices
    certificates: Certificates
    documents: Documents
    oauth: OAuthClient
    mini_program: MiniProgram
    jssdk: JsSdk
    callback_sessions: Sessions
    wechat_callback_configs: Mapping[str, CallbackConfig]
    sms_receipt_secrets: Mapping[str, str]
    client_dir: Path
    jwt_key: str
    on_wechat_message: Callable[[Session, CallbackMessage], Reply | None]
    on_sms_receipts: Callable[[Session, Sequence[DeliveryReceipt]], None]
    retention: Callable[[Session, datetime], Standing]


def ports() -> Ports:
    """The ports of the present application."""
    return cast(Ports, current_app.extensions["anju"])
