"""Session cipher 会话加密: a setting, since the real one is agreed on joining; 16-byte keys, CBC, zero IV, PKCS7."""

from __future__ import annotations

from cryptography.hazmat.primitives.ciphers import Cipher, modes
from cryptography.hazmat.primitives.ciphers.algorithms import AES, SM4
from cryptography.hazmat.primitives.padding import PKCS7

from services.settlement.adapters.bdc.errors import BadMessage

KEY_BYTES = 16
_BLOCK_BYTES = 16
_ZERO_IV = bytes(_BLOCK_BYTES)
_ALGORITHMS: dict[str, type[SM4] | type[AES]] = {"SM4-CBC": SM4, "AES-CBC": AES}


class SessionCipher:
    """Encrypts and decrypts payloads by the algorithm the link is set to."""

    def __init__(self, name: str) -> None:
        if name not in _ALGORITHMS:
            raise ValueError(f"unknown session cipher {name!r}")
        self._algorithm = _ALGORITHMS[name]

    def encrypt(self, key: bytes, plain: bytes) -> bytes:
        """Pad and encrypt."""
        padder = PKCS7(_BLOCK_BYTES * 8).padder()
        padded = padder.update(plain) + padder.finalize()
        encryptor = self._cipher(key).encryptor()
        return encryptor.update(padded) + encryptor.finalize()

    def decrypt(self, key: bytes, secret: bytes) -> bytes:
        """Decrypt and unpad; raises BadMessage when the key or the bytes are wrong."""
        if not secret or len(secret) % _BLOCK_BYTES:
            raise BadMessage("message.cipher")
        unpadder = PKCS7(_BLOCK_BYTES * 8).unpadder()
        try:
            return unpadder.update(self._blocks(key, secret)) + unpadder.finalize()
        except ValueError:
            raise BadMessage("message.cipher") from None

    def unwrap_key(self, wrapping_key: bytes, wrapped_hex: str) -> bytes:
        """The session key out of its hex form: one block under the sign-on key, no padding."""
        try:
            wrapped = bytes.fromhex(wrapped_hex)
        except ValueError:
            raise BadMessage("sign_on.key") from None
        if len(wrapped) != KEY_BYTES:
            raise BadMessage("sign_on.key")
        return self._blocks(wrapping_key, wrapped)

    def _blocks(self, key: bytes, secret: bytes) -> bytes:
        decryptor = self._cipher(key).decryptor()
        return decryptor.update(secret) + decryptor.finalize()

    def _cipher(self, key: bytes) -> Cipher[modes.CBC]:
        return Cipher(self._algorithm(key), modes.CBC(_ZERO_IV))
