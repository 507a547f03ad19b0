"""Templates 人脸特征: none is kept unless the centre switches it on and the member agrees to it apart (docs/adr/0015).

Sealed with keys of their own that lie outside the database; the account and the purpose are authenticated with it, so
that a row put into another account's place does not open. Only the face worker's role may read the table.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

from cryptography.exceptions import InvalidTag
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from services.core.crypto import FieldCipher, KeyLost
from services.face.models import FaceTemplate
from services.members.consents import active_consent

CONSENT = "face_template"
_LINE = re.compile(r"([1-9][0-9]{0,2}):([0-9a-f]{64})", re.ASCII)


class KeysUnreadable(ValueError):
    """The key file is not lines of `number:64 hex digits`."""


def read_keys(text: str) -> Mapping[int, bytes]:
    """Keys by number, one a line; the highest number seals, all of them open."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    found = [_LINE.fullmatch(line) for line in lines]
    keys = {int(match[1]): bytes.fromhex(match[2]) for match in found if match}
    if not lines or len(keys) != len(lines) or max(keys) > 255:
        raise KeysUnreadable("face template keys: one line a key, number:64 hex digits, numbers 1 to 255")
    return keys


class Templates:
    """Keeps one descriptor for a member, in the caller's transaction."""

    def __init__(self, keys: Mapping[int, bytes]) -> None:
        self._cipher = FieldCipher(keys, max(keys), b"")

    def keep(self, session: Session, account_id: UUID, template: bytes, at: datetime) -> bool:
        """Keep a template in place of an older one; False without the member's separate consent."""
        consent = active_consent(session, account_id, CONSENT)
        if consent is None:
            return False
        values = {
            "sealed": self._cipher.seal_bytes(template, _context(account_id)),
            "key_id": self._cipher.current,
            "consent_id": consent.consent_id,
            "made_at": at,
        }
        session.execute(
            insert(FaceTemplate)
            .values(account_id=account_id, **values)
            .on_conflict_do_update(index_elements=["account_id"], set_=values)
        )
        return True

    def load(self, session: Session, account_id: UUID) -> bytes | None:
        """The member's template while they agree; None when there is none or it does not open."""
        row = session.get(FaceTemplate, account_id)
        if row is None or active_consent(session, account_id, CONSENT) is None:
            return None
        try:
            return self._cipher.open_bytes(row.sealed, _context(account_id))
        except (InvalidTag, KeyLost):  # altered, moved, or its key destroyed
            return None


def _context(account_id: UUID) -> str:
    return f"face_template.sealed|{account_id}|photo-service-outage"
