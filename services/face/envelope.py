"""The signed envelope 帧信封: each frame has a MAC under the challenge key, each batch a device signature."""

from __future__ import annotations

import hashlib
import struct
from base64 import urlsafe_b64encode
from collections.abc import Iterator, Sequence
from hmac import compare_digest
from hmac import new as hmac_new

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature

from services.face.engine.types import Frame

_HEAD = struct.Struct(">IIHI")


def frame_mac(key: bytes, nonce: str, frame: Frame) -> bytes:
    """HMAC-SHA256 over nonce, sequence, time, prompt and the picture's SHA-256."""
    digest = hashlib.sha256(frame.jpeg).hexdigest()
    return hmac_new(
        key, f"{nonce}|{frame.seq}|{frame.at_ms}|{frame.prompt}|{digest}".encode(), "sha256"
    ).digest()


def macs_right(key: bytes, nonce: str, frames: Sequence[Frame], macs: Sequence[bytes]) -> bool:
    """Whether every frame carries its own MAC."""
    pairs = list(zip(frames, macs, strict=True))
    return all(compare_digest(frame_mac(key, nonce, frame), mac) for frame, mac in pairs)


def signed_text(session_id: str, batch: int, macs: Sequence[bytes]) -> bytes:
    """What the phone signs for a batch."""
    joined = "".join(urlsafe_b64encode(mac).rstrip(b"=").decode() for mac in macs)
    return f"anju-frames-v1|{session_id}|{batch}|{hashlib.sha256(joined.encode()).hexdigest()}".encode()


def signature_right(x: bytes, y: bytes, signature: bytes, text: bytes) -> bool:
    """Whether a raw r‖s ECDSA P-256 signature over `text` is that of the phone's key."""
    if len(signature) != 64:
        return False
    numbers = ec.EllipticCurvePublicNumbers(int.from_bytes(x), int.from_bytes(y), ec.SECP256R1())
    raw = encode_dss_signature(int.from_bytes(signature[:32]), int.from_bytes(signature[32:]))
    try:
        numbers.public_key().verify(raw, text, ec.ECDSA(hashes.SHA256()))
    except InvalidSignature:
        return False
    return True


def point_on_curve(x: bytes, y: bytes) -> bool:
    """Whether (x, y) is a point of P-256."""
    try:
        ec.EllipticCurvePublicNumbers(int.from_bytes(x), int.from_bytes(y), ec.SECP256R1()).public_key()
    except ValueError:
        return False
    return True


def pack(frames: Sequence[Frame]) -> bytes:
    """Frames as bytes, to be sealed."""
    return b"".join(_HEAD.pack(f.seq, f.at_ms, f.prompt, len(f.jpeg)) + f.jpeg for f in frames)


def unpack(data: bytes) -> Iterator[Frame]:
    """Frames from bytes made by `pack`."""
    offset = 0
    while offset < len(data):
        seq, at_ms, prompt, size = _HEAD.unpack_from(data, offset)
        offset += _HEAD.size
        yield Frame(seq, at_ms, prompt, data[offset : offset + size])
        offset += size
