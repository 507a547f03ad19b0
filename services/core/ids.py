"""Keys 主键: UUIDv7, so that rows of one time lie together and no sequence is needed."""

from __future__ import annotations

import re
import secrets
import time
from uuid import UUID

_KEY = re.compile(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")


def new_id() -> UUID:
    """A fresh UUIDv7 (RFC 9562): 48 bits of milliseconds, 74 random bits."""
    milliseconds = time.time_ns() // 1_000_000
    value = (milliseconds & (2**48 - 1)) << 80 | 0x7 << 76 | secrets.randbits(12) << 64 | 0b10 << 62
    return UUID(int=value | secrets.randbits(62))


def read_key(text: str) -> UUID:
    """A key from its one way of writing; raises ValueError. `UUID` alone takes braces, `urn:` and digits of any script."""
    if _KEY.fullmatch(text) is None:
        raise ValueError("not a key")
    return UUID(text)
