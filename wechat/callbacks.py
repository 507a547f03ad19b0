"""Callbacks 消息推送: only encrypted, signed, fresh and well-formed messages for us come through.

Plain mode is not accepted: its signature does not cover the body. Nothing a callback says moves money
or a binding by itself.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import re
import struct
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

from wechat.config import CallbackConfig
from wechat.push_xml import BadDocument, Document, read_document

BODY_LIMIT = 64 * 1024
FRESH_S = 300
PAD_TO = 32
SHAPES = {"FromUserName": "[A-Za-z0-9_-]{1,64}", "CreateTime": "[0-9]{1,10}", "MsgType": "[a-z_]{1,32}"}
XML_TYPES = frozenset({"text/xml", "application/xml"})


class CallbackRefused(Exception):
    """The call is not WeChat's, or not for us; `reason` is for counters, not for the caller."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class CallbackMessage:
    """One message or event of one person."""

    openid: str
    kind: str
    event: str
    fields: Mapping[str, str]
    created_at_s: int
    nonce: str
    seal: str
    encrypted: str = field(repr=False)
    entries: tuple[Mapping[str, str], ...] = ()
    app: str = "account"

    @property
    def created_at(self) -> datetime:
        """When it happened, by WeChat's clock."""
        return datetime.fromtimestamp(self.created_at_s, UTC)

    @property
    def content(self) -> str:
        """Text the person wrote."""
        return self.fields.get("Content", "")

    @property
    def event_key(self) -> str:
        """Key of the menu button, or the scene of a code."""
        return self.fields.get("EventKey", "")

    @property
    def identity(self) -> str:
        """What makes it the same message when WeChat sends it again, hashed."""
        number = self.fields.get("MsgId") or self.fields.get("MsgID")
        told = repr([sorted(entry.items()) for entry in self.entries])
        parts = (
            ("msg", number, self.event)
            if number
            else ("event", self.openid, str(self.created_at_s), self.event, self.event_key, told)
        )
        return hashlib.sha256("\n".join((self.fields["ToUserName"], *parts)).encode()).hexdigest()


def verify_echo(query: Mapping[str, str], config: CallbackConfig, now: datetime) -> str:
    """GET 验证: the echo text to send back; raises CallbackRefused."""
    timestamp, nonce = _fresh(query, now)
    expected = _sha1(config.token, timestamp, nonce)
    _compare(expected, _hex40(query, "signature"))
    echo = query.get("echostr", "")
    if not re.fullmatch("[!-~]{1,64}", echo):
        raise CallbackRefused("echo")
    return echo


def verify_and_decrypt(
    query: Mapping[str, str],
    headers: Mapping[str, str],
    body: bytes,
    config: CallbackConfig,
    now: datetime,
) -> CallbackMessage:
    """POST 推送: the message inside, or CallbackRefused."""
    _check_transport(headers, body)
    if query.get("encrypt_type") != "aes":
        raise CallbackRefused("plain")
    timestamp, nonce = _fresh(query, now)
    given = _hex40(query, "msg_signature")
    encrypted = _read(body).fields.get("Encrypt", "")
    if not encrypted:
        raise CallbackRefused("shape")
    _compare(signed(config, timestamp, nonce, encrypted), given)
    return opened(encrypted, config, nonce, given)


def opened(encrypted: str, config: CallbackConfig, nonce: str, signature: str) -> CallbackMessage:
    """The message inside an Encrypt field whose signature was found right."""
    document = _read(decrypt(encrypted, config))
    fields = document.fields
    if fields.get("ToUserName") != config.original_id:
        raise CallbackRefused("addressee")
    for name, shape in SHAPES.items():
        if not re.fullmatch(shape, fields.get(name, "")):
            raise CallbackRefused("shape")
    if fields["MsgType"] == "event" and not re.fullmatch("[A-Za-z_]{1,64}", fields.get("Event", "")):
        raise CallbackRefused("shape")
    return CallbackMessage(
        openid=fields["FromUserName"],
        kind=fields["MsgType"],
        event=fields.get("Event", ""),
        fields=fields,
        created_at_s=int(fields["CreateTime"]),
        nonce=nonce,
        seal=hashlib.sha256(signature.encode()).hexdigest(),
        encrypted=encrypted,
        entries=document.entries,
        app=config.app,
    )


def signed(config: CallbackConfig, timestamp: str, nonce: str, encrypted: str) -> str:
    """The msg_signature of a push in safe mode."""
    return _sha1(config.token, timestamp, nonce, encrypted)


def decrypt(encrypted: str, config: CallbackConfig) -> bytes:
    """The XML inside an Encrypt field; padding and appid are checked."""
    try:
        key = base64.b64decode(config.aes_key + "=")
        decryptor = Cipher(algorithms.AES(key), modes.CBC(key[:16])).decryptor()
        full = decryptor.update(base64.b64decode(encrypted, validate=True)) + decryptor.finalize()
        pad = full[-1]
        (length,) = struct.unpack(">I", full[16:20])
    except (ValueError, binascii.Error, IndexError, struct.error):
        raise CallbackRefused("cipher") from None
    if not 1 <= pad <= PAD_TO or full[-pad:] != bytes([pad]) * pad:
        raise CallbackRefused("padding")
    if full[20 + length : -pad] != config.appid.encode():
        raise CallbackRefused("appid")
    return full[20 : 20 + length]


def _check_transport(headers: Mapping[str, str], body: bytes) -> None:
    lowered = {name.lower(): value for name, value in headers.items()}
    if "transfer-encoding" in lowered:
        raise CallbackRefused("chunked")
    if lowered.get("content-type", "").partition(";")[0].strip().lower() not in XML_TYPES:
        raise CallbackRefused("type")
    if lowered.get("content-encoding", "identity").lower() != "identity":
        raise CallbackRefused("type")
    if not body or len(body) > BODY_LIMIT:
        raise CallbackRefused("size")


def _fresh(query: Mapping[str, str], now: datetime) -> tuple[str, str]:
    timestamp, nonce = query.get("timestamp", ""), query.get("nonce", "")
    if not re.fullmatch("[0-9]{10}", timestamp) or not re.fullmatch("[A-Za-z0-9]{1,64}", nonce):
        raise CallbackRefused("query")
    if abs(now.timestamp() - int(timestamp)) > FRESH_S:
        raise CallbackRefused("stale")
    return timestamp, nonce


def _hex40(query: Mapping[str, str], name: str) -> str:
    value = query.get(name, "")
    if not re.fullmatch("[0-9a-f]{40}", value):
        raise CallbackRefused("query")
    return value


def _compare(expected: str, given: str) -> None:
    if not hmac.compare_digest(expected, given):
        raise CallbackRefused("signature")


def _sha1(*parts: str) -> str:
    return hashlib.sha1("".join(sorted(parts)).encode(), usedforsecurity=False).hexdigest()


def _read(document: bytes) -> Document:
    try:
        return read_document(document)
    except BadDocument as fault:
        raise CallbackRefused(fault.reason) from None
