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
from dataclasses import dataclass
from datetime import datetime
from xml.etree.ElementTree import Element, ParseError

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from defusedxml import DefusedXmlException
from defusedxml.ElementTree import fromstring

from wechat.config import CallbackConfig

BODY_LIMIT = 64 * 1024
FRESH_S = 300
PAD_TO = 32
XML_TYPES = frozenset({"text/xml", "application/xml"})
DECLARATION = re.compile(rb"<!(?!\[CDATA\[)")


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
        parts = (
            ("msg", number, self.event)
            if number
            else ("event", self.openid, str(self.created_at_s), self.event, self.event_key)
        )
        return hashlib.sha256("\n".join(parts).encode()).hexdigest()


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
    encrypted = _texts(_parse(body)).get("Encrypt", "")
    if not encrypted:
        raise CallbackRefused("shape")
    _compare(_sha1(config.token, timestamp, nonce, encrypted), given)
    return _message(decrypt(encrypted, config), config, nonce, given)


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


def _parse(document: bytes) -> Element:
    if DECLARATION.search(document):
        raise CallbackRefused("declaration")
    try:
        root: Element = fromstring(document.decode("utf-8"), forbid_dtd=True)
    except (ParseError, DefusedXmlException, ValueError):
        raise CallbackRefused("xml") from None
    return root


def _texts(root: Element) -> dict[str, str]:
    texts = {}
    for child in root:
        if child.tag in texts:
            raise CallbackRefused("shape")
        texts[child.tag] = child.text or ""
    return texts


def _message(document: bytes, config: CallbackConfig, nonce: str, seal: str) -> CallbackMessage:
    fields = _texts(_parse(document))
    if fields.get("ToUserName") != config.original_id:
        raise CallbackRefused("addressee")
    openid, created = fields.get("FromUserName", ""), fields.get("CreateTime", "")
    if not re.fullmatch("[A-Za-z0-9_-]{1,64}", openid) or not re.fullmatch("[0-9]{1,12}", created):
        raise CallbackRefused("shape")
    return CallbackMessage(
        openid=openid,
        kind=fields.get("MsgType", ""),
        event=fields.get("Event", ""),
        fields=fields,
        created_at_s=int(created),
        nonce=nonce,
        seal=hashlib.sha256(seal.encode()).hexdigest(),
    )
