"""Sealed fields: AES-256-GCM bound to their column, and look-up values by HMAC-SM3."""

from __future__ import annotations

import hashlib

import pytest
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from hypothesis import given
from hypothesis import strategies as st

from services.core.crypto import FieldCipher

KEYS = {1: bytes(range(32)), 2: bytes(range(32, 64))}
CIPHER = FieldCipher(KEYS, 2, bytes(range(64, 96)))


@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=200))
def test_what_is_sealed_opens_again(text: str) -> None:
    assert CIPHER.open(CIPHER.seal(text, "member.name"), "member.name") == text


def test_the_blob_is_key_id_nonce_and_gcm() -> None:
    """Opened here by the primitive itself: 1 byte of key id, 12 of nonce, then ciphertext with a 16-byte tag."""
    blob = CIPHER.seal("张三丰", "member.name")
    assert blob[0] == 2
    assert len(blob) == 1 + 12 + len("张三丰".encode()) + 16
    assert AESGCM(KEYS[2]).decrypt(blob[1:13], blob[13:], b"member.name").decode() == "张三丰"


def test_sealing_twice_does_not_show_that_the_text_is_the_same() -> None:
    assert CIPHER.seal("同一个", "member.name") != CIPHER.seal("同一个", "member.name")


def test_a_blob_moved_to_another_column_does_not_open() -> None:
    blob = CIPHER.seal("13800000001", "member.phone")
    with pytest.raises(InvalidTag):
        CIPHER.open(blob, "notice.recipient")


def test_a_changed_bit_anywhere_does_not_open() -> None:
    blob = CIPHER.seal("13800000001", "member.phone")
    for place in range(1, len(blob)):
        changed = blob[:place] + bytes([blob[place] ^ 1]) + blob[place + 1 :]
        with pytest.raises(InvalidTag):
            CIPHER.open(changed, "member.phone")


def test_old_keys_still_open() -> None:
    before = FieldCipher(KEYS, 1, CIPHER.lookup_key)
    assert CIPHER.open(before.seal("旧", "a.b"), "a.b") == "旧"


def sm3(data: bytes) -> bytes:
    """SM3 of bytes, by the library's plain hash."""
    digest = hashes.Hash(hashes.SM3())
    digest.update(data)
    return digest.finalize()


def hmac_sm3(key: bytes, message: bytes) -> bytes:
    """HMAC (RFC 2104) over SM3 with its 64-byte blocks, written out."""
    padded = key.ljust(64, b"\0")
    inner = sm3(bytes(byte ^ 0x36 for byte in padded) + message)
    return sm3(bytes(byte ^ 0x5C for byte in padded) + inner)


def test_sm3_is_the_standards_sm3() -> None:
    """GB/T 32905-2016 annex A.1: the digest of "abc"."""
    standard = "66c7f0f462eeedd9d1f2d46bdc10e4e24167c4875cf2f7a2297da02b8f4ba8e0"
    assert sm3(b"abc").hex() == standard
    if "sm3" in hashlib.algorithms_available:
        assert hashlib.new("sm3", b"abc").hexdigest() == standard


def test_look_up_is_hmac_sm3_over_column_and_text() -> None:
    expected = hmac_sm3(CIPHER.lookup_key, b"member.id_no\x00659999199003070014")
    assert CIPHER.look_up("659999199003070014", "member.id_no") == expected


def test_look_up_values_of_two_columns_do_not_meet() -> None:
    same = CIPHER.look_up("13800000001", "member.phone")
    assert same == CIPHER.look_up("13800000001", "member.phone")
    assert same != CIPHER.look_up("13800000001", "openid")
    assert CIPHER.look_up("b", "a") != CIPHER.look_up("", "a\0b")[:31]
