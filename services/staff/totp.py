"""One-time codes 动态口令: TOTP after RFC 6238, as any authenticator app computes them."""

from __future__ import annotations

import hmac
import re
import secrets
from base64 import b32encode
from datetime import datetime
from urllib.parse import quote, urlencode

STEP_S = 30
DIGITS = 6
DRIFT_STEPS = 1
"""A phone may be one step (30 s) early or late."""
_SECRET_BYTES = 20
_CODE = re.compile(r"[0-9]{6}")


def new_secret() -> bytes:
    """160 random bits, the length RFC 4226 recommends."""
    return secrets.token_bytes(_SECRET_BYTES)


def code_at(secret: bytes, step: int, digits: int = DIGITS) -> str:
    """The code of one time step (HOTP, RFC 4226, with SHA-1 as authenticators expect)."""
    digest = hmac.digest(secret, step.to_bytes(8), "sha1")
    offset = digest[-1] & 0x0F
    number = int.from_bytes(digest[offset : offset + 4]) & 0x7FFFFFFF
    return f"{number % 10**digits:0{digits}d}"


def step_of(at: datetime) -> int:
    """Number of the 30-second step an instant lies in."""
    return int(at.timestamp()) // STEP_S


def matching_step(secret: bytes, code: str, at: datetime, after_step: int) -> int | None:
    """The step whose code this is, of those near `at` and later than the last one used; None when there is none."""
    if _CODE.fullmatch(code) is None:
        return None
    now = step_of(at)
    found = None
    for step in range(now - DRIFT_STEPS, now + DRIFT_STEPS + 1):
        if hmac.compare_digest(code_at(secret, step), code) and step > after_step:
            found = step
    return found


def provisioning_uri(secret: bytes, login: str, issuer: str) -> str:
    """The otpauth address an authenticator reads from a QR code."""
    label = quote(f"{issuer}:{login}")
    parameters = {
        "secret": b32encode(secret).decode().rstrip("="),
        "issuer": issuer,
        "algorithm": "SHA1",
        "digits": DIGITS,
        "period": STEP_S,
    }
    return f"otpauth://totp/{label}?{urlencode(parameters, quote_via=quote)}"
