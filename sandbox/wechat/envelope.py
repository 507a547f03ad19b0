"""Envelope 安全模式: signs and encrypts callback messages and opens replies, written from WeChat's text."""

from __future__ import annotations

import base64
import hashlib
import secrets
import struct

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

PAD_TO = 32


class BadEnvelope(Exception):
    """A reply that WeChat could not open."""


def sign(*parts: str) -> str:
    """SHA-1 over the sorted parts."""
    return hashlib.sha1("".join(sorted(parts)).encode()).hexdigest()


def _cipher(encoding_aes_key: str) -> Cipher[modes.CBC]:
    key = base64.b64decode(encoding_aes_key + "=")
    return Cipher(algorithms.AES(key), modes.CBC(key[:16]))


def encrypt(encoding_aes_key: str, appid: str, message: str, salt: bytes | None = None) -> str:
    """random(16) | length(4) | message | appid, padded to 32 and encrypted."""
    body = message.encode()
    full = (salt or secrets.token_hex(8).encode()) + struct.pack(">I", len(body)) + body + appid.encode()
    pad = PAD_TO - len(full) % PAD_TO
    encryptor = _cipher(encoding_aes_key).encryptor()
    return base64.b64encode(encryptor.update(full + bytes([pad]) * pad) + encryptor.finalize()).decode()


def decrypt(encoding_aes_key: str, appid: str, encrypted: str) -> str:
    """The message inside; raises BadEnvelope when anything is off."""
    try:
        decryptor = _cipher(encoding_aes_key).decryptor()
        full = decryptor.update(base64.b64decode(encrypted, validate=True)) + decryptor.finalize()
        pad = full[-1]
        (length,) = struct.unpack(">I", full[16:20])
        message, sender = full[20 : 20 + length], full[20 + length : -pad]
    except (ValueError, IndexError, struct.error) as error:
        raise BadEnvelope("cannot be decrypted") from error
    if not 1 <= pad <= PAD_TO or sender.decode("utf-8", "replace") != appid:
        raise BadEnvelope("padding or appid")
    return message.decode()
