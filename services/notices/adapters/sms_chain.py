"""Chain 短信服务商: several providers behind the one channel `sms`, in the centre's order.

A message goes to the next provider only when it certainly did not go out and the reason is the provider's. What may
have gone out is asked after at the provider that may have it, and never sent again.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

import structlog

from services.core.clock import Clock
from services.notices.adapters.breaker import Breaker, BreakerLimits
from services.notices.adapters.sms_parameters import NoText
from services.notices.adapters.sms_receipts import reference
from services.notices.ports import ChannelFailure, Fate, NotSent, OutgoingNotice, Submitted, Uncertain

log = structlog.get_logger(__name__)


class SmsProvider(Protocol):
    """One gateway."""

    @property
    def provider(self) -> str:
        """Its short name; references carry it."""
        ...

    def send(self, notice: OutgoingNotice) -> Submitted:
        """As of a channel."""
        ...

    def look_up(self, notice: OutgoingNotice, provider_ref: str | None, sent_at: datetime) -> Fate:
        """As of a channel."""
        ...


class SmsChain:
    """The channel `sms`."""

    name = "sms"

    def __init__(self, providers: Sequence[SmsProvider], clock: Clock, limits: BreakerLimits) -> None:
        self._providers = providers
        self._breakers = {own.provider: Breaker(clock, limits) for own in providers}

    def send(self, notice: OutgoingNotice) -> Submitted:
        """By the first provider that takes it."""
        why: ChannelFailure | None = None
        for provider in self._providers:
            if not self._breakers[provider.provider].admits():
                why = _weightier(why, NotSent(f"{provider.provider}.left_out", provider=provider.provider))
                continue
            try:
                submitted = self._try(provider, notice)
            except ChannelFailure as failure:
                failure.provider = provider.provider
                if not failure.elsewhere:
                    raise
                why = _weightier(why, failure)
                continue
            return Submitted(provider.provider, reference(provider.provider, submitted.provider_ref))
        raise why or NotSent("sms.no_provider")

    def look_up(self, notice: OutgoingNotice, provider_ref: str | None, sent_at: datetime) -> Fate:
        """At the provider that has it, or may have it; after a crash nobody knows which, so all are asked."""
        known, _, number = (provider_ref or "").partition(":")
        wanted = known or notice.provider
        asked = [own for own in self._providers if own.provider == wanted] or self._providers
        for provider in asked:
            fate = provider.look_up(notice, number or None, sent_at)
            if fate != "unknown":
                return fate
        return "unknown"

    def _try(self, provider: SmsProvider, notice: OutgoingNotice) -> Submitted:
        breaker = self._breakers[provider.provider]
        try:
            submitted = provider.send(notice)
        except ChannelFailure as failure:
            self._judge(breaker, provider.provider, failure)
            raise
        except Exception:
            breaker.failed()
            raise
        breaker.worked()
        return submitted

    def _judge(self, breaker: Breaker, provider: str, failure: ChannelFailure) -> None:
        """A gateway that says no for the member's or the text's reason works; of one not asked nothing is known."""
        if isinstance(failure, NoText):
            return
        if not isinstance(failure, Uncertain) and not (isinstance(failure, NotSent) and failure.elsewhere):
            breaker.worked()
            return
        before = breaker.state
        breaker.failed()
        if breaker.state == "open":
            log.warning("sms.provider_left_out", provider=provider, code=failure.code, before=before)


def _weightier(one: ChannelFailure | None, other: ChannelFailure) -> ChannelFailure:
    """What all providers together said: later, if one of them may take it later; else the last one's no."""
    return one if isinstance(one, NotSent) and not isinstance(other, NotSent) else other
