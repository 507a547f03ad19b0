"""SM4 by the vector of GB/T 32907, in the mode the link uses."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.settlement.adapters.bdc.cipher import SessionCipher
from services.settlement.adapters.bdc.errors import BadMessage

KEY = bytes.fromhex("0123456789abcdeffedcba9876543210")
# One block of the standard's example, then a block of sixteen 0x10 chained to it.
STANDARD = "681edf34d206965e86b3e94f536e4246"

SM4 = SessionCipher("SM4-CBC")


def test_the_first_block_is_that_of_the_standard():
    sealed = SM4.encrypt(KEY, KEY)
    assert len(sealed) == 32
    assert sealed[:16].hex() == STANDARD
    assert SM4.decrypt(KEY, sealed) == KEY


def test_a_wrapped_key_is_one_block_in_hex():
    assert SM4.unwrap_key(KEY, STANDARD) == KEY
    assert SM4.unwrap_key(KEY, STANDARD.upper()) == KEY


@pytest.mark.parametrize("text", ["", "68", STANDARD[:-2], STANDARD + "00", "zz" * 16])
def test_a_wrapped_key_of_another_form_is_refused(text):
    with pytest.raises(BadMessage):
        SM4.unwrap_key(KEY, text)


def test_an_unknown_cipher_is_a_wrong_setting():
    with pytest.raises(ValueError, match="unknown session cipher"):
        SessionCipher("ROT13")


def test_aes_is_the_other_choice():
    # FIPS 197 appendix C.1, one block.
    key, plain = bytes(range(16)), bytes.fromhex("00112233445566778899aabbccddeeff")
    sealed = SessionCipher("AES-CBC").encrypt(key, plain)
    assert sealed[:16].hex() == "69c4e0d86a7b0430d8cdb78070b4c55a"


@given(st.binary(max_size=80))
def test_noise_is_plain_text_or_a_bad_message(data):
    with suppress(BadMessage):
        assert len(SM4.decrypt(KEY, data)) < len(data)
