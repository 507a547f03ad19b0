"""Shapes 数据结构 of what is kept of a member's face."""

from __future__ import annotations

from app.member_api.shapes import Out


class KeptSessionOut(Out):
    """One try: how many scores and hashes are kept, what spoke against it, and until when. `frames` only while it runs."""

    session_id: str
    application_id: str
    at: str
    state: str
    state_text: str
    reasons: list[str]
    scores: int
    hashes: int
    frames: int
    kept_until: str


class FaceDataOut(Out):
    """Everything held of the member's face; photos and features are not among it unless `template_made_at` says so."""

    text: str
    frames: int
    template_made_at: str | None
    sessions: list[KeptSessionOut]


class FaceErasedOut(Out):
    """How many tries were blanked."""

    erased: int
