"""Shapes 数据结构 of signing in and binding."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, StrictStr

from app.member_api.shapes import In, Out


class Tokens(Out):
    """Tokens of a session; also set as cookies."""

    access_token: str
    refresh_token: str
    expires_in: int
    bound: bool


class RefreshIn(In):
    """A refresh token in the body; leave it out when cookies carry it."""

    refresh_token: StrictStr | None = None


class BindingOut(Out):
    """A WeChat user bound to the member: where, since when, and whether it may be ended from here."""

    channel: Literal["h5", "mini"]
    bound_at: str
    here: bool
    may_end: bool


class SessionOut(Out):
    """Who is calling."""

    bound: bool
    display_name: str | None
    cooling_until: str | None
    device_bound: bool
    channel: Literal["h5", "mini"]
    bindings: list[BindingOut]


class MiniLoginIn(In):
    """The code of wx.login."""

    js_code: StrictStr = Field(max_length=512)


class MiniPhoneIn(In):
    """Who somebody says they are, and the code of the phone-number button."""

    name: StrictStr = Field(max_length=200)
    id_no: StrictStr = Field(max_length=40)
    code: StrictStr = Field(max_length=512)


class SmsCodeIn(In):
    """Who somebody says they are."""

    name: StrictStr = Field(max_length=200)
    id_no: StrictStr = Field(max_length=40)
    phone: StrictStr = Field(max_length=40)


class SmsCodeOut(Out):
    """The challenge; the same for right and wrong claims."""

    challenge_id: str
    expires_at: str
    resend_after_s: int


class DeviceKeyIn(In):
    """Public JWK of the phone's P-256 key; `x` and `y` are 32 bytes in base64url."""

    kty: Literal["EC"]
    crv: Literal["P-256"]
    x: StrictStr = Field(max_length=64)
    y: StrictStr = Field(max_length=64)


class BindIn(In):
    """The code that came by SMS, and the phone's key: needed in the page, left out in the mini-program."""

    challenge_id: StrictStr = Field(max_length=40)
    code: StrictStr = Field(max_length=10)
    device_key: DeviceKeyIn | None = None


class BindOut(Tokens):
    """The binding, and tokens of the session that is now the member's."""

    binding_id: str
    display_name: str
    bound_at: str
