"""Jobs of notices 通知任务."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping
from functools import partial
from uuid import UUID

import structlog
from sqlalchemy.orm import Session

from services.core.clock import Clock
from services.core.db import Sessions, transaction
from services.core.jobs import Job
from services.notices.models import NoticeIntent
from services.notices.ports import Channel, OutgoingNotice
from services.notices.service import CODE_JOB, CODE_QUEUE, QUEUE, Notices, take_up_due
from services.notices.trying import Outcome, try_send

log = structlog.get_logger(__name__)
_PARTS, _PART = 20, 25


def _nothing(_session: Session) -> None:
    """Nothing is left to be written down."""


class NoticeJobs:
    """Handlers bound to the channels; each commits before and after it calls a provider."""

    def __init__(
        self,
        sessions: Sessions,
        clock: Clock,
        notices: Notices,
        channels: Mapping[str, Channel],
    ) -> None:
        self._sessions = sessions
        self._clock = clock
        self._notices = notices
        self._channels = channels

    def jobs(self) -> list[Job]:
        """What the notices queue can do."""
        return [
            Job("notices.handle_event", QUEUE, self.handle_event),
            Job("notices.send", QUEUE, self.send),
            Job(CODE_JOB, CODE_QUEUE, self.send_code),
        ]

    def send_code(self, account_id: str | None, challenge_id: str, code_sealed: str) -> None:
        """Send a code to bind, unless the claim was nobody's."""
        if account_id is not None:
            account, challenge = UUID(account_id), UUID(challenge_id)
            self._make_and_send(
                account,
                lambda session: self._notices.handle_planned_code(session, account, challenge, code_sealed),
            )

    def handle_event(self, account_id: str, event_id: str) -> None:
        """Turn an event into intents, and send them."""
        account, event = UUID(account_id), UUID(event_id)
        self._make_and_send(account, lambda session: self._notices.handle_event(session, account, event))

    def _make_and_send(self, account: UUID, make: Callable[[Session], list[UUID]]) -> None:
        """One after the other; what became of one is committed with the next one's going out."""
        waiting: deque[UUID] = deque()

        def made(session: Session) -> None:
            waiting.clear()
            waiting.extend(make(session))

        going = self._then_next(account, waiting, made)
        while going is not None:
            outcome = try_send(self._channels[going.channel], going)
            going = self._then_next(account, waiting, partial(self._noted, account, going, outcome))

    def _then_next(
        self, account: UUID, waiting: deque[UUID], first: Callable[[Session], None]
    ) -> OutgoingNotice | None:
        """`first`, and with it the going out of the next that may.

        One that cannot be begun takes nothing else back: `first` is then done once more without it, and the sweep tries
        it again. A savepoint around each would cost every message two trips.
        """
        is_done = False
        try:
            with transaction(self._sessions) as session:
                first(session)
                is_done = True
                return self._next(session, account, waiting)
        except Exception as fault:
            if not is_done:
                raise
            log.warning("notice.not_begun", fault=type(fault).__name__)
        with transaction(self._sessions) as session:
            first(session)
        return self._then_next(account, waiting, _nothing) if waiting else None

    def _next(self, session: Session, account: UUID, waiting: deque[UUID]) -> OutgoingNotice | None:
        while waiting:
            going = self._notices.sending.begin_new(session, account, waiting.popleft())
            if going is not None:
                return going
        return None

    def send(self, account_id: str, intent_id: str) -> None:
        """Send an intent, or ask about one that may have gone out."""
        account, intent = UUID(account_id), UUID(intent_id)
        with transaction(self._sessions) as session:
            begun = self._notices.sending.begin(session, account, intent)
        if begun is None:
            return
        notice, step = begun
        channel = self._channels[notice.channel]
        if step == "send":
            self._send(account, channel, notice)
        else:
            self._look_up(account, intent, channel, notice)

    def _send(self, account: UUID, channel: Channel, notice: OutgoingNotice) -> None:
        outcome = try_send(channel, notice)
        with transaction(self._sessions) as session:
            self._noted(account, notice, outcome, session)

    def _noted(self, account: UUID, notice: OutgoingNotice, outcome: Outcome, session: Session) -> None:
        intent = UUID(notice.intent_id)
        if outcome.kind == "submitted":
            provider = outcome.provider or notice.channel
            self._notices.fates.submitted(session, account, intent, provider, outcome.code)
        elif outcome.kind == "refused":
            self._notices.sending.refused(session, account, intent, outcome.code)
        elif outcome.kind == "not_sent":
            self._notices.sending.not_sent(session, account, intent, outcome.code)
        else:
            self._notices.fates.unclear(session, account, intent, outcome.code, outcome.provider)

    def _look_up(self, account: UUID, intent: UUID, channel: Channel, notice: OutgoingNotice) -> None:
        with transaction(self._sessions) as session:
            row = session.get_one(NoticeIntent, (account, intent))
            sent_at = row.sent_at or row.created_at
            reference = row.provider_ref
        fate = channel.look_up(notice, reference, sent_at)
        with transaction(self._sessions) as session:
            self._notices.fates.looked_up(session, account, intent, fate)

    def take_up(self) -> int:
        """Look again at what a crash left, what was held, and what nobody has heard of; run every few seconds.

        A part at a time: who sends one of them waits for the lock on it.
        """
        total = 0
        for _ in range(_PARTS):
            with transaction(self._sessions) as session:
                taken = take_up_due(session, self._clock.now(), _PART)
            total += taken
            if taken < _PART:
                break
        return total
