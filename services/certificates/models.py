"""Table of certificates 电子证明."""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import Date, DateTime, Index, LargeBinary, String, Uuid
from sqlalchemy.orm import Mapped, mapped_column

from services.core.db import Base


class Certificate(Base):
    """One certificate: sealed contents, and the file with its digest once it is drawn."""

    __tablename__ = "certificate"
    account_id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    certificate_id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    application_id: Mapped[UUID] = mapped_column(Uuid)
    number: Mapped[str] = mapped_column(String(24), unique=True)
    kind: Mapped[str] = mapped_column(String(40))
    name: Mapped[str] = mapped_column(String(40))
    check_code: Mapped[str] = mapped_column(String(12))
    contents_sealed: Mapped[bytes] = mapped_column(LargeBinary)
    issued_on: Mapped[date] = mapped_column(Date)
    valid_until: Mapped[date] = mapped_column(Date)
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    pdf_sealed: Mapped[bytes | None] = mapped_column(LargeBinary)
    sha256: Mapped[bytes | None] = mapped_column(LargeBinary)
    __table_args__ = (Index("uq_certificate_application", "account_id", "application_id", unique=True),)
