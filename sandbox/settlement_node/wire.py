"""The bank side's own reading and writing of the wire 报文编解码."""

from __future__ import annotations

import re
import socket
import xml.etree.ElementTree as ET
from html import escape

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

MAX_LENGTH = 1 << 20
RESERVED = b"000000000"


class WireError(Exception):
    """The peer broke the protocol; the text says how."""


def send_frame(sock: socket.socket, node: str, flag: str, payload: bytes) -> None:
    sock.sendall(frame_bytes(node, flag, payload))


def frame_bytes(node: str, flag: str, payload: bytes) -> bytes:
    return node.encode() + flag.encode() + RESERVED + len(payload).to_bytes(4, "big") + payload


def receive_frame(sock: socket.socket) -> tuple[str, str, bytes] | None:
    """(node, flag, payload), or None when the peer closed between frames."""
    head = _receive(sock, 20)
    if not head:
        return None
    if len(head) < 20 or head[7:16] != RESERVED or head[6:7] not in (b"0", b"1"):
        raise WireError("head")
    size = int.from_bytes(head[16:20], "big")
    if not 0 < size <= MAX_LENGTH:
        raise WireError("length")
    payload = _receive(sock, size)
    if len(payload) < size:
        raise WireError("cut short")
    try:
        return head[:6].decode("ascii"), head[6:7].decode(), payload
    except UnicodeDecodeError:
        raise WireError("node number") from None


def _receive(sock: socket.socket, size: int) -> bytes:
    data = b""
    while len(data) < size:
        part = sock.recv(size - len(data))
        if not part:
            break
        data += part
    return data


def seal(key: bytes, plain: bytes) -> bytes:
    """SM4-CBC, zero IV, PKCS7."""
    pad = 16 - len(plain) % 16
    worker = _sm4(key).encryptor()
    return worker.update(plain + bytes([pad]) * pad) + worker.finalize()


def unseal(key: bytes, data: bytes) -> bytes:
    if not data or len(data) % 16:
        raise WireError("cipher length")
    worker = _sm4(key).decryptor()
    plain = worker.update(data) + worker.finalize()
    pad = plain[-1]
    if not 1 <= pad <= 16 or plain[-pad:] != bytes([pad]) * pad:
        raise WireError("cipher padding")
    return plain[:-pad]


def wrap_key(sign_on_key: bytes, session_key: bytes) -> str:
    """The session key as one block under the sign-on key, in hex."""
    worker = _sm4(sign_on_key).encryptor()
    return (worker.update(session_key) + worker.finalize()).hex()


def _sm4(key: bytes) -> Cipher[modes.CBC]:
    return Cipher(algorithms.SM4(key), modes.CBC(b"\0" * 16))


def read_message(payload: bytes) -> tuple[dict[str, str], dict[str, str]]:
    """Head and body fields of a request; requests to the node hold no lists."""
    try:
        text = payload.decode("gb18030")
    except UnicodeDecodeError:
        raise WireError("charset") from None
    prolog = re.match(r'<\?xml version="1.0" encoding="GBK"\?>\s*', text)
    if not prolog or "<!" in text:
        raise WireError("xml prolog")
    try:
        root = ET.fromstring(text[prolog.end() :])
    except ET.ParseError:
        raise WireError("xml") from None
    if root.tag != "message" or [child.tag for child in root] != ["head", "body"]:
        raise WireError("xml layout")
    return _read_fields(root[0]), _read_fields(root[1])


def _read_fields(section: ET.Element) -> dict[str, str]:
    fields: dict[str, str] = {}
    for item in section:
        name = item.get("name")
        if item.tag != "field" or not name or name in fields or len(item):
            raise WireError("xml field")
        fields[name] = item.text or ""
    return fields


def write_message(
    head: dict[str, str], body: dict[str, str], files: list[tuple[str, str]] | None = None
) -> bytes:
    """A message; `files` are (name, text) and travel as hex of GBK text in FILE_LIST."""
    out = ['<?xml version="1.0" encoding="GBK"?>\n<message>\n<head>', _write_fields(head), "</head>\n<body>"]
    out.append(_write_fields(body))
    if files:
        out.append('<field-list name="FILE_LIST">')
        for number, (name, text) in enumerate(files):
            packed = {"DATA": text.encode("gb18030").hex().upper(), "NAME": name}
            out.append(f'<field-list name="{number}">{_write_fields(packed)}</field-list>')
        out.append("</field-list>")
    out.append("</body>\n</message>")
    return "".join(out).encode("gb18030")


def _write_fields(fields: dict[str, str]) -> str:
    return "".join(
        f'<field name="{name}">{escape(value, quote=False)}</field>' for name, value in fields.items()
    )
