"""User data 开放数据: what a mini-program's page hands on from WeChat, signed or encrypted under the session key."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
from typing import Any

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.padding import PKCS7


class BadUserData(Exception):
    """Not WeChat's, not for this app, or not under this session key; says no more."""


def raw_data_signature(raw_data: str, session_key: str) -> str:
    """The signature of a rawData text: SHA-1 over the text and the session key as it came."""
    return hashlib.sha1((raw_data + session_key).encode(), usedforsecurity=False).hexdigest()


def raw_data_holds(raw_data: str, signature: str, session_key: str) -> bool:
    """Whether a rawData text is as WeChat gave it."""
    return hmac.compare_digest(raw_data_signature(raw_data, session_key).encode(), signature.encode())


def decrypt_user_data(encrypted: str, iv: str, session_key: str, appid: str) -> dict[str, Any]:
    """The object inside encryptedData; raises BadUserData, also when its watermark names another app."""
    try:
        key, start = (base64.b64decode(text, validate=True) for text in (session_key, iv))
        opening = Cipher(algorithms.AES128(key), modes.CBC(start)).decryptor()
        padded = opening.update(base64.b64decode(encrypted, validate=True)) + opening.finalize()
        unpadder = PKCS7(128).unpadder()
        found = json.loads((unpadder.update(padded) + unpadder.finalize()).decode())
        owner = found["watermark"]["appid"]
    except (ValueError, binascii.Error, KeyError, TypeError):
        raise BadUserData from None
    if owner != appid:
        raise BadUserData
    return dict(found)
