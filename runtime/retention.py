"""Retention 保存期限: every table whose rows end, how long they are kept, and the proofs of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog
from sqlalchemy.orm import Session

from services.core.clock import Clock
from services.core.db import Sessions, transaction
from services.core.retention import Keep, RetentionRun, Rule, last_runs, overdue, sweep
from services.face.retention import FrameRule, ScoreRule, oldest_frame_at
from services.face.rights import people_counted

log = structlog.get_logger(__name__)
KEEPS: tuple[Rule, ...] = (
    FrameRule(),
    ScoreRule(),
    Keep("face_frame_hash", "seen_at", timedelta(days=90)),
    Keep("face_picture_hash", "seen_at", timedelta(days=90)),
    Keep("oauth_state", "created_at", timedelta(minutes=15), every=timedelta(minutes=10)),
    Keep("wechat_callback_seen", "seen_at", timedelta(minutes=15), every=timedelta(minutes=10)),
    Keep("sms_challenge", "expires_at", timedelta(days=1)),
    Keep("notice_early_receipt", "received_at", timedelta(days=3)),
    Keep("rate_bucket", "window_start", timedelta(days=2)),
    Keep("staff_session", "created_at", timedelta(days=30)),
    Keep("document", "created_at", timedelta(days=3 * 365)),
    Keep("login_session", "created_at", timedelta(days=30)),
    Keep("idempotency_record", "created_at", timedelta(days=90)),
)
SLACK = timedelta(minutes=2)
FRAMES_LIMIT = timedelta(minutes=10)


class Retention:
    """Deletes what its time is over for; each category at its own pace, each run with its proof."""

    def __init__(
        self, sessions: Sessions, clock: Clock, *, people_alarm: int = 0, rules: Sequence[Rule] = KEEPS
    ) -> None:
        self._sessions = sessions
        self._clock = clock
        self._people_alarm = people_alarm
        self._rules = rules
        self._ran_at: dict[str, datetime] = {}

    def run(self) -> int:
        """Every category that is due; returns how many rows went."""
        now = self._clock.now()
        due = [rule for rule in self._rules if self._is_due(rule, now)]
        runs = [self._sweep(rule) for rule in due]
        if any(run.category == ScoreRule.category for run in runs):
            self._warn_of_numbers()
        return sum(run.gone for run in runs)

    def _is_due(self, rule: Rule, now: datetime) -> bool:
        ran_at = self._ran_at.get(rule.category)
        return ran_at is None or not timedelta() <= now - ran_at < rule.every

    def _sweep(self, rule: Rule) -> RetentionRun:
        run = sweep(self._sessions, self._clock, rule)
        self._ran_at[rule.category] = run.started_at
        if run.gone:
            log.info("retention.run", category=run.category, gone=run.gone)
        return run

    def _warn_of_numbers(self) -> None:
        with transaction(self._sessions) as session:
            people = people_counted(session)
        if 0 < self._people_alarm <= people.with_face_data:
            log.warning("face.people_alarm", people=people.with_face_data, alarm=self._people_alarm)


@dataclass(frozen=True, slots=True)
class Standing:
    """How retention stands: the last proof of each category, and what is wrong."""

    last: dict[str, RetentionRun]
    faults: dict[str, str]
    oldest_frame_s: float


def standing(session: Session, now: datetime) -> Standing:
    """Compare the proofs with the rules, and the frames themselves with their ten minutes."""
    last = last_runs(session)
    faults = {
        rule.category: fault
        for rule in KEEPS
        if (fault := overdue(rule, last.get(rule.category), now, SLACK)) is not None
    }
    oldest = oldest_frame_at(session)
    age = now - oldest if oldest is not None else timedelta()
    if age > FRAMES_LIMIT:
        faults[FrameRule.category] = "too_old"
    return Standing(last, faults, age.total_seconds())
