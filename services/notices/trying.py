"""Trying 调用通道: one call of a provider, and how it ended."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import structlog

from services.notices.ports import Channel, NotSent, OutgoingNotice, Refused, Uncertain

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a call of a provider ended: the reference or the fault, and who was asked last."""

    kind: Literal["submitted", "refused", "not_sent", "uncertain"]
    code: str
    provider: str | None


def try_send(channel: Channel, notice: OutgoingNotice) -> Outcome:
    """Hand a message to its channel; whatever that says is an outcome, and is logged."""
    outcome = _outcome(channel, notice)
    log.info(
        "notice.sent",
        intent_id=notice.intent_id,
        channel=channel.name,
        outcome=outcome.kind,
        code=outcome.code,
    )
    return outcome


def _outcome(channel: Channel, notice: OutgoingNotice) -> Outcome:
    try:
        submitted = channel.send(notice)
    except Refused as fault:
        return Outcome("refused", fault.code, fault.provider)
    except NotSent as fault:
        return Outcome("not_sent", fault.code, fault.provider)
    except Uncertain as fault:
        return Outcome("uncertain", fault.code, fault.provider)
    return Outcome("submitted", submitted.provider_ref, submitted.provider)
