"""Retention 保存期限: every table whose rows end, and how long they are kept."""

from __future__ import annotations

from datetime import timedelta

from services.core.clock import Clock
from services.core.db import Sessions, transaction
from services.core.retention import Keep, purge

KEEPS = (
    Keep("oauth_state", "created_at", timedelta(minutes=15)),
    Keep("wechat_callback_seen", "seen_at", timedelta(minutes=15)),
    Keep("sms_challenge", "expires_at", timedelta(days=1)),
    Keep("notice_early_receipt", "received_at", timedelta(days=3)),
    Keep("rate_bucket", "window_start", timedelta(days=2)),
    Keep("login_session", "created_at", timedelta(days=30)),
    Keep("face_frame_hash", "seen_at", timedelta(days=90)),
    Keep("idempotency_record", "created_at", timedelta(days=90)),
)


class Retention:
    """Deletes what its time is over for."""

    def __init__(self, sessions: Sessions, clock: Clock) -> None:
        self._sessions = sessions
        self._clock = clock

    def run(self) -> int:
        """One batch of each table; returns how many rows went."""
        gone = 0
        for keep in KEEPS:
            with transaction(self._sessions) as session:
                gone += purge(session, keep, self._clock.now())
        return gone
