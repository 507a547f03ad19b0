"""Shapes 数据结构 of the member's own controls, ratings and relatives."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, StrictInt, StrictStr

from app.member_api.shapes import In, Out


class AgreedOut(Out):
    """An agreement in force, and whether the lock pauses it."""

    label: str
    paused_by_lock: bool
    text: str


class ControlsOut(Out):
    """Lock and daily limit, what is to come, and how long each waits.

    `stopped` payments were called back by the lock that was just closed. `limit_fen` is empty where the member has set
    none; the centre's own limit holds in any case.
    """

    locked: bool
    locked_at: str | None
    locked_by: str
    unlock_from: str | None
    limit_fen: int | None
    next_limit_fen: int | None
    next_limit_from: str | None
    centre_limit_fen: int
    left_today_fen: int
    unlock_hours: int
    raise_hours: int
    agreements: list[AgreedOut]
    stopped: int


class NothingIn(In):
    """An empty object."""


class LimitIn(In):
    """The most that may leave in a day, in fen."""

    limit_fen: StrictInt = Field(ge=100, le=99_999_999_999)


class RatingIn(In):
    """How it was: 5 非常满意 to 1 非常不满意, reasons by their codes, and words."""

    level: StrictInt = Field(ge=1, le=5)
    reasons: list[StrictStr] = Field(default_factory=list, max_length=6)
    words: StrictStr = Field(default="", max_length=500)


class RatingMoreIn(In):
    """Words added once."""

    words: StrictStr = Field(min_length=1, max_length=500)


class RatingChoiceOut(Out):
    """A level, or a reason for a bad one."""

    value: str
    text: str


class RatingOut(Out):
    """A member's rating of a case: what may still be done with it, and the answer to a bad one."""

    may_rate: bool
    until: str | None
    level: int | None
    level_text: str | None
    reasons: list[str]
    words: str
    rated_at: str | None
    may_add: bool
    added: str
    added_at: str | None
    answer_due_on: str | None
    answer: str
    answered_at: str | None
    levels: list[RatingChoiceOut]
    choices: list[RatingChoiceOut]


class RelativeIn(In):
    """Whom the member invites, in the member's own words."""

    label: StrictStr = Field(min_length=1, max_length=8)


class AcceptIn(In):
    """The code that a relative read out."""

    code: StrictStr = Field(pattern=r"^[0-9A-Z]{8}$")


class RelativeOut(Out):
    """Somebody who may look, or is invited to; the code is shown once, in the answer to the invitation."""

    link_id: str
    label: str
    state: Literal["invited", "accepted"]
    name_masked: str | None
    invited_at: str
    accepted_at: str | None
    code: str | None
    code_until: str | None


class HelpedOut(Out):
    """Somebody whose cases I may see."""

    link_id: str
    name_masked: str
    since: str


class RelativesOut(Out):
    """Who may look at mine, and whose I may look at."""

    mine: list[RelativeOut]
    helped: list[HelpedOut]
    most: int


class HelpedStepOut(Out):
    """A step of a case, without amounts and cards."""

    label: str
    actor: str
    at: str | None
    state: str


class HelpedCaseOut(Out):
    """How a relative's case stands: no amount, no card, no number."""

    item_name: str
    state: str
    state_text: str
    created_at: str
    steps: list[HelpedStepOut]


class HelpedNoticeOut(Out):
    """That a notice was sent, by its title."""

    title: str
    at: str


class HelpedCasesOut(Out):
    """What a relative may see."""

    name_masked: str
    cases: list[HelpedCaseOut]
    notices: list[HelpedNoticeOut]
