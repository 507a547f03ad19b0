"""Signature 签名: HMAC-SM3 over time, nonce, service and body, with SM3 written out (GB/T 32905)."""

from __future__ import annotations

import struct

BLOCK = 64
_START = (
    0x7380166F, 0x4914B2B9, 0x172442D7, 0xDA8A0600, 0xA96F30BC, 0x163138AA, 0xE38DEE4D, 0xB0FB0E4E,
)  # fmt: skip
_MASK = 0xFFFFFFFF


def _rotate(word: int, by: int) -> int:
    by %= 32
    return ((word << by) | (word >> (32 - by))) & _MASK


def _p0(word: int) -> int:
    return word ^ _rotate(word, 9) ^ _rotate(word, 17)


def _p1(word: int) -> int:
    return word ^ _rotate(word, 15) ^ _rotate(word, 23)


def _expand(block: bytes) -> list[int]:
    words = list(struct.unpack(">16I", block))
    for j in range(16, 68):
        mixed = words[j - 16] ^ words[j - 9] ^ _rotate(words[j - 3], 15)
        words.append(_p1(mixed) ^ _rotate(words[j - 13], 7) ^ words[j - 6])
    return words


def _ff(j: int, x: int, y: int, z: int) -> int:
    return x ^ y ^ z if j < 16 else (x & y) | (x & z) | (y & z)


def _gg(j: int, x: int, y: int, z: int) -> int:
    return x ^ y ^ z if j < 16 else (x & y) | (~x & _MASK & z)


def _compress(state: tuple[int, ...], block: bytes) -> tuple[int, ...]:
    words = _expand(block)
    a, b, c, d, e, f, g, h = state
    for j in range(64):
        constant = 0x79CC4519 if j < 16 else 0x7A879D8A
        ss1 = _rotate((_rotate(a, 12) + e + _rotate(constant, j)) & _MASK, 7)
        ss2 = ss1 ^ _rotate(a, 12)
        tt1 = (_ff(j, a, b, c) + d + ss2 + (words[j] ^ words[j + 4])) & _MASK
        tt2 = (_gg(j, e, f, g) + h + ss1 + words[j]) & _MASK
        a, b, c, d = tt1, a, _rotate(b, 9), c
        e, f, g, h = _p0(tt2), e, _rotate(f, 19), g
    return tuple(old ^ new for old, new in zip(state, (a, b, c, d, e, f, g, h), strict=True))


def sm3(message: bytes) -> bytes:
    """SM3 digest (32 bytes)."""
    padded = message + b"\x80" + b"\x00" * (-(len(message) + 9) % BLOCK) + struct.pack(">Q", len(message) * 8)
    state: tuple[int, ...] = _START
    for at in range(0, len(padded), BLOCK):
        state = _compress(state, padded[at : at + BLOCK])
    return struct.pack(">8I", *state)


def hmac_sm3(key: bytes, message: bytes) -> bytes:
    """HMAC (RFC 2104) with SM3."""
    key = sm3(key) if len(key) > BLOCK else key
    key = key.ljust(BLOCK, b"\x00")
    inner = sm3(bytes(byte ^ 0x36 for byte in key) + message)
    return sm3(bytes(byte ^ 0x5C for byte in key) + inner)


def request_signature(key: str, time: str, nonce: str, service: str, body: bytes) -> str:
    """What `X-Share-Sign` has to be."""
    return hmac_sm3(key.encode(), f"{time}\n{nonce}\n{service}\n".encode() + body).hex()
