"""Tables of staff 工作人员: account, and session on the server."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import (
    ARRAY,
    BigInteger,
    Boolean,
    DateTime,
    ForeignKey,
    Index,
    LargeBinary,
    SmallInteger,
    String,
    Uuid,
)
from sqlalchemy.orm import Mapped, mapped_column

from services.core.db import Base

REVIEWER, APPROVER = "reviewer", "approver"
ROLES = (REVIEWER, APPROVER)


class Staff(Base):
    """One person of the centre. `demo` marks the accounts of development, which production never lets in.

    `id_no_mac` is the look-up value of their own ID number, if they gave it: nobody works on their own case, or is
    their own second person under another login.
    """

    __tablename__ = "staff"
    staff_id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    login: Mapped[str] = mapped_column(String(32), unique=True)
    display_name: Mapped[str] = mapped_column(String(40))
    roles: Mapped[list[str]] = mapped_column(ARRAY(String(12)))
    demo: Mapped[bool] = mapped_column(Boolean)
    password_hash: Mapped[str] = mapped_column(String(200))
    totp_sealed: Mapped[bytes] = mapped_column(LargeBinary)
    totp_last_step: Mapped[int] = mapped_column(BigInteger)
    id_no_mac: Mapped[bytes | None] = mapped_column(LargeBinary)
    failures: Mapped[int] = mapped_column(SmallInteger)
    locked_until: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    disabled_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))


class StaffSession(Base):
    """A session of the desk. The cookie's token is kept only as a keyed hash; `complete` once the code was given."""

    __tablename__ = "staff_session"
    token_mac: Mapped[bytes] = mapped_column(LargeBinary, primary_key=True)
    staff_id: Mapped[UUID] = mapped_column(ForeignKey("staff.staff_id", name="fk_staff_session_staff_id"))
    complete: Mapped[bool] = mapped_column(Boolean)
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    seen_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    ended_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    __table_args__ = (
        Index("ix_staff_session_staff_id", "staff_id"),
        Index("ix_staff_session_created_at", "created_at"),
    )
