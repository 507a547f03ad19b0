"""Texts and digests of a face session 刷脸会话展示."""

from __future__ import annotations

import hashlib
from base64 import urlsafe_b64encode
from typing import Any

from services.face.models import FaceSession


def frame_digest(jpeg: bytes) -> bytes:
    """SHA-256 of a picture's bytes."""
    return hashlib.sha256(jpeg).digest()


def key_text(key: bytes) -> str:
    """Challenge key as base64url without padding."""
    return urlsafe_b64encode(key).rstrip(b"=").decode()


def prompt_view(row: FaceSession) -> dict[str, Any]:
    """The prompt to show now."""
    prompt = row.prompts[row.shown]
    return {"colours": [], **prompt, "last": row.shown + 1 == len(row.prompts)}
