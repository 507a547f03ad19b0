"""Jobs of notices 通知任务."""

from __future__ import annotations

from collections.abc import Mapping
from uuid import UUID

import structlog

from services.core.clock import Clock
from services.core.db import Sessions, transaction
from services.core.jobs import Job
from services.notices.models import NoticeIntent
from services.notices.ports import Channel, NotSent, OutgoingNotice, Refused, Uncertain
from services.notices.service import CODE_JOB, CODE_QUEUE, QUEUE, Notices, take_up_due

log = structlog.get_logger(__name__)
_PARTS, _PART = 20, 25


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
        """Turn a code to bind into its intent, unless the claim was nobody's."""
        if account_id is not None:
            with transaction(self._sessions) as session:
                self._notices.send_planned_code(session, UUID(account_id), UUID(challenge_id), code_sealed)

    def handle_event(self, account_id: str, event_id: str) -> None:
        """Turn an event into intents."""
        with transaction(self._sessions) as session:
            self._notices.handle_event(session, UUID(account_id), UUID(event_id))

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
            self._send(account, intent, channel, notice)
        else:
            self._look_up(account, intent, channel, notice)

    def _send(self, account: UUID, intent: UUID, channel: Channel, notice: OutgoingNotice) -> None:
        outcome = _try_send(channel, notice)
        log.info(
            "notice.sent",
            intent_id=notice.intent_id,
            channel=channel.name,
            outcome=outcome[0],
            code=outcome[1],
        )
        with transaction(self._sessions) as session:
            if outcome[0] == "submitted":
                self._notices.fates.submitted(
                    session, account, intent, outcome[2] or channel.name, outcome[1]
                )
            elif outcome[0] == "refused":
                self._notices.sending.refused(session, account, intent, outcome[1])
            elif outcome[0] == "not_sent":
                self._notices.sending.not_sent(session, account, intent, outcome[1])
            else:
                self._notices.fates.unclear(session, account, intent, outcome[1], outcome[2])

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


def _try_send(channel: Channel, notice: OutgoingNotice) -> tuple[str, str, str | None]:
    """How it ended, the reference or the fault, and the provider."""
    try:
        submitted = channel.send(notice)
    except Refused as fault:
        return "refused", fault.code, fault.provider
    except NotSent as fault:
        return "not_sent", fault.code, fault.provider
    except Uncertain as fault:
        return "uncertain", fault.code, fault.provider
    return "submitted", submitted.provider_ref, submitted.provider
