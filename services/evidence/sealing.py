"""Sealing evidence 封存证据: canonical bytes, their hash, and the centre's mark on it; pure."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any, Protocol

MARK = "case_evidence.digest"
WRITTEN = "evidence.written"


class Marks(Protocol):
    """Makes the centre's mark: a keyed hash (HMAC-SM3)."""

    def look_up(self, text: str, context: str) -> bytes: ...


def digest_of_record(record: Mapping[str, Any]) -> bytes:
    """SHA-256 over the canonical JSON of a record."""
    words = json.dumps(record, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(words.encode()).digest()


def mark(marks: Marks, digest: bytes) -> bytes:
    """The centre's mark on a digest; only who has the key can make it."""
    return marks.look_up(digest.hex(), MARK)
