"""Passwords 口令: what is accepted, and Argon2id hashes of it."""

from __future__ import annotations

import secrets
import unicodedata
from functools import cache

from cryptography.exceptions import InvalidKey
from cryptography.hazmat.primitives.kdf.argon2 import Argon2id

from services.core.errors import Invalid

LEAST, MOST = 12, 128
_MEMORY_KIB, _ITERATIONS, _LANES = 47_104, 1, 1
"""46 MiB in one pass on one lane: a first choice of OWASP's password storage sheet."""
_COMMON = (
    "password",
    "123456",
    "qwerty",
    "abc123",
    "111111",
    "888888",
    "iloveyou",
    "admin",
    "gongjijin",
    "zhuzhou",
)


def normalised(password: str) -> str:
    """One spelling for characters that keyboards write in several ways."""
    return unicodedata.normalize("NFC", password)


def check_policy(password: str, login: str) -> str:
    """The normalised password; raises Invalid `password.*` when it is too short, too long or easy to guess."""
    text = normalised(password)
    if not LEAST <= len(text) <= MOST:
        raise Invalid(f"口令要 {LEAST} 到 {MOST} 个字符。", code="password.length", field="password")
    plain = text.casefold()
    if login.casefold() in plain or len(set(plain)) < 6:
        raise Invalid(
            "口令太好猜，不要含登录名，也不要重复几个字符。", code="password.guessable", field="password"
        )
    rest = plain
    for word in _COMMON:
        rest = rest.replace(word, "")
    if len(rest) < LEAST // 2:
        raise Invalid("口令太常见，请换一个。", code="password.guessable", field="password")
    return text


def hash_password(password: str) -> str:
    """Argon2id in PHC text form, with a fresh salt."""
    return _kdf().derive_phc_encoded(normalised(password).encode())


def verify_password(password: str, phc: str) -> bool:
    """Whether the password belongs to the hash."""
    if len(password) > MOST:
        return False
    try:
        Argon2id.verify_phc_encoded(normalised(password).encode(), phc)
    except InvalidKey:
        return False
    return True


def _kdf() -> Argon2id:
    return Argon2id(
        salt=secrets.token_bytes(16),
        length=32,
        iterations=_ITERATIONS,
        lanes=_LANES,
        memory_cost=_MEMORY_KIB,
    )


@cache
def hash_of_nobody() -> str:
    """Compared with when there is no such login, so that the answer takes as long."""
    return hash_password(secrets.token_urlsafe(24))
