"""Sessions 登录: what the passing of time does to a member's session, and to what may not be done twice a minute."""

from __future__ import annotations

import base64
import hashlib
import json
import time
from typing import Any
from uuid import UUID

import jwt
from playwright.sync_api import BrowserContext
from sqlalchemy import text

from runtime.bootstrap import Product
from services.core.db import transaction
from services.members.sessions import end

ACCESS = "anju_access"


def expire_access(context: BrowserContext, product: Product) -> None:
    """The access token is over; the refresh token still serves."""
    cookie = _cookie(context)
    claims = _claims(cookie["value"])
    claims |= {"iat": int(time.time()) - 2000, "nbf": int(time.time()) - 2000, "exp": int(time.time()) - 60}
    token = jwt.encode(claims, product.ports().jwt_key, algorithm="HS256")
    context.add_cookies([{**cookie, "value": token}])


def revoke(context: BrowserContext, product: Product) -> None:
    """The session has ended: neither token serves."""
    session_id = UUID(_claims(_cookie(context)["value"])["sid"])
    with transaction(product.sessions) as session:
        end(session, session_id, product.clock.now())


def _cookie(context: BrowserContext) -> Any:
    return next(one for one in context.cookies() if one["name"] == ACCESS)


def _claims(token: str) -> dict[str, Any]:
    body = token.split(".")[1]
    claims: dict[str, Any] = json.loads(base64.urlsafe_b64decode(body + "=" * (-len(body) % 4)))
    return claims


def a_minute_later(product: Product, phone: str, *openids: str) -> None:
    """Another code may be sent to this number."""
    names = [f"sms_sent|60|{phone}", *(f"sms_phone|60|{openid}|{phone}" for openid in openids)]
    buckets = [hashlib.sha256(name.encode()).digest() for name in names]
    with transaction(product.sessions) as session:
        session.execute(text("DELETE FROM rate_bucket WHERE bucket = ANY(:buckets)"), {"buckets": buckets})
