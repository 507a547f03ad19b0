"""Shapes 数据结构 of notices: what was sent, what a member wants to be told, and consents to subscribe messages."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, StrictBool, StrictStr

from app.member_api.shapes import In, Out

Channel = Literal["sms", "wechat"]
_TIME_OF_DAY = r"^([01][0-9]|2[0-3]):[0-5][0-9]$"


class NoticeOut(Out):
    """A notice and its fate, in the words of the version that was sent."""

    notice_id: str
    topic: str
    topic_name: str
    channel: str
    title: str
    text: str
    state: str
    state_text: str
    created_at: str
    sent_at: str | None
    read: bool
    application_id: str | None


class NoticesOut(Out):
    """A page of notices, newest first; pass `next_before` as `before` for the next one."""

    notices: list[NoticeOut]
    next_before: str | None
    unread: int


class ReadIn(In):
    """Up to which notice the member has seen the list; without it all of it."""

    upto: StrictStr | None = Field(default=None, max_length=36)


class UnreadOut(Out):
    """How many things the member was told and has not read."""

    unread: int


class QuietHours(Out):
    """Notices that can wait are held from one time of the day until the other."""

    wanted: StrictBool
    from_time: StrictStr = Field(pattern=_TIME_OF_DAY)
    until_time: StrictStr = Field(pattern=_TIME_OF_DAY)


class ChannelChoiceOut(Out):
    """Whether a topic comes on a channel."""

    channel: str
    name: str
    wanted: bool


class TopicOut(Out):
    """A topic of the subscription centre; a locked one always comes."""

    code: str
    name: str
    about: str
    locked: bool
    any_hour: bool
    channels: list[ChannelChoiceOut]


class ConsentLeftOut(Out):
    """How many subscribe messages of a template the member still lets us send."""

    way: Literal["subscribe", "mini"]
    template: str
    left: int


class SubscriptionsOut(Out):
    """The subscription centre."""

    topics: list[TopicOut]
    quiet: QuietHours
    consents: list[ConsentLeftOut]


class ChoiceIn(In):
    """One topic on one channel, on or off."""

    topic: StrictStr = Field(max_length=40)
    channel: Channel
    wanted: StrictBool


class SubscriptionsIn(In):
    """What changes; what is not named stays."""

    choices: list[ChoiceIn] = Field(default_factory=list, max_length=60)
    quiet: QuietHours | None = None


class ConsentTapIn(In):
    """What a member answered to WeChat's question about one template."""

    template: StrictStr = Field(max_length=40, pattern="^[a-z_]+$")
    accepted: StrictBool


class ConsentTapsIn(In):
    """The answers to one question, which may be about several templates."""

    taps: list[ConsentTapIn] = Field(min_length=1, max_length=5)
