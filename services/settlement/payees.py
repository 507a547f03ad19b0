"""Payees 收款人: sealed when the member applies, opened only to be sent or compared."""

from __future__ import annotations

import json
from dataclasses import dataclass

from services.core.crypto import FieldCipher

PAYEE_CONTEXT = "payee"


@dataclass(frozen=True, slots=True)
class Payee:
    """Who receives the money, opened only to be sent."""

    account_no: str
    name: str
    bank_code: str
    bank_name: str
    same_bank: bool
    interbank_no: str


def seal_payee(cipher: FieldCipher, payee: Payee) -> bytes:
    """Seal a payee for the application and, unchanged, for its instruction."""
    fields = {name: getattr(payee, name) for name in Payee.__slots__}
    return cipher.seal(json.dumps(fields, ensure_ascii=False), PAYEE_CONTEXT)


def open_payee(cipher: FieldCipher, sealed: bytes) -> Payee:
    """Open a sealed payee."""
    return Payee(**json.loads(cipher.open(sealed, PAYEE_CONTEXT)))
