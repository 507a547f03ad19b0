"""Retention 保存期限: every table whose rows end, how long they are kept, and the proofs of it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

import structlog
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from services.core.clock import Clock, shanghai_iso
from services.core.db import Sessions, transaction
from services.core.retention import RetentionRun, Standing, last_runs, overdue, sweep
from services.core.retention_rules import Keep, Rule
from services.datasharing.retention import ANSWERS
from services.face.retention import FrameRule, ScoreRule, TemplateRule, VerificationRule, oldest_frame_at
from services.face.rights import people_counted
from services.members.retention import FORMER_PHONES
from services.notices.retention import RECIPIENTS
from services.ratings.retention import WORDS
from services.relatives.retention import LinkRule
from services.remittances.retention import LineRule
from services.withdrawals.retention import ADDRESSES

log = structlog.get_logger(__name__)
KEEPS: tuple[Rule, ...] = (
    FrameRule(),
    ScoreRule(),
    TemplateRule(),
    VerificationRule(),
    Keep("face_frame_hash", "seen_at", timedelta(days=90)),
    Keep("face_picture_hash", "seen_at", timedelta(days=90)),
    Keep("oauth_state", "created_at", timedelta(minutes=15), every=timedelta(minutes=10)),
    Keep("wechat_callback_seen", "seen_at", timedelta(minutes=15), every=timedelta(minutes=10)),
    Keep("wechat_quota", "first_at", timedelta(days=90)),
    Keep("wechat_follower", "changed_at", timedelta(days=3 * 365)),
    Keep("sms_challenge", "expires_at", timedelta(days=1)),
    FORMER_PHONES,
    ADDRESSES,
    ANSWERS,
    RECIPIENTS,
    Keep("notice_early_receipt", "received_at", timedelta(days=3)),
    Keep("rate_bucket", "window_start", timedelta(days=2)),
    Keep("staff_session", "created_at", timedelta(days=30)),
    WORDS,
    LinkRule(),
    LineRule(),
    Keep("document", "created_at", timedelta(days=3 * 365)),
    Keep("login_session", "created_at", timedelta(days=30)),
    Keep("mini_user", "signed_in_at", timedelta(days=3)),
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
        runs = [run for rule in due if (run := self._sweep(rule)) is not None]
        if any(run.category == ScoreRule.category for run in runs):
            self._warn_of_numbers()
        return sum(run.gone for run in runs)

    def run_all(self) -> dict[str, str]:
        """Every category now, as the day's end does; returns what is wrong, by category."""
        for rule in self._rules:
            self._sweep(rule)
        with transaction(self._sessions) as session:
            return dict(standing(session, self._clock.now()).faults)

    def _is_due(self, rule: Rule, now: datetime) -> bool:
        ran_at = self._ran_at.get(rule.category)
        return ran_at is None or not timedelta() <= now - ran_at < rule.every

    def _sweep(self, rule: Rule) -> RetentionRun | None:
        try:
            run = sweep(self._sessions, self._clock, rule)
        except SQLAlchemyError as fault:  # one table in trouble must not keep the others
            log.warning("retention.failed", category=rule.category, fault=type(fault).__name__)
            return None
        self._ran_at[rule.category] = run.started_at
        if run.gone:
            log.info("retention.run", category=run.category, gone=run.gone)
        return run

    def _warn_of_numbers(self) -> None:
        with transaction(self._sessions) as session:
            people = people_counted(session)
        if 0 < self._people_alarm <= people.with_face_data:
            log.warning("face.people_alarm", people=people.with_face_data, alarm=self._people_alarm)


def standing(session: Session, now: datetime) -> Standing:
    """Compare the proofs with the rules, and the frames themselves with their ten minutes."""
    runs = last_runs(session)
    last = {rule.category: runs.get(rule.category) for rule in KEEPS}
    found = ((rule.category, overdue(rule, last[rule.category], now, SLACK)) for rule in KEEPS)
    faults = {category: fault for category, fault in found if fault is not None}
    oldest = oldest_frame_at(session)
    age = now - oldest if oldest is not None else timedelta()
    if age > FRAMES_LIMIT:
        faults[FrameRule.category] = "too_old"
    return Standing(last, faults, age.total_seconds())


def report(session: Session, now: datetime) -> tuple[list[str], bool]:
    """The last proof of each category as lines to print, and whether all is well."""
    found = standing(session, now)
    lines = [_line(category, run, found.faults.get(category)) for category, run in found.last.items()]
    people = people_counted(session)
    lines.append(f"oldest frame {found.oldest_frame_s:.0f} s")
    lines.append(f"people with face data {people.with_face_data}, with a template {people.with_template}")
    return lines, not found.faults


def _line(category: str, run: RetentionRun | None, fault: str | None) -> str:
    if run is None:
        return f"{category:24} never run"
    oldest = shanghai_iso(run.oldest_left_at) if run.oldest_left_at else "none left"
    words = (
        f"{category:24} ran {shanghai_iso(run.started_at)} cutoff {shanghai_iso(run.cutoff_at)}"
        f" gone {run.gone} oldest {oldest} took {run.took_ms} ms"
    )
    return f"{words} ALARM {fault}" if fault else words
