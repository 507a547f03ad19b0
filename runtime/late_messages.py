"""Late messages 补收: callbacks that could not be worked in time are taken in by a job and answered in the chat."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping

from sqlalchemy.orm import Session

from app.webhooks.wechat import LATE_JOB, LATE_QUEUE
from services.core.clock import Clock
from services.core.db import Sessions, transaction
from services.core.jobs import Job
from wechat.callbacks import CallbackMessage, opened
from wechat.client import WeChatClient
from wechat.config import CallbackConfig
from wechat.errors import WeChatError
from wechat.replay_store import DatabaseReplayStore
from wechat.replies import Reply
from wechat.taking_in import take_in

log = logging.getLogger(__name__)
Handle = Callable[[Session, CallbackMessage], Reply | None]


class LateMessages:
    """The job behind a callback that was answered with `success` for lack of time."""

    def __init__(
        self,
        sessions: Sessions,
        clock: Clock,
        configs: Mapping[str, CallbackConfig],
        handle: Handle,
        client: WeChatClient,
    ) -> None:
        self._sessions = sessions
        self._clock = clock
        self._configs = configs
        self._handle = handle
        self._client = client

    def jobs(self) -> list[Job]:
        """What the worker runs."""
        return [Job(LATE_JOB, LATE_QUEUE, self.take_in, retries=5)]

    def take_in(self, app: str, encrypted: str, nonce: str, seal: str) -> None:
        """Take in one message, once, whatever other copies of it did meanwhile."""
        config = self._configs[app]
        message = opened(encrypted, config, nonce, seal)
        said: list[Reply | None] = []

        def handle(taken: CallbackMessage) -> Reply | None:
            said.append(self._handle(session, taken))
            return said[-1]

        with transaction(self._sessions) as session:
            take_in(message, DatabaseReplayStore(session), config, self._clock.now(), handle)
        if said and said[-1] is not None:
            self._say(message.openid, said[-1])

    def _say(self, openid: str, reply: Reply) -> None:
        try:
            self._client.send_to_chat(openid, reply)
        except WeChatError as fault:  # an answer in the chat is a kindness; it is not sent twice
            log.warning("late answer not sent: %s", fault)
