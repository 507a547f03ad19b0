"""Writing a verdict 写入结论: one way for every verifier, so that a passed session is the same whoever passed it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy.orm import Session

from services.audit.service import record
from services.face.models import FaceSession
from services.face.states import FACE_STATES


def verdict_digest(row: FaceSession) -> bytes:
    """SHA-256 over how it went: it stays in the audit chain when scores and reasons are erased.

    The nonce, erased with them, keeps anybody from guessing what was erased. Hashes of frames are not in it: these are
    parted from their member when the member says so.
    """
    told = [row.nonce, row.state, row.reasons, row.scores, row.models]
    return hashlib.sha256(json.dumps(told, sort_keys=True).encode()).digest()


def write_verdict(
    session: Session,
    row: FaceSession,
    reasons: Sequence[str],
    *,
    at: datetime,
    serve_minutes: int,
    scores: Mapping[str, Any],
    models: Mapping[str, Any],
) -> None:
    """End a session that waits for its verdict: passed only without any reason against it."""
    passed = not reasons
    row.state = FACE_STATES.target(row.state, "pass" if passed else "fail")
    row.judged_at = at
    row.served_until = at + timedelta(minutes=serve_minutes) if passed else None
    row.reasons, row.scores, row.models = list(reasons), dict(scores), dict(models)
    record(
        session,
        row.account_id,
        "face.judged",
        actor="system",
        subject=str(row.session_id),
        at=at,
        detail={
            "passed": passed,
            "reasons": list(reasons),
            "operation": row.operation_digest.hex(),
            "verdict": verdict_digest(row).hex(),
        },
    )
