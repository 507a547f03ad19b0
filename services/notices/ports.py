"""Port to the channels that carry notices: SMS 短信 and WeChat template messages 模板消息."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, Protocol
from uuid import UUID

from sqlalchemy.orm import Session

Fate = Literal["delivered", "failed", "pending", "unknown"]


@dataclass(frozen=True, slots=True)
class OutgoingNotice:
    """One message to one person, as logical template and named fill-ins (in the template's order)."""

    intent_id: str
    topic: str
    recipient: str
    template: str
    fields: Mapping[str, str]
    url: str | None = None
    provider: str | None = None
    """Who may have it already, when one asks what became of it."""
    way: str = "template"
    """In WeChat: template (to a follower), subscribe or mini (by the member's consent)."""
    channel: str = ""
    """The channel it goes by."""


@dataclass(frozen=True, slots=True)
class Submitted:
    """The provider took the message; its own reference matches the receipt later."""

    provider: str
    provider_ref: str


class ChannelFailure(Exception):
    """Base of the three ways a send can end without the provider's reference.

    `elsewhere`: nothing went out and the reason is the provider's, so that another one may take it at once.
    `provider`: who was asked last.
    """

    def __init__(self, code: str, *, elsewhere: bool = False, provider: str | None = None) -> None:
        super().__init__(code)
        self.code = code
        self.elsewhere = elsewhere
        self.provider = provider


class Refused(ChannelFailure):
    """Permanent: sending again cannot help."""


class NotSent(ChannelFailure):
    """Certainly not sent: may be tried again."""


class Uncertain(ChannelFailure):
    """May have been sent: look it up, never resend."""


class Channel(Protocol):
    """A way to reach a member."""

    name: str

    def send(self, notice: OutgoingNotice) -> Submitted:
        """Hand the message to the provider; raises Refused, NotSent or Uncertain."""
        ...

    def look_up(self, notice: OutgoingNotice, provider_ref: str | None, sent_at: datetime) -> Fate:
        """Ask the provider what became of a message."""
        ...


class Reach(Protocol):
    """Whom WeChat reaches: kept by those who talk with WeChat."""

    def has_left(self, session: Session, openid: str) -> bool:
        """Whether the user does not follow the public account, as far as we know."""
        ...

    def left(self, session: Session, openid: str, at: datetime) -> None:
        """WeChat refused a message since the user does not follow."""
        ...

    def mini_openid(self, session: Session, account_id: UUID) -> str | None:
        """The member's user of the mini-program."""
        ...


class Truth(Protocol):
    """Whether what a notice says of a case is so."""

    def holds(self, session: Session, account_id: UUID, template: str, subject_id: str) -> bool:
        """Read from the case itself, just before the notice goes."""
        ...
