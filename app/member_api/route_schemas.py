"""Shapes 数据结构 of the other way than the face, and of when a payment goes out."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, StrictStr

from app.member_api.shapes import In, Out


class WhyOut(Out):
    """One thing that makes a payment wait, or closes a way."""

    code: str
    text: str


class WayOut(Out):
    """A way to prove who one is without a face: whether it is open, its limit, and how long the payment waits."""

    code: Literal["card_sms", "counter"]
    label: str
    text: str
    available: bool
    limit_fen: int | None
    delay_hours: int
    reasons: list[WhyOut]


class WaysOut(Out):
    """Every way without a face, best first."""

    ways: list[WayOut]


class PayTimingOut(Out):
    """When the money would go out after the face check, and how it would be without one."""

    at_once: bool
    review: bool
    delay_hours: int
    cooling_until: str | None
    text: str
    reasons: list[WhyOut]
    other_way: WayOut


class CodeSentOut(Out):
    """The card is confirmed and a code is on its way to the phone on record."""

    challenge_id: str
    expires_at: str
    resend_after_s: int
    phone_masked: str
    pay_from: str | None


class CardSmsConfirmIn(In):
    """The code that came by SMS."""

    challenge_id: StrictStr = Field(max_length=40)
    code: StrictStr = Field(max_length=10)
