"""Reading 读取: small conversions of request texts, each with a domain error."""

from __future__ import annotations

import re
from base64 import b64decode, urlsafe_b64decode
from binascii import Error as Base64Error
from uuid import UUID

from services.core.errors import Invalid, NotFound
from services.core.ids import read_key

_BASE64URL = re.compile(r"[A-Za-z0-9_-]*")


def key_of(text: str, *, field: str) -> UUID:
    """A UUID from a body field; raises Invalid."""
    try:
        return read_key(text)
    except ValueError:
        raise Invalid("这一项填得不对，请刷新页面。", code="field.invalid", field=field) from None


def path_key(text: str) -> UUID:
    """A UUID from a path; what is no UUID is not there."""
    try:
        return read_key(text)
    except ValueError:
        raise NotFound from None


def base64url(text: str, *, field: str) -> bytes:
    """Bytes from base64url without padding; raises Invalid."""
    try:
        if _BASE64URL.fullmatch(text) is None:  # the library leaves out what it does not know
            raise ValueError
        return urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except (Base64Error, ValueError):
        raise Invalid("这一项填得不对，请刷新页面。", code="field.invalid", field=field) from None


def base64_bytes(text: str, *, field: str) -> bytes:
    """Bytes from standard base64; raises Invalid."""
    try:
        return b64decode(text, validate=True)
    except (Base64Error, ValueError):
        raise Invalid("画面没有传好，请重新刷脸。", code="face.frames_invalid", field=field) from None


def small_int(text: str, most: int, field: str, least: int = 0) -> int:
    """A whole number of `least` to `most` from a query; raises Invalid."""
    if not text.isascii() or not text.isdigit() or len(text) > 6 or not least <= int(text) <= most:
        raise Invalid("这一项填得不对。", code="field.invalid", field=field)
    return int(text)
