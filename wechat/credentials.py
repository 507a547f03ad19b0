"""Credentials 凭证: the token and the ticket of one account, renewed before they end, and used to their end meanwhile."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import datetime, timedelta

from services.core.clock import Clock
from wechat.errors import WeChatError
from wechat.token_store import StoredToken, TokenStore

log = logging.getLogger(__name__)
EARLY = timedelta(seconds=300)
SPARE = timedelta(seconds=30)
REST = timedelta(seconds=30)
"""How long a process that renewed in vain uses what it has: while WeChat is silent, not every request waits for it."""


class Credentials:
    """What one account was issued, by kind; all processes share it."""

    def __init__(self, appid: str, tokens: TokenStore, clock: Clock) -> None:
        self._appid = appid
        self._tokens = tokens
        self._clock = clock
        self._rests_until: dict[str, datetime] = {}

    def value(self, kind: str, issue: Callable[[], StoredToken]) -> str:
        """The present credential; one process renews it, the others wait for that one. Raises WeChatError."""
        name = self._name(kind)
        kept = self._usable(name)
        if kept is None:
            with self._tokens.locked(name):
                kept = self._usable(name) or self._renewed(name, issue)
        return kept.value

    def issued(self, value: str, life_s: int) -> StoredToken:
        """What WeChat just issued. With less than the margin left it is still used: it is the newest there is."""
        return StoredToken(value, self._clock.now() + max(timedelta(seconds=life_s), EARLY + SPARE))

    def drop(self, kind: str, value: str) -> None:
        """Forget a credential that WeChat refused, unless it was renewed meanwhile."""
        self._tokens.drop(self._name(kind), value)

    def _name(self, kind: str) -> str:
        return f"{self._appid}/{kind}"

    def _usable(self, name: str) -> StoredToken | None:
        now = self._clock.now()
        resting = now < self._rests_until.get(name, now)
        return self._lasting(name, now if resting else now + EARLY)

    def _lasting(self, name: str, beyond: datetime) -> StoredToken | None:
        kept = self._tokens.get(name)
        return kept if kept is not None and kept.ends_at > beyond else None

    def _renewed(self, name: str, issue: Callable[[], StoredToken]) -> StoredToken:
        try:
            fresh = issue()
        except WeChatError as failure:
            now = self._clock.now()
            kept = self._lasting(name, now)
            if kept is None:
                raise
            self._rests_until[name] = now + REST
            log.warning("wechat credential not renewed: %s", failure)
            return kept
        self._tokens.put(name, fresh)
        return fresh
