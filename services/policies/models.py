"""Table of policy figures 政策参数表."""

from __future__ import annotations

from datetime import date
from typing import Any

from sqlalchemy import Date, String, Text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from services.core.db import Base


class PolicyValue(Base):
    """One figure from one day on, with where it comes from and how far that is to be trusted."""

    __tablename__ = "policy_value"
    key: Mapped[str] = mapped_column(String(80), primary_key=True)
    effective_from: Mapped[date] = mapped_column(Date, primary_key=True)
    value: Mapped[Any] = mapped_column(JSONB)
    source: Mapped[str] = mapped_column(Text)
    trust: Mapped[str] = mapped_column(String(20))
