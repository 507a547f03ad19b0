"""Tables of members 职工: person, binding, device, SMS code, consent, session."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import DateTime, Index, LargeBinary, SmallInteger, String, Text, Uuid, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from services.core.db import Base

_ACTIVE = text("ended_at IS NULL")


class Member(Base):
    """A person with a provident fund account; `account_id` names both (docs/adr/0006)."""

    __tablename__ = "member"
    account_id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    name_sealed: Mapped[bytes] = mapped_column(LargeBinary)
    name_mac: Mapped[bytes] = mapped_column(LargeBinary)
    id_no_sealed: Mapped[bytes] = mapped_column(LargeBinary)
    id_no_mac: Mapped[bytes] = mapped_column(LargeBinary, unique=True)
    phone_sealed: Mapped[bytes] = mapped_column(LargeBinary)
    phone_mac: Mapped[bytes] = mapped_column(LargeBinary, index=True)
    phone_changed_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))


class PhoneChange(Base):
    """A change of the number a member is reached at; the former number stays only until its last notice is written.

    `application_id` is what changed it: the member's application, or a proposal at a counter.
    """

    __tablename__ = "phone_change"
    account_id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    application_id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    former_sealed: Mapped[bytes | None] = mapped_column(LargeBinary)
    changed_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), index=True)


class Binding(Base):
    """An identity binding 绑定: this WeChat user is that member."""

    __tablename__ = "binding"
    account_id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    binding_id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    channel: Mapped[str] = mapped_column(String(10))
    openid_sealed: Mapped[bytes] = mapped_column(LargeBinary)
    openid_mac: Mapped[bytes] = mapped_column(LargeBinary)
    bound_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    money_from: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    ended_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    __table_args__ = (
        Index("uq_binding_active_account", "account_id", "channel", unique=True, postgresql_where=_ACTIVE),
        Index("uq_binding_active_openid", "openid_mac", unique=True, postgresql_where=_ACTIVE),
        Index("ix_binding_openid", "openid_mac"),
    )


class Device(Base):
    """A phone whose signing key was made at binding and cannot leave it; `x` and `y` are its P-256 point."""

    __tablename__ = "device"
    account_id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    device_id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    binding_id: Mapped[UUID] = mapped_column(Uuid)
    x: Mapped[bytes] = mapped_column(LargeBinary)
    y: Mapped[bytes] = mapped_column(LargeBinary)
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    ended_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    __table_args__ = (
        Index("uq_device_active", "account_id", unique=True, postgresql_where=_ACTIVE),
        Index("ix_device_key", "x", "y"),
    )


class SmsChallenge(Base):
    """An SMS code sent for one purpose; the code itself is kept only as a keyed hash.

    `operation` names what a code of the purpose "operation" is for.
    """

    __tablename__ = "sms_challenge"
    challenge_id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    purpose: Mapped[str] = mapped_column(String(20))
    principal_mac: Mapped[bytes] = mapped_column(LargeBinary)
    account_id: Mapped[UUID | None] = mapped_column(Uuid)
    operation: Mapped[bytes | None] = mapped_column(LargeBinary)
    code_mac: Mapped[bytes] = mapped_column(LargeBinary)
    tries: Mapped[int] = mapped_column(SmallInteger, default=0)
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    expires_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    used_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))


class Consent(Base):
    """A consent 同意书: kind and exact text, and until when it held."""

    __tablename__ = "consent"
    account_id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    consent_id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    kind: Mapped[str] = mapped_column(String(20))
    text_version: Mapped[str] = mapped_column(String(20))
    text_hash: Mapped[bytes] = mapped_column(LargeBinary)
    scope: Mapped[str | None] = mapped_column(Text)
    granted_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    withdrawn_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))


class LoginSession(Base):
    """A session on the server: of a WeChat user, and of a member once bound. Tokens name it and die with it."""

    __tablename__ = "login_session"
    session_id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    account_id: Mapped[UUID | None] = mapped_column(Uuid, index=True)
    channel: Mapped[str] = mapped_column(String(10))
    openid_sealed: Mapped[bytes] = mapped_column(LargeBinary)
    openid_mac: Mapped[bytes] = mapped_column(LargeBinary, index=True)
    refresh_jti: Mapped[UUID] = mapped_column(Uuid)
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    seen_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    ended_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    detail: Mapped[dict[str, Any]] = mapped_column(JSONB, default=dict)


class MiniUser(Base):
    """A user of the mini-program 小程序用户: the session key of the last sign-in, sealed; it never leaves the server."""

    __tablename__ = "mini_user"
    openid_mac: Mapped[bytes] = mapped_column(LargeBinary, primary_key=True)
    session_key_sealed: Mapped[bytes] = mapped_column(LargeBinary)
    unionid_sealed: Mapped[bytes | None] = mapped_column(LargeBinary)
    signed_in_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), index=True)
    confirmed_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
